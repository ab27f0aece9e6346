"""Takes the pictures of the window, of rooms with invented talk: ``python -m tools.window_pictures``.

It needs Xvfb, xdotool and ImageMagick, and fonts with emoji (Debian: fonts-dejavu-core, fonts-noto-color-emoji); with
openbox the windows have the focus as they do on a desktop. The daemon and the windows are its own, in a temporary
folder. With ``--try FOLDER`` it takes pictures of all sizes of windows and resolutions there are to look at. Afterwards
look at each picture.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.daemon import DEADLINE, Client, Daemon, environment, wait_until
from tests.support.display import virtual_display
from tools.picture_talk import FOLDER, PEOPLE, TALK, TOPIC, morning

SIZES = ((1024, 600), (1280, 800), (1920, 1080))
RESOLUTIONS = (96, 192)
ROOM_TALK = (
    *TALK,
    ("marie", "@ann can you have a look at the release notes? They are long enough now."),
    ("noor", "I can read them, too 👍"),
)
SIGNS = (("marie", "🎉"), ("jonas", "🎉"), ("tomás", "🚀"))
"""How people react to what was said last."""
UNREAD = "(4)"
"""What the title says once `leave_unread` has done its part."""
STILL = 0.4
"""Seconds that a window must look the same to be taken for done."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: of which theme, how large in pixels (None for the window's own size), at how many dots per inch."""

    name: str
    theme: str = "light"
    size: tuple[int, int] | None = None
    dpi: int = 96
    keys: tuple[str, ...] = ()
    """What is pressed before it is taken."""
    empty: bool = False
    """Whether it is of a first start, when nothing is known."""


README = (
    Shot("connect", size=(720, 420), empty=True),
    Shot("light"),
    Shot("dark", "dark"),
    Shot("light-192", dpi=192),
    Shot("preferences", size=(720, 480), keys=("ctrl+comma",)),
)


class Desk:
    """A display, and what can be done on it."""

    def __init__(self, display: str) -> None:
        self.environment = environment() | {"DISPLAY": display}
        self.window = ""

    def do(self, *words: str) -> bytes:
        """Run a command on the display, and return what it prints."""
        return subprocess.run(words, env=self.environment, capture_output=True, check=True, timeout=DEADLINE).stdout

    def find(self) -> bool:
        """Note which the client's window is; return whether it is seen."""
        words = ["xdotool", "search", "--onlyvisible", "--class", "chatd"]
        found = subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False).stdout.split()
        self.window = found[0] if found else ""
        return bool(found)

    def title(self) -> str:
        """Return the title of the client's window."""
        return self.do("xdotool", "getwindowname", self.window).decode()

    def still(self, window: str) -> bytes:
        """Return a picture of a window once it changes no more."""
        end, since, before = time.monotonic() + DEADLINE, time.monotonic(), b""
        while time.monotonic() < end:
            picture = self.do("import", "-window", window, "png:-")
            if picture != before:
                before, since = picture, time.monotonic()
            elif time.monotonic() - since > STILL:
                break
            time.sleep(0.05)
        return before


