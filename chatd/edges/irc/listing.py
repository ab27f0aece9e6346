"""LIST: the rooms with people in them, those that one may see (ELIST=MNTU)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from chatd.chat import permissions
from chatd.edges.irc import numerics as n
from chatd.edges.irc.glob import is_mask, matcher
from chatd.edges.irc.message import Message
from chatd.edges.irc.people import chosen
from chatd.edges.irc.rooms import MAX_TOPIC, seconds_of, targets
from chatd.edges.irc.rows import Row
from chatd.edges.irc.telling import part_of
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Place
from chatd.protocol import names

Wanted = Callable[[Place], bool]
_CONDITION = re.compile(r"(T?)([<>])([0-9]{1,9})", re.IGNORECASE)


async def _list(user: IrcUser, message: Message) -> None:
    named: list[Wanted] = []
    also: list[Wanted] = []
    for text in targets(",".join(message.params)):
        if (condition := _condition(user, text)) is not None:
            also.append(condition)
        elif text.startswith("!"):
            unwanted = matcher(text[1:])
            also.append(lambda room, unwanted=unwanted: not unwanted(room.name))  # type: ignore[misc]
        else:
            named.append(_named(text))
    user.reply(n.RPL_LISTSTART, "Channel", "Users  Name")
    rooms = await chosen(user, user.hub.rooms(), lambda room: _is_wanted(room, named, also))
    await user.send_all(_told(user, rooms))
    user.reply(n.RPL_LISTEND, "End of /LIST")


def _named(text: str) -> Wanted:
    if is_mask(text):
        matches = matcher(text)
        return lambda room: matches(room.name)
    key = names.key(text)
    return lambda room: room.key == key


def _condition(user: IrcUser, text: str) -> Wanted | None:
    match = _CONDITION.fullmatch(text)
    if match is None:
        return None
    of_topic, sign, number = bool(match[1]), match[2], int(match[3])

    def holds(room: Place) -> bool:
        if not of_topic:
            return room.head_count > number if sign == ">" else room.head_count < number
        if room.topic is None or not room.topic.topic:
            return False
        minutes = (user.hub.now // 1000 - seconds_of(room.topic_tags.get("time", ""))) / 60
        return minutes > number if sign == ">" else minutes < number

    return holds


def _is_wanted(room: Place, named: list[Wanted], also: list[Wanted]) -> bool:
    return (not named or any(each(room) for each in named)) and all(each(room) for each in also)


def _told(user: IrcUser, rooms: Iterable[Place]) -> Iterator[Message]:
    for room in rooms:
        if permissions.is_listed(user.session, room):
            known = permissions.readable_topic(user.session, room)
            topic = "" if known is None else part_of(known.topic, MAX_TOPIC)
            yield Message(n.RPL_LIST, (user.nick, room.name, str(room.head_count), topic), user.server.name)


ROWS: tuple[Row, ...] = (Row("LIST", _list, only_asks=True),)
