"""Makes chatd/protocol/unicode_tables.txt, by which names are judged, from the files of the Unicode Character Database.

    python -m tools.make_unicode_tables DIRECTORY > chatd/protocol/unicode_tables.txt

DIRECTORY has CaseFolding.txt, DerivedAge.txt, DerivedCoreProperties.txt, DerivedNormalizationProps.txt,
HangulSyllableType.txt and UnicodeData.txt of one version, as https://www.unicode.org/Public/VERSION/ucd/ or Debian's
package unicode-data has them, and confusables.txt of the same, from https://www.unicode.org/Public/security/VERSION/
or the sources of ICU.
With a new version, see docs/development/how-to.rst, "Take a later Unicode".
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

HEADER = """\
# Made by tools/make_unicode_tables.py from the Unicode Character Database; not to be edited.
# (c) Unicode, Inc. Licensed under the Unicode License v3, see LICENSE.unicode.
# A line FIRST+MORE stands for MORE code points after FIRST as well; what they become, if it is one, ascends with them.
"""
UNLIKE_CATEGORY = {0x640, 0x7FA, 0x302E, 0x302F, *range(0x3031, 0x3036), 0x303B}
"""Letters and marks that RFC 5892, section 2.6, refuses although their categories are accepted."""
IDENTIFIER_CATEGORIES = {"Ll", "Lu", "Lo", "Lm", "Mn", "Mc", "Nd"}
"""RFC 8264, section 9.1."""
SETTLED_AGE = 14
"""The Unicode of the oldest Python that is supported, 3.11."""
KEPT_BIDI = {0x1171E: "NSM"}
"""Bidirectional classes as they were in Unicode 14 and 15, where a later one would refuse names that were good."""

Mapped = dict[int, tuple[int, ...]]
Character = tuple[int, list[str]]
"""A code point and the fields of its row in UnicodeData.txt."""


def make(folder: Path) -> Iterator[str]:
    """Yield the lines of the table, without their ends."""
    data = list(_characters(_rows(folder, "UnicodeData.txt")))
    yield from HEADER.splitlines()
    yield "version"
    yield _version(folder)
    yield from _characters_of_names(folder, data)
    yield from _normal_forms(folder, data)
    yield "folded"
    folding = [fields for fields in _rows(folder, "CaseFolding.txt") if fields[1] in ("C", "F")]
    yield from _mapping({int(fields[0], 16): _points(fields[2]) for fields in folding})
    yield "look"
    yield from _mapping({int(source, 16): _points(to) for source, to, *_ in _rows(folder, "confusables.txt")})


def _characters_of_names(folder: Path, data: Sequence[Character]) -> Iterator[str]:
    """Yield what letters, marks and digits there are, which of them PRECIS refuses, and how the others are written."""
    for name, initial in (("letters", "L"), ("marks", "M"), ("numbers", "N"), ("digits", "Nd")):
        yield name
        yield from _ranges(point for point, fields in data if fields[2].startswith(initial))
    of_names = {point: fields for point, fields in data if fields[2][0] in "LM" or fields[2] == "Nd"}
    refused = {point for point, fields in of_names.items() if fields[2] not in IDENTIFIER_CATEGORIES} | UNLIKE_CATEGORY
    refused |= set(_with(_rows(folder, "DerivedNormalizationProps.txt"), "NFKC_QC", "N"))
    refused |= set(_with(_rows(folder, "DerivedCoreProperties.txt"), "Default_Ignorable_Code_Point"))
    for kind in "LVT":
        refused |= set(_with(_rows(folder, "HangulSyllableType.txt"), kind))
    yield "refused"
    yield from _ranges(sorted(refused & of_names.keys()))
    bidi: dict[str, list[int]] = {}
    for point in of_names.keys() - refused:
        bidi.setdefault(KEPT_BIDI.get(point, of_names[point][4]), []).append(point)
    for kind, points in sorted(bidi.items()):
        if kind != "L":
            yield f"bidi {kind}"
            yield from _ranges(points)


def _normal_forms(folder: Path, data: Iterable[Character]) -> Iterator[str]:
    yield "settled"
    ages = [fields for fields in _rows(folder, "DerivedAge.txt") if float(fields[1]) <= SETTLED_AGE]
    yield from _ranges(sorted(point for points, _ in ages for point in _between(points) if point < 0x10000))
    classes: dict[int, list[int]] = {}
    steps: Mapped = {}
    """What a code point decomposes to, by one step."""
    canonical: Mapped = {}
    for point, fields in data:
        if fields[3] != "0":
            classes.setdefault(int(fields[3]), []).append(point)
        if fields[5]:
            tag, _, to = fields[5].rpartition(">")
            steps[point] = _points(to)
            canonical |= {} if tag else {point: steps[point]}
    for value, points in sorted(classes.items()):
        yield f"class {value}"
        yield from _ranges(points)
    yield "canonical"
    whole = {point: _expanded(point, canonical) for point in canonical}
    yield from _mapping(whole)
    yield "compatible"
    every = {point: _expanded(point, steps) for point in steps}
    yield from _mapping({point: every[point] for point in every if every[point] != whole.get(point)})
    yield "composed"
    excluded = set(_with(_rows(folder, "DerivedNormalizationProps.txt"), "Full_Composition_Exclusion"))
    for point, pair in canonical.items():
        if len(pair) == 2 and point not in excluded:
            yield f"{pair[0]:X} {pair[1]:X} {point:X}"


def _version(folder: Path) -> str:
    """Return the version that all files are of. Raise `SystemExit` if they are of several."""
    found = {_stated(folder / name) for name in ("CaseFolding.txt", "DerivedCoreProperties.txt", "confusables.txt")}
    if len(found) != 1 or not all(found):
        raise SystemExit(f"the files in {folder} are not of one version: {sorted(found)}")
    return found.pop()


def _stated(path: Path) -> str:
    start = path.read_text("utf-8-sig")[:1000]
    found = re.search(r"(?:^# \w+-|^# Version: )(\d+\.\d+\.\d+)", start, re.MULTILINE)
    return found[1] if found else ""


def _rows(folder: Path, name: str) -> Iterator[list[str]]:
    """Yield the fields of a file's rows, without comments."""
    for line in (folder / name).read_text("utf-8-sig").splitlines():
        if fields := line.partition("#")[0].strip():
            yield [field.strip() for field in fields.split(";")]


