"""JOIN, PART, NAMES and TOPIC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chatd.chat import permissions, quotas
from chatd.chat.command_rows import Work
from chatd.edges.irc import chathistory, markers
from chatd.edges.irc import numerics as n
from chatd.edges.irc.composition import room_for
from chatd.edges.irc.message import MAX_BODY_BYTES, Message
from chatd.edges.irc.ranks import prefix
from chatd.edges.irc.refusals import refuse
from chatd.edges.irc.rows import Row
from chatd.edges.irc.telling import part_of, room_messages
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Place
from chatd.protocol import commands, events, names
from chatd.protocol.events import Done
from chatd.protocol.names import BadNameError, RoomName
from chatd.protocol.text import plain

LEAVE_ALL = "0"
MAX_TOPIC = 390
"""How many characters of a topic are taken, see TOPICLEN of ISUPPORT: with a name before it, it fits into a message."""


def targets(text: str) -> list[str]:
    """Return what stands between commas, each once, in the order given."""
    return list(dict.fromkeys(filter(None, text.split(","))))


def room_name(user: IrcUser, text: str) -> RoomName | None:
    """Return a room's name; answer 403 and return None if no room can be called that."""
    try:
        return names.room(text)
    except BadNameError as error:
        user.reply(n.ERR_NOSUCHCHANNEL, text, str(error))
        return None


def own_room(user: IrcUser, text: str, *, missing: str = n.ERR_NOTONCHANNEL) -> Place | None:
    """Return a room that a client is in; answer why not and return None otherwise.

    ``missing`` is the numeric that says that there is no such room.
    """
    name = room_name(user, text)
    if name is None:
        return None
    room = user.hub.room(name.key)
    if room is not None and room in user.session.rooms:
        return room
    if room is None:
        user.reply(missing, text, "that room is empty")
    else:
        user.reply(n.ERR_NOTONCHANNEL, text, f"you are not in that room; /join {text}")
    return None


# JOIN and PART.


async def _join(user: IrcUser, message: Message) -> None:
    if message.param(0) == LEAVE_ALL and len(message.params) == 1:
        for room in list(user.session.rooms):
            await _leave(user, room, "")
        return
    if not targets(message.param(0)):
        user.reply(n.ERR_NEEDMOREPARAMS, "JOIN", f"the room is missing; write JOIN {commands.LOBBY}")
    for text in targets(message.param(0)):
        name = room_name(user, text)
        if name is not None:
            await _enter(user, name)


async def _enter(user: IrcUser, name: RoomName) -> None:
    room = user.hub.room(name.key)
    if room is not None and room in user.session.rooms:
        return
    if user.has(markers.NAME):
        await markers.learn(user, name.key)
    result = await user.ask(commands.Join(None, name))
    if result.refused is not None and "limit" in result.tags:
        user.reply(n.ERR_CHANNELISFULL, name, result.refused.text)
        return
    if result.refused is not None:
        refuse(user, "JOIN", result.refused, name)
        return
    room = user.hub.room(name.key)
    if room is not None and room in user.session.rooms:
        tell_of_entry(user, room)
        if isinstance(result.outcome, Done):
            await chathistory.tell_newcomer(user, room, result.outcome)


def tell_of_entry(user: IrcUser, room: Place) -> None:
    """Tell a client that it is in a room, what that is about, and who is in it."""
    joined = events.Joined(str(user.session.nick), str(room.name))
    user.answer(next(room_messages(user.server, user.capabilities, {}, joined)))
    if (topic := permissions.readable_topic(user.session, room)) is not None and topic.topic:
        tell_topic(user, room, topic)
    if user.has(markers.NAME):
        markers.tell(user, room.name, room.key)
    if not user.has("draft/no-implicit-names") and not user.has("no-implicit-names"):
        tell_names(user, room)


def _part(user: IrcUser, message: Message) -> Work:
    return _part_all(user, targets(message.param(0)), message.param(1))


async def _part_all(user: IrcUser, texts: list[str], text: str) -> None:
    for each in texts:
        room = own_room(user, each, missing=n.ERR_NOSUCHCHANNEL)
        if room is not None:
            await _leave(user, room, plain(text))


