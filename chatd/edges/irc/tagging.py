"""TAGMSG: reactions, which are kept, and what else clients say in tags alone, which is passed on live."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from chatd.chat import passing
from chatd.chat.command_rows import Work
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import Message
from chatd.edges.irc.reference_telling import REACT, UNREACT
from chatd.edges.irc.refusals import refuse
from chatd.edges.irc.rooms import targets
from chatd.edges.irc.rows import Row
from chatd.edges.irc.session import IrcSession
from chatd.edges.irc.speaking import MAX_TARGETS, client_tags
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
        user.reply(n.ERR_UNKNOWNCOMMAND, "TAGMSG", f"TAGMSG is for clients that have asked for {CAPABILITY}")
    elif not to:
        user.reply(n.ERR_NORECIPIENT, "TAGMSG needs somebody or a room that it is for")
    elif not tags:
        user.reply(n.ERR_NOTEXTTOSEND, "TAGMSG passes on tags that begin with +, and it has none")
    elif len(to) > MAX_TARGETS:
        user.reply(n.ERR_TOOMANYTARGETS, to[MAX_TARGETS], f"{MAX_TARGETS} targets at a time, not more")
    else:
        return _tag_all(user, to, tags)
    return None


async def _tag_all(user: IrcUser, to: list[str], tags: Mapping[str, str]) -> None:
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
    _pass_on(user, str(room.name), passing.to_room(user.session, room), tags)


async def _in_private(user: IrcUser, target: str, tags: Mapping[str, str]) -> None:
    try:
        nick, told = passing.to_person(user.session, Nick.of(names.nick(target)))
    except BadNameError:
        raise ChatError(Code.NO_SUCH_NICK, "nobody can be called that") from None
    _pass_on(user, str(nick), told, tags)


def reaction(user: IrcUser, room: str, tags: Mapping[str, str]) -> React | Unreact | None:
    """Return the command that tags are for: a reaction that can be kept, given or taken back; None if they are not."""
    id_, emoji = user.referred_to(tags), tags.get(REACT, tags.get(UNREACT, ""))
    if id_ is None or not is_emoji(emoji):
        return None
    return React(id_, emoji, room) if REACT in tags else Unreact(id_, emoji, room)


def _pass_on(user: IrcUser, target: str, readers: Iterable[Member], tags: Mapping[str, str]) -> None:
    """Tell IRC clients that read tags, and the sender if it wants that, what is kept nowhere."""
    own = {"time": wire.timestamp(user.hub.now), "msgid": user.new_msgid()}
    message = Message("TAGMSG", (target,), user.person.source, {**shown(user.server, {}, user.person), **own, **tags})
    written: dict[Collection[str], bytes] = {}
    for reader in readers:
        if not isinstance(reader, IrcSession) or not isinstance(reader.user, IrcUser):
            continue
        each = reader.user
        if each.registered and each.has(CAPABILITY):
            if each.capabilities not in written:
                written[each.capabilities] = each.encode(message)
            each.write(written[each.capabilities])
    if user.has("echo-message"):
        user.answer(message)


ROWS: tuple[Row, ...] = (Row("TAGMSG", _tag, least=1),)
