"""The ``chatd`` command: what ``twistd -n chatd`` does, without a pid file."""

from __future__ import annotations

import sys

from twisted.scripts.twistd import run


def main() -> None:
    """Run the daemon in the foreground, with the options of ``twistd chatd``."""
    sys.argv[1:] = ["--nodaemon", "--pidfile=", "chatd", *sys.argv[1:]]
    run()


if __name__ == "__main__":
    main()
