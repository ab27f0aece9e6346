"""Which ``--logfile`` holds, and what is said where it cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.daemon import environment, place_in, wait_until

TWISTD = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()"]
CHATD = [sys.executable, "-m", "chatd"]
FILE = '[log]\nlogfile = "file.log"\n'
QUIET = ["--port", "0", "--journal", "memory:"]
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("command", "variable", "log"),
    [
        ([*CHATD, "--logfile", "chatd.log"], None, "chatd.log"),
        ([*TWISTD, "-n", "chatd", "--logfile", "chatd.log"], None, "chatd.log"),
        ([*TWISTD, "-n", "--logfile", "twistd.log", "chatd"], None, "twistd.log"),
        ([*TWISTD, "-n", "--logfile", "twistd.log", "chatd", "--logfile", "chatd.log"], None, "chatd.log"),
        ([*TWISTD, "-n", "--logfile", "twistd.log", "chatd", "--config", "c.toml"], "env.log", "twistd.log"),
        ([*CHATD, "--config", "c.toml"], "env.log", "env.log"),
        ([*CHATD, "--config", "c.toml"], None, "file.log"),
    ],
)
def test_the_nearest_log_is_written(command: list[str], variable: str | None, log: str, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(FILE)
    surroundings = environment() | ({} if variable is None else {"CHATD_LOGFILE": variable})
    process = subprocess.Popen([*command, *QUIET], cwd=tmp_path, env=surroundings, stdout=subprocess.DEVNULL)
    try:
        written = tmp_path / log
        wait_until(lambda: written.exists() and place_in(written.read_text()) is not None, lambda: str(written))
    finally:
        process.terminate()
        process.wait()
    assert [path.name for path in tmp_path.glob("*.log")] == [log]


@pytest.mark.parametrize(
    ("command", "variable", "named"),
    [
        ([*CHATD, "--logfile", "none/log"], None, "--logfile"),
        ([*TWISTD, "chatd", "--logfile", "none/log"], None, "--logfile"),
        ([*TWISTD, "--logfile", "none/log", "chatd"], None, "twistd's --logfile"),
        (CHATD, "none/log", "CHATD_LOGFILE"),
        ([*CHATD, "--config", "c.toml"], None, "logfile (c.toml, line 2)"),
    ],
)
def test_a_log_that_cannot_be_written_is_refused_by_the_name_of_its_option(
    command: list[str], variable: str | None, named: str, tmp_path: Path
) -> None:
    (tmp_path / "c.toml").write_text(FILE.replace("file.log", "none/log"))
    surroundings = environment() | ({} if variable is None else {"CHATD_LOGFILE": variable})
    done = subprocess.run(
        [*command, *QUIET], cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    said = done.stderr.splitlines()[0].replace(f"{tmp_path}{os.sep}", "")
    assert said == f"chatd: cannot write the log none/log: No such file or directory; name another with {named}"
    assert "Traceback" not in done.stderr
