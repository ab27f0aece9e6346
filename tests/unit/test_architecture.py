"""The arrows between the modules: edges to domain to protocol, and never back."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import chatd

ROOT = Path(chatd.__file__).parent
PROTOCOL = sorted((ROOT / "protocol").glob("*.py"))
DOMAIN = sorted((ROOT / "chat").rglob("*.py"))
MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def imports(path: Path) -> set[str]:
    """Return the dotted names that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", PROTOCOL, ids=lambda path: path.name)
def test_the_protocol_knows_neither_twisted_nor_sockets_nor_the_time(path: Path) -> None:
    tops = {name.split(".")[0] for name in imports(path)}
    assert not tops & {"twisted", "zope", "socket", "time", "asyncio", "random", "secrets"}


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: path.name)
def test_the_domain_knows_no_transport(path: Path) -> None:
    twisted = {name for name in imports(path) if name.startswith("twisted.")}
    allowed = ("twisted.logger", "twisted.internet.interfaces.IDelayedCall", "twisted.internet.interfaces.IReactorTime")
    loop = ("twisted.internet.task.LoopingCall", "twisted.internet.defer.", "twisted.python.failure.Failure")
    assert all(name.startswith(allowed + loop) for name in twisted), twisted


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_takes_the_reactor_for_granted(path: Path) -> None:
    top_level = ast.Module([n for n in ast.parse(path.read_text()).body if isinstance(n, ast.ImportFrom)], [])
    names = {f"{n.module}.{a.name}" for n in ast.walk(top_level) if isinstance(n, ast.ImportFrom) for a in n.names}
    assert "twisted.internet.reactor" not in names
