"""The rules of Unicode's bidirectional algorithm that look at what stands around a character (UAX #9, X10 to I2)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence

ISOLATES = frozenset({"LRI", "RLI", "FSI"})
EMBEDDINGS = frozenset({"LRE", "RLE", "LRO", "RLO"})
REMOVED = EMBEDDINGS | {"PDF", "BN"}
"""What takes no part (X9)."""
NEUTRAL = ISOLATES | {"PDI", "B", "S", "WS", "ON"}
_MAX_BRACKETS = 63
_SIDES = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
"""What neutral characters take a type for that stands beside them."""
_RISE = ({"R": 1, "AN": 2, "EN": 2}, {"L": 1, "AN": 1, "EN": 1})
"""By how much a type raises an even level, and an odd one (I1, I2)."""


class Rules:
    """What is resolved of one text. ``other_side`` returns what closes a bracket, or opens it."""

    def __init__(
        self, text: str, types: list[str], partners: Mapping[int, int], other_side: Callable[[str], str]
    ) -> None:
        self._text = text
        self._types = types
        self._partners = partners
        self._other_side = other_side

    def resolve(self, levels: list[int], base: int) -> list[int]:
        """Return the levels in the end, from those that embeddings and isolates give."""
        types, partners = self._types, self._partners
        kept = [at for at, kind in enumerate(types) if kind not in REMOVED]
        place = {at: number for number, at in enumerate(kept)}
        found = levels.copy()
        for sequence in self._sequences(kept, levels):
            first, last = place[sequence[0]], place[sequence[-1]]
            level = levels[kept[first]]
            is_open = types[kept[last]] in ISOLATES and kept[last] not in partners
            begin = max(level, levels[kept[first - 1]] if first else base)
            end = max(level, levels[kept[last + 1]] if last + 1 < len(kept) and not is_open else base)
            self._resolve(sequence, "LR"[level % 2], "LR"[begin % 2], "LR"[end % 2])
            for at in sequence:
                found[at] = level + _RISE[level % 2].get(types[at], 0)
        for at, kind in enumerate(types):
            if kind in REMOVED:  # it is drawn as nothing, and must part nothing
                found[at] = found[at - 1] if at else base
        return found

    def _sequences(self, kept: Sequence[int], levels: Sequence[int]) -> Iterator[list[int]]:
        """Find the isolating run sequences (X10, BD13)."""
        runs: list[list[int]] = []
        for at in kept:
            if runs and levels[runs[-1][-1]] == levels[at]:
                runs[-1].append(at)
            else:
                runs.append([at])
        starts = {run[0]: run for run in runs}
        for run in runs:
            if run[0] in self._partners and self._types[run[0]] == "PDI":
                continue  # it goes on with a sequence that began before
            sequence = run.copy()
            while self._types[sequence[-1]] in ISOLATES and (more := starts.get(self._partners.get(sequence[-1], -1))):
                sequence += more
            yield sequence

    def _resolve(self, sequence: Sequence[int], own: str, begin: str, end: str) -> None:
        """Let the types of a sequence be those of letters and numbers alone. ``own`` is the direction it has."""
        kinds = [self._types[at] for at in sequence]
        marks = [kind == "NSM" for kind in kinds]
        _resolve_weak(kinds, begin)
        self._resolve_brackets(sequence, kinds, marks, own, begin)
        _resolve_neutral(kinds, own, begin, end)
        for at, kind in zip(sequence, kinds, strict=True):
            self._types[at] = kind

    def _resolve_brackets(
        self, sequence: Sequence[int], kinds: list[str], marks: Sequence[bool], own: str, begin: str
    ) -> None:
        """Let brackets have the direction of what is in them, or of what is around (N0)."""
        for opening, closing in sorted(self._bracket_pairs(sequence, kinds)):
            inside = {_SIDES.get(kind) for kind in kinds[opening + 1 : closing]}
            other = "R" if own == "L" else "L"
            if own in inside:
                side = own
            elif other in inside:
                before = next((_SIDES[kind] for kind in reversed(kinds[:opening]) if kind in _SIDES), begin)
                side = other if before == other else own
            else:
                continue
            for bracket in (opening, closing):
                end = bracket + 1
                while end < len(kinds) and marks[end]:
                    end += 1
                kinds[bracket:end] = [side] * (end - bracket)

    def _bracket_pairs(self, sequence: Sequence[int], kinds: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Find the brackets that belong together (BD16), by their places in the sequence."""
        opened: list[tuple[str, int]] = []
        for place, at in enumerate(sequence):
            category = unicodedata.category(self._text[at])
            if kinds[place] != "ON" or category not in ("Ps", "Pe") or not unicodedata.mirrored(self._text[at]):
                continue
            bracket = unicodedata.normalize("NFC", self._text[at])
            if category == "Ps":
                if len(opened) == _MAX_BRACKETS:
                    return
                opened.append((self._other_side(bracket), place))
                continue
            depth = next((n for n in range(len(opened) - 1, -1, -1) if opened[n][0] == bracket), None)
            if depth is not None:
                yield opened[depth][1], place
                del opened[depth:]


def _resolve_weak(kinds: list[str], begin: str) -> None:
    """Resolve marks, numbers and what stands beside numbers (W1 to W7)."""
    before = begin
    for at, kind in enumerate(kinds):  # W1
        if kind == "NSM":
            kinds[at] = "ON" if before in ISOLATES or before == "PDI" else before
        before = kinds[at]
    strong = begin
    for at, kind in enumerate(kinds):  # W2
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[at] = "AN"
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    for at in range(1, len(kinds) - 1):  # W4
        sides = {kinds[at - 1], kinds[at + 1]}
        if (kinds[at] == "ES" and sides == {"EN"}) or (kinds[at] == "CS" and sides in ({"EN"}, {"AN"})):
            kinds[at] = kinds[at - 1]
    _resolve_terminators(kinds)
    kinds[:] = ["ON" if kind in ("ES", "ET", "CS") else kind for kind in kinds]  # W6
    strong = begin
    for at, kind in enumerate(kinds):  # W7
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[at] = "L"


def _resolve_terminators(kinds: list[str]) -> None:
    """Let signs of currencies, and the like, beside a number be a part of it (W5)."""
    at = 0
    while at < len(kinds):
        end = at
        while end < len(kinds) and kinds[end] == "ET":
            end += 1
        if end > at and "EN" in (kinds[at - 1] if at else "", kinds[end] if end < len(kinds) else ""):
            kinds[at:end] = ["EN"] * (end - at)
        at = max(end, at + 1)


def _resolve_neutral(kinds: list[str], own: str, begin: str, end: str) -> None:
    """Let what is neutral have the direction of what is on both sides of it, or of its level (N1, N2)."""
    at, before = 0, begin
    while at < len(kinds):
        stop = at
        while stop < len(kinds) and kinds[stop] in NEUTRAL:
            stop += 1
        if stop > at:
            after = _SIDES[kinds[stop]] if stop < len(kinds) else end
            kinds[at:stop] = [before if before == after else own] * (stop - at)
        if stop < len(kinds):
            before = _SIDES[kinds[stop]]
        at = stop + 1
