"""A real window at two real servers: each hears what is said to it, and one may go and come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Client, Daemon
from tests.support.display import virtual_display
from tests.support.windows import MISSING_TOOLS, Screen, started

pytestmark = pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS)


@pytest.fixture
def screen() -> Iterator[Screen]:
    with virtual_display() as display:
        yield Screen(display)


def daemon(folder: Path, port: int) -> Daemon:
    folder.mkdir(exist_ok=True)
    return Daemon(folder, "--listen", f"tcp:{port}:interface=127.0.0.1")


def test_a_window_at_two_servers(tmp_path: Path, screen: Screen) -> None:
    ports = free_ports(2)
    servers = [
        {"address": f"127.0.0.1:{port}", "nick": nick, "rooms": ["#den"]}
        for port, nick in zip(ports, ("ann", "ann.b"), strict=True)
    ]
    kept = tmp_path / "ann" / "config" / "chatd" / "client.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"servers": servers}))
    with ExitStack() as stack:
        home, work = (stack.enter_context(daemon(tmp_path / str(port), port)) for port in ports)
        bob = stack.enter_context(home.member("bob", "#den"))
        carol = stack.enter_context(work.member("carol", "#den"))
        ann = stack.enter_context(started(screen, tmp_path / "ann"))
        bob.until(lambda line: line == "JOIN ann #den")
        carol.until(lambda line: line == "JOIN ann.b #den")
        ann.say("to the one in front")
        bob.until(lambda line: line == "MSG ann #den to the one in front")
        ann.press("alt+Down")
        ann.say("to the other")
        carol.until(lambda line: line == "MSG ann.b #den to the other")
        assert "to the one in front" not in "\n".join(ann.seen())
        assert work.terminate() == 0
        ann.say("while it is down")
        bob.send(b"MSG still here\n")
        ann.press("alt+Down")
        ann.wait_for("still here")
        back = stack.enter_context(daemon(tmp_path / str(ports[1]), ports[1]))
        dave = stack.enter_context(Client(("127.0.0.1", back.port)))
        dave.send(b"JOIN dave #den last=10\n")
        dave.until(lambda line: "while it is down" in line)
        assert ann.end() == 0
        assert "Traceback" not in ann.log()
    assert json.loads(kept.read_text())["servers"] == servers
