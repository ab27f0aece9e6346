"""What is planned for nodes with a core each: what is measured for it, and what is computed of that."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from benchmarks.cluster import __main__ as program
from benchmarks.cluster import plan
from benchmarks.cluster.load import Crowd, Load, State, Work
from benchmarks.cluster.people import Listener, WrongError
from benchmarks.cluster.plan import SHAPES, Costs, Measured, Plan, Shape, Trial
from benchmarks.cluster.processes import Running, Setup, running
from benchmarks.cluster.stream import Taken

pytestmark = pytest.mark.slow

ONE = Setup("SQLite", 1, 0, "")
PUBLISH, READ, DELIVER = 20.0, 30.0, 0.5


def trial(speaking: float, listening: float) -> Trial:
    """Return what two nodes spend of which only the first has people who speak, by these costs."""
    return Trial([PUBLISH + READ + speaking * DELIVER, READ + listening * DELIVER], [speaking, listening], 40)


def measured(nats: float = 40) -> Measured:
    costs = Costs(PUBLISH, READ, DELIVER)
    everywhere = {nodes: Trial([costs.message(nodes, 12)] * nodes, [12 / nodes] * nodes, nats) for nodes in (1, 3)}
    return Measured(trial(3, 1), trial(3, 9), everywhere)


def test_costs_are_found_in_what_two_nodes_spend() -> None:
    assert measured().costs == pytest.approx((PUBLISH, READ, DELIVER))


def test_a_message_is_published_once_and_read_by_all() -> None:
    costs = Costs(PUBLISH, READ, DELIVER)
    assert [costs.message(nodes, 12) for nodes in (1, 2, 3)] == pytest.approx([56, 43, 20 / 3 + 30 + 2])


def test_what_a_message_cost_is_a_part_of_what_was_spent() -> None:
    spent = State(2, 1000, [3000, 9000], [0.05, 0.03], [0.01, 0.02], 1, 2)
    cost = plan.trial(spent)
    assert cost.nodes == pytest.approx([50, 30])
    assert cost.deliveries == [3, 9]
    assert cost.nats == pytest.approx(20)


def test_the_lowest_bound_is_named() -> None:
    shape = SHAPES[1]
    for bound, nats, takes in (("nodes", 1.0, 1e6), ("NATS", 500.0, 1e6), ("the stream", 1.0, 100.0)):
        of_shape = measured(nats)._replace(many=trial(3, 9)._replace(nats=nats))
        taken = {10: Taken(1, 9), 100: Taken(takes, 5)}
        found = plan.report(Plan({shape: of_shape}, taken, dict.fromkeys(plan.INDEX_BATCHES, 7.0)))
        rows = [re.split("  +", line) for line in found.splitlines() if line.startswith(shape.name)][-3:]
        assert [row[4] for row in rows] == [bound] * 3
    assert [row[2] for row in rows] == ["100"] * 3
    one_node = 1e6 / (PUBLISH + READ + shape.members * DELIVER)
    assert rows[0][5] == f"nodes, {one_node:,.0f}"


def test_rooms_are_loaded_side_by_side_and_one_after_the_other(tmp_path: Path) -> None:
    crowd = Crowd(2, 88, rooms=3)  # more come and go than an address may by default
    with running(ONE, tmp_path) as started:
        for first in (0, 3, 6):
            with Load(started, crowd, first) as load:
                spent = load.spend(Work("", window=1), 0.1, [])
                assert spent.messages > 0


def test_who_speaks_and_who_listens_are_apart(tmp_path: Path) -> None:
    with running(ONE, tmp_path) as first, running(ONE, tmp_path) as last:
        both = Running([*first.ports, *last.ports], [], [])
        for crowd, places in ((Crowd(2, 2, apart=True), "FFLL"), (Crowd(2, 2), "FLFL")):
            with Load(both, crowd) as load:
                assert "".join("FL"[one.port == both.ports[1]] for one in load._everybody) == places


def test_another_order_in_the_second_room_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = Listener.take

    def doubled(self: Listener, data: bytes) -> None:
        take(self, data + data if self.nick == b"l0001-001" else data)

    monkeypatch.setattr(Listener, "take", doubled)
    with (
        running(ONE, tmp_path) as started,
        Load(started, Crowd(1, 2, rooms=2)) as load,
        pytest.raises(WrongError, match="l0001-001 was told other messages"),
    ):
        load.spend(Work("", window=1), 0.2, [])


def test_the_command_plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    few, many = Crowd(1, 1, 2, apart=True), Crowd(1, 3, 2, apart=True)
    small = Shape("small", few, many, Crowd(1, 3, 2), Work("", window=1), 4)
    monkeypatch.setattr(plan, "SHAPES", [small])
    monkeypatch.setattr(plan, "_INDEX_MESSAGES", 1000)
    monkeypatch.setattr(program, "raise_file_limit", lambda: None)
    where = ["--directory", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["benchmarks.cluster", "--plan", "--seconds", "0.2", "--repeat", "1", *where])
    program.main()
    printed = capsys.readouterr()
    assert printed.err == ""
    planned = [line.split() for line in printed.out.splitlines() if line.startswith("small ")]
    assert [line[1] for line in planned[-3:]] == ["1", "2", "3"]
    assert list(tmp_path.iterdir()) == []
