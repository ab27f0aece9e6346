"""The ``chatd`` command: what ``twistd -n chatd`` does, without a pid file, and what is done to a journal."""

from __future__ import annotations

import sys

from twisted.scripts.twistd import run

from chatd import admin


def main() -> None:
    """Run the daemon in the foreground, with the options of ``twistd chatd``, or one of the `admin` commands."""
    if sys.argv[1:2] and sys.argv[1] in ("export", "import", "erase"):
        admin.main(sys.argv[1:])
        return
    sys.argv[1:] = ["--nodaemon", "--pidfile=", "chatd", *sys.argv[1:]]
    run()


if __name__ == "__main__":
    main()
