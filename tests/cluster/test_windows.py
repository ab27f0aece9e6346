"""Two real windows, each at a node of its own: they see each other, and one loses nothing when its node dies."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.client.test_windows import screen, window
from tests.support.nats_servers import nats_server
from tests.support.node_processes import nodes
from tests.support.windows import MISSING_TOOLS, Screen

__all__ = ["screen"]  # a fixture

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS)]


def test_windows_at_two_nodes_see_each_other_and_lose_nothing_when_a_node_is_started_again(
    tmp_path: Path,
    screen: Screen,
) -> None:
    with ExitStack() as stack:
        nats = stack.enter_context(nats_server(tmp_path / "nats"))
        east, west = stack.enter_context(nodes(tmp_path, nats.url, 2))
        ann = stack.enter_context(window(screen, tmp_path / "ann", "ann", east.port))
        bob = stack.enter_context(window(screen, tmp_path / "bob", "bob", west.port))
        ann.wait_for("bob joined")
        ann.say("hello from ann")
        bob.wait_for("hello from ann")
        bob.say("hello from bob")
        ann.wait_for("hello from bob")
        west.kill()
        ann.say("said while it was down")
        ann.wait_for("said while it was down")
        west.start()
        bob.wait_for("said while it was down")
        bob.say("and it is up again")
        ann.wait_for("and it is up again")
        said = ["hello from ann", "hello from bob", "said while it was down", "and it is up again"]
        for each in (ann, bob):
            seen = "\n".join(each.seen())
            assert [seen.count(text) for text in said] == [1, 1, 1, 1], seen
            assert [seen.index(text) for text in said] == sorted(seen.index(text) for text in said)
            assert "Traceback" not in each.log()
        assert ann.end() == bob.end() == 0
