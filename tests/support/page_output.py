"""Whether what a command printed is what a page shows, apart from what differs each time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher, get_close_matches

ELLIPSIS = "..."
"""In a line it stands for anything in that line, alone in a line for any lines."""
_CHANGING = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?UTC|Z|[+-]\d\d:?\d\d)?", "<time>"),
    (r"\d{8}T\d{6}Z?", "<time>"),
    (r"\d{4}-\d\d-\d\d", "<date>"),
    (r"(?<![\d:])\d\d:\d\d(?::\d\d)?(?![\d:])", "<clock>"),
    (r"(?:[0-9A-Fa-f]{2}:){7,}[0-9A-Fa-f]{2}", "<fingerprint>"),
    (r"\bwhsec_[\w+/=-]+|\bchatd_[\w-]{16,}|SHA256:[\w+/=]+", "<secret>"),
    (r"\b[0-9a-f]{6,}\.[0-9a-f]{1,}\b|\b(?=[0-9a-f-]*\d)[0-9a-f]{4,}(?:-[0-9a-f]+){1,4}\b", "<id>"),
    (r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b", "<id>"),
    (r"(\b(?:id|last|since|epoch|resume|token)\"?[=:] ?)(?!latest)\"?[\w.-]+\"?", r"\1<id>"),
    (r"\b(?:twistd|Twisted|Python|OpenSSL|SQLite|curl|nats-server)[ /]v?\d+(?:\.\d+)+\w*", "<version>"),
    (r"\(\S*python[\d.]* \d\.\d+\.\d+\S*\)", "<version>"),
    (r"\b(pid|process) \d+", r"\1 <pid>"),
    (r"\b\d+(?:[.,]\d+)* ?(?:B|kB|KB|MB|GB|KiB|MiB|GiB|bytes|ms|us)\b", "<amount>"),
    (r"\b\d+\.\d+ ?(?:s|seconds)\b", "<amount>"),
    (r"\bin \d+ days\b", "<amount>"),
    (r" {2,}", "  "),
    (r"[=-]{6,}", "<rule>"),
)


def normal(line: str) -> str:
    """Return a line without what differs from run to run, or from machine to machine."""
    for pattern, replacement in _CHANGING:
        line = re.sub(pattern, replacement, line)
    return line.rstrip()


def matches(shown: Sequence[str], actual: Sequence[str], *, goes_on: bool = False) -> bool:
    """Return whether the lines of a page stand for those that were printed, or for the first of them if it goes on."""
    pattern = "".join(_pattern(line) for line in shown) + (r"(?:.*\n)*" if goes_on else "")
    return re.fullmatch(pattern, "".join(f"{normal(line)}\n" for line in actual)) is not None


def _pattern(line: str) -> str:
    if line.strip() == ELLIPSIS:
        return r"(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in normal(line).split(ELLIPSIS)) + r"\n"


def refreshed(shown: Sequence[str], actual: Sequence[str]) -> list[str]:
    """Return the lines of a page as they have to be: what is left out stays left out, what is right stays as it is."""
    if matches(shown, actual):
        return list(shown)
    if not any(ELLIPSIS in line for line in shown):
        return _with_old_lines(shown, actual)
    lines = []
    position = 0
    for line in shown:
        if line.strip() == ELLIPSIS:
            lines.append(line)
            continue
        rest = actual[position:]
        found = next((index for index, each in enumerate(rest) if matches([line], [each])), None)
        if found is not None:
            lines.append(line)
        elif near := get_close_matches(line, rest, 1, 0.5):
            found = rest.index(near[0])
            lines.append(near[0])
        else:
            continue
        position += found + 1
    return lines


def _with_old_lines(shown: Sequence[str], actual: Sequence[str]) -> list[str]:
    """Return the lines that were printed, but those that were right as the page has them."""
    lines = list(actual)
    ours, theirs = ([normal(line) for line in each] for each in (shown, actual))
    for block in SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        lines[block.b : block.b + block.size] = shown[block.a : block.a + block.size]
    return lines
