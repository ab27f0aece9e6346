"""A real client whose machine's clock is set back while it waits for its server."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Daemon
from tests.support.display import virtual_display
from tests.support.windows import MISSING_TOOLS, Screen, started

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS),
    pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed"),
]


def test_the_tries_go_on_when_the_clock_is_set_back(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    told = tmp_path / "clock"
    told.write_text("+0\n")
    fake = [f"LD_PRELOAD={LIBRARY}", f"FAKETIME_TIMESTAMP_FILE={told}", "FAKETIME_NO_CACHE=1"]
    # What the machine counts by itself does not change with the time of day.
    inside = ("env", *fake, "FAKETIME_DONT_FAKE_MONOTONIC=1")
    arguments = (f"127.0.0.1:{port}", "--name", "ann", "--room", "#den")
    with (
        virtual_display() as display,
        started(Screen(display), tmp_path / "ann", *arguments, inside=inside) as ann,
    ):
        told.write_text("-7200\n")
        with Daemon(tmp_path, "--listen", f"tcp:{port}:interface=127.0.0.1"):
            ann.wait_for("ann has joined")
        assert ann.end() == 0
        assert "Traceback" not in ann.log()
