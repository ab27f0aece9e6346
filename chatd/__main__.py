"""The ``chatd`` command: what ``twistd -n chatd`` does, without a pid file, and what is done beside it."""

from __future__ import annotations

import sys

from twisted.scripts.twistd import run

from chatd.app import archive_commands as admin
from chatd.app import ban_commands as bans
from chatd.app import class_command as school
from chatd.app import hook_command as hooks
from chatd.app import tail_command as tail
from chatd.app import user_commands as users


def main() -> None:
    """Run the daemon in the foreground, with the options of ``twistd chatd``, or a command beside it."""
    if sys.argv[1:2] and sys.argv[1] in ("export", "import", "erase", "backup", "restore", "compact", "certificate"):
        admin.main(sys.argv[1:])
        return
    if sys.argv[1:2] == ["user"]:
        users.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["ban"]:
        bans.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["tail"]:
        tail.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["hook"]:
        hooks.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["class"]:
        school.main(sys.argv[2:])
        return
    sys.argv[1:] = ["--nodaemon", "--pidfile=", "chatd", *sys.argv[1:]]
    run()


if __name__ == "__main__":
    main()
