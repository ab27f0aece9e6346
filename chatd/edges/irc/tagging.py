"""TAGMSG: reactions, which are kept, and what else clients say in tags alone, which is passed on live."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from chatd.chat import passing
from chatd.chat.command_rows import Work
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import MAX_BODY_BYTES, Message, rendered_tags
from chatd.edges.irc.reference_telling import REACT, UNREACT
from chatd.edges.irc.refusals import refuse
from chatd.edges.irc.rooms import targets
from chatd.edges.irc.rows import Row
from chatd.edges.irc.speaking import MAX_TARGETS, client_tags, clients_among
from chatd.edges.irc.telling import shown
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Member
from chatd.protocol import names, wire
from chatd.protocol.emoji import is_emoji
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import BadNameError, Nick
from chatd.protocol.reference_commands import React, Unreact

CAPABILITY = "message-tags"
_UNASKED = frozenset({"+typing", "+draft/typing"})
"""What clients say by themselves, every few seconds: nobody would know what a refusal of it is about."""


def _tag(user: IrcUser, message: Message) -> Work | None:
    to, tags = targets(message.param(0)), client_tags(message.tags)
    if not user.has(CAPABILITY):
        user.reply(n.ERR_UNKNOWNCOMMAND, "TAGMSG", f"TAGMSG needs a capability; request it with CAP REQ :{CAPABILITY}")
    elif not to:
        user.reply(n.ERR_NORECIPIENT, "TAGMSG needs a nick or a room")
    elif not tags:
        user.reply(n.ERR_NOTEXTTOSEND, "TAGMSG needs a tag that begins with +")
    elif len(to) > MAX_TARGETS:
        user.reply(n.ERR_TOOMANYTARGETS, to[MAX_TARGETS], f"TAGMSG takes at most {MAX_TARGETS} targets")
    else:
        return _tag_all(user, to, tags)
    return None


async def _tag_all(user: IrcUser, to: list[str], tags: Mapping[str, str]) -> None:
    # What is passed on is not held up by the journal. The first target was paid for with the line.
    user.session.peer.charge((len(to) - 1) * (1 + len(rendered_tags(tags).encode()) // MAX_BODY_BYTES))
    for target in to:
        try:
            await (_in_room(user, target, tags) if target.startswith("#") else _in_private(user, target, tags))
        except ChatError as error:
            if not _UNASKED.issuperset(tags):
                refuse(user, "TAGMSG", error, target)


async def _in_room(user: IrcUser, target: str, tags: Mapping[str, str]) -> None:
    try:
        room = passing.room_for_passing(user.session, names.room(target))
    except BadNameError as error:
        raise ChatError(Code.BAD_ROOM, str(error)) from None
    command = reaction(user, room.name, tags)
    if command is not None:
        result = await user.ask(command, tags)
        if result.refused is None:
            return
        if result.refused.code is not Code.NO_SUCH_MESSAGE:
            raise ChatError(result.refused.code, result.refused.text)
    message, written = _message(user, str(room.name), tags), dict[Collection[str], bytes]()
    for reader in _clients(passing.to_room(user.session, room)):
        if reader.capabilities not in written:
            written[reader.capabilities] = reader.encode(message)
        reader.write(written[reader.capabilities])
    _echo(user, message)


async def _in_private(user: IrcUser, target: str, tags: Mapping[str, str]) -> None:
    try:
        nick, readers = passing.to_person(user.session, Nick.of(names.nick(target)))
    except BadNameError:
        raise ChatError(Code.NO_SUCH_NICK, "that is not a valid nick") from None
    message = _message(user, str(nick), tags)
    taken = [reader.write_private(reader.encode(message)) for reader in _clients(readers)]
    if taken and not any(taken):
        raise ChatError(Code.FULL, f"{nick} has too many unread messages; send it again later")
    _echo(user, message)


def reaction(user: IrcUser, room: str, tags: Mapping[str, str]) -> React | Unreact | None:
    """Return the command that tags are for: a reaction that can be kept, given or taken back; None if they are not."""
    id_, emoji = user.referred_to(tags), tags.get(REACT, tags.get(UNREACT, ""))
    if (REACT in tags) == (UNREACT in tags) or id_ is None or not is_emoji(emoji):
        return None
    return React(id_, emoji, room) if REACT in tags else Unreact(id_, emoji, room)


def _message(user: IrcUser, target: str, tags: Mapping[str, str]) -> Message:
    """Return the message that passes on what is kept nowhere."""
    own = {"time": wire.timestamp(user.hub.now), "msgid": user.new_msgid()}
    return Message("TAGMSG", (target,), user.person.source, {**shown(user.server, {}, user.person), **own, **tags})


def _clients(members: Iterable[Member]) -> Iterator[IrcUser]:
    """Yield the IRC clients among some members that read tags."""
    return (client for client in clients_among(members) if client.has(CAPABILITY))


def _echo(user: IrcUser, message: Message) -> None:
    if user.has("echo-message"):
        user.answer(message)


ROWS: tuple[Row, ...] = (Row("TAGMSG", _tag, least=1),)
