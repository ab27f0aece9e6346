"""``chatd compact``: removes deleted messages from the file of a journal for good."""

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
        raise ValueError(
            "the servers of a cluster overwrite what is deleted; to compact the index of a node, name it as sqlite:FILE"
        )
    path = sqlite_path(options.journal)
    progress = Progress("compacted")
    try:
        done = compact(path, progress.show, lambda: time.sleep(PAUSE_SECONDS))
    except KeyboardInterrupt:
        raise SystemExit("chatd: interrupted; run it again to continue") from None
    finally:
        progress.end()
    told = f"nothing deleted is left in {path}"
    if done.by_daemon:
        told = (
            f"the chatd that uses {path} has merged its index; SQLite may still hold parts of deleted messages in"
            " unused pages: to remove them too, stop the server and run this again"
        )
    free = f", {_megabytes(done.free)} of them free" if done.free else ""
    print(f"{told}; size before {_megabytes(done.before)}, now {_megabytes(done.after)}{free}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