@contextmanager
def desk(shot: Shot) -> Iterator[Desk]:
    """Run a display that is large enough, with a window manager if there is one."""
    size = shot.size or (1000 * shot.dpi // 96, 680 * shot.dpi // 96)
    with virtual_display(f"{size[0] + 60}x{size[1] + 80}x24", shot.dpi) as display, ExitStack() as stack:
        made = Desk(display)
        if openbox := shutil.which("openbox"):
            manager = subprocess.Popen(
                [openbox], env=made.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(manager.wait)
            stack.callback(manager.terminate)
        yield made


@contextmanager
def opened(shot: Shot, folder: Path, arguments: list[str], **settings: object) -> Iterator[Desk]:
    """Start a window with these arguments and settings on a display of its own, and end it afterwards."""
    home = folder / f"home-{shot.name}"
    (home / "config" / "chatd").mkdir(parents=True)
    (home / "config" / "chatd" / "client.json").write_text(json.dumps({"theme": shot.theme, **settings}))
    places = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_STATE_HOME": str(home / "state")}
    with desk(shot) as screen, (home / "log").open("wb") as log:
        command = [sys.executable, "-m", "chatd.client", *arguments]
        process = subprocess.Popen(command, cwd=home, env=screen.environment | places, stdout=log, stderr=log)
        try:
            wait_until(screen.find, (home / "log").read_text)
            if shot.size:
                screen.do("xdotool", "windowsize", screen.window, *map(str, shot.size))
            screen.do("xdotool", "windowfocus", screen.window, "mousemove", "--window", screen.window, "3", "3")
            screen.still(screen.window)
            yield screen
        finally:
            process.kill()
            process.wait()


def take(shot: Shot, folder: Path, arguments: list[str], target: Path, then: Callable[[], None]) -> None:
    """Take the picture of a window that was started with these arguments, after what comes ``then``."""
    with opened(shot, folder, [] if shot.empty else arguments) as screen:
        if not shot.empty:
            then()
            wait_until(lambda: UNREAD in screen.title(), screen.title)
            screen.still(screen.window)
        for key in shot.keys:
            screen.do("xdotool", "key", key)
        target.write_bytes(screen.still(screen.window))
        print(target, flush=True)


def talk(people: dict[str, Client]) -> None:
    """Have all of them say what there is to see."""
    people["marie"].send(f"TOPIC {TOPIC}\n".encode())
    people["yuki"].until(lambda line: TOPIC in line)
    for nick, text in ROOM_TALK:
        people[nick].send(f"MSG {text}\n".encode())
        people["yuki"].until(lambda line: text in line)  # noqa: B023  # it is done with in this turn
    for nick, sign in SIGNS:
        people[nick].send(f"REACT last {sign}\n".encode())
        people["yuki"].until(lambda line: sign in line)  # noqa: B023


def _is_there(client: Client, nick: str) -> bool:
    """Return whether somebody is in the room of a client."""
    client.send(b"WHO\n")
    lines = client.until(lambda line: line.startswith("OK WHO"))
    return any(nick in line.split() for line in lines if line.startswith("WHO "))


def leave_unread(people: dict[str, Client], daemon: Daemon) -> None:
    """Say something elsewhere: in two other rooms, and to ann alone."""
    for room, texts in (("#design", ("new icons are up", "in the usual place")), ("#help", ("how do I mute?",))):
        with daemon.member("lea", room) as lea:
            wait_until(partial(_is_there, lea, "ann"), lambda: "ann")
            for text in texts:
                lea.send(f"MSG {text}\n".encode())
            lea.send(b"QUIT\n")
            lea.rest()
    people["marie"].send(b"TELL ann lunch at noon?\n")


def main() -> None:
    """Take the pictures."""
    os.environ["TZ"] = morning()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--try", dest="folder", type=Path, help="take other sizes and resolutions, too, into a folder")
    parser.add_argument("--only", help="take only those whose name holds this")
    given = parser.parse_args()
    shots = list(README)
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
        shots += [
            Shot(f"{theme}-{width}x{height}-{dpi}", theme, (width, height), dpi)
            for dpi in RESOLUTIONS
            for width, height in SIZES
            for theme in ("light", "dark")
        ]
        shots += [Shot("help", keys=("F1",)), Shot("sheet-small", "dark", (1024, 600), 192, empty=True)]
        shots += [
            Shot("prefs-small", "dark", (1024, 600), 192, ("ctrl+comma",)),
        ]
        shots += [Shot("menu", keys=("F10",)), Shot("find", keys=("ctrl+f",)), Shot("rooms", keys=("ctrl+k",))]
        shots += [Shot("narrow", size=(600, 500)), Shot("welcome", keys=("Escape",), empty=True)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        daemon = stack.enter_context(Daemon(folder))
        people = {nick: stack.enter_context(daemon.member(nick, "#builds")) for nick in PEOPLE}
        people["noor"].send(b"AWAY back at two\n")
        talk(people)
        unread = partial(leave_unread, people, daemon)
        rooms = [part for room in ("#builds", "#lobby", "#design", "#help") for part in ("--room", room)]
        for shot in shots:
            if given.only is None or given.only in shot.name:
                arguments = [f"127.0.0.1:{daemon.port}", "--name", "ann", *rooms]
                take(shot, folder, arguments, (given.folder or FOLDER) / f"{shot.name}.png", unread)


if __name__ == "__main__":
    main()
