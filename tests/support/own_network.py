"""A network that nobody else is in, where every port is free, also those that a program takes by default."""

from __future__ import annotations

import os
import subprocess

import pytest


class OwnNetwork:
    """A loopback that only the processes which are started ``inside`` see; sockets of files are everybody's.

    One process holds it; nothing is left of it when that ends, however it does.
    """

    def __init__(self) -> None:
        if os.geteuid() == 0:
            new, enter = ["unshare", "-n"], ["-n"]
        else:
            new, enter = ["unshare", "-rn"], ["-U", "--preserve-credentials", "-n"]
        try:
            self._holder = subprocess.Popen(
                [*new, "sh", "-c", "ip link set lo up && echo up && exec cat"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        except FileNotFoundError as error:
            pytest.skip(f"there can be no network of one's own here: {error}")
        assert self._holder.stdout is not None
        answer = self._holder.stdout.readline()
        if answer != "up\n":
            self.close()
            pytest.skip(f"there can be no network of one's own here: {answer.strip()}")
        self.inside = ("nsenter", "-t", str(self._holder.pid), *enter)
        """The command that runs the one which follows it there."""

    def close(self) -> None:
        """Let nobody hold it any more."""
        self._holder.kill()
        self._holder.communicate()
