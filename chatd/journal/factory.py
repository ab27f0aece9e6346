"""The journal that ``--journal`` asks for."""

from __future__ import annotations

import re
from importlib.util import find_spec

from chatd.journal import Environment, Journal
from chatd.journal.memory import MemoryJournal
from chatd.journal.sqlite.journal import SqliteJournal
from chatd.runtime.extras import missing

DEFAULT_JOURNAL = "sqlite:chatd.sqlite3"


def is_cluster(description: str) -> bool:
    """Return whether ``--journal`` asks for one that several nodes share."""
    return description.startswith(("nats://", "tls://"))


def without_secrets(description: str) -> str:
    """Return a description that can be shown: instead of a password or token before the host there are dots."""
    return re.sub(r"^((?:nats|tls)://(?:[^:@/]*:)?)[^@/]*@", r"\1...@", description)


def from_string(description: str, environment: Environment) -> Journal:
    """Return the journal that ``--journal`` asks for. Raise `ValueError`, with a sentence for the user, if it is none.

    ``memory:`` keeps nothing once the process ends; ``sqlite:PATH`` keeps everything in a file; ``nats://...`` is
    shared by all nodes of a cluster, see `chatd.journal.jetstream.address.parse`.
    """
    kind, _, path = description.partition(":")
    if description == "memory:":
        return MemoryJournal(environment)
    if kind == "sqlite" and path:
        return SqliteJournal(description, environment)
    if is_cluster(description):
        if find_spec("nats") is None:
            raise ValueError(f"a journal in a cluster {missing('nats-py', 'cluster')}")
        from chatd.journal.jetstream.journal import ClusterJournal

        return ClusterJournal(description, environment)
    raise ValueError(f"unknown journal: {description!r}; give sqlite:PATH, memory: or, for a cluster, nats://HOST")
