"""Programs that run on a terminal of their own, and what somebody types there."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Sequence
from typing import Self

from tests.support.programs import program


class Terminal:
    """A program on a terminal that controls it, so that Ctrl-C and its like are signals unless it asks for the keys."""

    def __init__(self, command: Sequence[str]) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        words = [program("setsid"), "--ctty", program(command[0]), *command[1:]]
        try:
            self.process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs)
        except BaseException:
            os.close(self._ours)
            raise
        finally:
            os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def type(self, keys: str) -> None:
        """Press keys; Return is ``"\\r"``."""
        os.write(self._ours, keys.encode())

    def shown(self, until: str, seconds: float) -> str:
        """Return what is shown from now on, up to some text, or to the end of that time or of the program."""
        seen = b""
        end = time.monotonic() + seconds
        while until.encode() not in seen and select.select([self._ours], [], [], max(0.0, end - time.monotonic()))[0]:
            try:
                data = os.read(self._ours, 4096)
            except OSError:  # that is how a terminal ends
                break
            if not data:
                break
            seen += data
        return seen.decode(errors="replace")
