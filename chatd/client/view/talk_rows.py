"""A row of a conversation as pieces of text with their tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from chatd.client.model.lines import Delivery, Kind, Line, describe
from chatd.client.model.links import links
from chatd.client.model.preferences import Clock
from chatd.client.model.room import Room
from chatd.client.model.rows import DayRow, FoldRow, HeadRow, LineRow, QuoteRow, ReactionsRow, Row, Shape, UnreadRow
from chatd.client.view.glyphs import Glyphs
from chatd.protocol.actions import BEGINNING

_CODE = re.compile(r"```([^`]+)```|`([^`]+)`")
_JOINED = "[\u200d\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_SIGN = "[\U0001f1e6-\U0001f3fa\U0001f400-\U0001faff]|[\u203c-\u3299\u00a9\u00ae]\ufe0f|[#*0-9]\ufe0f?\u20e3"
_COLOURED = (
    "\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd"
    "\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e"
    "\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55"
)
"""Signs that are emoji unless it is said that they are text (Emoji_Presentation, UTS #51)."""
_EMOJI = re.compile(f"(?:(?:{_SIGN}|[{_COLOURED}]){_JOINED}*)+")
_JOINERS = re.compile("[\u200d\ufe0f]")
MAX_LARGE = 12
"""How many characters a message of emoji alone has at most that is drawn large."""
MAX_LINKS = 200
"""How many links of a message can be followed: each has a tag of its own, and Tk is slow with many."""
WAITING_SIGN = "… waiting to be sent"
EDITED_SIGN = "(edited)"
FAILED_SIGN = "✗ not sent"
UNKNOWN_ANSWERED = "an earlier message"


_RULE_LENGTH = 1200
"""How many spaces a line beside a day is long: more than any window is wide."""


class Piece(NamedTuple):
    """What is drawn, with its tags; ``source`` is what is copied of it, None for the same, empty for nothing."""

    text: str
    tags: tuple[str, ...]
    source: str | None = None
    address: str = ""
    """Where a link leads."""


LINK = "link-"
"""What the tag begins with that tells which link of its row one is."""
OF_ROWS = frozenset({"row", "marked", "head", "quote", "bar", "code", "fence", "faint"})
"""The tags that a whole row has, up to the edge of the window."""
_RULE = (Piece("  ", ("bar",), ""), Piece("\u00a0" * _RULE_LENGTH, ("bar", "rule"), ""))


class LocalZone(tzinfo):
    """The time zone of this machine, summer and winter."""

    def fromutc(self, moment: datetime) -> datetime:
        """Return a moment of UTC in this zone."""
        return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=self)

    def utcoffset(self, moment: datetime | None) -> None:
        """Return nothing: it depends on the moment."""

    def dst(self, moment: datetime | None) -> None:
        """Return nothing: it depends on the moment."""

    def tzname(self, moment: datetime | None) -> str:
        """Return a name for it."""
        del moment
        return "local time"


