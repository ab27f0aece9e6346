"""Who is what in a room, as IRC shows it: ``@`` before operators and ``+`` before those with a voice."""

from __future__ import annotations

from chatd.chat import permissions
from chatd.chat.hub import Hub
from chatd.model.entry import Member, Place

PREFIXES = {"o": "@", "v": "+"}
"""By the letter of the mode, the highest first."""


def ranks(hub: Hub, room: Place, member: Member) -> str:
    """Return the letters of what somebody is in a room, the highest first."""
    operator = permissions.is_room_operator(hub, room.key, member)
    return ("o" if operator else "") + ("v" if permissions.has_voice(hub, room.key, member) else "")


def prefix(hub: Hub, room: Place, member: Member, *, multiple: bool) -> str:
    """Return what stands before somebody's nick in a room; the highest alone, unless ``multiple``."""
    found = "".join(PREFIXES[letter] for letter in ranks(hub, room, member))
    return found if multiple else found[:1]
