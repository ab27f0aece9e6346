"""``chatd unit``, as it is typed, and what systemd's own tools say of the files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from chatd import __main__
from chatd.app.unit_command import UNITS, hidden_by, quoted, unit
from tests.support.programs import program

Run = Callable[..., str]
SERVICES = ("chatd.service", "chatd-backup.service")
WORST = 15
"""The exposure level that a service may have, in tenths, as systemd-analyze takes it."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["/opt/chatd/bin/chatd", "unit", *words])
        __main__.main()
        return capsys.readouterr().out

    return run


def test_the_list_names_every_file_there_is(run: Run) -> None:
    names = [line.split()[0] for line in run().splitlines()]
    assert names == list(UNITS)
    assert set(names) == {each.name for each in (files("chatd") / "units").iterdir()}


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_whole(run: Run, name: str) -> None:
    assert "@" not in run(name).replace("@system-service", "").replace("@privileged @resources", "")


def test_a_unit_calls_this_installation(run: Run) -> None:
    lines = run("chatd.service").splitlines()
    assert "ExecStart=/opt/chatd/bin/chatd --config /etc/chatd/chatd.toml" in lines
    assert {"Type=notify", "User=chatd", "StateDirectory=chatd", "RestartKillSignal=SIGUSR1"} <= set(lines)


def test_user_folder_and_configuration_are_as_asked_for(run: Run) -> None:
    lines = run(
        "chatd.service", "--user", "talk", "--state", "talk-2", "--config", "/srv/our chat/50%.toml"
    ).splitlines()
    assert 'ExecStart=/opt/chatd/bin/chatd --config "/srv/our chat/50%%.toml"' in lines
    assert {"User=talk", "StateDirectory=talk-2", "WorkingDirectory=%S/talk-2"} <= set(lines)
    assert run("chatd.sysusers", "--user", "talk", "--state", "talk-2").split()[1::3] == ["talk", 'server"']


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("chatd.servce",), "invalid choice: 'chatd.servce'"),
        (("chatd.service", "--user", "a b"), "'a b' is not a valid name"),
        (("chatd.service", "--state", "../etc"), "'../etc' is not a valid name"),
        (("chatd.service", "--config", "chatd.toml"), "an absolute path"),
        (("chatd.service", "--config", "/etc/a\nUser=root"), "an absolute path"),
    ],
)
def test_what_makes_no_unit_is_said(
    run: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("/usr/bin/chatd", "/usr/bin/chatd"),
        ("/opt/a b/chatd", '"/opt/a b/chatd"'),
        ("/opt/$HOME/100%", '"/opt/$$HOME/100%%"'),
        ('/opt/"x"\\y', '"/opt/\\"x\\"\\\\y"'),
    ],
)
def test_a_path_reaches_systemd_as_it_is(word: str, written: str) -> None:
    assert quoted(word) == written


def test_an_installation_that_the_unit_hides_is_named() -> None:
    assert hidden_by(["/opt/chatd/bin/chatd", "/opt/chatd", "/usr"]) is None
    assert hidden_by(["/opt/chatd/bin/chatd", "/home/ann/.pyenv"]) == (
        "/home is hidden from the service, and /home/ann/.pyenv with it; install chatd elsewhere, such as in /opt"
    )


def _written(folder: Path) -> list[Path]:
    """Write the units, with a program that there is, and return them."""
    units = [folder / name for name in UNITS if not name.endswith(".sysusers")]
    for path in units:
        text = unit(path.name, ["/bin/true"], user="root", state="chatd", config=Path("/etc/chatd/chatd.toml"))
        path.write_text(text.replace("User=root\n", "User=daemon\n"))
    return units


def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path) -> None:
    command = [program("systemd-analyze"), "verify", "--man=no", *map(str, _written(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert [line for line in done.stderr.splitlines() if str(tmp_path) in line or "chatd" in line] == []
    assert done.returncode == 0


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_fault_of_the_daemon_exposes_is_little(tmp_path: Path, name: str) -> None:
    _written(tmp_path)
    command = [program("systemd-analyze"), "security", "--offline=true", "--no-pager", f"--threshold={WORST}"]
    done = subprocess.run([*command, str(tmp_path / name)], capture_output=True, text=True, check=False, timeout=30)
    assert "Overall exposure level" in done.stdout
    assert done.returncode == 0, done.stdout[-200:]
