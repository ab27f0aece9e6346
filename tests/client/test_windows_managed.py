"""A real window under a window manager, which gives it its place, its keys and the wish to close it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Daemon, wait_until
from tests.support.display import virtual_display
from tests.support.windows import MISSING_TOOLS, Screen, started

MISSING = MISSING_TOOLS or ("" if shutil.which("openbox") else "openbox is missing")
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    with virtual_display() as display:
        screen = Screen(display)
        places = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
        quiet = subprocess.DEVNULL
        with subprocess.Popen(["openbox"], env=screen.environment | places, stdout=quiet, stderr=quiet) as manager:
            yield screen
            manager.terminate()


def test_it_is_used_moved_closed_and_opened_again(tmp_path: Path, screen: Screen) -> None:
    (port,) = free_ports(1)
    home = tmp_path / "ann"
    with Daemon(tmp_path, "--listen", f"tcp:{port}:interface=127.0.0.1"):
        with started(screen, home, f"127.0.0.1:{port}", "--name", "ann", "--room", "#den") as ann:
            ann.wait_for("ann has joined")
            ann.say("hello from ann")
            ann.wait_for("hello from ann")
            screen.do("xdotool", "getactivewindow", "windowmove", "120", "90")
            ann.press("alt+F4")  # the manager only asks the window to go

            def has_said_yes() -> bool:
                screen.do("xdotool", "key", "Return")  # before it is asked this does nothing
                return ann.process.poll() is not None

            wait_until(has_said_yes, lambda: f"an end {ann.log()}")
            assert ann.process.returncode == 0
            assert "Traceback" not in ann.log()
        kept = json.loads((home / "state" / "chatd" / "client.json").read_text())
        assert kept["geometry"].endswith("+120+90")
        screen.windows.clear()  # X gives a number again
        with started(screen, home) as again:
            again.wait_for("hello from ann")
            assert again.end() == 0
