"""What is missing is asked for with a line that can be pasted, and nobody is sent to an index that has no chatd."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from chatd.runtime import extras

ROOT = Path(__file__).parents[2]
DECLARED = (
    "twisted>=26.10",
    'pyopenssl >= 24.3 ; extra == "tls"',
    "twisted[tls]>=26.10; (python_version > '3') and extra == 'tls'",
    "argon2-cffi>=23.1; extra == 'accounts'",
)


def test_an_extra_is_what_its_lines_add() -> None:
    assert extras.requirements(DECLARED, "tls") == ["pyopenssl>=24.3", "twisted[tls]>=26.10"]
    assert extras.requirements(DECLARED, "accounts") == ["argon2-cffi>=23.1"]
    assert extras.requirements(DECLARED, "none") == []


def test_the_command_can_be_pasted() -> None:
    for extra in extras.names():
        packages = shlex.split(extras.install_command(extra))[4:]
        assert packages == extras.requirements(metadata.requires("chatd") or [], extra)
    words = shlex.split(extras.install_command("accounts"))
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    done = subprocess.run([*words, "--dry-run", "--no-index"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_outside_a_virtual_environment_it_is_that_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert extras.install_command("accounts") == "pip install 'argon2-cffi>=23.1'"


def test_where_uv_made_an_environment_without_pip_uv_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/uv")
    monkeypatch.setattr(sys, "prefix", "/home/ann/the chat")
    wanted = "uv pip install --python '/home/ann/the chat' 'argon2-cffi>=23.1'"
    assert extras.install_command("accounts") == wanted


def test_a_tree_that_was_never_installed_names_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "PROJECT", "no-such-project")
    assert extras.install_command("tls").endswith(" -m pip install '.[tls]'")


def test_a_sentence_names_what_is_missing() -> None:
    wanted = extras.install_command("lan")
    assert extras.missing("zeroconf", "lan") == f"needs zeroconf, which is not installed: {wanted}"


def test_nobody_is_told_to_get_chatd_from_an_index() -> None:
    promised = re.compile(r"(?:pip|pipx|uv tool) install (?:--\S+ )*['\"]?chatd\b(?!-)")
    kinds = {".py", ".rst", ".md", ".toml", ".html", ".js", ".sh", ".yml", ".service", ""}
    folders = ("chatd", "docs", "examples", "tools", "packaging", "changes", "benchmarks")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".")]
    texts = {path: path.read_text(errors="replace") for path in files if path.suffix in kinds}
    assert len(texts) > 100
    assert [str(path.relative_to(ROOT)) for path, text in texts.items() if promised.search(text)] == []
