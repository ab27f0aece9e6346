"""What the client's state may know: the standard library, the protocol, and nothing that waits or draws."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import chatd.client
from tests.unit.test_architecture import imports

ROOT = Path(chatd.client.__file__).parent
MODEL = sorted((ROOT / "model").glob("*.py"))


@pytest.mark.parametrize("path", MODEL, ids=lambda path: path.name)
def test_the_clients_state_knows_neither_window_nor_network_nor_clock(path: Path) -> None:
    found = imports(path)
    assert {each.split(".")[1] for each in found if each.startswith("chatd.")} <= {"protocol", "client"}
    assert {each.split(".")[2] for each in found if each.startswith("chatd.client.")} <= {"model"}
    tops = {each.split(".")[0] for each in found}
    allowed = {"platformdirs"} if path.name == "settings.py" else set()
    assert tops <= set(sys.stdlib_module_names) | {"chatd"} | allowed
    assert not tops & {"tkinter", "twisted", "socket", "time", "asyncio", "random", "secrets", "threading"}
