"""PRIVMSG and NOTICE: what is said, to rooms and to people, and the CTCP that clients put into it.

`chatd.edges.irc.multiline` has their rows: it hears them first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from chatd.chat import passing, referring
from chatd.chat.command_rows import Task, Work
from chatd.edges.irc import nickserv
from chatd.edges.irc import numerics as n
from chatd.edges.irc.answer import Answer
from chatd.edges.irc.composition import Piece, room_for
from chatd.edges.irc.formatting import without_formatting
from chatd.edges.irc.message import CTCP, Message
from chatd.edges.irc.onlooking import away_reply
from chatd.edges.irc.pending import Result
from chatd.edges.irc.reference_telling import REPLIES
from chatd.edges.irc.refusals import refuse
from chatd.edges.irc.rooms import targets
from chatd.edges.irc.session import IrcSession
from chatd.edges.irc.telling import ACTION, shown
from chatd.edges.irc.user import IrcUser
from chatd.model.entry import Member
from chatd.protocol import names
from chatd.protocol.commands import Tell
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done, Refused, Said
from chatd.protocol.names import BadNameError, Nick
from chatd.protocol.text import plain

MAX_TARGETS = 4
SAYING = b"PRIVMSG #"
"""What nearly every line begins with."""
MAX_PLAIN_BYTES = 256
"""A line of no more is surely short enough for others, who read it with its source before it."""
_RANKS = "~&@%+"
"""What stands before a room, on other servers, of what is for those with a rank there alone (STATUSMSG)."""


def say_plainly(user: IrcUser, line: bytes) -> bool:
    """Say what nearly every line is: a short text to a room, by who wants no echo; return False if it is not that.

    All that `say` would prepare for an answer stays away: two thirds of what such a line costs.
    """
    if len(line) > MAX_PLAIN_BYTES or user.draft is not None or not user.registered or user.has("echo-message"):
        return False
    try:
        target, colon, text = line[len("PRIVMSG ") :].decode().partition(" :")
    except UnicodeDecodeError:
        return False
    if not (colon and text and text.isprintable()) or " " in target:
        return False
    return user.session.say_at_once(target, text)


def say(user: IrcUser, message: Message) -> None:
    """Carry out PRIVMSG or NOTICE: at once if it is for one target, so that more can follow before it is stored."""
    answer = user.begin(message.tags.get("label", ""))
    to = targets(message.param(0))
    at_once = len(to) == 1 and user.referred_to(message.tags) is None
    if at_once and (command := _single(user, message, to[0])) is not None:
        _say_at_once(user, message, command, answer)
        return
    user.session.receive(Task(partial(_in_turn, user, message, to, answer)))


def say_whole(user: IrcUser, message: Message, pieces: Sequence[Piece]) -> None:
    """Say a text to one target that came in pieces, none if others may put it into their own; both can be said."""
    target, text = message.params
    command = _tell(user, message, target, text)
    assert command is not None, f"{target} was looked at before"
    answer = user.begin(message.tags.get("label", ""))
    if user.referred_to(message.tags) is None:
        _say_at_once(user, message, command, answer, pieces)
    else:
        user.session.receive(Task(partial(_say_in_turn, user, message, command, answer, pieces)))


def _say_at_once(user: IrcUser, message: Message, command: Tell, answer: Answer, pieces: Sequence[Piece] = ()) -> None:
    pending = user.expect(command, answer, client_tags(message.tags), pieces)
    answer.close()
    pending.listener = partial(_said_one, user, message, message.param(0), answer, pending.label)
    user.session.receive(pending.request)


def client_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """Return the tags that are passed on to others as they are."""
    return {key: value for key, value in tags.items() if key.startswith("+")}


def _single(user: IrcUser, message: Message, target: str) -> Tell | None:
    """Return the command that says a text to one target, None if there is something to be said against it."""
    text = message.param(1)
    if not text or nickserv.is_meant(target) or is_too_long(user, message, target) or _is_other_ctcp(text):
        return None
    return _tell(user, message, target, text)


def _tell(user: IrcUser, message: Message, target: str, text: str) -> Tell | None:
    try:
        to = names.room(target) if target.startswith("#") else names.nick(target)
    except BadNameError:
        return None
    said = text_of(text)
    if not said:
        return None
    return user.with_notice(Tell(to, said), is_notice=message.command == "NOTICE", tags=message.tags)


def text_of(text: str) -> str:
    """Return what others are to read of a text: an action is one that begins with ``/me``."""
    if text.startswith(f"{CTCP}ACTION") and len(text) > len("xACTION"):
        text = ACTION + text[len("xACTION") :].strip(f" {CTCP}")
    return plain(without_formatting(text))


def _as_read(text: str) -> str:
    """Return a text as those read it who use IRC."""
    said = text_of(text)
    return f"{CTCP}ACTION {said.removeprefix(ACTION)}{CTCP}" if said.startswith(ACTION) else said


def is_too_long(user: IrcUser, message: Message, target: str) -> bool:
    """Return whether a text does not fit into the message that others would read."""
    return len(message.param(1).encode()) > room_for(user.person.source, message.command, target)


def _is_other_ctcp(text: str) -> bool:
    return text.startswith(CTCP) and not text.startswith(f"{CTCP}ACTION ")


def _said_one(user: IrcUser, message: Message, target: str, answer: Answer, label: str, outcome: object) -> None:
    if isinstance(outcome, Refused):
        _refuse(user, message, outcome, target, answer)
    elif isinstance(outcome, Done):
        _told(user, message, target, outcome, answer, label)


def _refuse(user: IrcUser, message: Message, refused: Refused | ChatError, target: str, answer: Answer) -> None:
    if message.command == "NOTICE":
        return  # to which nothing is ever answered
    before, user.answering = user.answering, answer
    try:
        refuse(user, message.command, refused, target)
    finally:
        user.answering = before


def _told(user: IrcUser, message: Message, target: str, done: Done, answer: Answer, label: str) -> None:
    """Tell a client of what it told somebody: the echo, and that they are away."""
    holder = user.hub.holder(Nick.of(target))
    if user.has("echo-message"):
        text, tags = _as_read(message.param(1)), client_tags(message.tags)
        answer.add(user.own_message(message.command, target, text, done, label, tags))
    if "away" in done.values and message.command != "NOTICE" and holder is not None:
        answer.add(away_reply(user, holder, holder.away or "away"))


# What waits for its turn.


def _in_turn(user: IrcUser, message: Message, to: list[str], answer: Answer) -> Work | None:
    user.answering = answer
    is_notice = message.command == "NOTICE"
    if not to or not message.param(1):
        if not is_notice:
            _say_what_is_missing(user, message, to)
        user.answering = None
        answer.close()
        return None
    return _say_all(user, message, to, answer)


def _say_what_is_missing(user: IrcUser, message: Message, to: list[str]) -> None:
    if not to:
        user.reply(n.ERR_NORECIPIENT, f"{message.command} needs a nick or a room")
    else:
        user.reply(n.ERR_NOTEXTTOSEND, f"{message.command} needs a text")


async def _say_all(user: IrcUser, message: Message, to: list[str], answer: Answer) -> None:
    try:
        if len(to) > MAX_TARGETS:
            if message.command != "NOTICE":
                user.reply(
                    n.ERR_TOOMANYTARGETS, to[MAX_TARGETS], f"{message.command} takes at most {MAX_TARGETS} targets"
                )
            return
        for target in to:
            try:
                await _say_to(user, message, target, answer)
            except ChatError as error:
                _refuse(user, message, error, target, answer)
    finally:
        user.answering = None
        answer.close()


async def _say_to(user: IrcUser, message: Message, target: str, answer: Answer) -> None:
    text = message.param(1)
    if nickserv.is_meant(target):
        if message.command != "NOTICE":
            await nickserv.say(user, text)
    elif is_too_long(user, message, target):
        most = room_for(user.person.source, message.command, target)
        user.reply(n.ERR_INPUTTOOLONG, f"the text is too long; a text to {target} has at most {most} bytes")
    elif _is_other_ctcp(text):
        _pass_ctcp(user, message, target)
    elif target.lstrip(_RANKS)[:1] == "#" and target[0] in _RANKS:
        if message.command != "NOTICE":
            why = f"messages by rank are not supported; write to {target.lstrip(_RANKS)} or to each person"
            user.reply(n.ERR_CANNOTSENDTOCHAN, target, why)
    elif (command := _tell(user, message, target, text)) is None:
        if message.command != "NOTICE":
            numeric = n.ERR_NOSUCHCHANNEL if target.startswith("#") else n.ERR_NOSUCHNICK
            user.reply(
                numeric,
                target,
                "that is not a valid room name" if target.startswith("#") else "that is not a valid nick",
            )
    else:
        await _say(user, message, command, answer)


async def _say_in_turn(user: IrcUser, message: Message, command: Tell, answer: Answer, pieces: Sequence[Piece]) -> None:
    user.answering = answer
    try:
        await _say(user, message, command, answer, pieces)
    except ChatError as error:
        _refuse(user, message, error, message.param(0), answer)
    finally:
        user.answering = None
        answer.close()


async def _say(user: IrcUser, message: Message, command: Tell, answer: Answer, pieces: Sequence[Piece] = ()) -> None:
    result = await _ask(user, command, client_tags(message.tags), pieces)
    if not isinstance(result.outcome, Said):
        label = result.tags.get("label", "")
        _said_one(user, message, str(command.to), answer, label, result.outcome)


async def _ask(user: IrcUser, command: Tell, tags: Mapping[str, str], pieces: Sequence[Piece]) -> Result:
    """Say something; if what it answers is not to be read there, it is said all the same, and answers nothing."""
    room = user.hub.room(names.key(command.to)) if command.reply is not None else None
    if room is not None and room in user.session.rooms and command.reply is not None:
        answer = user.answering
        is_there = await referring.is_there(user.session, room, command.reply)
        user.answering = answer
        if not is_there:
            command = replace(command, reply=None)
            tags = {key: value for key, value in tags.items() if key not in REPLIES}
    return await user.ask(command, tags, pieces)


def clients_among(members: Iterable[Member]) -> Iterator[IrcUser]:
    """Yield the IRC clients among some members."""
    for member in members:
        if isinstance(member, IrcSession) and isinstance(member.user, IrcUser) and member.user.registered:
            yield member.user


def _pass_ctcp(user: IrcUser, message: Message, target: str) -> None:
    """Pass on what one client asks of another, or answers; nothing of it is kept."""
    if target.startswith("#"):
        raise ChatError(Code.NOT_ALLOWED, "actions (/me) are the only CTCP for rooms")
    try:
        nick, readers = passing.to_person(user.session, Nick.of(names.nick(target)))
    except BadNameError:
        raise ChatError(Code.NO_SUCH_NICK, "that is not a valid nick") from None
    client = next(clients_among(readers), None)  # one answer is enough
    if client is None:
        raise ChatError(Code.NO_SUCH_NICK, "nobody with that nick uses an IRC client, which could answer that")
    tags = {**shown(user.server, {}, user.person), **client_tags(message.tags), "msgid": user.new_msgid()}
    passed = Message(message.command, (str(nick), message.param(1)), user.person.source, tags)
    if not client.write_private(client.encode(passed)):
        raise ChatError(Code.FULL, f"{nick} has too many unread messages; send it again later")
