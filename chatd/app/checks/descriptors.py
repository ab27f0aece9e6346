"""File descriptors: each connection takes one."""

from __future__ import annotations

import resource
from collections.abc import Iterator

from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, good, warning
from chatd.edges.accept_backoff import RESERVED_DESCRIPTORS
from chatd.protocol.text import counted

OTHERS = RESERVED_DESCRIPTORS + 32
"""How many are for ports, the journal, the log and the reactor itself."""


def check(question: Question) -> Iterator[Result]:
    """Yield whether there are enough."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield enough(question.options.limits.connections, hard)


def enough(connections: int, hard: int) -> Result:
    """Return whether there are enough for so many connections, 0 for no limit, with that hard limit."""
    name = "descriptors.limit"
    if hard == resource.RLIM_INFINITY:
        return good(name, "the number of open files is not limited")
    may_be_open = f"{counted(hard, 'file')} may be open"
    if not connections:
        return good(name, f"{may_be_open}; without --max-connections, that limits the connections")
    wanted = counted(connections, "connection")
    if hard < connections + OTHERS:
        what = f"{may_be_open}, too few for {wanted}"
        do = f"raise the limit to {connections + OTHERS} (ulimit -Hn, LimitNOFILE=), or lower --max-connections"
        return warning(name, what, do)
    return good(name, f"{may_be_open}, enough for {wanted}")