def _characters(rows: Iterable[list[str]]) -> Iterator[Character]:
    """Yield each code point of UnicodeData.txt with its fields; ranges are written as their first and last."""
    first = 0
    for fields in rows:
        point = int(fields[0], 16)
        if fields[1].endswith(", First>"):
            first = point
        elif fields[1].endswith(", Last>"):
            yield from ((each, fields) for each in range(first, point + 1))
        else:
            yield point, fields


def _with(rows: Iterable[list[str]], *values: str) -> Iterator[int]:
    """Yield the code points for which a file of properties has these values."""
    for points, *rest in rows:
        if rest == list(values):
            yield from _between(points)


def _between(points: str) -> range:
    first, _, last = points.partition("..")
    return range(int(first, 16), int(last or first, 16) + 1)


def _expanded(point: int, steps: Mapping[int, tuple[int, ...]]) -> tuple[int, ...]:
    if point not in steps:
        return (point,)
    return tuple(each for to in steps[point] for each in _expanded(to, steps))


def _points(text: str) -> tuple[int, ...]:
    return tuple(int(point, 16) for point in text.split())


def _ranges(points: Iterable[int]) -> Iterator[str]:
    return (f"{first:X}+{more:X}" if more else f"{first:X}" for first, more in _runs(dict.fromkeys(points, ())))


def _mapping(mapped: Mapping[int, tuple[int, ...]]) -> Iterator[str]:
    for first, more in _runs(mapped):
        to = " ".join(f"{point:X}" for point in mapped[first])
        yield f"{first:X}+{more:X} {to}" if more else f"{first:X} {to}"


def _runs(mapped: Mapping[int, tuple[int, ...]]) -> list[tuple[int, int]]:
    """Return the first of each run of code points, and how many more there are; see the header of the table."""
    runs: list[tuple[int, int]] = []
    for point in sorted(mapped):
        if runs:
            first, more = runs[-1]
            steps = point - first
            goes_on = mapped[point] == () or (len(mapped[first]) == 1 and mapped[point] == (mapped[first][0] + steps,))
            if steps == more + 1 and goes_on:
                runs[-1] = (first, steps)
                continue
        runs.append((point, 0))
    return runs


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m tools.make_unicode_tables DIRECTORY > chatd/protocol/unicode_tables.txt")
    for each in make(Path(sys.argv[1])):
        print(each)
