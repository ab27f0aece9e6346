"""What a person types into the window, as commands: text is sent, ``/verb`` is a command, ``//x`` sends ``/x``.

The verbs' grammar is that of `chatd.protocol.commands`; here stands only which of them a person can use, and what
they mean in the room that is in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple, Never

from chatd.protocol import actions, commands, wire
from chatd.protocol import moderation_commands as orders
from chatd.protocol import reference_commands as about
from chatd.protocol.arguments import Arguments
from chatd.protocol.commands import Command, Tell
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.moments import Moment
from chatd.protocol.text import clean, excerpt
from chatd.protocol.verbs import VERBS
from chatd.protocol.wire import MAX_LINE_BYTES

MAX_LABEL_BYTES = 40
"""The longest label that the client gives a line."""
MAX_TEXT_BYTES = MAX_LINE_BYTES - len("@label= ") - MAX_LABEL_BYTES
"""The longest line without its label."""


NEWEST_OF_OTHERS = 0
"""The id in a `Tell.reply` that stands for the newest message of somebody else in its room."""


class ShowSettings(NamedTuple):
    """Not for the server: show the settings of a room."""

    room: str


class Typed(NamedTuple):
    """What was typed: the commands to carry out in this order, or a sentence that says why there are none."""

    commands: tuple[Command | ShowSettings, ...] = ()
    complaint: str = ""


class _Slash(NamedTuple):
    """A command of the window: the protocol's verb, how its words are written here, and what it does."""

    verb: str
    usage: str
    summary: str


def _same(verb: str, summary: str) -> _Slash:
    return _Slash(verb, f"/{verb.lower()}{VERBS[verb].usage.removeprefix(verb)}", summary)


_SEND = "send a message to a room you are in or to one person"
_SLASHES: Mapping[str, _Slash] = MappingProxyType(
    {
        "/join": _Slash("JOIN", "/join <#room>", "join a room"),
        "/part": _same("PART", "leave a room"),
        "/topic": _same("TOPIC", "set the topic of a room, or remove it with -; without a text, show it"),
        "/who": _same("WHO", "list the members of a room you are in"),
        "/rooms": _same("ROOMS", "list the rooms on the server"),
        "/tell": _same("TELL", _SEND),
        "/msg": _Slash("TELL", "/msg <#room or nick> <text>", _SEND),
        "/me": _Slash("MSG", "/me <text>", "say what you are doing"),
        "/away": _same("AWAY", "mark yourself as away or, without a text, as back"),
        "/back": _Slash("AWAY", "/back", "mark yourself as back"),
        "/ignore": _same("IGNORE", "hide somebody's messages; without a nick, list whom you ignore"),
        "/unignore": _same("UNIGNORE", "stop ignoring somebody"),
        "/nick": _same("NICK", "change your nick"),
        "/history": _Slash("HISTORY", "/history [#room] [<count>]", "show the newest messages of a room"),
        "/search": _same("SEARCH", "find the newest messages with all of these words"),
        "/reply": _Slash("TELL", "/reply <text>", "reply to the newest message from somebody else"),
        "/retract": _same("RETRACT", "delete a message of yours; last is the newest"),
        "/edit": _same("EDIT", "edit a message of yours"),
        "/react": _same("REACT", "react to a message with an emoji"),
        "/unreact": _same("UNREACT", "remove a reaction"),
        "/kick": _same("KICK", "remove somebody from a room; #* stands for the whole server"),
        "/mute": _same("MUTE", "let somebody read but not speak; #* stands for the whole server"),
        "/unmute": _same("UNMUTE", "let somebody speak again"),
        "/ban": _same("BAN", "remove somebody from a room and keep them out; #* stands for the whole server"),
        "/unban": _same("UNBAN", "lift a ban"),
        "/invite": _same("INVITE", "let somebody into a private room, or tell them about an open one"),
        "/uninvite": _same("UNINVITE", "withdraw an invitation"),
        "/voice": _same("VOICE", "let somebody speak in a room where only operators may"),
        "/unvoice": _same("UNVOICE", "remove somebody's voice"),
        "/op": _same("OP", "make somebody a room operator"),
        "/deop": _same("DEOP", "remove somebody as a room operator"),
        "/set": _same("SET", VERBS["SET"].summary),
        "/rules": _same("RULES", "list a room's bans, mutes, operators, invitations and settings"),
        "/settings": _Slash("RULES", "/settings [#room]", "show and change the settings of a room"),
        "/login": _Slash("LOGIN", "/login <nick> <password>", "log in to your account"),
        "/register": _same("REGISTER", "make an account for your nick"),
        "/help": _Slash("HELP", "/help", "show this list"),
        "/quit": _same("QUIT", "disconnect from all servers and close the window"),
    }
)
SLASHES = tuple(_SLASHES)
"""The commands of the window, in the order in which help lists them."""
_SECRET = frozenset({"/login", "/register"})


def holds_secret(text: str) -> bool:
    """Return whether a line of a text is, or seems meant to be, a command with a password."""
    return any(line.split(maxsplit=1)[0].lower() in _SECRET for line in text.splitlines() if line.strip())


def help_lines() -> list[str]:
    """Return a line of help for every command of the window."""
    return [f"{slash.usage} - {slash.summary}" for slash in _SLASHES.values()]


