"""Which colour a nick has.

It follows from the nick alone, so that everybody sees somebody in the same colour, in every room, in the window and on
the page (`colorOf` in ``view-row.js``): colours shared out among those who are there would depend on who came first.
"""

from __future__ import annotations

from functools import reduce

from chatd.protocol import names

COLOURS = 16
"""How many colours there are; each theme has so many."""
_PRIME = 65521


def colour_of(nick: str) -> int:
    """Return the number of a nick's colour, from 0: the same for every spelling."""
    return reduce(lambda number, character: (number * 131 + ord(character)) % _PRIME, names.key(nick), 7) % COLOURS
