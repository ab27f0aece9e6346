"""Takes the README's first picture: one room in a browser, the window and ``nc``. ``python -m tools.hero_picture``

It needs what the other pictures need, ``nc``, and the ports 10319 and 10380, which are in it. Afterwards look at it.
"""

from __future__ import annotations

import base64
import os
import pty
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.browser import Browser, Page, chromium
from tests.support.daemon import Client, Daemon, wait_until
from tests.support.programs import program
from tools.picture_talk import FOLDER, SHIPPING, SHIPPING_ROOM, SHIPPING_TOPIC, morning
from tools.window_pictures import Desk, Shot, opened

PORT, WEB = 10319, 10380
SCALE = 2
"""Pixels of the picture for one of CSS."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a program is in the picture, in pixels of CSS, and how large its own pixels are beside those."""

    left: int
    top: int
    width: int
    height: int
    zoom: float = 1.0

    def inside(self) -> tuple[int, int]:
        """Return width and height of what is under the title bar, in pixels of the picture."""
        return self.width * SCALE, (self.height - BAR) * SCALE

    def layout(self) -> tuple[int, int]:
        """Return the same in the program's own pixels."""
        return round(self.width / self.zoom), round((self.height - BAR) / self.zoom)


SIZE = (920, 648)
BAR = 28
BROWSER = Box(20, 20, 432, 608, 1.0)
WINDOW = Box(472, 20, 428, 326, 0.78)
TERMINAL = Box(472, 366, 428, 262)


class Terminal:
    """A program on a terminal of its own, and all that was seen there."""

    def __init__(self, *command: str) -> None:
        self._screen, inner = pty.openpty()
        self.command = command
        self.typed: list[str] = []
        self._seen = b""
        self.process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, start_new_session=True)
        os.close(inner)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                self._seen += os.read(self._screen, 4096)
            except OSError:
                return

    def lines(self) -> list[str]:
        """Return the lines that stand on the terminal."""
        return self._seen.decode().replace("\r", "").splitlines()

    def type(self, line: str) -> None:
        """Type a line, with Enter."""
        self.typed.append(line)
        os.write(self._screen, f"{line}\n".encode())

    def wait_for(self, text: str, count: int = 1) -> None:
        """Wait until as many lines have a text in them."""
        wait_until(lambda: sum(text in line for line in self.lines()) >= count, lambda: f"{text}: {self.lines()}")

    def html(self) -> str:
        """Return what is seen, with what was typed set apart."""
        rows = [f"<i>$</i> <b>{escape(' '.join((Path(self.command[0]).name, *self.command[1:])))}</b>"]
        typed = list(self.typed)
        for line in self.lines():
            if typed and line == typed[0]:
                rows.append(f"<b>{escape(typed.pop(0))}</b>")
            else:
                rows.append(escape(line))
        return "\n".join(rows)


@contextmanager
def terminal(*command: str) -> Iterator[Terminal]:
    """Run a program on a terminal, and end it afterwards."""
    made = Terminal(*command)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def _talk(page: Page, screen: Desk, shell: Terminal, ci: Client) -> None:
    """Have each of them say their part, and wait until the others have seen it."""
    for who, text in SHIPPING:
        shown = text.replace(":+1:", "👍")
        match who:
            case "alice":
                page.say(text)
            case "bob":
                _type(screen, text)
            case "carol":
                shell.type(f"MSG {text}")
            case _:
                ci.send(f"MSG {text}\n".encode())
        page.wait_for([shown])
        shell.wait_for(shown)
    page.say("/react last 🎉")
    _type(screen, "/react last 🎉")
    shell.wait_for("🎉", 2)


def _type(screen: Desk, text: str) -> None:
    screen.do("xdotool", "windowfocus", screen.window, "type", "--delay", "30", text)
    screen.do("xdotool", "key", "Return")


def _picture(browser: Browser) -> bytes:
    browser.wait("document.fonts.status === 'loaded' && document.getAnimations().every(e => e.playState !== 'running')")
    return base64.b64decode(browser.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])


def _framed(kind: str, title: str, box: Box, inside: str) -> str:
    place = f"left: {box.left}px; top: {box.top}px; width: {box.width}px; height: {box.height}px"
    return (
        f'<section class="{kind}" style="{place}"><header><span></span><span></span><span></span>'
        f"<em>{escape(title)}</em></header>{inside}</section>"
    )


def _image(picture: bytes) -> str:
    return f'<img src="data:image/png;base64,{base64.b64encode(picture).decode()}">'