def read(text: str, front: str | None) -> Typed:
    """Return what ``text`` asks for, typed while ``front`` is shown: a room, a nick (of a conversation) or None.

    Every line is said by itself, empty ones are not; a command stands alone, in one line. What is said comes as `Tell`
    with the place it goes to, and every command for a room names its room. Nothing of a text is to be sent if one of
    its lines cannot be.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return Typed()
    found: tuple[Command | ShowSettings, ...]
    try:
        if lines[0].startswith("/") and not lines[0].startswith("//"):
            if len(lines) > 1:
                _refuse(f"{excerpt(lines[0].split()[0])} is a command; send it on its own. //x sends /x")
            found = (_command(lines[0], front),)
        elif holds_secret(text):
            _refuse("Not sent: a command with a password must be sent on its own, with nothing before it")
        else:
            found = tuple(_said(line, front) for line in _unescaped(lines))
        for command in found:
            if not isinstance(command, ShowSettings):
                _check_length(command)
    except _ComplaintError as complaint:
        return Typed((), str(complaint))
    return Typed(found)


class _ComplaintError(Exception):
    """What was typed cannot be sent; its argument is a sentence that says why."""


def _refuse(why: str) -> Never:
    raise _ComplaintError(why)


def _unescaped(lines: list[str]) -> list[str]:
    """Return lines with the first slash of a first ``//`` taken away."""
    return [lines[0].removeprefix("/"), *lines[1:]] if lines[0].startswith("//") else lines


def _said(line: str, front: str | None) -> Tell:
    if front is None:
        _refuse("There is no room to send this to; join one with /join <#room>")
    return Tell(front, clean(line))


def _command(line: str, front: str | None) -> Command | ShowSettings:
    word, _, rest = clean(line).partition(" ")
    slash = _SLASHES.get(word.lower() if word.isascii() else word)
    if slash is None:
        _refuse(f"Unknown command: {excerpt(word)}; /help lists the commands, //x sends /x")
    rest = rest.strip(" ")
    if slash.usage.startswith("/reply"):
        if not rest:
            _refuse(f"The text is missing; type {slash.usage}")
        return Tell(_room(front, slash), rest, NEWEST_OF_OTHERS)
    if slash.usage == "/back" and rest:
        _refuse("Type /back on its own; /away <text> says why you are away")
    try:
        command = VERBS[slash.verb].read(Arguments(slash.usage, rest or None))
    except ChatError as error:
        if word.lower() in _SECRET:  # what is wrong with it may show a part of it
            _refuse(f"Type {slash.usage}; a password has no spaces and at most {orders.MAX_PASSWORD_BYTES} bytes")
        if slash.verb == "JOIN" and error.code is not Code.BAD_ROOM:
            _refuse(f"Room names begin with #; type {slash.usage}")
        _refuse(error.text[:1].upper() + error.text[1:])
    placed = _placed(command, front, slash)
    if isinstance(placed, orders.Rules) and slash.usage.startswith("/settings"):
        return ShowSettings(str(placed.room))
    return placed


def _placed(command: Command, front: str | None, slash: _Slash) -> Command:
    """Return a command with the room that it is for."""
    match command:
        case commands.Msg(text):
            return _said(actions.BEGINNING + text, front)
        case commands.Join(nick=None, since=None, epoch=None, resume=None):
            return command
        case commands.Join():
            _refuse(f"Room names begin with #; type {slash.usage}")
        case commands.History(since=int() | Moment()) | commands.History(before=int() | Moment()):
            _refuse(f"Scroll up for older messages, or type {slash.usage}")
        case commands.History(person=str()) | commands.Search(person=str()):
            return command
        case commands.History(None) | commands.Search(None) if front is not None and not front.startswith("#"):
            return replace(command, person=front)
        case commands.Part(None) | commands.Who(None) | commands.Topic(None) | commands.History(None):
            return replace(command, room=_room(front, slash))
        case commands.Search(None) | orders.Kick(room=None) | orders.Mute(room=None) | orders.Unmute(room=None):
            return replace(command, room=_room(front, slash))
        case orders.Ban(room=None) | orders.Unban(room=None) | orders.Op(room=None) | orders.Deop(room=None):
            return replace(command, room=_room(front, slash))
        case about.Retract(room=None) | about.Edit(room=None) | about.React(room=None) | about.Unreact(room=None):
            return replace(command, room=_room(front, slash))
        case orders.Voice(room=None) | orders.Unvoice(room=None) | orders.Rules(room=None):
            return replace(command, room=_room(front, slash))
        case orders.Invite(room=None) | orders.Uninvite(room=None) | orders.Set(room=None):
            return replace(command, room=_room(front, slash))
        case _:
            return command


def _room(front: str | None, slash: _Slash) -> str:
    if front is None or not front.startswith("#"):
        _refuse(f"This is not a room; type {slash.usage.replace('[#room]', '<#room>')}")
    return front


def _check_length(command: Command) -> None:
    length = len(wire.render(command).encode())
    if length > MAX_TEXT_BYTES:
        what = "A line" if isinstance(command, Tell) else "The command"
        _refuse(f"{what} is too long: {length} bytes; the limit is {MAX_TEXT_BYTES}")
