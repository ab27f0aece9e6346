"""What is built can be installed, and then works from anywhere."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from benchmarks.ports import free_ports
from chatd import __version__
from tests.support.daemon import Client, Daemon, environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MINUTES = 600
"""Seconds that an installation may take: it may have to fetch what the project needs."""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command to its good end and return what it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=MINUTES,
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is built from, with the litter that running it leaves behind."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "README.rst", "LICENSE", "LICENSE.unicode"):
        shutil.copy(ROOT / name, tree)
    for name in ("chatd", "docs", "examples", "twisted"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "dropin.cache"))
    (tree / "twisted" / "plugins" / "dropin.cache").write_bytes(b"litter")
    (tree / "chatd" / "__pycache__").mkdir()
    (tree / "chatd" / "__pycache__" / "litter.cpython-311.pyc").write_bytes(b"litter")
    return tree


@pytest.fixture(scope="session")
def built(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the wheel and the sdist."""
    target = tmp_path_factory.mktemp("dist")
    isolation = ["--no-isolation"] if find_spec("hatchling") else []
    run(sys.executable, "-m", "build", *isolation, "--outdir", target, tree, cwd=target)
    return target


def only(directory: Path, pattern: str) -> Path:
    (found,) = directory.glob(pattern)
    return found


@pytest.fixture(scope="session", params=["wheel", "sdist", "editable"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the commands of a fresh environment that chatd was installed into."""
    what: list[str | Path]
    if request.param == "editable":
        tree = request.getfixturevalue("tree")
        (tree / "twisted" / "plugins" / "dropin.cache").unlink(missing_ok=True)
        what = ["--editable", tree]
    else:
        built = request.getfixturevalue("built")
        what = [only(built, "*.whl" if request.param == "wheel" else "*.tar.gz")]
    place = tmp_path_factory.mktemp(request.param)
    run(sys.executable, "-m", "venv", place / "venv", cwd=place)
    commands = place / "venv" / "bin"
    run(commands / "python", "-m", "pip", "install", "--disable-pip-version-check", *what, cwd=place)
    return commands


def test_twistd_lists_chatd(installed: Path, tmp_path: Path) -> None:
    lines = run(installed / "twistd", "--help", cwd=tmp_path).splitlines()
    assert [line.split()[1:4] for line in lines if line.split()[:1] == ["chatd"]] == [["A", "chat", "server"]]


def test_it_starts_and_serves(installed: Path, tmp_path: Path) -> None:
    with Daemon(tmp_path, bin_dir=installed) as daemon:
        with daemon.member("ann", "#den") as ann, daemon.member("bob", "#den") as bob:
            bob.send(b"MSG hello\n")
            assert [ann.line(), ann.line()] == ["JOIN bob #den", "MSG bob #den hello"]
        assert daemon.terminate() == 0
        assert "Traceback" not in daemon.log()


def test_the_command_tells_its_version(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "chatd", "--version", cwd=tmp_path) == f"chatd {__version__}\n"


def test_tls_that_is_not_installed_is_asked_for_in_one_line(installed: Path, tmp_path: Path) -> None:
    command = [str(installed / "chatd"), "--listen", "ssl:0:privateKey=key.pem"]
    done = subprocess.run(
        command, check=False, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=MINUTES
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    wanted = "'pyopenssl>=24.3' 'twisted[tls]>=26.10'"
    assert line.endswith(f"needs TLS, which is not installed: {installed / 'python'} -m pip install {wanted}")


def test_the_wheel_has_no_more_than_it_needs(built: Path) -> None:
    with zipfile.ZipFile(only(built, "*.whl")) as timers:
        names = set(timers.namelist())
    kinds = ("*.py", "*.sh", "*.sql", "*.txt")
    expected = {str(path.relative_to(ROOT)) for kind in kinds for path in (ROOT / "chatd").rglob(kind)}
    expected |= {"chatd/py.typed", "twisted/plugins/chatd_plugin.py"}
    folders = ("chatd/edges/web/page", "chatd/edges/web/sign_on_page", "chatd/units")
    expected |= {str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).iterdir()}
    docs = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.*") if "_site" not in path.parts}
    docs -= {"docs/conf.py", "docs/changelog.rst", "docs/development/contributing.rst"}
    assert {"docs/index.rst", "docs/development/words.rst", "docs/images/page-wide.png"} <= docs
    expected |= {f"chatd/{path}" for path in docs}
    information = f"chatd-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(information)} == expected
    for license_ in ("LICENSE", "LICENSE.unicode"):
        assert any(name.startswith(information) and name.endswith(license_) for name in names)


def test_the_sdist_has_no_litter(built: Path) -> None:
    with tarfile.open(only(built, "*.tar.gz")) as sdist:
        names = sdist.getnames()
    assert f"chatd-{__version__}/twisted/plugins/chatd_plugin.py" in names
    assert f"chatd-{__version__}/examples/echo_bot.py" in names
    assert [name for name in names if name.endswith((".pyc", "dropin.cache", "twisted/__init__.py"))] == []


FIRST = "python3 -m venv .venv"
"""What stands in the command that a newcomer pastes first."""


def pasted(page: str, holds: str) -> str:
    """Return the one block of a page that holds some text."""
    blocks = re.findall(r"^\.\. code-block:: \w+\n\n((?:    .*\n|\n)+)", (ROOT / page).read_text(), re.MULTILINE)
    (block,) = (block for block in blocks if holds in block)
    return dedent(block).strip()


def test_the_first_commands(tree: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(tree, checkout)
    first = pasted("README.rst", FIRST)
    assert pasted("docs/start.rst", FIRST) == first
    line, page = free_ports(2)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", first.replace("10319", str(line))],
            cwd=checkout,
            env=environment() | {"PATH": path, "CHATD_WEB": str(page)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + MINUTES
        while "the page is at" not in log.read_text() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        for shown in pasted("docs/start.rst", "the page is at").splitlines():
            assert shown.replace("10319", str(line)).replace("10380", str(page)) in log.read_text()
        with Client(("127.0.0.1", line)) as bob:
            bob.send(b"JOIN bob #builds\nMSG hello\nQUIT\n")
            assert bob.rest()[-1].startswith("BYE quit taken=all ")
        asked = urllib.request.Request(f"http://127.0.0.1:{page}/builds", headers={"Accept": "text/html"})
        with urllib.request.urlopen(asked) as answer:
            assert b"<html" in answer.read()
    finally:
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C
    assert process.wait(MINUTES) in (0, -signal.SIGINT)
    install, start = pasted("docs/start.rst", "chatd-client").splitlines()
    run("bash", "-c", install, cwd=checkout)
    assert run("bash", "-c", f"{start} --version", cwd=checkout) == f"chatd {__version__}\n"
