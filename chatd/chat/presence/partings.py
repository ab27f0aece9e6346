"""How somebody who has left for good leaves each of the rooms."""

from __future__ import annotations

from chatd.model.cluster import MemberInfo
from chatd.model.entry import INTERNAL, Entry, Member
from chatd.protocol.events import Parted


def info_of(entry: Entry) -> MemberInfo | None:
    """Return whom an entry is about."""
    return None if entry.source is None else entry.source.info


def partings(member: Member, places: dict[str, str], entry: Entry) -> list[Entry]:
    """Return entries by which a member leaves rooms, in the place of one by which it leaves all.

    ``places`` are names of rooms by key.
    """
    text = entry.event.text if isinstance(entry.event, Parted) else None
    return [
        Entry(key, Parted(member.nick, name, text), member, verb=INTERNAL, time=entry.time, source=entry.source)
        for key, name in places.items()
    ]
