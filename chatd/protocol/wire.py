r"""Turns lines into commands and events, and those into lines: the whole of the protocol's syntax, no clock, no socket.

A line is UTF-8::

    line = [ "@" tags SP ] VERB *( SP word ) *( SP key "=" value ) [ SP text ]
    tags = key [ "=" value ] *( ";" key [ "=" value ] )

with exactly one space between parts. What the words of each verb are stands in `commands` (what a client says)
and `events` (what the server says); ``docs/protocol.rst`` tells the same story to people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, Never

from chatd.protocol import actions, commands, events
from chatd.protocol.arguments import Arguments, is_id
from chatd.protocol.commands import Command, Msg, Pipe, Tell
from chatd.protocol.errors import ANY_VERB, ChatError, Code
from chatd.protocol.events import Event, Said, Told, ToldOthers
from chatd.protocol.text import excerpt, plain
from chatd.protocol.unknown_verbs import UnknownVerbError, check_private
from chatd.protocol.verbs import VERBS

PROTOCOL_VERSION = "1"
MAX_LINE_BYTES = 8192
"""The longest line a client may send, tags included, terminator excluded."""
MAX_SERVER_LINE_BYTES = 32 * 1024
"""The longest line a server sends. `clean` turns one byte into three at most, so that no text needs cutting."""
MAX_TAGS = 16
_NOT_UTF8 = "the line is not UTF-8; convert it with iconv -f latin1 -t UTF-8, or send it after PIPE charset=latin-1"
EOL = "\r\n"
"""The terminator that both sides send; a server takes others too."""

Tags = Mapping[str, str]
"""What stands before a line, by key: a key has 1 to 32 of ``a-z 0-9 -``, a value 1 to 64 of ``A-Z a-z 0-9 . _ : + -``.

