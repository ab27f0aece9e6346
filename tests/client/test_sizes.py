"""Everything is as large to the eye on a display of many dots as on one of few."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.client import view
from tests.support.display import MISSING, virtual_display

DISTANCES = {
    "padx",
    "pady",
    "ipadx",
    "ipady",
    "padding",
    "wraplength",
    "minsize",
    "insertwidth",
    "spacing1",
    "spacing3",
}
MODULES = sorted(Path(view.__file__).parent.glob("*.py"))
SCRIPT = """
import json, sys
from tests.client.test_window import Desk
from chatd.client.view import pump
root, _ = pump.open_root()
desk = Desk(root)
first = root.winfo_width(), root.winfo_height()
desk.join()
for number in range(60):
    desk.said("bob", f"line {number}")
desk.turn()
window = desk.window
line = window.look.text.metrics("linespace")
sizes = {
    "window": first[0], "height of the window": first[1], "status line": window.status_line.winfo_height(),
    "header": window.header.winfo_height(), "button": window.field.button.winfo_height(),
    "field": window.field.text.winfo_height(), "filter": window.members.field.winfo_height(),
    "scrollbar": window.talk.scrollbar.winfo_width(), "side": window.talk.gutter.winfo_width(),
    "rooms": window.rooms.winfo_width(), "people": window.members.winfo_width(),
    "row": window.rooms.tree.bbox(window.rooms.tree.get_children()[0])[3],
}
window.preferences_sheet.ask()
desk.turn()
sheet = window.preferences_sheet
sizes |= {"sheet": sheet.card.winfo_width(), "height of the sheet": sheet.card.winfo_height()}
sizes |= {"tick": sheet.avatars.winfo_height(), "choice": sheet.themes[0].winfo_height()}
sheet.close()
window.ask_server()
desk.turn()
sizes["connect sheet"] = window.connect_sheet.card.winfo_height()
print(json.dumps({name: size / line for name, size in sizes.items()}))
"""


def numbers_in(value: ast.expr) -> Iterator[int]:
    """Return the numbers that stand there themselves, and are not reckoned."""
    for each in [value, *(value.elts if isinstance(value, ast.Tuple) else ())]:
        if isinstance(each, ast.Constant) and isinstance(each.value, int):
            yield each.value


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_no_distance_is_a_number_of_pixels(module: Path) -> None:
    calls = (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call))
    given = [keyword for call in calls for keyword in call.keywords if keyword.arg in DISTANCES]
    wrong = [f"line {each.value.lineno}: {each.arg}" for each in given if any(numbers_in(each.value))]
    assert wrong == [], "say it in points: '6p', or Look.pixels(6)"


def ratios(dpi: int) -> dict[str, float]:
    """Return how large things are, by the height of a line."""
    with virtual_display(f"{20 * dpi}x{14 * dpi}x24", dpi):
        done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_sizes_follow_the_text_at_any_resolution() -> None:
    few, many = ratios(96), ratios(192)
    assert {name: (few[name], many[name]) for name in few if abs(many[name] / few[name] - 1) > 0.12} == {}


SMALL = """
import json, sys
from tkinter import ttk
from chatd.client.view.theme import inside
from tests.client.test_window import Desk
from chatd.client.view import pump
root, _ = pump.open_root()
desk = Desk(root)
desk.join()
window, wrong = desk.window, []
sheets = {
    window.connect_sheet: window.ask_server, window.preferences_sheet: window.preferences_sheet.ask,
    window.help_sheet: window.help, window.switcher: window.switch, window.account_sheet: window.show_account,
    window.menus.room_sheet: window.menus.show_settings,
}
for sheet, ask in sheets.items():
    ask()
    for _ in range(3):
        desk.turn()
    name, card, inner = type(sheet).__name__, sheet.card, sheet.body
    if not sheet.is_open:
        wrong.append(f"{name} is not open")
    if card.winfo_y() < 0 or card.winfo_y() + card.winfo_height() > root.winfo_height():
        wrong.append(f"{name} is too high")
    if card.winfo_x() < 0 or card.winfo_x() + card.winfo_width() > root.winfo_width():
        wrong.append(f"{name} is too wide")
    right = card.winfo_rootx() + card.winfo_width()
    for widget in inside(inner):
        if widget.winfo_viewable() and widget.winfo_rootx() + widget.winfo_width() > right:
            wrong.append(f"{widget} of {name} goes beyond the edge")
        if isinstance(widget, (ttk.Button, ttk.Checkbutton, ttk.Radiobutton, ttk.Label)) and widget.winfo_viewable():
            if widget.winfo_width() < widget.winfo_reqwidth():
                wrong.append(f"{widget.cget('text')} of {name} is cut")
    sheet.close()
print(json.dumps([[root.winfo_width(), root.winfo_height()], wrong]))
"""


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
@pytest.mark.parametrize("dpi", [96, 192])
def test_a_small_screen_holds_the_window_and_every_sheet(dpi: int) -> None:
    with virtual_display("1024x600x24", dpi):
        done = subprocess.run([sys.executable, "-c", SMALL], capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    (width, height), wrong = json.loads(done.stdout)
    assert width <= 1024
    assert height <= 600
    assert wrong == []
