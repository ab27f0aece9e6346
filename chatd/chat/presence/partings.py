"""How somebody who is gone for good leaves each of the rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatd.model.cluster import MemberInfo
from chatd.model.entry import INTERNAL, Entry
from chatd.protocol.events import Parted

if TYPE_CHECKING:
    from chatd.chat.presence.remote import RemoteMember
    from chatd.chat.session import Session


def info_of(entry: Entry) -> MemberInfo | None:
    """Return whom an entry is about."""
    return None if entry.source is None else entry.source.info


def partings(member: Session | RemoteMember, places: dict[str, str], entry: Entry) -> list[Entry]:
    """Return entries by which a member leaves rooms, in the place of one by which it leaves all."""
    said = entry.event.text if isinstance(entry.event, Parted) else None
    return [
        Entry(key, Parted(member.nick, name, said), member, verb=INTERNAL, time=entry.time, source=entry.source)
        for key, name in places.items()
    ]
