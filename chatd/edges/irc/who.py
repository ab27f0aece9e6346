"""WHO, and its form with fields (WHOX)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chatd.edges.irc import numerics as n
from chatd.edges.irc.glob import is_mask, matcher
from chatd.edges.irc.message import Message
from chatd.edges.irc.onlooking import BOT
from chatd.edges.irc.people import chosen, facts_of, found_by_nick, in_sight, shared_rooms
from chatd.edges.irc.ranks import prefix
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Member, Place
from chatd.model.member_facts import MemberFacts
from chatd.protocol import names
from chatd.protocol.names import BadNameError

FIELDS = "tcuihsnfdlaor"
"""The letters of the fields in the order in which they are told."""
NO_ADDRESS = "255.255.255.255"
"""Stands for an address, which nobody is told."""


async def _who(user: IrcUser, message: Message) -> None:
    mask = message.param(0) or "*"
    fields, _, token = message.param(1).partition(",")
    room = _room(user, mask)
    found = await _found(user, mask) if room is None else sorted(room.people, key=lambda member: member.nick.key)
    facts = await facts_of(user, found)
    wanted = fields[1:] if fields.startswith("%") else None
    await user.send_all(_lines(user, found, facts, room, wanted, token))
    user.reply(n.RPL_ENDOFWHO, mask, "End of /WHO")


def _room(user: IrcUser, mask: str) -> Place | None:
    if not mask.startswith("#"):
        return None
    try:
        room = user.hub.room(names.room(mask).key)
    except BadNameError:
        return None
    return room if room in user.session.rooms else None


async def _found(user: IrcUser, mask: str) -> list[Member]:
    if mask.startswith("#"):
        return []
    if not is_mask(mask) and mask != "0":
        member = found_by_nick(user, mask)
        return [] if member is None else [member]
    matches = matcher("*" if mask == "0" else mask)

    def is_meant(member: Member) -> bool:
        return matches(member.nick) or matches(user.server.person(member).realname)

    found = await chosen(user, in_sight(user), is_meant)
    return sorted(found, key=lambda member: member.nick.key)


def _lines(
    user: IrcUser,
    found: Sequence[Member],
    facts: Mapping[Member, MemberFacts],
    room: Place | None,
    fields: str | None,
    token: str,
) -> Iterator[Message]:
    for member in found:
        where = room or next(iter(shared_rooms(user, member)), None)
        if fields is None:
            yield _reply(user, member, facts[member], where)
        else:
            yield _fields(user, member, facts[member], where, fields, token)


def flags(user: IrcUser, member: Member, known: MemberFacts, room: Place | None) -> str:
    """Return what WHO says of somebody in one word: here or gone, operator, bot, and rank in a room."""
    rank = "" if room is None else prefix(user.hub, room, member, multiple=user.has("multi-prefix"))
    operator = "*" if member.judged_as[1] else ""
    return f"{'H' if known.away is None else 'G'}{operator}{BOT if known.bot else ''}{rank}"


def _reply(user: IrcUser, member: Member, known: MemberFacts, room: Place | None) -> Message:
    person = user.server.person(member)
    where = "*" if room is None else str(room.name)
    params = (where, person.user, person.host, user.server.name, person.nick, flags(user, member, known, room))
    return Message(n.RPL_WHOREPLY, (user.nick, *params, f"0 {person.realname}"), user.server.name)


def _fields(user: IrcUser, member: Member, known: MemberFacts, room: Place | None, wanted: str, token: str) -> Message:
    person = user.server.person(member)
    values = {
        "t": token[:3] or "0",
        "c": "*" if room is None else str(room.name),
        "u": person.user,
        "i": NO_ADDRESS,
        "h": person.host,
        "s": user.server.name,
        "n": person.nick,
        "f": flags(user, member, known, room),
        "d": "0",
        "l": str(known.idle or 0),
        "a": person.account or "0",
        "o": "n/a",
        "r": person.realname,
    }
    told = tuple(values[letter] for letter in FIELDS if letter in wanted)
    return Message(n.RPL_WHOSPCRPL, (user.nick, *told), user.server.name)


ROWS: tuple[Row, ...] = (Row("WHO", _who, only_asks=True),)
