"""How ttk's widgets look: made on Tk's own `clam`, of shapes in our colours and of exactly the size of the display.

The names to use: ``TButton``, ``Accent.TButton`` (the one that is meant), ``Flat.TButton`` and ``Flat.TMenubutton`` (in
a row of tools), ``Flat.Treeview`` (rows without signs of a tree), ``Card.TFrame``, and of labels ``Faint``, ``Alert``,
``Strong`` and ``Title.TLabel``. With ``Side.`` before it, each stands on the colour of what is beside the conversation:
`Look.put_aside` does that for all in a pane.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from tkinter import ttk
from typing import Any

from chatd.client.view.palette import Palette
from chatd.client.view.shapes import DOWN, TICK, UP, Box, Drawable, Sign

THEME = "chatd"
BAR = 9
"""How wide a scrollbar is, in points."""
_SIDE = (
    "TFrame", "TLabel", "Faint.TLabel", "Strong.TLabel", "Alert.TLabel", "Title.TLabel", "Small.TLabel", "TButton",
    "Flat.TButton", "Small.TButton", "Accent.TButton", "TMenubutton", "Flat.TMenubutton", "TEntry", "Treeview",
    "Flat.Treeview", "TCheckbutton", "TRadiobutton", "TCombobox", "Vertical.TScrollbar", "Horizontal.TScrollbar",
)  # fmt: skip
_ELEMENTS: Mapping[str, tuple[str, ...]] = {
    # The first that fits counts; "!" and what follows is a state that must not be.
    "button": ("button", "disabled button-off", "pressed button-pressed", "focus button-focus", "active button-hover"),
    "accent": ("accent", "disabled button-off", "pressed accent-pressed", "focus accent-focus", "active accent-hover"),
    "flat": ("clear", "pressed !disabled flat-pressed", "focus ring", "active !disabled flat-hover"),
    "ring": ("clear", "focus ring"),
    "list": ("clear", "focus ring"),
    "field": ("field", "disabled field-off", "focus field-focus", "readonly field-off"),
    "combo": ("field", "disabled field-off", "focus field-focus"),
    "card": ("card",),
    "thumb": ("thumb", "disabled clear", "pressed thumb-hover", "active thumb-hover"),
    "trough": ("clear",),
    "check": ("check", "selected disabled check-on-off", "selected check-on", "disabled check-off"),
    "radio": ("radio", "selected disabled radio-on-off", "selected radio-on", "disabled radio-off"),
    "arrow": ("down",),
    "uparrow": ("up",),
    "downarrow": ("down",),
}
"""Of each element of ours, the shape it has, and the shapes that it has in some states."""
_SIGNS = ("check", "radio", "arrow", "uparrow", "downarrow")


class Styles:
    """The theme of one root window; ``pixels`` returns how many pixels so many points are."""

    def __init__(self, root: tk.Tk, pixels: Callable[[float], int]) -> None:
        self._root = root
        self._pixels = pixels
        self._style = ttk.Style(root)
        self._pictures: dict[str, tk.PhotoImage] = {}

    def apply(self, palette: Palette, row: int) -> None:
        """Put colours into effect, and ``row`` as how many pixels a row of a list is high."""
        for name, shape in self._shapes(palette).items():
            data = shape.png()
            if name in self._pictures:
                self._pictures[name].configure(data=data)
            else:
                self._pictures[name] = tk.PhotoImage(master=self._root, data=data)
        if THEME not in self._style.theme_names():
            self._style.theme_create(THEME, parent="clam")
            self._style.theme_use(THEME)
            self._make_elements()
            self._make_layouts()
        self._colour(palette)
        self._style.configure("Treeview", rowheight=row, indent=self._pixels(4))

    def _shapes(self, palette: Palette) -> dict[str, Drawable]:
        pixels = self._pixels
        round_, line, ring = pixels(4), pixels(0.75), pixels(1.5)
        size, small = pixels(13), pixels(9)

        def box(fill: str | None, edge: str | None = None, thickness: int = line) -> Box:
            return Box(fill, edge, round_, thickness)

        def tick(fill: str, edge: str, colour: str | None = None) -> Sign:
            return Sign(size, Box(fill, edge, pixels(2.5), line), colour, TICK, 0.13)

        def dot(fill: str, edge: str, colour: str | None = None) -> Sign:
            return Sign(size, Box(fill, edge, size / 2, line), colour, disc=0.2)

        p = palette
        return {
            "clear": box(None),
            "button": box(p.button, p.border),
            "button-hover": box(p.hover, p.border),
            "button-pressed": box(p.pressed, p.border),
            "button-focus": box(p.button, p.accent, ring),
            "button-off": box(p.surface, p.divider),
            "accent": box(p.accent, p.accent),
            "accent-hover": box(p.accent_hover, p.accent_hover),
            "accent-pressed": box(p.accent_pressed, p.accent_pressed),
            "accent-focus": box(p.accent, p.text, ring),
            "flat-hover": box(p.hover),
            "flat-pressed": box(p.pressed),
            "ring": box(None, p.accent, ring),
            "field": box(p.background, p.border),
            "field-focus": box(p.background, p.accent, ring),
            "field-off": box(p.surface, p.divider),
            "card": Box(p.background, p.divider, pixels(7), line),
            "thumb": Box(p.thumb, None, pixels(BAR / 2) / 2, inset=pixels(BAR / 2) / 2, middle=2),
            "thumb-hover": Box(p.faint, None, pixels(BAR / 2) * 2 / 3, inset=pixels(BAR / 2) / 3, middle=2),
            "check": tick(p.background, p.border),
            "check-on": tick(p.accent, p.accent, p.accent_text),
            "check-off": tick(p.surface, p.divider),
            "check-on-off": tick(p.surface, p.divider, p.faint),
            "radio": dot(p.background, p.border),
            "radio-on": dot(p.accent, p.accent, p.accent_text),
            "radio-off": dot(p.surface, p.divider),
            "radio-on-off": dot(p.surface, p.divider, p.faint),
            "down": Sign(small, None, p.faint, DOWN, 0.13),
            "up": Sign(small, None, p.faint, UP, 0.13),
        }

    def _make_elements(self) -> None:
        corner = Box(None, None, self._pixels(4)).corner
        for name, (usual, *others) in _ELEMENTS.items():
            states: list[Any] = []
            for other in others:
                *which, shape = other.split()
                states.append((*which, self._pictures[shape]))
            options: dict[str, Any] = {"sticky": "nswe", "border": corner, "width": 2 * corner, "height": 2 * corner}
            if name in _SIGNS:
                options = {"sticky": "w", "padding": 0}
                if name in ("check", "radio"):
                    options["width"] = self._pixels(13 + 4)
            elif name == "thumb":
                bar = 2 * self._pixels(BAR / 2)
                options |= {"border": bar // 2, "width": bar, "height": 2 * bar}
            elif name == "trough":
                options |= {"border": 0, "width": 2 * self._pixels(BAR / 2), "height": self._pixels(BAR)}
            elif name == "card":
                options["border"] = Box(None, None, self._pixels(7)).corner
            if name == "list":
                options["padding"] = self._pixels(1.5)
            elif name not in _SIGNS:
                options["padding"] = 0
            self._style.element_create(f"Chatd.{name}", "image", self._pictures[usual], *states, **options)

    def _make_layouts(self) -> None:
        layout, fill = self._style.layout, {"sticky": "nswe"}

        def nest(*names: str, inside: Any = None) -> Any:
            found = inside
            for name in reversed(names):
                found = [(name, fill | ({"children": found} if found else {}))]
            return found

        arrow = ("Chatd.arrow", {"side": "right", "sticky": ""})
        for style, element in (("TButton", "button"), ("Accent.TButton", "accent"), ("Flat.TButton", "flat")):
            layout(style, nest(f"Chatd.{element}", "Button.padding", "Button.label"))
        menu = nest("Menubutton.label")
        layout("TMenubutton", nest("Chatd.button", "Menubutton.padding", inside=[arrow, *menu]))
        layout("Flat.TMenubutton", nest("Chatd.flat", "Menubutton.padding", inside=menu))
        layout("TEntry", nest("Chatd.field", "Entry.padding", "Entry.textarea"))
        textarea = nest("Combobox.textarea")
        layout("TCombobox", nest("Chatd.combo", "Combobox.padding", inside=[arrow, *textarea]))
        arrows: Any = [
            ("Chatd.uparrow", {"side": "top", "sticky": "s", "expand": True}),
            ("Chatd.downarrow", {"side": "bottom", "sticky": "n", "expand": True}),
        ]
        side = ("null", {"side": "right", "sticky": "ns", "children": arrows})
        layout("TSpinbox", nest("Chatd.field", "Spinbox.padding", inside=[side, *nest("Spinbox.textarea")]))
        for style, element in (("TCheckbutton", "check"), ("TRadiobutton", "radio")):
            name = style.removeprefix("T")
            sign = (f"Chatd.{element}", {"side": "left", "sticky": ""})
            label = (f"{name}.label", {"side": "left", "sticky": ""})
            layout(style, nest("Chatd.ring", f"{name}.padding", inside=[sign, label]))
        layout("Treeview", nest("Chatd.list", "Treeview.padding", "Treeview.treearea"))
        layout("Flat.Treeview.Item", nest("Treeitem.padding", inside=[("Treeitem.text", fill | {"side": "left"})]))
        layout("Card.TFrame", nest("Chatd.card"))
        layout("Field.TFrame", nest("Chatd.field"))
        for style, sticky in (("Vertical.TScrollbar", "ns"), ("Horizontal.TScrollbar", "we")):
            trough: Any = [("Chatd.trough", {"sticky": sticky, "children": [("Chatd.thumb", fill)]})]
            layout(style, trough)

    def _colour(self, palette: Palette) -> None:
        p, pixels = palette, self._pixels
        configure, state_map = self._style.configure, self._style.map
        configure(
            ".", background=p.background, foreground=p.text, font="TkDefaultFont", focuscolor=p.accent,
            troughcolor=p.surface, selectbackground=p.select, selectforeground=p.select_text, insertcolor=p.text,
            fieldbackground=p.background, bordercolor=p.divider, lightcolor=p.divider, darkcolor=p.divider,
            insertwidth=pixels(0.75),
        )  # fmt: skip
        state_map(".", foreground=[("disabled", p.faint)], background=[])
        for style in ("TButton", "TMenubutton"):
            configure(style, padding=(pixels(9), pixels(4.5)), anchor="center", width="", shiftrelief=0)
            state_map(style, background=[], foreground=[("disabled", p.faint)])
        configure("TNotebook", borderwidth=0, tabmargins=0)
        configure("TNotebook.Tab", padding=(pixels(9), pixels(3)), background=p.surface)
        state_map("TNotebook.Tab", background=[("selected", p.background)])
        configure("Small.TButton", padding=(pixels(6), 0), font="ChatdSmall")
        configure("Accent.TButton", foreground=p.accent_text)
        state_map("Accent.TButton", foreground=[("disabled", p.faint), ("", p.accent_text)])
        for style in ("Flat.TButton", "Flat.TMenubutton"):
            configure(style, padding=(pixels(6), pixels(3)))
        for style in ("TEntry", "TCombobox", "TSpinbox"):
            configure(style, padding=(pixels(5), pixels(4.5)), foreground=p.text)
            state_map(style, fieldbackground=[], background=[], foreground=[("disabled", p.faint)])
        for style in ("TCheckbutton", "TRadiobutton"):
            configure(style, padding=pixels(3))
            state_map(style, background=[], foreground=[("disabled", p.faint)])
        configure("Treeview", background=p.background, foreground=p.text, borderwidth=0, padding=0)
        state_map("Treeview", background=[("selected", p.chosen)], foreground=[])
        for style in ("Flat.Treeview.Item", "Side.Flat.Treeview.Item"):
            configure(style, padding=(pixels(4.5), 0))
        configure("Heading", background=p.background, foreground=p.faint, relief="flat", padding=(pixels(3), pixels(2)))
        state_map("Heading", background=[("active", p.hover)])
        configure("TPanedwindow", background=p.divider)
        configure("Sash", sashthickness=pixels(3), gripcount=0, background=p.surface, lightcolor=p.surface)
        configure("Sash", bordercolor=p.surface, darkcolor=p.surface)
        configure("TSeparator", background=p.divider)
        configure("Side.TPanedwindow", background=p.surface)
        configure("Faint.TLabel", foreground=p.faint)
        configure("Alert.TLabel", foreground=p.alert, font="ChatdBold")
        configure("Strong.TLabel", font="ChatdBold")
        configure("Title.TLabel", font="ChatdLarge")
        configure("Small.TLabel", foreground=p.faint, font="ChatdSmall")
        configure("Divider.TFrame", background=p.divider)
        configure("Card.TFrame", background=p.background)
        configure("Side.Card.TFrame", background=p.surface)  # outside its corners
        for style in _SIDE:
            configure(f"Side.{style}", background=p.surface)
