"""How a text is put into messages of IRC, which have one line of 510 bytes: its pieces, and the batch of them.

A text is one message here, whatever its length, and has one line: where its lines end there is U+240A, as for any other
control character that somebody sends (`chatd.protocol.text.clean`). Clients with ``draft/multiline`` read that as
one message of several lines, all others as several messages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from chatd.edges.irc.message import CTCP, MAX_BODY_BYTES, NO_TAGS, Message
from chatd.protocol.actions import BEGINNING

NAME = "draft/multiline"
CONCAT = "draft/multiline-concat"
MAX_BYTES = 4096
"""How long the text of a client's batch may be, an end of a line counted as one byte."""
MAX_LINES = 32
"""How many messages a client's batch may have; more than that many lines no text is put into either."""
LINE_FEED = "\u240a"
_ACTION = f"{CTCP}ACTION "
_SURELY_FITS = MAX_BODY_BYTES - len(": PRIVMSG  :")  # no character has more than four bytes
_TEXTS = frozenset({"PRIVMSG", "NOTICE"})
_NOT_IN_BATCH: Mapping[str, str] = {"time": ""}  # the batch has it


class Piece(NamedTuple):
    """What one message holds of a text."""

    text: str
    goes_on: bool = False
    """Whether it goes on with the line of the piece before it."""


def room_for(source: str, command: str, target: str) -> int:
    """Return how many bytes of text there is room for in a message."""
    return MAX_BODY_BYTES - len(f":{source} {command} {target} :".encode())


def joined(pieces: Sequence[Piece]) -> str:
    """Return the text that pieces make."""
    first, *others = pieces
    return first.text + "".join(each.text if each.goes_on else LINE_FEED + each.text for each in others)


def takes_batches(capabilities: Collection[str]) -> bool:
    """Return whether a client with some capabilities reads and sends several lines in a batch."""
    return NAME in capabilities and "batch" in capabilities


def is_whole(message: Message) -> bool:
    """Return whether a message is surely sent as it is; most are, and this costs less than `composed`."""
    command, params, source, _ = message
    if command not in _TEXTS or len(params) != 2:
        return True
    target, text = params
    fits = 4 * (len(source) + len(target) + len(text)) <= _SURELY_FITS
    return fits and LINE_FEED not in text and not text.startswith(BEGINNING)


def composed(message: Message, capabilities: Collection[str], known: Sequence[Piece] = ()) -> Iterable[Message]:
    """Return a message as a client with some capabilities reads it: as several if it has a text that takes these.

    ``known`` is how its sender has put it into pieces, empty if that is not known.
    """
    command, params, source, tags = message
    if command not in _TEXTS or len(params) != 2 or (not known and is_whole(message)):
        return (message,)
    target, text = params
    size = room_for(source, command, target)
    if text.startswith(_ACTION):
        text = BEGINNING + text[len(_ACTION) :].removesuffix(CTCP)
    is_action = text.startswith((BEGINNING, CTCP))
    pieces: Sequence[Piece] = known
    if not known or is_action or joined(known) != text or any(len(each.text.encode()) > size for each in known):
        pieces = [Piece(text)] if text.startswith(CTCP) else _pieces_of(text, size)
    if len(pieces) == 1:
        return (message._replace(params=(target, pieces[0].text)),)
    if command == "PRIVMSG" and takes_batches(capabilities) and not is_action:
        return _batched(message, target, pieces)
    return (_under_label if "label" in tags else _one_by_one)(message, target, pieces)


def _batched(message: Message, target: str, pieces: Sequence[Piece]) -> Iterator[Message]:
    command, _, source, tags = message
    name = f"m-{tags.get('msgid', '')}"
    yield Message("BATCH", (f"+{name}", NAME, target), source, tags)
    for piece in pieces:
        concat = {CONCAT: ""} if piece.goes_on else NO_TAGS
        yield Message(command, (target, piece.text), source, {"batch": name, **concat, **_NOT_IN_BATCH})
    outer = {"batch": tags["batch"]} if "batch" in tags else NO_TAGS
    yield Message("BATCH", (f"-{name}",), source, {**outer, **_NOT_IN_BATCH})


def _under_label(message: Message, target: str, pieces: Sequence[Piece]) -> Iterator[Message]:
    """Yield messages that answer one command together (IRCv3 labeled-response)."""
    name = f"p-{message.tags.get('msgid', '')}"
    inside = {key: value for key, value in message.tags.items() if key != "label"} | {"batch": name}
    yield Message("BATCH", (f"+{name}", "labeled-response"), message.source, {"label": message.tags["label"]})
    yield from _one_by_one(message._replace(tags=inside), target, pieces)
    yield Message("BATCH", (f"-{name}",), message.source)


def _one_by_one(message: Message, target: str, pieces: Sequence[Piece]) -> Iterator[Message]:
    """Yield messages of which the first alone has the id, and none is empty."""
    tags = message.tags
    for piece in pieces:
        if piece.text:
            yield message._replace(params=(target, piece.text), tags=tags)
            tags = {key: value for key, value in tags.items() if key != "msgid"}


def _pieces_of(text: str, size: int) -> list[Piece]:
    """Return a text in pieces of so many bytes at most, and in `MAX_LINES` at most, the rest in the last."""
    before, after = "", ""
    if text.startswith(BEGINNING):
        before, after, text = f"{CTCP}ACTION ", CTCP, text.removeprefix(BEGINNING)
    size = max(size - len(before + after), 16)
    pieces: list[Piece] = []
    for line in text.split(LINE_FEED, MAX_LINES - 1):
        parts = _parts_of(line, size) if line or not before else ()
        pieces += [Piece(f"{before}{part}{after}", number > 0) for number, part in enumerate(parts)]
    return pieces if any(each.text for each in pieces) else [Piece(f"{before}{text}{after}")]


def _parts_of(line: str, size: int) -> Iterator[str]:
    """Yield a line in parts of so many bytes at most, cut between characters, at spaces where that can be."""
    while True:
        part = line.encode()[:size].decode(errors="ignore")
        if len(part) == len(line):
            yield part
            return
        at_space = part.rfind(" ", len(part) // 2)
        part = part if at_space < 0 else part[: at_space + 1]
        yield part
        line = line[len(part) :]


class Draft:
    """A batch that a client has opened and not closed; ``tags`` are those of its opening."""

    def __init__(self, name: str, target: str, tags: Mapping[str, str]) -> None:
        self.name = name
        self.target = target
        self.tags = tags
        self.pieces: list[Piece] = []
        self.size = 0
        """How long its text is, in bytes, with one for each end of a line."""
        self.refused = False
        """Whether its client has been told that it comes to nothing, so that what is left of it is dropped."""
        self.torn = False
        """Whether a line that could not be read came while it was open."""

    @property
    def label(self) -> str:
        """That of the command which the batch is."""
        return self.tags.get("label", "")

    def add(self, text: str, *, goes_on: bool) -> None:
        """Take one more piece."""
        piece = Piece(text, goes_on and bool(self.pieces))
        self.size += len(text.encode()) + (bool(self.pieces) and not piece.goes_on)
        self.pieces.append(piece)
