"""The README's chart, drawn from the table in docs/performance.rst: ``python -m benchmarks.speed_chart``.

The numbers are those that ``benchmarks.fanout`` printed into that page, so that the chart and the page agree.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.chart import Bar, BarPanel, bar_chart

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.rst"
CHART = ROOT / "docs" / "images" / "speed.svg"
HEAD = "deliveries a CPU-second"
SERVERS = {
    "chatd SQLite": "chatd, on disk",
    "chatd memory": "chatd, in memory",
    "redis": "redis",
    "inspircd": "InspIRCd",
    "nats": "NATS",
}
"""The columns that are shown, and what the chart calls them."""
WORKS = {"busy": "One busy room of 1,000", "rooms": "500 rooms of ten"}
SCALES = {"": 1.0, "k": 1e3, "M": 1e6}


def chart(page: str) -> str:
    """Return the SVG for the numbers of a page."""
    rows = _table(page)
    panels = [BarPanel(title, [_bar(name, rows[work][name]) for name in SERVERS]) for work, title in WORKS.items()]
    return bar_chart("Messages delivered per second of processor time", panels)


def _bar(server: str, cell: str) -> Bar:
    """Return the bar for a cell such as ``22.9 M (3.75)``."""
    found = re.match(r"([\d.]+) ?([kM]?)", cell)
    assert found is not None, cell
    number, scale = found.groups()
    return Bar(SERVERS[server], float(number) * SCALES[scale], found[0], server.startswith("chatd"))


def _table(page: str) -> dict[str, dict[str, str]]:
    """Return the cells of the table that begins with `HEAD`, by the names of its rows and columns."""
    lines = page.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith(HEAD))
    rule = lines[head - 1]
    columns = [each.span() for each in re.finditer("=+", rule)]
    rows = [[line[start:end].strip() for start, end in columns] for line in lines[head : lines.index(rule, head + 2)]]
    names = rows[0][1:]
    return {name: dict(zip(names, cells, strict=True)) for name, *cells in rows[2:]}


def main() -> None:
    """Draw it."""
    CHART.write_text(chart(PAGE.read_text()))


if __name__ == "__main__":
    main()
