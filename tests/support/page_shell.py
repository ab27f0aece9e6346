"""The shell in which the commands of a page run one after the other, and those that go on in the background."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from tests.support.daemon import DEADLINE
from tests.support.notify_socket import NotifySocket
from tests.support.page_commands import CommandError, is_daemon
from tests.support.page_world import World

PATIENCE_SECONDS = 4 * DEADLINE
"""After which a command is taken to hang, on a machine that has much else to do."""
_POLL = 0.01


class Background:
    """A command that goes on; ``shown`` is what the page says that it prints."""

    def __init__(self, world: World, number: int, command: str, shown: list[str], place: str) -> None:
        self.command, self.shown, self.place = command, shown, place
        self._world = world
        self.is_daemon = is_daemon(command)
        self._output = world.root / f"output-{number}"
        script = world.root / f"command-{number}"
        script.write_text(command.rstrip().removesuffix("&") + "\n")
        self._notify = NotifySocket(f"@{world.root.name}-{uuid4()}")  # a path could be too long
        self._begun = world.root / f"begun-{number}"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                ["bash", str(script)],
                cwd=world.cwd,
                env=world.environment() | {"NOTIFY_SOCKET": self._notify.address, "ANSWER_BEGUN": str(self._begun)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Return when it is at work. Raises `CommandError` if it ends before that."""
        if self.is_daemon:
            self._wait(lambda: self._notify.has("READY=1"), "is not ready")
        elif re.search(r"\bcurl (?:\S+ )*?-\w*N", self.command):
            self._wait(lambda: self._begun.exists() and self._begun.stat().st_size > 0, "got no answer")

    def wait_until_shown(self, matches: Callable[[list[str]], bool]) -> None:
        """Return when it has printed what it should. Raises `CommandError` if it does not."""
        self._wait(lambda: matches(self.printed()), "did not print what is shown")

    def _wait(self, condition: Callable[[], bool], problem: str) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if self.process.poll() is not None and not condition():
                raise CommandError(
                    f"{self.place}: {self.command!r} ended with {self.process.returncode}: {self.text()}"
                )
            if time.monotonic() > end:
                raise CommandError(f"{self.place}: {self.command!r} {problem}: {self.text()}")
            time.sleep(_POLL)

    def text(self) -> str:
        return self._world.outward(self._output.read_text(errors="replace"))

    def printed(self) -> list[str]:
        """Return the whole lines that it has printed so far."""
        return self.text().rpartition("\n")[0].split("\n")

    def stop(self) -> None:
        """End it and all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._notify.__exit__(None, None, None)


class Shell:
    """One bash for the page: directories and variables last from command to command."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._count = 0
        self._bash: subprocess.Popen[str] | None = None

    def next_number(self) -> int:
        self._count += 1
        return self._count

    def run(self, command: str, typed: str = "") -> tuple[list[str], int]:
        """Return the lines that a command printed, and its exit status. Raises `CommandError` if it does not end."""
        number = self.next_number()
        root = self._world.root
        script, output, given, status = (root / f"{name}-{number}" for name in ("command", "output", "input", "status"))
        script.write_text(f"{command}\n")
        given.write_text(typed)
        bash = self._running()
        assert bash.stdin is not None
        bash.stdin.write(
            f"source {script} >{output} 2>&1 <{given}; echo $? >{status}.part; mv {status}.part {status}\n"
        )
        bash.stdin.flush()
        self._wait(bash, status, command, output)
        code = int(status.read_text()) if status.exists() else bash.returncode
        text = self._world.outward(output.read_text(errors="replace"))
        return text.splitlines(), code

    def _wait(self, bash: subprocess.Popen[str], status: Path, command: str, output: Path) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not status.exists() and bash.poll() is None:
            if time.monotonic() > end:
                self._kill()
                raise CommandError(f"{command!r} did not end: {output.read_text(errors='replace')}")
            time.sleep(_POLL)

    def _running(self) -> subprocess.Popen[str]:
        if self._bash is None or self._bash.poll() is not None:
            self._bash = subprocess.Popen(
                ["bash", "--norc", "--noprofile"],
                cwd=self._world.cwd,
                env=self._world.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        return self._bash

    def stop(self) -> None:
        """End it, and what it has left running in the page's folder."""
        self._kill()
        for pid in _inside(self._world.root):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _kill(self) -> None:
        if self._bash is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.wait()
        assert self._bash.stdin is not None
        with suppress(OSError):
            self._bash.stdin.close()


def _inside(folder: Path) -> list[int]:
    """Return the processes that work in a folder, as daemons do that went into the background."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "cwd").resolve().is_relative_to(folder):
                    found.append(int(entry.name))
    return found
