"""Charts as SVG: bars side by side, and lines in double logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

WIDTH = 760
BACKGROUND, INK, FAINT = "#ffffff", "#1f2328", "#d0d7de"
ACCENTS = ("#0969da", "#bc4c00")
PLAIN = "#8c959f"
_MARGIN = 20
_LABEL_WIDTH = 120
_VALUE_WIDTH = 110
_BAR_HEIGHT = 20
_TITLE_HEIGHT = 34
_PLOT_HEIGHT = 240
_PLOT_LEFT = 70
_PLOT_RIGHT = 230


class Bar(NamedTuple):
    """One bar; without a value there is only its text."""

    label: str
    value: float | None
    text: str
    is_ours: bool = False


class BarPanel(NamedTuple):
    """Bars that are compared with each other."""

    title: str
    bars: Sequence[Bar]


class Line(NamedTuple):
    """Points from left to right, all above zero."""

    label: str
    points: Sequence[tuple[float, float]]

    @property
    def slope(self) -> float:
        """The exponent with which it grows between its ends."""
        (x0, y0), (x1, y1) = self.points[0], self.points[-1]
        return log10(y1 / y0) / log10(x1 / x0)


class LinePanel(NamedTuple):
    """Lines over one axis."""

    title: str
    axis: str
    lines: Sequence[Line]


def bar_chart(title: str, panels: Sequence[BarPanel]) -> str:
    """Return the panels one below the other, each in a scale of its own."""
    heights = [_TITLE_HEIGHT + _BAR_HEIGHT * len(panel.bars) + _MARGIN for panel in panels]
    svg = _new(title, sum(heights))
    top = _TITLE_HEIGHT + _MARGIN
    for panel, height in zip(panels, heights, strict=True):
        _text(svg, _MARGIN, top + 14, panel.title, weight="bold")
        longest = max((bar.value or 0 for bar in panel.bars), default=0) or 1
        for row, bar in enumerate(panel.bars):
            _draw_bar(svg, top + _TITLE_HEIGHT - 8 + row * _BAR_HEIGHT, bar, longest)
        top += height
    return _finished(svg)


def line_chart(title: str, panels: Sequence[LinePanel]) -> str:
    """Return the panels one below the other, both axes logarithmic, with the slope beside each line."""
    height = _TITLE_HEIGHT + _PLOT_HEIGHT + 3 * _MARGIN
    svg = _new(title, height * len(panels))
    for row, panel in enumerate(panels):
        top = _TITLE_HEIGHT + _MARGIN + row * height
        _text(svg, _MARGIN, top + 14, panel.title, weight="bold")
        _draw_lines(svg, top + _TITLE_HEIGHT, panel)
    return _finished(svg)


def _draw_bar(svg: Element, top: float, bar: Bar, longest: float) -> None:
    left, room = _MARGIN + _LABEL_WIDTH, WIDTH - 2 * _MARGIN - _LABEL_WIDTH - _VALUE_WIDTH
    width = room * (bar.value or 0) / longest
    _text(svg, left - 8, top + 14, bar.label, anchor="end")
    _draw(svg, "rect", x=left, y=top + 2, width=max(width, 1), height=14, fill=ACCENTS[0] if bar.is_ours else PLAIN)
    _text(svg, left + width + 6, top + 14, bar.text)


def _draw_lines(svg: Element, top: float, panel: LinePanel) -> None:
    xs = [log10(x) for line in panel.lines for x, _ in line.points]
    ys = [log10(y) for line in panel.lines for _, y in line.points]
    low, high = floor(min(ys)), ceil(max(ys))
    left, width = _MARGIN + _PLOT_LEFT, WIDTH - 2 * _MARGIN - _PLOT_LEFT - _PLOT_RIGHT

    def place(x: float, y: float) -> tuple[float, float]:
        across = (log10(x) - min(xs)) / ((max(xs) - min(xs)) or 1)
        return left + width * across, top + _PLOT_HEIGHT * (high - log10(y)) / ((high - low) or 1)

    for exponent in range(low, high + 1):
        _, y = place(10 ** min(xs), 10.0**exponent)
        _draw(svg, "line", x1=left, x2=left + width, y1=y, y2=y, stroke=FAINT)
        _text(svg, left - 8, y + 4, f"{10.0**exponent:g}", anchor="end")
    for x in sorted({x for line in panel.lines for x, _ in line.points}):
        _text(svg, place(x, 10.0**low)[0], top + _PLOT_HEIGHT + 18, f"{x:,.10g}", anchor="middle")
    _text(svg, left + width + 34, top + _PLOT_HEIGHT + 18, panel.axis)
    for line, colour in zip(panel.lines, ACCENTS, strict=False):
        points = [place(x, y) for x, y in line.points]
        path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        _draw(svg, "path", d=path, fill="none", stroke=colour, stroke_width=2)
        for x, y in points:
            _draw(svg, "circle", cx=x, cy=y, r=3, fill=colour)
        _text(svg, points[-1][0] + 10, points[-1][1] + 4, f"{line.label}: slope {line.slope:.2f}", colour=colour)


def _new(title: str, height: float) -> Element:
    height += _TITLE_HEIGHT + _MARGIN
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {height:g}", "role": "img"})
    svg.set("font-family", "sans-serif")
    svg.set("font-size", "13")
    SubElement(svg, "title").text = title
    _draw(svg, "rect", width=WIDTH, height=height, fill=BACKGROUND)
    _text(svg, _MARGIN, 30, title, weight="bold", size=17)
    return svg


def _draw(svg: Element, name: str, **attributes: str | float) -> Element:
    texts = {
        key.replace("_", "-"): f"{value:.6g}" if isinstance(value, float) else str(value)
        for key, value in attributes.items()
    }
    return SubElement(svg, name, texts)


def _text(
    svg: Element,
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    weight: str = "normal",
    size: int = 13,
    colour: str = INK,
) -> None:
    _draw(svg, "text", x=x, y=y, text_anchor=anchor, font_weight=weight, font_size=size, fill=colour).text = text


def _finished(svg: Element) -> str:
    indent(svg)
    return tostring(svg, "unicode") + "\n"
