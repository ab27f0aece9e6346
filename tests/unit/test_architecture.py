"""The packages by layer: which may import which, and that no import goes in a circle, type hints included."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import get_args

import pytest

import chatd
from chatd.chat.handlers import HANDLERS
from chatd.protocol.commands import Command
from chatd.protocol.verbs import VERBS

ROOT = Path(chatd.__file__).parent

MAY_IMPORT: Mapping[str, set[str]] = {
    "protocol": set(),
    "runtime": {"protocol"},
    "model": {"protocol"},
    "tls": {"protocol", "runtime"},
    "journal": {"model", "protocol", "runtime"},
    "accounts": {"protocol", "runtime"},
    "chat": {"accounts", "journal", "model", "protocol", "runtime"},
    "edges": {"chat", "model", "protocol", "runtime"},
    "hooks": {"journal", "model", "protocol", "runtime"},
    "oidc": {"accounts", "protocol", "runtime"},
    "importing": {"protocol"},
    "feeder": {"protocol", "runtime", "tls"},
    "app": {
        "accounts",
        "chat",
        "edges",
        "feeder",
        "hooks",
        "importing",
        "journal",
        "model",
        "oidc",
        "protocol",
        "runtime",
        "tls",
    },
    "client": {"protocol", "runtime", "tls"},
    "bot": {"protocol", "runtime"},
    "testing": {"chat", "edges", "journal", "protocol"},
    "__main__": {"app"},
}
"""What a package may import beside itself and the version."""
INSIDE_THE_CLIENT: Mapping[str, set[str]] = {
    "model": set(),
    "net": {"model"},
    "view": {"model", "net"},
    "application": {"model", "net", "view"},
    "__main__": {"application", "model", "net", "view"},
}


def module_of(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Return the dotted names that a module imports, wherever in it, type hints included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def graph(root: Path) -> dict[str, set[str]]:
    """Return which modules of the package in ``root`` each of them imports."""
    modules = {module_of(path, root): path for path in sorted(root.rglob("*.py"))}
    name = root.name
    arrows: dict[str, set[str]] = {}
    for module, path in modules.items():
        ours = {each for each in imports(path) if each == name or each.startswith(f"{name}.")}
        arrows[module] = {each if each in modules else each.rpartition(".")[0] for each in ours} - {module, name}
    return arrows


def wrong_arrows(arrows: Mapping[str, set[str]]) -> list[str]:
    """Return the imports that go against the tables."""
    wrong: list[str] = []
    for module, targets in arrows.items():
        _, package, *inside = [*module.split("."), ""]
        for target in targets:
            _, to, *inside_to = [*target.split("."), ""]
            inside_out = inside_to[0] not in {inside[0], *INSIDE_THE_CLIENT.get(inside[0], ())}
            if (to != package and to not in MAY_IMPORT.get(package, ())) or (to == package == "client" and inside_out):
                wrong.append(f"{module} -> {target}")
    return wrong


ARROWS = graph(ROOT)


def test_the_tables_name_every_package() -> None:
    assert {module.split(".")[1] for module in ARROWS if "." in module} == MAY_IMPORT.keys()


def test_arrows_point_one_way() -> None:
    assert wrong_arrows(ARROWS) == []


def test_no_import_goes_in_a_circle() -> None:
    TopologicalSorter(ARROWS).prepare()


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("protocol/text.py", "from chatd.runtime import timers"),
        ("chat/room.py", "def later():\n    from chatd.edges.line import LineFactory"),
        ("client/model/room.py", "from chatd.client.view import window"),
    ],
)
def test_an_arrow_the_wrong_way_is_seen(tmp_path: Path, file: str, line: str) -> None:
    for name in (file, "runtime/timers.py", "edges/line.py", "client/view/window.py"):
        path = tmp_path / "chatd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "chatd" / file).write_text(line)
    assert len(wrong_arrows(graph(tmp_path / "chatd"))) == 1


def test_a_circle_is_seen_though_it_is_one_of_type_hints(tmp_path: Path) -> None:
    for name, other in (("hub", "room"), ("room", "hub")):
        path = tmp_path / "chatd" / "chat" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"if TYPE_CHECKING:\n    from chatd.chat.{other} import {other.title()}\n")
    with pytest.raises(CycleError):
        TopologicalSorter(graph(tmp_path / "chatd")).prepare()


def test_every_command_has_a_row_of_words_and_one_that_carries_it_out() -> None:
    commands = set(get_args(Command))
    assert {verb.command for verb in VERBS.values()} == commands
    assert HANDLERS.keys() == commands


@pytest.mark.parametrize("path", sorted((ROOT / "protocol").glob("*.py")), ids=lambda path: path.name)
def test_the_protocol_knows_neither_twisted_nor_sockets_nor_the_time(path: Path) -> None:
    tops = {name.split(".")[0] for name in imports(path)}
    assert not tops & {"twisted", "zope", "socket", "time", "asyncio", "random", "secrets"}


@pytest.mark.parametrize("path", sorted((ROOT / "chat").rglob("*.py")), ids=lambda path: path.name)
def test_the_domain_knows_no_transport(path: Path) -> None:
    twisted = {name for name in imports(path) if name.startswith("twisted.")}
    allowed = ("twisted.logger", "twisted.internet.interfaces.IDelayedCall", "twisted.internet.interfaces.IReactorTime")
    loop = ("twisted.internet.task.LoopingCall", "twisted.internet.defer.", "twisted.python.failure.Failure")
    assert all(name.startswith(allowed + loop) for name in twisted), twisted


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: module_of(path, ROOT))
def test_nobody_takes_the_reactor_for_granted(path: Path) -> None:
    top_level = ast.Module([n for n in ast.parse(path.read_text()).body if isinstance(n, ast.ImportFrom)], [])
    names = {f"{n.module}.{a.name}" for n in ast.walk(top_level) if isinstance(n, ast.ImportFrom) for a in n.names}
    assert "twisted.internet.reactor" not in names


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: module_of(path, ROOT))
def test_no_parameter_of_sqlite_is_numbered(path: Path) -> None:
    assert not re.search(r"\?[1-9]", path.read_text()), "CPython warns of these from 3.12 on: name them, or number none"
