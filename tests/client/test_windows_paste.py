"""A real window, and programs of every kind that something is pasted from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from chatd.client.model.pasting import MAX_PASTED
from tests.support.daemon import Daemon, wait_until
from tests.support.display import virtual_display
from tests.support.selection_owner import given, owner
from tests.support.windows import MISSING_TOOLS, NOTHING, RealWindow, Screen, started

pytestmark = pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS)
MUCH = "".join(f"line {number:06} \u00e9\n" for number in range(100_000))


@pytest.fixture
def screen() -> Iterator[Screen]:
    with virtual_display() as display:
        yield Screen(display)


@pytest.fixture
def window(screen: Screen, tmp_path: Path) -> Iterator[RealWindow]:
    """A window in whose message field one types."""
    (port,) = free_ports(1)
    with (
        Daemon(tmp_path, "--listen", f"tcp:{port}:interface=127.0.0.1"),
        started(screen, tmp_path / "ann", f"127.0.0.1:{port}", "--name", "ann", "--room", "#den") as ann,
    ):
        ann.wait_for("ann has joined")
        ann.click_field()
        wait_until(lambda: ann.holds("some text"), lambda: f"a field that can be typed into {ann.log()}")
        yield ann
        assert "Traceback" not in ann.log()


def content(screen: Screen) -> str:
    """Return what stands where the focus is."""
    screen.clip(NOTHING)
    screen.do("xdotool", "key", "--delay", "5", "ctrl+a", "ctrl+c")
    return screen.do("timeout", "5", "xclip", "-o", "-selection", "clipboard", "-t", "UTF8_STRING")


@pytest.mark.parametrize("manner", ["utf8", "string", "incr"])
def test_what_another_program_has_is_pasted(screen: Screen, window: RealWindow, manner: str) -> None:
    with owner(manner, "caf\u00e9") as other:
        screen.do("xdotool", "key", "ctrl+a", "ctrl+v")
        assert given(other)
        wait_until(lambda: content(screen) == "caf\u00e9", lambda: f"a paste {window.log()}")


def test_the_middle_button_pastes_what_is_selected(screen: Screen, window: RealWindow) -> None:
    with owner("utf8", "selected", "PRIMARY"):
        window.click_field("2")
        wait_until(lambda: "selected" in content(screen), lambda: f"a paste {window.log()}")


def test_a_program_that_hangs_stops_nothing(screen: Screen, window: RealWindow) -> None:
    with owner("hangs", "never"):
        screen.do("xdotool", "key", "ctrl+v")
        # Tk itself comes back after five seconds.
        assert window.holds("still alive", patience=3)
        screen.do("xdotool", "key", "Escape")
        assert window.holds("and goes on", patience=30)


def test_much_is_cut_after_a_question(screen: Screen, window: RealWindow) -> None:
    with owner("incr", MUCH) as other:
        screen.do("xdotool", "key", "ctrl+v")
        assert given(other)
    # While there is a question, its first answer has the focus, and not the text. A window that only is late with a
    # copy is so no ten times in a row.
    wait_until(lambda: all(content(screen) == NOTHING for _ in range(10)), lambda: f"a question {window.log()}")
    screen.do("xdotool", "key", "Return")
    pasted = ""

    def has_pasted() -> bool:
        nonlocal pasted
        pasted = content(screen)
        return pasted.startswith("line 000000")

    wait_until(has_pasted, lambda: f"a paste {window.log()}")
    assert len(pasted) <= MAX_PASTED
    assert MUCH.startswith(pasted + "\n")
