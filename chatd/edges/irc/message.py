"""The lines of IRC: messages with tags, as Modern IRC and IRCv3 message-tags have them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from chatd.protocol.text import clean

MAX_BODY_BYTES = 510
"""What a message may have besides its tags, terminator excluded."""
_SURELY_FITS = MAX_BODY_BYTES // 4  # no character has more than four bytes
MAX_CLIENT_TAGS_BYTES = 4096
"""What the tags of a client's message may have, with their ``@`` and the space after them."""
MAX_TAGS = 200
"""How many tags of a message are looked at."""
MAX_LINE_BYTES = 8191 + MAX_BODY_BYTES
"""What a line may have, terminator excluded; longer ones are not even looked at."""

_KEY = re.compile(r"\+?(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")
_ESCAPES = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
_ESCAPED = re.compile(r"[; \\\r\n]")
_MEANT = {escape[1]: character for character, escape in _ESCAPES.items()}
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_NO_COLON = frozenset({"JOIN", "MODE", "BATCH", "AUTHENTICATE", "ACCOUNT", "MARKREAD"})
"""Commands whose last parameter is a word, which some clients do not expect a colon before.

Before all others there is one, also where a word would do without: ii reads NICK, PING and QUIT only behind a colon.
"""

CTCP = "\x01"
"""Stands around what clients say to each other, actions among it."""
NO_TAGS: Mapping[str, str] = MappingProxyType({})


class TooLongError(ValueError):
    """A message, or its tags, is longer than it may be."""


class Message(NamedTuple):
    """One message. ``command`` is in upper case; a tag without a value has an empty one."""

    command: str
    params: tuple[str, ...] = ()
    source: str = ""
    tags: Mapping[str, str] = NO_TAGS

    def param(self, index: int) -> str:
        """Return a parameter, empty if there are not so many."""
        return self.params[index] if index < len(self.params) else ""


def parse(line: bytes) -> Message:
    """Return the message of a client's line, which has no terminator.

    Raise `TooLongError` if it is too long, and `UnicodeDecodeError` if it is not UTF-8.
    What has no command has an empty one. Spaces between parameters may be several.
    """
    head, body = b"", line
    if line.startswith(b"@"):
        head, _, body = line.partition(b" ")
    if len(head) + 1 > MAX_CLIENT_TAGS_BYTES or len(body) > MAX_BODY_BYTES:
        raise TooLongError
    line.decode()  # as a whole, so that the error tells where
    text = body.decode().lstrip(" ")
    source = ""
    if text.startswith(":"):
        source, _, text = text[1:].partition(" ")
    middle, colon, trailing = f" {text}".partition(" :")
    words = middle.split(" ")
    words = [word for word in words if word]
    if colon:
        words.append(trailing)
    command = words.pop(0) if words else ""
    return Message(command.upper(), tuple(words), source, parse_tags(head[1:].decode()) if head else NO_TAGS)


def parse_tags(text: str) -> dict[str, str]:
    """Return the tags of what stands between ``@`` and the space; of one that comes twice the last counts.

    Control characters become those that show them, which are longer; tags that have no room any more are left out.
    """
    tags: dict[str, str] = {}
    room = MAX_CLIENT_TAGS_BYTES
    for tag in text.split(";", MAX_TAGS)[:MAX_TAGS]:
        key, _, value = clean(tag).partition("=")
        room -= len(key) + len(value.encode(errors="replace")) + len("=;")
        if _KEY.fullmatch(key) and room >= 0:
            tags[key] = unescaped(value)
    return tags


def unescaped(value: str) -> str:
    r"""Return what a tag's value means: ``\:`` is a semicolon and ``\s`` a space."""
    return _ESCAPE.sub(lambda match: _MEANT.get(match[1], match[1]), value) if "\\" in value else value


def escaped(value: str) -> str:
    """Return a value as it is written in a tag."""
    return _ESCAPED.sub(lambda match: _ESCAPES[match[0]], value)


def render(message: Message, tags: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a message, terminator included; with other tags than its own if there are any given.

    No parameter makes a second message or commands a terminal, for nc is an IRC client, too: what would is replaced by
    a character that shows it, and what would end a parameter that is not the last is left out. What is too long for a
    message, such as what a client has sent and an error repeats, is cut.
    """
    line = _line(message, message.params)
    if len(line) > _SURELY_FITS and len(line.encode(errors="replace")) > MAX_BODY_BYTES:
        line = _line(message, _shortened(message))
    tags = message.tags if tags is None else tags
    if tags:
        line = f"@{rendered_tags(tags)} {line}"
    return line.encode(errors="replace") + b"\r\n"


def _line(message: Message, params: Sequence[str]) -> str:
    """Return a message without its tags."""
    parts = [f":{message.source}"] if message.source else []
    parts.append(message.command)
    parts += [_word(param) for param in params[:-1]]
    if params:
        parts.append(_last(message.command, params[-1], alone=len(params) == 1))
    return " ".join(parts)


def _shortened(message: Message) -> list[str]:
    """Return the parameters of a message that is too long, as they fit: from the longest the end is cut off."""
    params = [f"{CTCP}{clean(each.strip(CTCP))}" if each.startswith(CTCP) else clean(each) for each in message.params]
    while params and (excess := len(_line(message, params).encode(errors="replace")) - MAX_BODY_BYTES) > 0:
        longest = max(range(len(params)), key=lambda number: len(params[number].encode(errors="replace")))
        data = params[longest].encode(errors="replace")
        params[longest] = data[: max(len(data) - excess, 0)].decode(errors="ignore")
    return params


def rendered_tags(tags: Mapping[str, str]) -> str:
    """Return tags as they stand between ``@`` and the space."""
    return ";".join(f"{key}={clean(escaped(value))}" if value else key for key, value in tags.items())


def _word(param: str) -> str:
    word = clean(param).replace(" ", "").lstrip(":")
    return word or "*"


def _last(command: str, param: str, *, alone: bool) -> str:
    text = _shown_ctcp(param) if param.startswith(CTCP) and command in ("PRIVMSG", "NOTICE") else clean(param)
    needs_colon = not text or " " in text or text.startswith(":")
    is_word = command in _NO_COLON or (alone and command == "PART")
    return f":{text}" if needs_colon or not is_word else text


def _shown_ctcp(text: str) -> str:
    return f"{CTCP}{clean(text.strip(CTCP))}{CTCP}"
