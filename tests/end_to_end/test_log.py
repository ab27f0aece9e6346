"""The log of the real daemon, as it is asked for."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import BIN, Client, Daemon, environment, wait_until

pytestmark = pytest.mark.slow

AS_JOURNAL = 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/$$/fd/1); export JOURNAL_STREAM; exec "$@"'
"""For sh: run a command whose standard output is the journal, as far as it can tell."""


def test_every_line_is_json_with_the_four_fields(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with Daemon(tmp_path, "--log", "json", "--listen", f"tcp:{port}") as daemon:
        with Client(("127.0.0.1", port)) as client:
            client.send(b"GET / HTTP/1.1\r\n")
            client.rest()
        assert daemon.terminate() == 0
        events = [json.loads(line) for line in daemon.log().splitlines()]
    assert all({"time", "level", "system", "message"} <= event.keys() for event in events)
    assert [event["address"] for event in events if "address" in event] == [f"0.0.0.0:{port}"]
    assert any("was disconnected: not-chatd" in event["message"] for event in events)


def test_what_goes_to_the_journal_has_levels_and_no_time(tmp_path: Path) -> None:
    with Daemon(tmp_path, inside=("sh", "-c", AS_JOURNAL, "sh")) as daemon:
        daemon.member("ann", "#den").close()
        assert daemon.terminate() == 0
        lines = daemon.log().splitlines()
    assert f"<6>[chatd.app.doors] listening on {daemon.place}" in lines
    assert all(line.startswith("<6>") for line in lines)


def test_a_file_of_json_is_opened_again(tmp_path: Path) -> None:
    log, moved = tmp_path / "chatd.log", tmp_path / "moved"
    (port,) = free_ports(1)
    with (tmp_path / "output").open("wb") as output:
        command = [str(BIN / "chatd"), "--port", str(port), "--web", "off", "--logfile", str(log), "--log", "json"]
        process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=output, stderr=output)
    try:
        wait_until(lambda: log.exists() and "listening on" in log.read_text(), lambda: "a log")
        with Client(("127.0.0.1", port)) as client:
            client.join("ann", "#den")
        log.rename(moved)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: log.exists() and "reopened the log" in log.read_text(), lambda: "another log")
        events = [json.loads(line) for line in (moved.read_text() + log.read_text()).splitlines()]
        assert events[-1]["system"] == "chatd.app.signals"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("more", [["--syslog"], ["--logger", "chatd.app.log_formats.as_json"]])
@pytest.mark.parametrize("own", [["--log", "json"], ["--log-level", "warn"], ["--logfile", "own.log"]])
def test_a_log_that_twistd_writes_has_no_other_format_level_or_file(
    tmp_path: Path, own: list[str], more: list[str]
) -> None:
    command = [str(BIN / "twistd"), "-n", *more, "chatd", "--port", "0", *own]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert f"{own[0]} and twistd's {more[0]} exclude each other: twistd writes that log itself" in done.stderr
    assert "Traceback" not in done.stderr
