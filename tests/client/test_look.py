"""The colours, and the shapes that the window is made of."""

from __future__ import annotations

import shutil
import subprocess
import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk
from typing import Any

import pytest

from chatd.client.model.settings import Theme
from chatd.client.view import pump
from chatd.client.view.entry import Entry
from chatd.client.view.palette import DARK, LIGHT, Palette, contrast
from chatd.client.view.shapes import TICK, Box, Sign
from chatd.client.view.theme import Look
from tests.support.display import MISSING

needs_display = pytest.mark.skipif(bool(MISSING), reason=MISSING)
both = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)


@pytest.fixture
def root(display: str) -> Iterator[tk.Tk]:
    assert display
    root, _ = pump.open_root()
    yield root
    root.destroy()


def test_contrast_is_what_wcag_reckons() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@both
def test_all_that_is_read_has_a_contrast_of_four_and_a_half(palette: Palette) -> None:
    grounds = {name: getattr(palette, name) for name in ("background", "surface", "marked", "found", "chosen")}
    texts = {name: getattr(palette, name) for name in ("text", "faint", "link", "alert")}
    texts |= {f"nick {number}": colour for number, colour in enumerate(palette.nicks)}
    pairs = {(text, ground): contrast(texts[text], grounds[ground]) for text in texts for ground in grounds}
    for ground in ("button", "hover", "pressed"):
        pairs["text", ground] = contrast(palette.text, getattr(palette, ground))
    for ground in ("accent", "accent_hover", "accent_pressed"):
        pairs["accent_text", ground] = contrast(palette.accent_text, getattr(palette, ground))
    pairs["select_text", "select"] = contrast(palette.select_text, palette.select)
    assert {pair: found for pair, found in pairs.items() if found < 4.5} == {}


@both
def test_all_that_is_used_has_a_contrast_of_three(palette: Palette) -> None:
    pairs = {
        (part, ground): contrast(getattr(palette, part), getattr(palette, ground))
        for part in ("border", "accent", "thumb")
        for ground in ("background", "surface")
    }
    pairs["accent", "border"] = 3  # the ring is wider than the edge, too
    assert {pair: found for pair, found in pairs.items() if found < 3} == {}


@needs_display
@pytest.mark.parametrize("shape", [Box("#ff0000", "#0000ff", 5), Box(None), Box(None, "#0000ff", 5, 2)])
def test_a_box_is_the_same_from_all_sides(root: tk.Tk, shape: Box) -> None:
    picture = tk.PhotoImage(master=root, data=shape.png())
    size = picture.width()
    assert (size, picture.height()) == (2 * shape.corner + shape.middle,) * 2
    for x, y in ((0, 0), (2, 3), (shape.corner, 0), (4, size // 2)):
        seen = {picture.get(a, b) for a in (x, size - 1 - x) for b in (y, size - 1 - y)}
        assert len(seen) == 1
    assert picture.transparency_get(0, 0) is (shape.radius > 0 or shape.fill is None)
    if shape.fill:
        assert picture.get(size // 2, size // 2) == (255, 0, 0)


@needs_display
@pytest.mark.parametrize("size", [17, 34])
def test_a_sign_is_drawn_on_its_ground(root: tk.Tk, size: int) -> None:
    box = Box("#ffffff", "#0000ff", 3)
    picture = tk.PhotoImage(master=root, data=Sign(size, box, "#000000", TICK).png())
    assert (picture.width(), picture.height()) == (size, size)
    at = [round(place * size) for place in TICK[1]]
    assert sum(picture.get(at[0], at[1] - 1)) < 300
    assert picture.get(size // 2, 0) == (0, 0, 255)
    assert picture.get(2, size // 3) == (255, 255, 255)


@needs_display
def test_a_change_of_theme_reaches_what_is_there(root: tk.Tk) -> None:
    look = Look(root, Theme.LIGHT, 11)
    menu, pane = tk.Menu(root), ttk.Frame(root)
    label = ttk.Label(pane, style="Faint.TLabel")
    look.put_aside(pane)
    seen: list[str] = []
    look.painters.append(lambda: seen.append(look.palette.name))
    look.use(Theme.DARK)
    assert seen == ["dark"]
    assert str(menu.cget("background")) == DARK.background
    assert str(tk.Menu(root).cget("background")) == DARK.background
    style = ttk.Style(root)
    assert style.lookup(label.cget("style"), "background") == DARK.surface
    assert style.lookup(label.cget("style"), "foreground") == DARK.faint


@needs_display
def test_a_text_is_as_large_with_the_focus_as_without(root: tk.Tk) -> None:
    look = Look(root, Theme.LIGHT, 11)
    entry = Entry(root, look)
    entry.pack()
    root.deiconify()
    root.update()
    before = entry.winfo_reqwidth(), entry.winfo_reqheight()
    entry.focus_force()
    root.update()
    assert int(str(entry.cget("highlightthickness"))) == look.pixels(1.5)
    assert (entry.winfo_reqwidth(), entry.winfo_reqheight()) == before


@needs_display
@pytest.mark.skipif(not shutil.which("import"), reason="ImageMagick is not installed")
def test_every_control_shows_that_it_has_the_focus(root: tk.Tk) -> None:
    look = Look(root, Theme.LIGHT, 11)
    controls: list[Any] = [
        Entry(root, look),
        ttk.Button(root, text="a"),
        ttk.Button(root, text="a", style="Accent.TButton"),
        ttk.Button(root, text="a", style="Flat.TButton"),
        ttk.Menubutton(root, text="a"),
        ttk.Menubutton(root, text="a", style="Flat.TMenubutton"),
        ttk.Entry(root),
        ttk.Combobox(root),
        ttk.Spinbox(root),
        ttk.Checkbutton(root, text="a"),
        ttk.Radiobutton(root, text="a"),
        ttk.Treeview(root, style="Flat.Treeview", height=2),
    ]
    for theme in (Theme.LIGHT, Theme.DARK):
        look.use(theme)
        for control in controls:
            control.pack()
            root.deiconify()
            root.update()
            focus(control, "!focus")
            before = pixels_of(control)
            focus(control, "focus")
            assert pixels_of(control) != before, (theme, control.winfo_class(), control.cget("style"))
            control.pack_forget()


def focus(control: Any, state: str) -> None:
    if isinstance(control, Entry):
        (control if state == "focus" else control.nametowidget(".")).focus_force()
    else:
        control.state([state])
    control.update()


def pixels_of(widget: tk.Misc) -> bytes:
    """Return what is seen of a widget."""
    command = ["import", "-window", str(widget.winfo_id()), "rgb:-"]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
