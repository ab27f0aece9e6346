"""The lists of a room that MODE shows and changes: who is banned, muted and invited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from chatd.chat import permissions
from chatd.edges.irc import numerics as n
from chatd.edges.irc.masks import BadMaskError, mask_of, subject_of
from chatd.edges.irc.message import Message
from chatd.edges.irc.mode_changes import Change
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Place
from chatd.model.room_policy import MAY_STAY, PolicyKey, is_address
from chatd.protocol import moderation_commands as moderators
from chatd.protocol import names


class _List(NamedTuple):
    kind: str
    """That of the rulings in it."""
    rule: Callable[[str, str], moderators.ModerationCommand]
    take_back: Callable[[str, str], moderators.ModerationCommand]
    entry: str
    end: str
    extra: tuple[str, ...] = ()
    """What stands before the mask in the numerics."""


def _ban(subject: str, room: str) -> moderators.Ban:
    """Return a ban that puts nobody out: IRC clients kick whoever is to go."""
    return moderators.Ban(subject, room, None, MAY_STAY)


INVITATIONS = "I"
_LISTS: Mapping[str, _List] = {
    "b": _List("BAN", _ban, moderators.Unban, n.RPL_BANLIST, n.RPL_ENDOFBANLIST),
    "q": _List("MUTE", moderators.Mute, moderators.Unmute, n.RPL_QUIETLIST, n.RPL_ENDOFQUIETLIST, ("q",)),
    INVITATIONS: _List("INVITE", moderators.Invite, moderators.Uninvite, n.RPL_INVEXLIST, n.RPL_ENDOFINVEXLIST),
}
LISTS = "".join(_LISTS)


async def tell(user: IrcUser, room: Place, letter: str) -> None:
    """Answer who is in a list of a room, as far as a client may know what was ruled there."""
    about = _LISTS[letter]
    await user.send_all(_entries(user, room, about))
    user.reply(about.end, room.name, *about.extra, "End of list")


def _entries(user: IrcUser, room: Place, about: _List) -> Iterator[Message]:
    after = permissions.readable_after(user.session, room.key)
    if after is None:
        return
    now = permissions.milliseconds(user.hub)
    for action in sorted(room.policy, key=lambda each: each.id):
        event = action.event
        if event.verb == about.kind and action.id > after and action.holds(now):
            params = (*about.extra, mask_of(event.subject), event.nick, str(action.time // 1000))
            yield Message(about.entry, (user.nick, room.name, *params), user.server.name)


def command_for(user: IrcUser, room: Place, change: Change) -> moderators.ModerationCommand | None:
    """Return what changes a list as a client wants it; None, and an answer that says why not, if nothing can."""
    about, mask = _LISTS[change.letter], change.param or ""
    try:
        subject = subject_of(mask, room.everybody)
        if change.letter == INVITATIONS and is_address(subject):
            raise BadMaskError("an invitation cannot be for an address; write one nick, nick!*@*")
    except BadMaskError as error:
        user.reply(n.ERR_INVALIDMODEPARAM, room.name, change.letter, mask or "*", str(error))
        return None
    if change.on:
        return about.rule(subject, str(room.name))
    if PolicyKey(about.kind, names.key(subject)) not in room.policy:
        user.reply(n.ERR_LISTMODENOTSET, room.name, mask, change.letter, f"{mask} is not on that list")
        return None
    return about.take_back(subject, str(room.name))
