"""What must hold of a soak: what was heard, the log, memory and files. Each check returns a line for each fault."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

MIB = 1 << 20
MEMORY_BOUND_BYTES = 32 * MIB
"""So much more than before the attack the daemon may have after it: what its caches and its allocator keep."""
FILES_BOUND = 8
"""So many more files than before the attack the daemon may have open after it."""
PROCESSOR_BOUND = 0.25
"""So much more of a processor than before the attack the daemon may use some time after it."""
FORGERY = "forged by a peer"
"""What hostile clients try to make a line of the log, or of somebody else's, say."""
FORGED_LINE = f"2001-01-01T00:00:00+0000 [-] {FORGERY}"

_SHOWN = 3
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} \[[^\]]*\] ")
_DIRTY_LINE = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\r(?!\n)|(?<!\r)\n"
)
_DIRTY_LOG = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Said(NamedTuple):
    """What a well-behaved program said."""

    nick: str
    room: str
    text: str
    label: str


class Heard(NamedTuple):
    """What one was told that somebody said."""

    id: int
    nick: str
    room: str
    text: str
    label: str | None = None


def dirt(lines: bytes) -> str | None:
    """Return an excerpt of whole lines from a server in which a terminal's command stands, None if there is none."""
    found = _DIRTY_LINE.search(lines)
    return repr(lines[max(0, found.start() - 60) : found.end() + 20]) if found else None


def check_heard(
    said: Sequence[Said], rooms: Mapping[str, Collection[str]], heard: Mapping[str, Sequence[Heard]]
) -> list[str]:
    """Check that everybody heard what all in their rooms said once, in the order of ids, and their own with its label.

    ``rooms`` are the members by room, and ``heard`` what each member heard, strangers included, in its order.
    """
    ids: dict[tuple[str, str, str], int] = {}
    faults: list[str] = []
    for listener, all_heard in heard.items():
        for room in (name for name, members in rooms.items() if listener in members):
            here = [each for each in all_heard if each.room == room]
            expected = {(each.nick, each.text): each.label for each in said if each.room == room}
            wrong = [*_order(here), *_counts(here, expected, rooms[room]), *_labels(here, expected, listener)]
            for each in here:
                known = ids.setdefault((room, each.nick, each.text), each.id)
                if known != each.id and (each.nick, each.text) in expected:
                    wrong.append(f"{each.text!r} of {each.nick} has the id {each.id}, and for others {known}")
            faults += _some(f"{listener} in {room}: ", wrong)
    return [*faults, *_some("", _as_said(said, ids))]


def _order(here: Sequence[Heard]) -> Iterator[str]:
    for before, after in pairwise(here):
        if after.id <= before.id:
            yield f"out of order: the id {after.id} after {before.id}"


def _counts(here: Sequence[Heard], expected: Collection[tuple[str, str]], members: Collection[str]) -> Iterator[str]:
    counts = Counter((each.nick, each.text) for each in here if each.nick in members)
    for nick, text in expected:
        if not counts[nick, text]:
            yield f"lost: {text!r} of {nick}"
    for (nick, text), count in counts.items():
        if (nick, text) not in expected:
            yield f"forged: {nick} never said {text!r}"
        elif count > 1:
            yield f"heard {count} times: {text!r} of {nick}"


def _labels(here: Sequence[Heard], expected: Mapping[tuple[str, str], str], listener: str) -> Iterator[str]:
    for each in here:
        label = expected.get((each.nick, each.text)) if each.nick == listener else None
        if each.label != label:
            yield f"{each.text!r} of {each.nick} has the label {each.label}, not {label}"


def _as_said(said: Sequence[Said], ids: Mapping[tuple[str, str, str], int]) -> Iterator[str]:
    last: defaultdict[tuple[str, str], int] = defaultdict(int)
    for each in said:
        known = ids.get((each.room, each.nick, each.text))
        if known is not None:
            if known < last[each.nick, each.room]:
                yield f"{each.text!r} of {each.nick} came before what was said before it"
            last[each.nick, each.room] = known


def _some(where: str, faults: Sequence[str] | Iterator[str]) -> list[str]:
    """Return the first of many faults, and how many more there are."""
    every = list(faults)
    more = [f"{where}{len(every) - _SHOWN} more such"] if len(every) > _SHOWN else []
    return [where + fault for fault in every[:_SHOWN]] + more


def check_log(log: str) -> list[str]:
    """Check that every line is the daemon's own, holds no control character, and tells of no exception."""
    faults: list[str] = []
    for line in log.removesuffix("\n").split("\n"):
        stamp = _STAMP.match(line)
        if "Traceback" in line or "Unhandled" in line or (stamp and "#critical" in stamp[0]):
            faults.append(f"the log tells of an exception: {line[:300]!a}")
        elif _DIRTY_LOG.search(line.replace("\t", " ")):
            faults.append(f"the log has a control character: {line[:200]!a}")
        elif stamp is None or line[stamp.end() :].startswith(FORGERY) or line.startswith(FORGED_LINE):
            faults.append(f"the log has a line that is not the daemon's: {line[:200]!a}")
    return _some("", faults)


def check_memory(before: int, after: int) -> list[str]:
    """Check that the memory came back; both in bytes."""
    if after - before <= MEMORY_BOUND_BYTES:
        return []
    grown, bound = (after - before) / MIB, MEMORY_BOUND_BYTES // MIB
    return [f"the memory grew by {grown:.1f} MiB and did not come back to within {bound} MiB of where it was"]


def check_processor(before: float, after: float) -> list[str]:
    """Check that there is nothing left to do; both are parts of a processor."""
    if after - before <= PROCESSOR_BOUND:
        return []
    return [f"long after the attack it uses {after:.0%} of a processor, and used {before:.0%} before it"]


def check_files(before: int, after: int) -> list[str]:
    """Check that the files were closed; both are numbers of descriptors."""
    if after - before <= FILES_BOUND:
        return []
    return [f"{after - before} more files are open than before, and {FILES_BOUND} may be"]
