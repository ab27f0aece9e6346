"""Real windows of ``chatd-client`` on a display that nobody sees, and fingers on the keys."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.support.daemon import DEADLINE, environment, wait_until
from tests.support.display import MISSING

MISSING_TOOLS = MISSING or ", ".join(f"{name} is missing" for name in ("xdotool", "xclip") if not shutil.which(name))
NOTHING = "nothing was copied"
LATE_SECONDS = 2.0
"""How long a window may take for a copy."""


class Screen:
    """What fingers and eyes can do on one display."""

    def __init__(self, display: str) -> None:
        self.environment = environment() | {"DISPLAY": display}
        self.windows: set[str] = set()

    def do(self, *words: str) -> str:
        """Run a command on the display, and return what it prints."""
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        return done.stdout

    def clip(self, text: str) -> None:
        """Put something into the clipboard."""
        command = ["xclip", "-i", "-selection", "clipboard"]
        # No pipe for what it prints: it goes on in the background, and would hold that open.
        subprocess.run(command, env=self.environment, input=text.encode(), stdout=subprocess.DEVNULL, check=True)

    def clipped(self) -> str:
        """Return what is in the clipboard."""
        return self.do("timeout", "2", "xclip", "-o", "-selection", "clipboard")


class RealWindow:
    """A ``chatd-client`` of its own home.

    ``inside`` is a command that runs the one which follows it in the same process, in other surroundings.
    """

    def __init__(self, screen: Screen, home: Path, *arguments: str, inside: Sequence[str] = ()) -> None:
        self._screen = screen
        self._home = home
        home.mkdir(exist_ok=True)
        places = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_STATE_HOME": str(home / "state")}
        command = [*inside, sys.executable, "-m", "chatd.client", *arguments]
        self._log = home / "log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=home, env=screen.environment | places, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._id = ""
        wait_until(self._is_found, lambda: f"a window {self.log()}")
        screen.windows.add(self._id)

    def _is_found(self) -> bool:
        """Note the window that was not there before, and return whether there is one."""
        # What is found once is kept: a search finds nothing at all if any window, also one of another program, is
        # destroyed while it looks, and a client that starts tries its fonts in a window that is gone at once.
        found = self._screen.do("xdotool", "search", "--onlyvisible", "--name", "chatd").split()
        self._id = next((each for each in found if each not in self._screen.windows), "")
        return bool(self._id)

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def click_field(self, button: str = "1") -> None:
        """Click into the field at the bottom."""
        self._touch(400, 625, button)

    def _touch(self, x: int, y: int, button: str = "1") -> None:
        """Bring the window to the front, give it the keys, and click into it."""
        # Where the window stands is its own affair: while it starts it may take its place more than once.
        wait_until(self._takes_the_keys, lambda: f"the keys {self.log()}")
        self._screen.do("xdotool", "mousemove", "--window", self._id, str(x), str(y), "click", button)

    def type(self, text: str) -> None:
        """Type a line where the focus is, and Enter."""
        wait_until(self._takes_the_keys, lambda: f"the keys {self.log()}")
        self._screen.do("xdotool", "type", "--delay", "5", text)
        self._screen.do("xdotool", "key", "Return")

    def say(self, text: str) -> None:
        """Type a line into the field, and Enter."""
        self._type(400, 625, text)

    def enter_name(self, name: str) -> None:
        """Type into the field for the name, which has the focus as long as it is to be filled in, and Enter."""
        wait_until(self._takes_the_keys, lambda: f"the keys {self.log()}")
        self._screen.do("xdotool", "type", "--delay", "5", name)
        self._screen.do("xdotool", "key", "Return")

    def close_sheet(self) -> None:
        """Close the sheet that asks for a server, once it is open: what is typed then stands in it."""
        wait_until(self._takes_the_keys, lambda: f"the keys {self.log()}")
        wait_until(lambda: self.holds("somebody"), lambda: f"a sheet {self.log()}")
        self.press("Escape")

    def press(self, key: str) -> None:
        wait_until(self._takes_the_keys, lambda: f"the keys {self.log()}")
        self._screen.do("xdotool", "key", key)

    def holds(self, text: str, patience: float = 0) -> bool:
        """Type over what stands where the focus is; return whether that is what stands there now.

        ``patience`` is how many seconds the window may be late.
        """
        self._screen.clip(NOTHING)
        self._screen.do("xdotool", "key", "ctrl+a")
        self._screen.do("xdotool", "type", "--delay", "5", text)
        self._screen.do("xdotool", "key", "--delay", "5", "ctrl+a", "ctrl+c")
        end = time.monotonic() + patience
        while (copied := self._screen.clipped().strip()) != text and time.monotonic() < end:
            pass
        return copied == text

    def title(self) -> str:
        """Return what stands at the top of it."""
        return self._screen.do("xdotool", "getwindowname", self._id).strip()

    def write(self, text: str) -> None:
        """Type into the field, and leave it there."""
        self.click_field()
        self._screen.do("xdotool", "type", "--delay", "5", text)

    def written(self) -> str:
        """Return what stands where the focus is."""
        wait_until(self._takes_the_keys, lambda: f"the keys {self.log()}")
        self._screen.clip(NOTHING)
        self._screen.do("xdotool", "key", "--delay", "5", "ctrl+a", "ctrl+c")
        # A window that is late with the copy, asked again at once, would be late again.
        end = time.monotonic() + LATE_SECONDS
        while (copied := self._screen.clipped().strip()) in ("", NOTHING) and time.monotonic() < end:
            pass
        return copied

    def keeps(self, *texts: str) -> bool:
        """Return whether all of these are kept of conversations: what stands in the file may not be committed yet."""
        path = self._home / "state" / "chatd" / "conversations.sqlite"
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            kept = "\n".join(row for (row,) in db.execute("SELECT place || data FROM place"))
            return all(text in kept for text in texts)
        return False

    def _type(self, x: int, y: int, text: str) -> None:
        self._touch(x, y)
        self._screen.do("xdotool", "type", "--delay", "5", text)
        self._screen.do("xdotool", "key", "Return")

    def seen(self) -> list[str]:
        """Return the lines in the conversation, as they are copied out of it with the mouse and the keys."""
        self._screen.clip(NOTHING)
        wait_until(self._copies, lambda: f"a copy {self.log()}")
        return self._screen.clipped().splitlines()

    def _takes_the_keys(self) -> bool:
        self._screen.do("xdotool", "windowraise", self._id, "windowfocus", self._id)
        return self._screen.do("xdotool", "getwindowfocus").strip() == self._id

    def _copies(self) -> bool:
        self._touch(640, 300)
        self._screen.do("xdotool", "key", "--delay", "5", "ctrl+a", "ctrl+c")
        return self._screen.clipped() not in ("", NOTHING)

    def wait_for(self, text: str) -> None:
        wait_until(lambda: any(text in line for line in self.seen()), lambda: f"{text!r} in {self.seen()} {self.log()}")

    def kill(self) -> None:
        """End it as nothing in it can notice."""
        self.process.kill()
        self.process.wait()
        self._screen.windows.discard(self._id)  # the display gives the number again

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(DEADLINE)


@contextmanager
def started(screen: Screen, home: Path, *arguments: str, inside: Sequence[str] = ()) -> Iterator[RealWindow]:
    made = RealWindow(screen, home, *arguments, inside=inside)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
        made.process.wait()
