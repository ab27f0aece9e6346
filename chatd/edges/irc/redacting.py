"""REDACT (IRCv3 draft/message-redaction): messages and reactions are taken back."""

from __future__ import annotations

from chatd.chat import passing, posting, referring
from chatd.chat.command_rows import Work
from chatd.edges.irc import numerics as n
from chatd.edges.irc.message import MAX_BODY_BYTES, Message
from chatd.edges.irc.reference_telling import REDACTION, reference_messages
from chatd.edges.irc.rows import Row
from chatd.edges.irc.telling import part_of, shown
from chatd.edges.irc.user import IrcUser
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import BadNameError, RoomName
from chatd.protocol.reference_commands import Retract, Unreact
from chatd.protocol.references import Retracted
from chatd.protocol.text import plain

_CODES = {Code.NO_SUCH_MESSAGE: "UNKNOWN_MSGID", Code.NOT_ALLOWED: "REDACT_FORBIDDEN"}


def _redact(user: IrcUser, message: Message) -> Work | None:
    target, msgid = message.params[:2]
    if not user.has(REDACTION):
        user.reply(n.ERR_UNKNOWNCOMMAND, "REDACT", f"REDACT needs a capability; request it with CAP REQ :{REDACTION}")
        return None
    if not target.startswith("#"):
        user.fail("REDACT", "INVALID_TARGET", target, "private messages cannot be deleted")
        return None
    try:
        room = names.room(target)
    except BadNameError as error:
        user.fail("REDACT", "INVALID_TARGET", target, str(error))
        return None
    there = user.hub.room(room.key)
    if (there is None or there not in user.session.rooms) and not user.session.is_operator:
        user.fail("REDACT", "INVALID_TARGET", target, "you are not in that room")
        return None
    id_ = user.server.id_of(msgid)
    if not id_:
        user.fail("REDACT", "UNKNOWN_MSGID", target, msgid, "no stored message has that msgid")
        return None
    is_in = there is not None and there in user.session.rooms
    return _take_back(user, room, id_, msgid, _reason(user, message), is_in=is_in)


def _reason(user: IrcUser, message: Message) -> str:
    """Return why something is taken back, as far as there is room for it in the message that says so.

    It is something said: who may say nothing there now takes back without it.
    """
    if not message.param(2) or not passing.may_add_text(user.session, names.room(message.param(0))):
        return ""
    head = f":{user.person.source} REDACT {message.param(0)} {message.param(1)} :"
    return part_of(plain(message.param(2)), MAX_BODY_BYTES - len(head.encode()))


async def _take_back(user: IrcUser, room: RoomName, id_: int, msgid: str, reason: str, *, is_in: bool) -> None:
    key = (msgid, names.key(user.session.nick))
    if reason:
        user.server.reasons.note(key, reason)
    try:
        await (_as_member(user, room, id_) if is_in else _from_outside(user, room, id_))
    except ChatError as error:
        user.server.reasons.forget(key)
        code = _CODES.get(error.code, error.code.upper().replace("-", "_"))
        user.fail("REDACT", code, room, msgid, error.text)


async def _as_member(user: IrcUser, room: RoomName, id_: int) -> None:
    server, given = user.server, await referring.reaction_of(user.session, room.key, id_)
    if given is None:
        result = await user.ask(Retract(id_, room))
    else:
        key = (server.msgid(given.id), given.emoji, names.key(user.session.nick))
        server.redacted.note(key, server.msgid(id_))
        result = await user.ask(Unreact(given.id, given.emoji, room))
        server.redacted.forget(key)
    if result.refused is not None:
        raise ChatError(result.refused.code, result.refused.text)


async def _from_outside(user: IrcUser, room: RoomName, id_: int) -> None:
    """Take a message of a room back as a server operator who is not in it."""
    answer = user.answering
    await posting.retract(user.session, user.session.nick, room, id_)
    user.answering = answer
    event = Retracted(user.nick, room, id_)
    tags = shown(user.server, {}, user.person)
    for message in reference_messages(user.server, user.capabilities, event, user.person.source, tags):
        user.answer(message)


ROWS: tuple[Row, ...] = (Row("REDACT", _redact, least=2),)
