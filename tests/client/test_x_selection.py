"""Asking for what was copied, of a real X server and of programs of every kind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred

from chatd.client.view import x_selection
from chatd.client.view.x_display import find_cookie, find_display
from chatd.client.view.x_selection import ClipboardError, Copied, NoDisplayError, x_reader
from tests.support.display import MISSING
from tests.support.selection_owner import owner

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
SHORT = "caf\u00e9"
LONG = "".join(f"{number} \U0001f600 \u6f22\n" for number in range(60_000))
HUGE = "x" * 600_000


async def _turn(seconds: float = 0) -> None:
    later: Deferred[None] = Deferred()
    clock: Any = reactor
    clock.callLater(seconds, later.callback, None)
    await later


@pytest.fixture
def reading(display: str) -> Iterator[x_selection.Read]:
    assert display
    read = x_reader(reactor, os.environ)
    assert read is not None
    yield read


@pytest.mark.parametrize("manner", ["utf8", "plain", "string", "text", "compound", "incr"])
@pytest.mark.parametrize("selection", ["CLIPBOARD", "PRIMARY"])
@ensureDeferred
async def test_text_of_every_kind(reading: x_selection.Read, manner: str, selection: str) -> None:
    with owner(manner, SHORT, selection):
        assert await reading(selection) == Copied(SHORT)


@pytest.mark.parametrize(("manner", "text"), [("utf8", HUGE), ("string", HUGE), ("incr", LONG), ("incr", "")])
@ensureDeferred
async def test_as_much_as_there_is(reading: x_selection.Read, manner: str, text: str) -> None:
    with owner(manner, text):
        assert await reading("CLIPBOARD") == Copied(text)


@pytest.mark.parametrize("manner", ["utf8", "incr"])
@ensureDeferred
async def test_no_more_than_can_be_taken(
    reading: x_selection.Read, manner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x_selection, "MAX_BYTES", 300_000)
    with owner(manner, HUGE):
        copied = await reading("CLIPBOARD")
    assert not copied.whole
    assert 300_000 <= len(copied.text) < 600_000


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        ("no text", x_selection.NO_TEXT),
        ("hangs", x_selection.SILENT),
        ("hangs in the middle", x_selection.SILENT),
        ("goes", x_selection.GONE),
        ("goes in the middle", x_selection.GONE),
    ],
)
@ensureDeferred
async def test_what_cannot_be_had_is_said(
    reading: x_selection.Read, manner: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if manner.startswith("hangs"):  # any other may be slow
        monkeypatch.setattr(x_selection, "SILENCE", 0.5)
    with owner(manner, LONG), pytest.raises(ClipboardError) as failed:
        await reading("CLIPBOARD")
    assert str(failed.value) == why


@ensureDeferred
async def test_nothing_was_copied(reading: x_selection.Read) -> None:
    with owner("utf8", SHORT, "SECONDARY"), pytest.raises(ClipboardError, match=x_selection.EMPTY):
        await reading("PRIMARY")


@ensureDeferred
async def test_it_can_be_given_up(reading: x_selection.Read) -> None:
    with owner("hangs", SHORT):
        asked = reading("CLIPBOARD")
        await _turn(0.2)
        assert not asked.called
        asked.cancel()
        with pytest.raises(CancelledError):
            await asked
    await _turn()


async def _read(reading: x_selection.Read) -> Copied | None:
    """Return what is in the clipboard, None if it is nobody's now."""
    try:
        return await reading("CLIPBOARD")
    except ClipboardError:
        return None


@pytest.mark.parametrize(
    "command", [["xclip", "-i", "-selection", "clipboard"], ["xsel", "-i", "-b"]], ids=lambda command: command[0]
)
@pytest.mark.parametrize("text", [SHORT, LONG, HUGE * 3], ids=["short", "long", "huge"])
@ensureDeferred
async def test_the_usual_programs(reading: x_selection.Read, command: list[str], text: str) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run(command, input=text.encode(), stdout=subprocess.DEVNULL, check=True)
    while await _read(reading) != Copied(text):  # it goes into the background before it owns anything
        await _turn(0.01)


TK_OWNER = """
import sys, tkinter
root = tkinter.Tk()
root.clipboard_clear()
root.clipboard_append(sys.stdin.buffer.read().decode())
root.update()
print("owned", flush=True)
root.mainloop()
"""


@pytest.mark.parametrize("text", [SHORT, LONG.replace("\U0001f600", "\u2603") * 2], ids=["short", "long"])
@ensureDeferred
async def test_another_window_of_tk(reading: x_selection.Read, text: str) -> None:
    command = [sys.executable, "-c", TK_OWNER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(text.encode())
        process.stdin.close()
        assert process.stdout.readline()
        try:
            assert await reading("CLIPBOARD") == Copied(text)
        finally:
            process.kill()


@ensureDeferred
async def test_without_a_server_it_is_said(tmp_path: Path) -> None:
    assert x_reader(reactor, {}) is None
    assert x_reader(reactor, {"DISPLAY": "wayland-0"}) is None
    read = x_reader(reactor, {"DISPLAY": ":4711", "HOME": str(tmp_path)})
    assert read is not None
    with pytest.raises(NoDisplayError):
        await read("CLIPBOARD")


@pytest.mark.parametrize(
    ("name", "path", "host", "number"),
    [
        (":4711", "\0/tmp/.X11-unix/X4711", "", 4711),
        ("unix:4711.0", "\0/tmp/.X11-unix/X4711", "", 4711),
        ("localhost:10.0", "", "localhost", 10),
        ("[::1]:3", "", "::1", 3),
        ("/private/tmp/com.apple.launchd.x/org.xquartz:0", "/private/tmp/com.apple.launchd.x/org.xquartz:0", "", 0),
    ],
)
def test_names_of_displays(name: str, path: str, host: str, number: int) -> None:
    display = find_display(name)
    assert display is not None
    assert (display.path, display.host, display.number) == (path, host, number)


def test_cookies(tmp_path: Path) -> None:
    def entry(family: int, address: bytes, number: bytes, cookie: bytes, kind: bytes = b"MIT-MAGIC-COOKIE-1") -> bytes:
        parts = (address, number, kind, cookie)
        return family.to_bytes(2, "big") + b"".join(len(part).to_bytes(2, "big") + part for part in parts)

    display = find_display("localhost:10.0")
    assert display is not None
    file = tmp_path / "cookies"
    assert find_cookie(display, {"XAUTHORITY": str(file)}) == b""
    file.write_bytes(
        entry(256, b"elsewhere", b"11", b"wrong") + entry(0, b"\x7f\0\0\1", b"10", b"right")
        + entry(256, b"x", b"10", b"odd", b"XDM-AUTHORIZATION-1") + b"\0\0\0"
    )  # fmt: skip
    assert find_cookie(display, {"XAUTHORITY": str(file)}) == b"right"
    file.write_bytes(file.read_bytes()[:-3] + entry(65535, b"", b"", b"better"))
    assert find_cookie(display, {"HOME": str(tmp_path), "XAUTHORITY": str(file)}) == b"better"