One without a value, such as ``old``, has an empty one. A server sends ``id`` (a number), ``time`` (see `timestamp`),
``label`` (the sender's own), ``old``, ``reply`` (an id), ``notice``, ``edited`` and ``ref``, and may send others; a
client sends ``label`` and, with what it says, ``reply`` and ``notice``.
"""
NO_TAGS: Tags = MappingProxyType({})

_TAG = re.compile(r"([a-z0-9-]{1,32})(?:=([A-Za-z0-9._:+-]{1,64}))?")


class Mode(Enum):
    """How the lines of a connection are read."""

    COMMAND = "every line is a command"
    TALK = "a line is said, unless it begins with a slash"
    PIPE = "every line is said"


_COMMAND = Mode.COMMAND  # Python 3.11 takes 70 ns to look up a member of an enum


class Request(NamedTuple):
    """One line of a client: its command, and its label, None if it has none."""

    command: Command
    label: str | None = None


_request = tuple.__new__  # 60 ns less than what a NamedTuple puts before it


def is_label(text: str) -> bool:
    """Return whether a text may be the value of ``label``."""
    match = _TAG.fullmatch(f"label={text}")
    return match is not None and match[2] == text


def parse_command(line: bytes, mode: Mode = Mode.COMMAND) -> Request:
    """Return the request of one line of a client.

    ``line`` has no terminator, is not empty and has at most `MAX_LINE_BYTES`; in TALK and PIPE it is not searched for
    tags. Raise `ChatError`, and nothing else, for bytes that are not a line of the protocol: that is the client's
    fault, and an ``ERR`` answers with the error. It has the label if that could be read.
    """
    if len(line) > MAX_LINE_BYTES:
        raise _unreadable(Code.TOO_LONG, f"a line has at most {MAX_LINE_BYTES} bytes", line, mode)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise _unreadable(Code.NOT_UTF8, _NOT_UTF8, line, mode) from None
    if mode is not _COMMAND:
        if mode is Mode.PIPE or not text.startswith("/"):
            return Request(Msg(Arguments("", text).text()))
        if (action := actions.typed(text)) is not None:
            return Request(Msg(Arguments("", action).text()))
        if text.startswith("//"):
            return Request(Msg(Arguments("", text[1:]).text()))
        return Request(_parse_bare(text[1:], "/"))
    if text.startswith("MSG ") and (said := plain(text[4:])):  # nearly every line there is
        return _request(Request, (Msg(said), None))
    if text.startswith("@"):
        return _parse_tagged(text)
    return Request(_parse_bare(text))


def parse_event(line: bytes) -> tuple[Tags, Event]:
    """Return the tags and the event of one line of a server.

    ``line`` has no terminator and at most `MAX_SERVER_LINE_BYTES`. Texts can be shown as they are: they contain no
    control character except TAB. Raise `ChatError`, and nothing else: with the code ``unknown-verb`` for a verb that
    this version does not know, with another for a malformed line or an ``ERR`` or ``BYE`` code that was added later. A
    client ignores all of these lines.
    """
    if len(line) > MAX_SERVER_LINE_BYTES:
        raise ChatError(Code.TOO_LONG, f"a server's line has at most {MAX_SERVER_LINE_BYTES} bytes")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise ChatError(Code.NOT_UTF8, _NOT_UTF8) from None
    tags = NO_TAGS
    if text.startswith("@"):
        head, _, text = text[1:].partition(" ")
        tags = _parse_tags(head)
    verb, space, rest = text.partition(" ")
    event = events.read(verb, rest if space else None)
    if "reply" in tags and type(event) is Said and is_id(tags["reply"]):
        event.reply = int(tags["reply"])
    if "notice" in tags and isinstance(event, Said | Told | ToldOthers):
        event = replace(event, notice=True)
    return tags, event


def render(value: Command | Event) -> str:
    """Return the line for a command or an event, without tags and terminator.

    A control character other than TAB, such as a line feed, becomes a picture of it, so no text makes a second line.
    Nothing else is checked: the server refuses empty texts, invalid names and lines that are too long.
    ``parse_command(encode(line)[:-2])`` and `parse_event` return what was rendered, if it is valid.
    """
    # PING is the same line in both directions.
    if isinstance(value, Command) and not isinstance(value, commands.Ping):
        return commands.render(value)
    return events.render(value)


def encode(line: str, tags: Tags = NO_TAGS) -> bytes:
    """Return the bytes of a rendered line, with its tags and its terminator.

    Tags are not checked: to more than `MAX_TAGS`, or one that is malformed (see `Tags`), a server answers ``bad-tags``.
    """
    if tags:
        head = ";".join(f"{key}={value}" if value else key for key, value in tags.items())
        line = f"@{head} {line}"
    return (line + EOL).encode()


@lru_cache(maxsize=16)
def timestamp(milliseconds: int) -> str:
    """Return a time, in milliseconds since 1970, as ``YYYY-MM-DDTHH:MM:SS.mmmZ``."""
    minutes, rest = divmod(milliseconds, 60_000)
    days, minutes = divmod(minutes, 24 * 60)
    return f"{_date(days)}T{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}.{rest % 1000:03}Z"


@lru_cache(maxsize=16)
def _date(days: int) -> str:
    # What takes most of the time of a timestamp, and is the same for many lines of a history.
    return f"{datetime.fromtimestamp(days * 24 * 60 * 60, UTC):%Y-%m-%d}"


def _parse_bare(text: str, before: str = "") -> Command:
    """Return the command of a line, but for what was taken off ``before`` it: its tags, or the slash of TALK.

    Where that is nothing, a verb may have the slash before it that people are used to.
    """
    word, space, rest = text.partition(" ")
    if word == "MSG" and rest and before != "/" and (said := plain(rest)):  # nearly every line there is
        return Msg(said)
    slash = not before and word.startswith("/")
    name = _verb(word[1:] if slash else word)
    verb = VERBS.get(name)
    if slash or before == "/":
        check_private(name, rest)
    if verb is None:
        if not word:
            fatal = _verb(text.lstrip(" ").partition(" ")[0]) == "PIPE"
            raise ChatError(
                Code.BAD_SYNTAX, "the line begins with a space; begin it with a command (HELP lists them)", fatal=fatal
            )
        raise UnknownVerbError(word, f"{before if before in ('', '/') else f'@{before} '}{text}")
    try:
        return verb.read(Arguments(verb.usage, rest if space else None))
    except ChatError as error:
        error.verb = name
        error.fatal = verb.command is Pipe
        raise


def _verb(word: str) -> str:
    """Return a word in upper case, where that makes no ASCII letter of another: a dotless i is none of INVITE's."""
    return word.upper() if word.isascii() else word


def _parse_tagged(text: str) -> Request:
    head, _, text = text[1:].partition(" ")
    try:
        tags = _parse_tags(head)
        label = tags.get("label")
        if label == "":
            _refuse_tags("the tag label needs a value")
    except ChatError as error:
        name = _verb(text.partition(" ")[0])
        error.verb = name if name in VERBS else ANY_VERB
        error.fatal = name == "PIPE"
        raise
    try:
        command = _parse_bare(text, head)
        if "reply" in tags and isinstance(command, Msg | Tell):
            command = replace(command, reply=_reply(tags["reply"], command))
        if "notice" in tags and isinstance(command, Msg | Tell):
            command = replace(command, notice=_notice(tags["notice"], command))
        return Request(command, label)
    except ChatError as error:
        error.label = label
        raise


def _reply(value: str, command: Msg | Tell) -> int:
    if not is_id(value) or int(value) == 0:
        raise ChatError(Code.BAD_TAGS, "the tag reply takes the id of a message", verb=type(command).__name__.upper())
    return int(value)


def _notice(value: str, command: Msg | Tell) -> bool:
    if value:
        raise ChatError(Code.BAD_TAGS, "the tag notice takes no value", verb=type(command).__name__.upper())
    return True


def _parse_tags(head: str) -> dict[str, str]:
    """Return what stands between ``@`` and the first space; a tag without a value has an empty one."""
    tags: dict[str, str] = {}
    for tag in head.split(";"):
        match = _TAG.fullmatch(tag)
        if match is None:
            _refuse_tags(f"not a tag: {excerpt(tag)}")
        if match[1] in tags:
            _refuse_tags(f"the tag {match[1]} occurs twice")
        tags[match[1]] = match[2] or ""
    if len(tags) > MAX_TAGS:
        _refuse_tags(f"a line has at most {MAX_TAGS} tags")
    return tags


def _refuse_tags(why: str) -> Never:
    raise ChatError(Code.BAD_TAGS, why)


def _unreadable(code: Code, why: str, line: bytes, mode: Mode) -> ChatError:
    """Return the error for a line that cannot be parsed, with what its beginning still tells of it."""
    error = ChatError(code, why)
    if mode is Mode.COMMAND:
        head = line[:MAX_LINE_BYTES].decode(errors="replace")
        if head.startswith("@"):
            tags, space, head = head[1:].partition(" ")
            tags = tags if space else ""
            matches = [match for tag in tags.split(";") if (match := _TAG.fullmatch(tag))]
            error.label = next((match[2] for match in matches if match[1] == "label"), None)
        else:
            head = head.removeprefix("/")
    else:
        head = line[1:6].decode(errors="replace") if mode is Mode.TALK and line.startswith(b"/") else ""
    error.fatal = _verb(head.partition(" ")[0]) == "PIPE"
    return error