class Renderer:
    """Makes pieces of rows."""

    def __init__(self, glyphs: Glyphs, zone: tzinfo) -> None:
        self.safe = glyphs.safe
        self._zone = zone
        self.clock = Clock.HOURS_24

    def pieces(self, room: Room, row: Row) -> list[Piece]:
        """Return what to draw for a row."""
        match row:
            case DayRow():
                return [Piece(str(row), ("bar",)), *_RULE]
            case UnreadRow():
                return [Piece("New messages", ("bar", "unread")), *_RULE]
            case HeadRow(_, line):
                return self._head(room, line)
            case QuoteRow():
                return self._quote(room, row)
            case FoldRow():
                text = f"{'▾' if row.unfolded else '▸'} {self.safe(row.text)}"
                return [Piece(text, ("row", "fold"), row.text)]
            case LineRow(_, line, Shape.FENCE):
                return [Piece(self.safe(line.text.strip().strip("`")) or " ", (*_base(room, line), "fence"), "")]
            case LineRow(_, line, Shape.CODE):
                return [Piece(self.safe(line.text.replace("\n", "␊")), (*_base(room, line), "code"), line.text)]
            case LineRow(_, line):
                return list(self._line(room, line))
            case ReactionsRow(_, line):
                return self._reactions(room, line)

    def time(self, line: Line) -> str:
        """Return when a line was said, on the clock."""
        moment = datetime.fromtimestamp(line.time / 1000, self._zone)
        return self.clock.written(moment.hour, moment.minute)

    def _head(self, room: Room, line: Line) -> list[Piece]:
        base = (*_base(room, line), "head")
        name = Piece(self.safe(line.nick), (*base, "strong", "person", f"nick{room.colours.of(line.nick)}"), line.nick)
        return [name, Piece(f"  {self.time(line)}", (*base, "time"))]

    def _quote(self, room: Room, row: QuoteRow) -> list[Piece]:
        base = (*_base(room, room.lines[row.index]), "quote")
        said = Piece(self.safe(row.text) or UNKNOWN_ANSWERED, base, "")
        if not row.nick:
            return [Piece("↪ ", base, ""), said]
        return [Piece("↪ ", base, ""), Piece(self.safe(row.nick), (*base, "answered"), ""), Piece("  ", base, ""), said]

    def _reactions(self, room: Room, line: Line) -> list[Piece]:
        base = _base(room, line)
        found: list[Piece] = []
        for emoji, count in line.reactions:
            tags = (*base, "chip", "mine") if emoji in line.reacted else (*base, "chip")
            chip = *self._signs(f" {emoji} {count} ", tags, "small_sign"), Piece("  ", base)
            found += [piece._replace(source="") for piece in chip]
        return found

    def _line(self, room: Room, line: Line) -> Iterator[Piece]:
        if line.kind in (Kind.GAP, Kind.BEGUN):
            yield Piece(line.text, ("bar", "alert"))
            return
        base = _base(room, line)
        if line.kind is not Kind.SAID:
            yield from self._event(line, base)
            return
        doing = line.text.removeprefix(BEGINNING)
        if line.action:
            yield Piece("* ", base)
            yield Piece(f"{self.safe(line.nick)} ", (*base, "strong", f"nick{room.colours.of(line.nick)}"))
            yield from self._text(doing, (*base, "action"))
        elif len(doing) <= MAX_LARGE and _EMOJI.fullmatch(doing):
            yield from self._signs(doing, base, "emoji")
        else:
            yield from self._text(doing, base)
        if line.edited:
            yield Piece(f"  {EDITED_SIGN}", (*base, "time"), "")
        if line.state is Delivery.WAITING:
            yield Piece(f"  {WAITING_SIGN}", (*base, "time"), "")
        elif line.state is Delivery.FAILED:
            reason = f": {line.reason}" if line.reason else ""
            yield Piece(f"  {self.safe(FAILED_SIGN + reason)}", (*base, "alert"), "")

    def _event(self, line: Line, base: tuple[str, ...]) -> Iterator[Piece]:
        error = line.kind is Kind.ERROR
        tags = (*base, "alert" if error else "event")
        yield Piece("! " if error else "* ", tags)
        yield from self._text(describe(line), tags)

    def _text(self, text: str, base: tuple[str, ...]) -> Iterator[Piece]:
        """Make the pieces of what somebody says: code, and around it text and links."""
        text = text.replace("\n", "␊")
        at = 0
        numbers = iter(range(MAX_LINKS))
        for match in _CODE.finditer(text):
            yield from self._linked(text[at : match.start()], base, numbers)
            yield self._piece(match[1] or match[2], (*base, "inline"))
            at = match.end()
        yield from self._linked(text[at:], base, numbers)

    def _linked(self, text: str, base: tuple[str, ...], numbers: Iterator[int]) -> Iterator[Piece]:
        at = 0
        for link, number in zip(links(text), numbers, strict=False):
            tags = (*base, "link", f"{LINK}{number}")
            yield from self._signs(text[at : link.start], base)
            yield self._piece(text[link.start : link.end], tags)._replace(address=link.address)
            at = link.end
        yield from self._signs(text[at:], base)

    def _signs(self, text: str, base: tuple[str, ...], tag: str = "sign") -> Iterator[Piece]:
        """Make the pieces of a text, emoji apart: the font of the text may draw some of them, in black and white."""
        at = 0
        if not text.isascii():
            for match in _EMOJI.finditer(text):
                yield self._piece(text[at : match.start()], base)
                sign = self._piece(match[0], base)
                if sign.text == match[0]:
                    # Tk draws what joins emoji as a gap, and the emoji one by one.
                    sign = sign._replace(text=_JOINERS.sub("", sign.text), tags=(*base, tag))
                yield sign
                at = match.end()
        if at < len(text):
            yield self._piece(text[at:], base)

    def _piece(self, text: str, tags: tuple[str, ...]) -> Piece:
        return Piece(self.safe(text), tags, text)


def _base(room: Room, line: Line) -> tuple[str, ...]:
    base = ("row", "marked") if line.mention and not room.private else ("row",)
    return (*base, "faint") if room.is_from_before(line) else base