async def _leave(user: IrcUser, room: Place, text: str) -> None:
    name = str(room.name)
    shown = (text,) if text and quotas.may_say_why_it_leaves(user.session, room.key) else ()
    result = await user.ask(commands.Part(name, text or None))
    if result.refused is not None:
        refuse(user, "PART", result.refused, name)
        return
    user.answer(Message("PART", (name, *shown), user.person.source))


# NAMES.


def tell_names(user: IrcUser, room: Place) -> None:
    """Tell a client who is in a room that it is in."""
    for message in names_of(user, room):
        user.answer(message)
    user.reply(n.RPL_ENDOFNAMES, room.name, "End of /NAMES")


def names_of(user: IrcUser, room: Place) -> Iterator[Message]:
    """Yield as many messages as it takes to say who is in a room."""
    is_secret = room.policy.readable_after(None) is None or room.policy.setting("listed") == "no"
    symbol = "@" if is_secret else "="
    size = MAX_BODY_BYTES - len(f":{user.server.name} 353 {user.nick} {symbol} {room.name} :".encode())
    line, length = "", 0
    for member in room.people:
        nick = user.server.person(member).source if user.has("userhost-in-names") else str(member.nick)
        word = prefix(user.hub, room, member, multiple=user.has("multi-prefix")) + nick
        if length + len(word.encode()) + 1 > size:
            yield Message(n.RPL_NAMREPLY, (user.nick, symbol, room.name, line), user.server.name)
            line, length = "", 0
        line = f"{line} {word}" if line else word
        length += len(word.encode()) + 1
    if line:
        yield Message(n.RPL_NAMREPLY, (user.nick, symbol, room.name, line), user.server.name)


async def _names(user: IrcUser, message: Message) -> None:
    for text in targets(message.param(0)):
        try:
            room = user.hub.room(names.room(text).key)
        except BadNameError:
            room = None
        if room is not None and room in user.session.rooms:
            await user.send_all(names_of(user, room))
    user.reply(n.RPL_ENDOFNAMES, message.param(0) or "*", "End of /NAMES")


# TOPIC.


def tell_topic(user: IrcUser, room: Place, topic: events.TopicSet) -> None:
    """Tell a client what a room is about, and who said so when."""
    text = part_of(topic.topic, room_for(user.server.name, f"{n.RPL_TOPIC} {user.nick}", room.name))
    user.reply(n.RPL_TOPIC, room.name, text)
    time = room.topic_tags.get("time", "")
    setter = user.server.person_called(topic.nick).source
    user.reply(n.RPL_TOPICWHOTIME, room.name, setter, str(seconds_of(time)))


def seconds_of(time: str) -> int:
    """Return a time as tags have it in seconds since 1970, 0 for none."""
    return int(datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp()) if time else 0


def _topic(user: IrcUser, message: Message) -> Work | None:
    room = own_room(user, message.param(0), missing=n.ERR_NOSUCHCHANNEL)
    if room is None:
        return None
    topic = permissions.readable_topic(user.session, room)
    if len(message.params) > 1:
        text = plain(message.param(1))[:MAX_TOPIC]
        if text != ("" if topic is None else topic.topic):
            return _set_topic(user, room, text or events.NO_TOPIC)
        permissions.check_topic(user.session, room.key)  # who may not is told so, though nothing would change
        return None
    if topic is None or not topic.topic:
        user.reply(n.RPL_NOTOPIC, room.name, "no topic is set")
    else:
        tell_topic(user, room, topic)
    return None


async def _set_topic(user: IrcUser, room: Place, text: str) -> None:
    result = await user.ask(commands.Topic(room.name, text))
    if result.refused is not None:
        refuse(user, "TOPIC", result.refused, room.name)


ROWS: tuple[Row, ...] = (
    Row("JOIN", _join, least=1),
    Row("PART", _part, least=1),
    Row("NAMES", _names, only_asks=True),
    Row("TOPIC", _topic, least=1),
)
