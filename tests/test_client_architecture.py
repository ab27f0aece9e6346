"""What the client's state may know: the standard library, the protocol, and nothing that waits or draws."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import chatd.client
from tests.test_architecture import PROTOCOL, imports

ROOT = Path(chatd.client.__file__).parent
PURE = [
    "changes",
    "completion",
    "folding",
    "happenings",
    "lines",
    "members",
    "mention",
    "outbox",
    "recall",
    "replies",
    "room",
    "rulings",
    "settings",
    "slash",
    "timeline",
    "transcript",
    "trust",
]


@pytest.mark.parametrize("name", PURE)
def test_the_clients_state_knows_neither_window_nor_network_nor_clock(name: str) -> None:
    found = imports(ROOT / f"{name}.py")
    ours = {each.split(".")[1] for each in found if each.startswith("chatd.")}
    assert ours <= PROTOCOL | {"client"}
    inside = {each.split(".")[2] for each in found if each.startswith("chatd.client.")}
    assert inside <= set(PURE)
    tops = {each.split(".")[0] for each in found}
    assert tops <= set(sys.stdlib_module_names) | {"chatd"} | ({"platformdirs"} if name == "settings" else set())
    assert not tops & {"tkinter", "twisted", "socket", "time", "asyncio", "random", "secrets", "threading"}
