"""How often the window draws."""

from __future__ import annotations

import pytest

from chatd.client.view.drawing import FRAME_SECONDS
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def test_what_comes_in_quick_succession_is_drawn_together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.join()
    desk.turn()
    desk.clock.advance(1)
    desk.clock.advance(1)  # so that what the join changed is drawn and its time over
    drawn: list[int] = []
    draw = desk.window.talk.draw

    def count(first: int) -> None:
        drawn.append(first)
        draw(first)

    monkeypatch.setattr(desk.window.talk, "draw", count)
    for n in range(200):
        desk.said("bob", f"line {n}")
        desk.clock.advance(0)
        if n == 0:
            assert len(drawn) == 1, "what comes after a pause is drawn at once"
        desk.clock.advance(0.005)
    assert len(drawn) <= 1 / FRAME_SECONDS + 2
    assert desk.shown()[-1].endswith("bob: line 199")