STYLE = f"""
html, body {{ margin: 0; background: transparent; }}
main {{ position: relative; width: {SIZE[0]}px; height: {SIZE[1]}px; border-radius: 14px; overflow: hidden;
        background: #dce4fa; font: 12px "DejaVu Sans"; }}
section {{ position: absolute; border-radius: 9px; overflow: hidden; background: #fff;
           box-shadow: 0 0 0 1px #1f2a4430, 0 10px 26px #1f2a4438; }}
header {{ height: {BAR}px; display: flex; align-items: center; gap: 6px; padding: 0 11px; box-sizing: border-box;
          background: #e4e7ee; color: #3b4252; }}
header span {{ width: 10px; height: 10px; border-radius: 50%; background: #b6bcc9; }}
header em {{ font-style: normal; flex: 1; text-align: center; margin-right: 42px; white-space: nowrap; }}
.browser em {{ text-align: left; background: #fff; border-radius: 6px; padding: 3px 10px; margin: 0 0 0 8px; }}
img {{ display: block; width: 100%; }}
.terminal {{ background: #171b26; color: #c9d1e0; }}
.terminal header {{ background: #262c3b; color: #c9d1e0; }}
.terminal header span {{ background: #4a5268; }}
pre {{ margin: 0; padding: 8px 12px; font: 11.2px/1.36 "DejaVu Sans Mono", "Noto Color Emoji"; white-space: pre-wrap;
       overflow-wrap: anywhere; }}
pre b {{ color: #8fd694; font-weight: normal; }}
pre i {{ color: #7f8aa3; font-style: normal; }}
"""


def _compose(browser: Browser, parts: str) -> bytes:
    """Return the picture of programs beside each other, on a ground with round corners."""
    document = f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><main>{parts}</main>'
    browser.driver.switch_to.new_window("window")
    browser.resize(*SIZE, scale=SCALE)
    tree = browser.driver.execute_cdp_cmd("Page.getFrameTree", {})
    browser.driver.execute_cdp_cmd(
        "Page.setDocumentContent", {"frameId": tree["frameTree"]["frame"]["id"], "html": document}
    )
    browser.wait("[...document.images].every(each => each.complete)")
    browser.driver.execute_cdp_cmd("Emulation.setDefaultBackgroundColorOverride", {"color": dict.fromkeys("rgba", 0)})
    return _picture(browser)


def _open_page(browser: Browser, address: str) -> Page:
    """Bring alice into the room, without the lines that tell who joined."""
    browser.prefer(color_scheme="light")
    page = Page(browser, f"http://{address}")
    browser.js("localStorage.setItem('chatd.traffic', 'false'); location.reload()")
    page.come_in("alice")
    browser.resize(*BROWSER.layout(), scale=SCALE * BROWSER.zoom)
    page.say(f"/topic {SHIPPING_TOPIC}")
    return page


def _join(shell: Terminal) -> None:
    shell.wait_for("NOTE")
    shell.type(f"JOIN carol {SHIPPING_ROOM}")
    shell.wait_for("OK JOIN")


def main() -> None:
    """Take the picture."""
    os.environ["TZ"] = morning()
    address = f"127.0.0.1:{WEB}/{SHIPPING_ROOM[1:]}"
    shot = Shot("hero", size=WINDOW.inside(), dpi=round(96 * SCALE * WINDOW.zoom))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        daemon = stack.enter_context(Daemon(folder, "--port", str(PORT), "--web", str(WEB)))
        ci = stack.enter_context(daemon.member("ci", SHIPPING_ROOM))
        browser = stack.enter_context(chromium(folder, size=BROWSER.layout()))
        page = _open_page(browser, address)
        arguments = [f"127.0.0.1:{PORT}", "--name", "bob", "--room", SHIPPING_ROOM]
        settings = {"traffic": "hidden", "clock": "12"}
        screen = stack.enter_context(opened(shot, folder, arguments, preferences=settings))
        shell = stack.enter_context(terminal(program("nc"), "127.0.0.1", str(PORT)))
        _join(shell)
        _talk(page, screen, shell, ci)
        parts = (
            _framed("browser", address, BROWSER, _image(_picture(browser))),
            _framed("window", screen.title(), WINDOW, _image(screen.still(screen.window))),
            _framed("terminal", "Terminal", TERMINAL, f"<pre>{shell.html()}</pre>"),
        )
        target = FOLDER / "hero.png"
        target.write_bytes(_compose(browser, "".join(parts)))
        print(target)


if __name__ == "__main__":
    main()
