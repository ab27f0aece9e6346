"""The benchmark of the way of a message runs, and names what it measures."""

from __future__ import annotations

import pytest

from benchmarks import domain


def test_every_layer_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "MESSAGES", 1152)
    cost = domain.run(1)
    assert cost.keys() == domain.TIMED.keys()
    head, *rows = domain.rows(cost)
    assert head == ["of a message", "microseconds"]
    assert all(float(figure) == pytest.approx(float(figure)) for _, figure in rows)
