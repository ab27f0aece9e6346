"""Whom a client may be told of: those it shares a room with, those it names, and who hides from nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from chatd.edges.irc.session import IrcSession
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Member, Place
from chatd.model.member_facts import UNKNOWN, MemberFacts
from chatd.protocol import names
from chatd.protocol.names import BadNameError

T = TypeVar("T")


def found_by_nick(user: IrcUser, nick: str) -> Member | None:
    """Return who goes by a nick, None if nobody does or can."""
    try:
        return user.hub.holder(names.nick(nick))
    except BadNameError:
        return None


def shared_rooms(user: IrcUser, member: Member) -> list[Place]:
    """Return the rooms that a client and somebody are both in."""
    return [room for room in user.session.rooms if member in room.everybody]


def in_sight(user: IrcUser) -> Iterator[Member]:
    """Yield all whom a client may find without naming them, each once; of a person one connection."""
    seen: set[object] = set()
    rooms = (member for room in list(user.session.rooms) for member in list(room.people))
    others = (client for client in list(user.hub.clients) if client.nick and _is_visible(client))
    for member in (user.session, *rooms, *others):
        if member.person not in seen:
            seen.add(member.person)
            yield member


def _is_visible(client: object) -> bool:
    return isinstance(client, IrcSession) and isinstance(client.user, IrcUser) and not client.user.invisible


async def chosen(user: IrcUser, among: Iterable[T], is_wanted: Callable[[T], bool]) -> list[T]:
    """Return those of some things that are wanted; however many are looked at, others have their turn in between."""
    found: list[T] = []

    def looked_at() -> Iterator[bytes]:
        for each in among:
            if is_wanted(each):
                found.append(each)
            yield b""

    await user.session.send_all(looked_at())
    return found


async def facts_of(user: IrcUser, members: list[Member]) -> Mapping[Member, MemberFacts]:
    """Return what is known of people: those on other nodes are asked for."""
    asked = [member for member in members if member.facts is None]
    answers = await user.hub.nodes.ask_facts(asked) if asked else {}
    return {member: member.facts or answers.get(member.member_id, UNKNOWN) for member in members}
