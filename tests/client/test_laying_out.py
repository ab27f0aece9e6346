"""Long lines from right to left: those that are seen have the new width at once, the others a moment later."""

from __future__ import annotations

import pytest

from chatd.client.view import laying_out
from chatd.client.view.bidi_rows import FROM_RIGHT
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def test_what_is_not_seen_is_laid_out_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laying_out, "SLICE_SECONDS", 0.0)
    desk.window.glyphs.shapes = False
    desk.root.geometry("1000x680")
    desk.join("ann")
    for _ in range(20):
        desk.said("bob", "שלום abc " * 100)
    desk.turn()
    rows = desk.window.talk.rows
    numbers = rows.laid_out_here()
    assert len(numbers) == 20
    done: list[int] = []
    lay_out = rows.lay_out_again

    def noted(those: list[int]) -> None:
        done.extend(those)
        lay_out(those)

    monkeypatch.setattr(rows, "lay_out_again", noted)
    desk.root.geometry("800x680")
    desk.turn()
    at_once = len(done)
    assert 0 < at_once < 20
    assert numbers[-1] in done
    while set(done) != set(numbers):
        desk.root.update()
    assert desk.window.talk.text.tag_ranges(FROM_RIGHT)
