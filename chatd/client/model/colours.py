"""Which colour a nick has: one that follows from the nick, and another in a room where somebody has that.

Everybody sees somebody in the same colour, in the window and on the page (`color` in its ``model.js``), unless two
people of a room are kept apart.
"""

from __future__ import annotations

from functools import reduce

from chatd.client.model.members import Members
from chatd.protocol import names

COLOURS = 16
"""How many colours there are; each theme has so many."""
_PRIME = 65521
_STRIDE = 5
"""How far from a colour that is taken the next one is looked for: neighbours look alike."""
MAX_KNOWN = 4 * COLOURS
"""How many people's colours are remembered; in a larger crowd the others share them by chance."""


def colour_of(nick: str) -> int:
    """Return the number of a nick's colour, from 0: the same at every start and for every spelling."""
    return reduce(lambda number, character: (number * 131 + ord(character)) % _PRIME, names.key(nick), 7) % COLOURS


class Colours:
    """The colours of a room's people, given in the order in which they are asked for and kept since."""

    def __init__(self, here: Members) -> None:
        self._here = here
        """Who is in the room: the colour of somebody who is gone is free."""
        self._looked_at = 0
        """How many were there when those who are gone were forgotten last."""
        self._known: dict[str, tuple[str, int]] = {}

    def of(self, nick: str) -> int:
        """Return the number of a nick's colour, from 0; where it is free, that is the same in every room."""
        key = names.key(nick)
        known = self._known.get(key)
        if known is not None:
            return known[1]
        if len(self._known) >= MAX_KNOWN and self._looked_at != len(self._here):
            self._looked_at = len(self._here)
            self._known = {each: kept for each, kept in self._known.items() if kept[0] in self._here}
        if len(self._known) >= MAX_KNOWN:
            return colour_of(nick)
        colour = self._choose(nick)
        self._known[key] = nick, colour
        return colour

    def renamed(self, old: str, new: str) -> None:
        """Let somebody keep the colour under another name."""
        known = self._known.pop(names.key(old), None)
        if known is not None:
            self._known[names.key(new)] = new, known[1]

    def _choose(self, nick: str) -> int:
        """Return the colour that the fewest of those who are there have, and of these one that nobody had."""
        here, ever = [0] * COLOURS, [0] * COLOURS
        for other, colour in self._known.values():
            ever[colour] += 1
            here[colour] += other in self._here
        first = colour_of(nick)
        order = [(first + step * _STRIDE) % COLOURS for step in range(COLOURS)]
        return min(order, key=lambda colour: (here[colour], ever[colour]))
