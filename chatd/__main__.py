"""The ``chatd`` command: what ``twistd -n chatd`` does, without a pid file, and what is done beside it."""

from __future__ import annotations

import sys

from chatd.app import early_signals


def main() -> None:
    """Run the daemon in the foreground, with the options of ``twistd chatd``, or a command beside it."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in ("", "class") or name.startswith("-"):
        early_signals.hold_signals()
    else:
        early_signals.end_on_interrupt()
    from chatd.app import command_table
    from chatd.app.reference.output import until_closed

    if (command := command_table.COMMANDS.get(name)) is not None:
        with until_closed():
            command_table.run(command, sys.argv[2:])
        return
    sys.argv[1:] = ["--nodaemon", "--pidfile=", "chatd", *sys.argv[1:]]
    from twisted.scripts.twistd import run

    run()


if __name__ == "__main__":
    main()
