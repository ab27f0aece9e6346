"""Makes chatd/protocol/search_tables.py, by which text is made ready for the search index, from the tables of Unicode.

    python -m tools.make_search_tables > chatd/protocol/search_tables.py

What it makes is what every message in a journal is found by. Another result needs a later version of the schema, which
has old files fed anew: see `chatd.journal.sqlite.feeding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chatd.protocol.unicode_tables import tables

INVISIBLE = (
    (0xAD, 0xAD),  # the soft hyphen
    (0x34F, 0x34F),  # the combining grapheme joiner
    (0x61C, 0x61C),  # marks of direction
    (0x180B, 0x180F),  # variation selectors of Mongolian
    (0x200B, 0x200B),  # where a line may break
    (0x200D, 0x200F),  # the joiner, marks of direction; the non-joiner stands between words
    (0x2060, 0x2060),
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),
    (0xE0100, 0xE01EF),
)
"""What nobody sees, and nobody types who looks for a word."""
OPTIONAL = (
    (0x300, 0x36F),  # accents of any letter
    (0x483, 0x489),
    (0x591, 0x5C7),  # Hebrew points
    (0x610, 0x61A),  # Arabic points
    (0x640, 0x640),  # what makes an Arabic word longer
    (0x64B, 0x65F),
    (0x670, 0x670),
    (0x6D6, 0x6ED),
    (0x711, 0x711),  # Syriac points
    (0x730, 0x74A),
    (0x898, 0x89F),
    (0x8CA, 0x8FF),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20F0),
    (0xFE20, 0xFE2F),
)
"""Where there are marks that people leave out, or that are written by some and not by others."""
LETTERS_LIKE_MARKS = ((0x19B0, 0x19C0), (0x19C8, 0x19C9), (0x1CF2, 0x1CF3))
"""Letters that SQLite takes for marks, as they once were."""
WITHOUT_SPACES = (
    (0xE00, 0xEFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # Han
    (0x3005, 0x3007),
    (0x3021, 0x302F),
    (0x3031, 0x303C),
    (0x3041, 0x309F),  # kana
    (0x30A1, 0x30FF),
    (0x3105, 0x312F),  # bopomofo
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA960, 0xA97F),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0x1AFF0, 0x1B16F),
    (0x20000, 0x2FA1D),
    (0x30000, 0x323AF),
)
"""Where the letters, marks and digits are of those who put no spaces between words, or write them together."""
LAST_BASIC = 0xFFFF


def make() -> Iterator[str]:
    """Yield the lines of the module, without their ends."""
    known = tables()
    basic = [chr(point) for point in range(0x80, LAST_BASIC + 1)]
    marks = {ord(each) for each in basic if each in known.marks and each in known.settled}
    optional = {point for point in _points(OPTIONAL) if point in marks or point == 0x640}
    kept = (marks | set(_points(LETTERS_LIKE_MARKS))) - optional - set(_points(INVISIBLE))
    together = {point for point in _points(WITHOUT_SPACES) if _in_words(chr(point)) or point > LAST_BASIC}
    yield '"""What the search index is fed by; `tools.make_search_tables` makes the file, and it is not to be edited.'
    yield ""
    yield "Code points stand in pairs, the first and the last of a run."
    yield '"""'
    yield ""
    yield from _table("INVISIBLE", _points(INVISIBLE), "What is left out before a text is normalized.")
    yield from _table("OPTIONAL", optional, "Marks that are left out afterwards.")
    yield from _table("MARKS", kept - together, "Marks that belong to a word.")
    yield from _table("TOGETHER", together - kept, "What is written without spaces between words.")
    yield from _table("MARKS_TOGETHER", together & kept, "Marks that belong to those, in this order.")


def _in_words(character: str) -> bool:
    known = tables()
    return character in known.letters or character in known.marks or character in known.numbers


def _points(runs: Iterable[tuple[int, int]]) -> Iterator[int]:
    return (point for first, last in runs for point in range(first, last + 1))


def _table(name: str, points: Iterable[int], what: str) -> Iterator[str]:
    runs: list[list[int]] = []
    for point in sorted(points):
        if runs and runs[-1][1] == point - 1:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    yield f"{name} = ("
    yield from (f"    (0x{first:X}, 0x{last:X})," for first, last in runs)
    yield ")"
    yield f'"""{what}"""'


if __name__ == "__main__":
    for line in make():
        print(line)
