"""A kit installs chatd with no index at hand, and one that was changed does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.daemon import BIN, Daemon, environment

pytestmark = pytest.mark.slow

MINUTES = 600
"""Seconds that pip may take."""


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    cut_off = {"PIP_NO_INDEX": "1", "PYTHON": sys.executable} if "sh" in words else {}
    return subprocess.run(
        words, check=False, env=environment() | cut_off, capture_output=True, text=True, timeout=MINUTES
    )


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kit of the checkout, with all that is optional."""
    kit = tmp_path_factory.mktemp("made") / "kit"
    made = run(BIN / "chatd", "kit", kit)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(f"{kit} has ")
    return kit


@pytest.fixture(scope="module")
def installed(kit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that it was installed to."""
    target = tmp_path_factory.mktemp("target") / "the chat"
    done = run("sh", kit / "install", target)
    assert done.returncode == 0, done.stderr
    assert f"start it with {target}/bin/chatd" in done.stdout
    return target


def test_it_starts_and_serves_with_every_extra(installed: Path, tmp_path: Path) -> None:
    with Daemon(tmp_path, "--registration", "open", "--scram", bin_dir=installed / "bin") as daemon:
        with daemon.member("ann", "#den") as ann:
            ann.send(b"MSG hello\n")
        assert daemon.terminate() == 0


def test_the_documentation_is_there_and_its_links_hold(kit: Path) -> None:
    assert (kit / "docs/README.rst").read_text().startswith("chatd\n")
    assert (kit / "docs/docs/protocol.rst").is_file()
    assert (kit / "docs/docs/images/page-wide.png").is_file()
    assert not (kit / "docs/docs/conf.py").exists()


def test_a_kit_that_was_changed_is_not_installed(kit: Path, tmp_path: Path) -> None:
    changed = shutil.copytree(kit, tmp_path / "changed")
    (wheel,) = changed.glob("wheels/chatd-*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    done = run("sh", changed / "install", tmp_path / "target")
    assert done.returncode == 1
    assert "the files of this kit have changed" in done.stderr
    assert not (tmp_path / "target").exists()


def test_another_python_and_a_folder_in_use_are_refused(kit: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    assert "contains other files" in run("sh", kit / "install", tmp_path).stderr
    other = shutil.copytree(kit, tmp_path / "other")
    script = other / "install"
    script.write_text(script.read_text().replace(f"3.{sys.version_info.minor}", "3.99"))
    assert "this kit needs Python 3.99" in run("sh", script, tmp_path / "target").stderr


def test_what_was_installed_from_a_kit_makes_the_same_kit_again(kit: Path, installed: Path, tmp_path: Path) -> None:
    refused = run(installed / "bin/chatd", "kit", tmp_path / "again")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 2)
    assert run(installed / "bin/python", "-m", "ensurepip").returncode == 0
    made = run(installed / "bin/chatd", "kit", tmp_path / "again", "--extras", "none")
    assert made.returncode == 0, made.stderr
    first, second = (next(each.glob("wheels/chatd-*.whl")) for each in (kit, tmp_path / "again"))
    assert contents(first) == contents(second)
    assert (tmp_path / "again/docs/README.rst").read_text() == (kit / "docs/README.rst").read_text()


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("RECORD")}
