"""The Debian packages have what they need where Debian looks for it. ``packaging/try deb`` installs them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.daemon import environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="only Debian and its kin have dpkg-deb"),
]

ROOT = Path(__file__).parents[2]
MINUTES = 600
"""Seconds that pip may take."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the packages, and what is in each of them in a folder of its name."""
    folder = tmp_path_factory.mktemp("packages")
    done = subprocess.run(
        [ROOT / "packaging/debian/build", folder],
        check=False,
        env=environment() | {"PYTHON": sys.executable, "MAINTAINER": "ann <ann@example.org>", "ARCH": "amd64"},
        capture_output=True,
        text=True,
        timeout=MINUTES,
    )
    assert done.returncode == 0, done.stderr
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--raw-extract", package, folder / package.name.partition("_")[0]], check=True)
    return folder


@pytest.mark.parametrize("script", ["debian/build", "try"])
def test_folders_in_the_checkout_are_not_taken_for_what_is_installed(script: str) -> None:
    words = re.search(r'"\$python" (.*-c) \'(import chatd, twisted)\'', (ROOT / "packaging" / script).read_text())
    assert words is not None
    without_packages = [sys.executable, "-S", *words[1].split(), words[2]]
    done = subprocess.run(without_packages, check=False, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert "No module named 'chatd'" in done.stderr


def control(folder: Path) -> dict[str, str]:
    """Return the fields of a package that are one line."""
    lines = (folder / "DEBIAN/control").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if not line.startswith(" "))


def test_they_depend_on_the_python_that_they_are_compiled_for(built: Path) -> None:
    fields = control(built / "chatd")
    assert fields["Architecture"] == "amd64"
    assert fields["Version"].endswith("-1~deb12")
    assert "python3 (>= 3.11), python3 (<< 3.12)" in fields["Depends"]
    assert "python3-tk" in control(built / "chatd-client")["Depends"]
    for package in ("chatd", "chatd-client"):
        libraries = [path.name for path in (built / package).rglob("*.so")]
        assert libraries
        assert [name for name in libraries if "cpython" in name and "cpython-311-x86_64" not in name] == []
        assert list((built / package).rglob("*.py[co]")) == []


def test_the_daemon_is_a_service_with_a_configuration(built: Path) -> None:
    files = built / "chatd"
    units = {path.name: path.read_text() for path in (files / "lib/systemd/system").iterdir()}
    assert {"chatd.service", "chatd.socket", "chatd-backup.timer"} <= units.keys()
    assert "\nExecStart=/usr/bin/chatd --config /etc/chatd/chatd.toml\n" in units["chatd.service"]
    assert not any("@CHATD@" in text or "@USER@" in text or "@STATE@" in text for text in units.values())
    assert (files / "DEBIAN/conffiles").read_text() == "/etc/chatd/chatd.toml\n"
    wanted = {"storage": {"state-directory": "/var/lib/chatd"}}
    assert {k: v for k, v in tomllib.loads((files / "etc/chatd/chatd.toml").read_text()).items() if v} == wanted
    assert not (built / "chatd-client/lib").exists()


def test_nothing_is_in_the_way_of_other_packages(built: Path) -> None:
    for package in ("chatd", "chatd-client"):
        folder = built / package
        assert [path.name for path in (folder / "usr/bin").iterdir()] == [package]
        assert os.access(folder / "usr/bin" / package, os.X_OK)
        assert [path.name for path in (folder / "usr/lib").iterdir()] == [package]
        assert (folder / "usr/lib" / package / "twisted/plugins/chatd_plugin.py").is_file()


def test_the_terms_of_all_that_is_in_them_are_named(built: Path) -> None:
    text = (built / "chatd/usr/share/doc/chatd/copyright").read_text()
    projects = {path.name.partition("-")[0] for path in (built / "chatd/usr/lib/chatd").glob("*.dist-info")}
    assert {"twisted", "cryptography", "websockets"} <= projects
    assert text.count("\nFiles: ") == len(projects) + 1
    assert (built / "chatd/usr/share/doc/chatd/docs/protocol.rst").is_file()


def test_the_manual_and_the_completion_come_along(built: Path) -> None:
    share = built / "chatd/usr/share"
    assert (share / "man/man1/chatd.1.gz").is_file() and (share / "man/man5/chatd.toml.5.gz").is_file()
    assert (built / "chatd-client/usr/share/man/man1/chatd-client.1.gz").is_file()
    assert not (share / "man/man1/chatd-client.1.gz").exists()
    assert (share / "bash-completion/completions/chatd").stat().st_size


@pytest.mark.parametrize(
    ("variables", "why"),
    [({"DEBIAN": "11"}, "DEBIAN is 12 or 13, not 11"), ({"ARCH": "sparc"}, "ARCH is amd64 or arm64, not sparc")],
)
def test_what_cannot_be_built_is_one_line(variables: dict[str, str], why: str, tmp_path: Path) -> None:
    command = [ROOT / "packaging/debian/build", tmp_path]
    done = subprocess.run(command, check=False, env=environment() | variables, capture_output=True, text=True)
    assert done.returncode == 1
    assert why in done.stderr and len(done.stderr.splitlines()) == 1
