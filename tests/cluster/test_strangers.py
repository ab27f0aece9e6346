"""What others on NATS can do to nodes, and what nodes must be allowed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nats
import pytest

from tests.support.nats_servers import nats_server
from tests.support.node_processes import eventually, nodes, person

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.rst"
STRANGE: Sequence[Any] = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"{}",
    b"[" * 20_000,
    {"from": "r", "n": 1, "i": 0, "kind": "MSG"},
    {"from": "r", "n": "1", "i": 0, "kind": "MSG", "nick": "eve", "room": "#den", "text": "a"},
    {"from": "r", "n": 1, "i": 0, "kind": "DANCE", "nick": "eve", "room": "#den", "text": "a"},
    {"from": "r", "n": 1, "i": 0, "kind": "MSG", "nick": "eve", "room": "den", "text": "a"},
    {"from": "r", "n": 1, "i": 0, "kind": "MSG", "nick": "e\nBYE", "room": "#den", "text": "a"},
    {"from": "r", "n": 1, "i": 0, "kind": "SET", "nick": "eve", "room": "#den", "text": "{"},
    {"from": "r", "n": 1, "i": 0, "kind": "BAN", "nick": "eve", "room": "#den", "text": ""},
    {"from": "r", "n": 1, "i": 0, "kind": "BAN", "nick": "eve", "room": "#den", "text": "bob", "reach": "bob"},
    {"from": "r", "n": 1, "i": 0, "kind": "JOIN", "nick": "eve", "room": "#den", "card": {"speed": 11}},
    {"from": "r", "n": 1, "i": 0, "kind": "JOIN", "nick": "eve", "room": "#den", "card": {"person": 7, "nick": []}},
    {"from": "r", "n": 1, "i": 0, "kind": "NICK", "nick": "eve", "text": "\x1b[2J"},
    {"from": "r", "n": 1, "i": 0, "kind": "PART", "nick": "ann", "room": "#den", "text": "\r\nBYE quit"},
]


def publish(url: str, subjects: Sequence[str], payloads: Sequence[Any]) -> None:
    """Publish things to subjects, as any other program on NATS may that is let."""

    async def all_of_them() -> None:
        client = await nats.connect(url)
        for subject in subjects:
            for payload in payloads:
                data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
                await client.publish(subject, data)
                await client.publish(subject, data, reply="nobody.listens")
        await client.flush()
        await client.close()

    asyncio.run(all_of_them())


def test_what_no_node_would_say_is_passed_over(tmp_path: Path) -> None:
    places = (
        "chatd.room.%23den",
        "chatd.room.elsewhere",
        "chatd.passing.r",
        "chatd.presence",
        "$KV.chatd-nodes.r",
    )
    with nats_server(tmp_path / "nats") as server, nodes(tmp_path, server.url, 2) as (east, west):
        with person(east, "ann", "#den") as ann, person(west, "bob", "#den") as bob:
            publish(server.url, places, STRANGE)
            assert ann.ask("MSG still here") == "MSG ann #den still here"
            bob.sees("MSG ann #den still here")
            assert ann.who("#den") == bob.who("#den") == {"ann", "bob"}
            assert ann.history("#den") == bob.history("#den")
            assert not [line for line in (*ann.tagged, *bob.tagged) if re.search(r"[\x00-\x1f\x7f-\x9f]", line)]
        third = west.folder / "again"
        with nodes(third, server.url, 1) as (late,), person(late, "carol", "#den") as carol:
            eventually(lambda: carol.who("#den"), {"carol"})
        for node in (east, west):
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", node.log())


def test_what_the_documentation_lets_a_node_do_is_enough(tmp_path: Path) -> None:
    text = " ".join(DOCUMENT.read_text().partition("A node needs ")[2].partition("; whoever")[0].split())
    both, _, publish_only = text.partition(", and ``publish`` on ")
    shared = re.findall(r"``(\S+\.>)``", both)
    allowed = [*shared, *re.findall(r"``(\S+\.>)``", publish_only)]
    assert len(shared) == len(allowed) - len(shared) == 3
    rights = f"publish: {json.dumps(allowed)}, subscribe: {json.dumps(shared)}"
    more = f"authorization {{ users: [{{ user: chat, password: chat, permissions: {{ {rights} }} }}] }}"
    with (
        nats_server(tmp_path / "nats", more) as server,
        nodes(tmp_path, f"nats://chat:chat@{server.address}", 2) as (east, west),
        person(east, "ann", "#den") as ann,
        person(west, "bob", "#den") as bob,
    ):
        ann.sees("JOIN bob #den")
        ann.ask("MSG hello")
        bob.sees("MSG ann #den hello")
        assert bob.ask("TELL ann hello") == "OK TELL ann stored=no"
        ann.sees("TELL bob hello")
        assert ann.ask("PART #den").startswith("OK PART ")
        bob.sees("PART ann #den")
        assert "ermissions" not in server.log(), server.log()
