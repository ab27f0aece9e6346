"""Writes the tables of docs/options.rst anew, out of the options of the program.

    python -m tools.options_page

Each table stands between two comments of the page; all around them is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from chatd.app.configuration.sections import ROWS
from chatd.app.options import ReadOptions
from chatd.app.reference.entries import Entry, Group, groups_of
from chatd.protocol.verbs import VERBS

PAGE = Path(__file__).parents[1] / "docs" / "options.rst"
BEGIN, END = ".. options of {}, written by tools.options_page", ".. end of the table"
OF_THE_LINE = "the command line"
"""What the page calls the options that stand in no section."""
_VERBS = "|".join(VERBS)
_TYPED = re.compile(
    r"(?<![^ (])(?:chatd config --default|--port 0|--auth pam|--[a-z-]+|\$[A-Z_]+|::|[\d.]+\.\d+|\w+://[^ )]+"
    r"|\w+:[A-Za-z][^ ,)]*|(?:tcp6?|unix|tls|systemd|haproxy|memory):|GROUP=\S+|[\w.]+\.(?:log|sqlite3|local)|(?:"
    + _VERBS
    + r")\b)"
)
"""What is typed as it stands."""


def refreshed(text: str) -> str:
    """Return the page with the tables as they should be. Raise `ValueError` if one has no place there."""
    for group in groups_of(ReadOptions()):
        begin = BEGIN.format(f"[{group.section}]" if group.section else OF_THE_LINE)
        head, found, rest = text.partition(f"{begin}\n")
        _, ended, tail = rest.partition(END)
        if not (found and ended):
            raise ValueError(f"{PAGE.name} has no place for the table: {begin}")
        table = "\n".join(_table(group))
        text = f"{head}{begin}\n\n{table}\n\n{END}{tail}"
    return text


def _table(group: Group) -> Iterator[str]:
    """Yield the lines of a simple table; in a section it says of each option what a change of it takes."""
    rows = [(_names(entry), *_change(entry), _about(entry)) for entry in group.entries]
    head = ("Option", "A change takes", "") if group.section else ("Option", "")
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    yield from (rule, _line(head, widths), rule)
    yield from (_line(row, widths) for row in rows)
    yield rule


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(map(str.ljust, cells, widths)).rstrip()


def _names(entry: Entry) -> str:
    return ", ".join(f"``{name}``" for name in _written(entry))


def _change(entry: Entry) -> Sequence[str]:
    row = ROWS.get(entry.names[-1].removeprefix("--"))
    return () if row is None else ("a reload",) if row.live else ("a restart",)


def _written(entry: Entry) -> Iterator[str]:
    *shorts, name = entry.names
    yield from shorts
    yield f"{name} {entry.unit}" if entry.unit else name


def _about(entry: Entry) -> str:
    return _TYPED.sub(r"``\g<0>``", entry.about)


def main() -> None:
    """Write the page."""
    PAGE.write_text(refreshed(PAGE.read_text()))


if __name__ == "__main__":
    main()
