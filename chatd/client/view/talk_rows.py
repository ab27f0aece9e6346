"""A row of a conversation as pieces of text with their tags; and which tags there are."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

from chatd.client.model.folding import DayRow, FoldRow, LineRow, Row, UnreadRow
from chatd.client.model.lines import Delivery, Kind, Line, describe
from chatd.client.model.links import links
from chatd.client.model.room import Room
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.theme import Look
from chatd.protocol.actions import BEGINNING

Piece = tuple[str, tuple[str, ...]]

WAITING_SIGN = "… waiting for the server"
EDITED_SIGN = "(edited)"
FAILED_SIGN = "✗ not sent"


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

    def __init__(self, look: Look, glyphs: Glyphs, zone: tzinfo) -> None:
        self._look = look
        self._glyphs = glyphs
        self._zone = zone

    def pieces(self, room: Room, row: Row) -> list[Piece]:
        """Return what to draw for a row."""
        match row:
            case DayRow():
                return [(f"—— {row} ——", ("bar",))]
            case UnreadRow():
                return [("—— unread messages ——", ("bar", "unread"))]
            case FoldRow():
                sign = "▾" if row.unfolded else "▸"
                time = self._time(room.lines[row.index])
                return [(time, ("line", "time")), (f"{sign} {self._glyphs.safe(row.text)}", ("line", "faint", "fold"))]
            case LineRow():
                return list(self._line(room, row.line))

    def _line(self, room: Room, line: Line) -> Iterator[Piece]:
        if line.kind in (Kind.GAP, Kind.BEGUN):
            yield f"⋯ {line.text} ⋯", ("bar", "alert")
            return
        base: tuple[str, ...] = ("line",)
        if line.mention and not room.private:
            base = ("line", "marked")
        if room.is_from_before(line):
            base = (*base, "faint")
        yield self._time(line), (*base, "time")
        if line.kind is not Kind.SAID:
            yield from self._event(line, base)
            return
        if "marked" in base:
            yield "@ ", (*base, "strong")
        doing = line.text.removeprefix(BEGINNING)
        is_action = doing != line.text
        if is_action:
            yield "* ", base
        named = f"{self._glyphs.safe(line.nick)}{' ' if is_action else ': '}"
        yield named, (*base, "strong", f"nick{self._look.colour_of(line.nick)}")
        if line.answers:
            yield f"↪ {self._glyphs.safe(line.answers)}  ", (*base, "faint")
        yield from self._text(doing, (*base, "action") if is_action else base)
        if line.edited:
            yield f"  {EDITED_SIGN}", (*base, "faint")
        if line.reactions:
            counts = "  ".join(f"{emoji} {count}" for emoji, count in line.reactions)
            yield f"  [{self._glyphs.safe(counts)}]", (*base, "faint")
        if line.state is Delivery.WAITING:
            yield f"  {WAITING_SIGN}", (*base, "faint")
        elif line.state is Delivery.FAILED:
            reason = f": {line.reason}" if line.reason else ""
            yield f"  {self._glyphs.safe(FAILED_SIGN + reason)}", (*base, "alert")

    def _event(self, line: Line, base: tuple[str, ...]) -> Iterator[Piece]:
        error = line.kind is Kind.ERROR
        yield ("! " if error else "* "), (*base, "alert" if error else "faint")
        yield from self._text(describe(line), (*base, "alert" if error else "faint"))

    def _text(self, text: str, base: tuple[str, ...]) -> Iterator[Piece]:
        shown, at = text.replace("\n", "␊"), 0
        for link in links(text):
            yield self._glyphs.safe(shown[at : link.start]), base
            yield self._glyphs.safe(shown[link.start : link.end]), (*base, "link")
            at = link.end
        yield self._glyphs.safe(shown[at:]), base

    def _time(self, line: Line) -> str:
        return f"{datetime.fromtimestamp(line.time / 1000, self._zone):%H:%M}  "


def paint(text: tk.Text, look: Look) -> None:
    """Give the tags of rows their looks."""
    palette, indent = look.palette, look.text.measure("00:00  ")
    text.configure(padx=10, pady=6, spacing1=1, spacing3=2)
    text.tag_configure("line", lmargin2=indent)
    text.tag_configure("marked", background=palette.marked)
    text.tag_configure("time", foreground=palette.faint)
    text.tag_configure("faint", foreground=palette.faint)
    text.tag_configure("strong", font=look.bold)
    text.tag_configure("action", font=look.italic)
    for number, colour in enumerate(palette.nicks):
        text.tag_configure(f"nick{number}", foreground=colour)
    text.tag_configure("bar", justify="center", foreground=palette.faint, spacing1=6, spacing3=6)
    text.tag_configure("unread", foreground=palette.alert, font=look.bold)
    text.tag_configure("alert", foreground=palette.alert)
    text.tag_configure("fold", foreground=palette.faint)
    text.tag_configure("link", foreground=palette.link, underline=True)
    text.tag_configure("found", background=palette.found)
    for tag in ("link", "found"):
        text.tag_raise(tag)
    text.tag_raise("sel")
