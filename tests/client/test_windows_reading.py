"""A real window, a real daemon, and somebody who turns the wheel while others talk."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Daemon, wait_until
from tests.support.display import virtual_display
from tests.support.netcat import Netcat
from tests.support.windows import MISSING_TOOLS, Screen, started

pytestmark = pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS)
LONG = "and so on " * 60


def test_what_is_said_while_one_reads_back_is_new_until_one_comes_to_it(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    listen = ("--listen", f"tcp:{port}:interface=127.0.0.1")
    with virtual_display() as display, Daemon(tmp_path, *listen):
        screen = Screen(display)
        with (
            started(screen, tmp_path / "ann", f"127.0.0.1:{port}", "--name", "ann", "--room", "#den") as ann,
            Netcat(tmp_path / "bob", port) as bob,
        ):

            def title() -> str:
                return screen.do("xdotool", "getwindowfocus", "getwindowname").strip()

            def titled(wanted: str) -> None:
                wait_until(lambda: title() == wanted, lambda: f"the title {wanted!r}, not {title()!r} {ann.log()}")

            bob.type("JOIN bob #den", *(f"MSG {number} {LONG}" for number in range(9)))
            ann.wait_for("8 and so on")
            titled("chatd")
            screen.do("xdotool", "mousemove", "500", "300", "click", "--repeat", "12", "--delay", "10", "4")
            bob.type("MSG ann: are you there?")
            titled("(1) chatd")
            screen.do("xdotool", "click", "--repeat", "40", "--delay", "10", "5")
            titled("chatd")
            ann.wait_for("ann: are you there?")
            assert ann.end() == 0
            assert "Traceback" not in ann.log()
