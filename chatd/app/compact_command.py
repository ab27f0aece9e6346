"""``chatd compact``: what was taken away leaves the file of a journal."""

from __future__ import annotations

import argparse
import time

from chatd.app.progress import Progress
from chatd.journal.factory import is_cluster
from chatd.journal.sqlite.address import sqlite_path
from chatd.journal.sqlite.compaction import compact

ABOUT = (
    "Remove everything deleted from the file for good: messages that expired or were retracted or erased, and their"
    " words in the search index. If the server is running, it merges the index; if not, the file is rewritten."
)
PAUSE_SECONDS = 0.2


def carry_out(options: argparse.Namespace) -> None:
    """Do it. Raise `JournalError` or `ValueError`, with a sentence for the user, if that cannot be."""
    if is_cluster(options.journal):
        raise ValueError("what is deleted in a cluster its servers overwrite; of a node, name its index, sqlite:FILE")
    path = sqlite_path(options.journal)
    progress = Progress("compacted")
    try:
        done = compact(path, progress.show, lambda: time.sleep(PAUSE_SECONDS))
    except KeyboardInterrupt:
        raise SystemExit("chatd: stopped before it was done; do it again, and it goes on") from None
    finally:
        progress.end()
    told = f"nothing of what was deleted is left in {path}"
    if done.by_daemon:
        told = (
            f"the chatd that uses {path} has merged its index; parts of what was deleted may be left in pages that"
            " SQLite has moved rows out of: stop the daemon and do it again to be sure that nothing is"
        )
    free = f", {_megabytes(done.free)} of them free" if done.free else ""
    print(f"{told}; it had {_megabytes(done.before)} and has {_megabytes(done.after)}{free}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
