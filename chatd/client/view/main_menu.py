"""The window's menu and its keys: everything has a place in the one, and what is needed often a key."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the menu, with what it does or the menu that it opens; neither for a line between."""

    label: str = ""
    act: Callable[[], object] | None = None
    keys: str = ""
    menu: tk.Menu | None = None


def fill_menu(menu: tk.Menu, items: list[Item]) -> None:
    """Let a menu have these lines."""
    menu.delete(0, "end")
    for item in items:
        if item.menu is not None:
            menu.add_cascade(label=item.label, menu=item.menu)
        elif item.act is None:
            menu.add_separator()
        else:
            menu.add_command(label=item.label, accelerator=item.keys, command=item.act)


def bind_keys(bindings: dict[str, Callable[[], object]], *widgets: tk.Misc) -> None:
    """Let keys do something, whichever of these has the focus.

    Some of them mean something else in a text: they are bound before its class.
    """
    for event, act in bindings.items():
        for widget in widgets:
            widget.bind(event, lambda _, act=act: (act(), "break")[1])  # type: ignore[misc]


def zoom_keys(zoom: Callable[[int], None]) -> dict[str, Callable[[], object]]:
    """Return the keys that make the text larger and smaller."""
    sizes = {"plus": 1, "equal": 1, "KP_Add": 1, "minus": -1, "KP_Subtract": -1, "Key-0": 0}
    return {f"<Control-{key}>": lambda by=by: zoom(by) for key, by in sizes.items()}  # type: ignore[misc]


def open_menu(menu: tk.Menu, button: tk.Widget) -> None:
    """Open a menu below its button, for the keys."""
    menu.tk_popup(button.winfo_rootx(), button.winfo_rooty() + button.winfo_height())
