"""The panel to choose an emoji from: by group, by a part of its name, or of those that were chosen last.

Arrow keys walk through it, Tab goes to the next group, Enter takes, Escape closes. Where no font has emoji, it shows
their names.
"""

from __future__ import annotations

import tkinter as tk
import tkinter.font
from collections.abc import Callable
from dataclasses import dataclass

from chatd.client.model import emoji
from chatd.client.view.emoji_font import EmojiFont
from chatd.client.view.entry import Entry
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.overlay import place_near
from chatd.client.view.theme import Look

RECENT = "Recent"
COLUMNS, ROWS = 10, 6
"""How many are seen at once."""
MAX_FOUND = 120
_LARGER = 1.45
"""How much larger an emoji is than the text."""
_FEW = 0.5
"""The share of a group that must be drawable, for pictures to be shown instead of names."""


@dataclass(frozen=True, slots=True)
class _Cell:
    emoji: str
    name: str


class EmojiPanel(tk.Frame):
    """A panel over the window, next to what it was opened from."""

    def __init__(self, root: tk.Misc, look: Look, glyphs: Glyphs, recent: emoji.Recent) -> None:
        super().__init__(root, borderwidth=0, highlightthickness=1, padx="7.5p", pady="7.5p", takefocus=False)
        self._window = root
        self._look = look
        self._glyphs = glyphs
        self._recent = recent
        self._chosen: Callable[[str], None] = lambda _: None
        self._focus: tk.Misc | None = None
        self._group = RECENT
        self._cells: list[_Cell] = []
        self._pictures = True
        self._at = 0
        self._emoji_font = EmojiFont(root, look, _LARGER)
        self._font = self._emoji_font.font
        self.part = tk.StringVar(root)
        self.field = Entry(self, look, textvariable=self.part, hint="Search emoji")
        self.field.pack(fill="x")
        self._heads = tk.Frame(self)
        self._heads.pack(fill="x", pady="4.5p")
        self.groups: dict[str, tk.Label] = {}
        for number, name in enumerate((RECENT, *emoji.groups())):
            head = tk.Label(self._heads, text=name, padx="4.5p", pady="1.5p", cursor="hand2")
            head.grid(row=number // 5, column=number % 5, sticky="w")
            head.bind("<Button-1>", lambda _, name=name: self.show_group(name))  # type: ignore[misc]
            self.groups[name] = head
        self.canvas = tk.Canvas(self, borderwidth=0, highlightthickness=0, takefocus=False)
        self.canvas.pack(fill="both", expand=True)
        self.name = tk.Label(self, anchor="w")
        self.name.pack(fill="x", pady=("4.5p", 0))
        self._bind()
        look.painters.append(self._paint)
        self._paint()

    @property
    def is_open(self) -> bool:
        """Whether it can be seen."""
        return bool(self.winfo_manager())

    @property
    def shown(self) -> list[str]:
        """The emoji that there are to choose from now."""
        return [cell.emoji for cell in self._cells]

    @property
    def marked(self) -> str:
        """The one that Enter takes; nothing if there is none."""
        return self._cells[self._at].emoji if self._cells else ""

    def open(self, at: tk.Misc, chosen: Callable[[str], None]) -> None:
        """Show it next to a widget; ``chosen`` is called with the emoji, once the panel is closed again."""
        if self.is_open:
            self.close()
        self._chosen = chosen
        try:
            self._focus = self.focus_get()
        except KeyError:  # a widget of Tk's own
            self._focus = None
        self._paint()  # whether fonts with colours can be used turns out late
        self.part.set("")
        self.show_group(RECENT if any(self._recent) else next(iter(emoji.groups())))
        place_near(self, at)
        self.field.focus_set()

    def close(self) -> str:
        """Take it away, and give the focus back."""
        if self.is_open:
            self.place_forget()
            if self._focus is not None and self._focus.winfo_exists():
                self._focus.focus_set()
        return "break"

    def show_group(self, name: str) -> str:
        """Show the emoji of one group."""
        self._group = name
        if self.part.get():
            self.part.set("")  # which shows the group
        else:
            self._fill(list(self._recent) if name == RECENT else list(emoji.groups()[name]))
        return "break"

    def take(self, *, more: bool = False) -> str:
        """Choose what is marked; with ``more``, the panel stays for another one."""
        if marked := self.marked:
            self._recent.add(marked)
            if not more:
                self.close()
            self._chosen(marked)
        return "break"

    def step(self, by: int) -> str:
        """Mark another one."""
        if self._cells:
            self._mark(min(len(self._cells) - 1, max(0, self._at + by)))
        return "break"

    def _bind(self) -> None:
        field, canvas = self.field, self.canvas
        self.part.trace_add("write", lambda *_: self._search())
        for key, columns, rows in (("Left", -1, 0), ("Right", 1, 0), ("Up", 0, -1), ("Down", 0, 1)):
            field.bind(f"<{key}>", lambda _, x=columns, y=rows: self.step(x + y * self._columns))  # type: ignore[misc]
        field.bind("<Prior>", lambda _: self.step(-ROWS * self._columns))
        field.bind("<Next>", lambda _: self.step(ROWS * self._columns))
        field.bind("<Tab>", lambda _: self._step_group(1))
        field.bind("<<PrevWindow>>", lambda _: self._step_group(-1))
        field.bind("<Return>", lambda _: self.take())
        field.bind("<Shift-Return>", lambda _: self.take(more=True))
        field.bind("<Escape>", lambda _: self.close())
        canvas.bind("<Motion>", self._pointed)
        canvas.bind("<Button-1>", lambda event: self._clicked(event, more=False))
        canvas.bind("<Shift-Button-1>", lambda event: self._clicked(event, more=True))
        canvas.bind("<Button-4>", lambda _: canvas.yview_scroll(-1, "units"))
        canvas.bind("<Button-5>", lambda _: canvas.yview_scroll(1, "units"))
        canvas.bind("<MouseWheel>", lambda event: canvas.yview_scroll(-1 if event.delta > 0 else 1, "units"))
        self._window.bind("<Button-1>", self._clicked_elsewhere, add=True)

    @property
    def _columns(self) -> int:
        return COLUMNS if self._pictures else 1

    def _step_group(self, by: int) -> str:
        names = list(self.groups)
        return self.show_group(names[(names.index(self._group) + by) % len(names)])

    def _search(self) -> None:
        if part := self.part.get().strip(": "):
            self._fill([each for each, _ in emoji.find(part, MAX_FOUND)])
        else:
            self.show_group(self._group)

    def _fill(self, found: list[str]) -> None:
        drawn = [each for each in found if self._can_draw(each)]
        self._pictures = len(drawn) > _FEW * len(found) or not found
        self._cells = [_Cell(each, emoji.name_of(each)) for each in (drawn if self._pictures else found)]
        self._draw()

    def _can_draw(self, each: str) -> bool:
        return ":" not in self._glyphs.safe(each)

    def _draw(self) -> None:
        canvas, palette = self.canvas, self._look.palette
        self._size = self._font.metrics("linespace") + 8 if self._pictures else self._look.text.metrics("linespace") + 4
        canvas.delete("all")
        canvas.create_rectangle(0, 0, 0, 0, tags="mark", fill=palette.found, outline=palette.link)
        for number, cell in enumerate(self._cells):
            left, top = self._corner(number)
            if self._pictures:
                middle = left + self._size // 2, top + self._size // 2
                text, font = _drawn(cell.emoji, self._font, self._look)
                canvas.create_text(middle, text=text, font=font, fill=palette.text)
            else:
                text = f":{cell.name}:"
                canvas.create_text((left + 6, top + 2), text=text, anchor="nw", font=self._look.text, fill=palette.text)
        height = self._corner(len(self._cells) - 1)[1] + self._size if self._cells else 0
        canvas.configure(scrollregion=(0, 0, self._width, max(height, 1)), yscrollincrement=self._size)
        canvas.yview_moveto(0)
        for name, head in self.groups.items():
            here = name == self._group and not self.part.get()
            head.configure(foreground=palette.link if here else palette.faint)
        self._mark(0)

    @property
    def _width(self) -> int:
        return COLUMNS * (self._font.metrics("linespace") + 8)

    def _corner(self, number: int) -> tuple[int, int]:
        row, column = divmod(number, self._columns)
        return column * self._size, row * self._size

    def _mark(self, number: int) -> None:
        self._at = number
        if not self._cells:
            self.canvas.coords("mark", 0, 0, 0, 0)
            self.name.configure(text="No emoji found" if self.part.get() else "None used yet")
            return
        left, top = self._corner(number)
        width = self._size if self._pictures else self._width
        self.canvas.coords("mark", left, top, left + width - 1, top + self._size - 1)
        self.name.configure(text=f":{self._cells[number].name}:")
        first = self.canvas.canvasy(0)
        seen = max(self.canvas.winfo_height(), self._size)
        if top < first:
            self.canvas.yview_scroll(round((top - first) / self._size), "units")
        elif top + self._size > first + seen:
            self.canvas.yview_scroll(-int(-(top + self._size - first - seen) // self._size), "units")

    def _number_at(self, event: tk.Event[tk.Canvas]) -> int | None:
        column = int(self.canvas.canvasx(event.x) // self._size) if self._pictures else 0
        number = int(self.canvas.canvasy(event.y) // self._size) * self._columns + column
        return number if column < self._columns and 0 <= number < len(self._cells) else None

    def _pointed(self, event: tk.Event[tk.Canvas]) -> None:
        if (number := self._number_at(event)) is not None and number != self._at:
            self._mark(number)

    def _clicked(self, event: tk.Event[tk.Canvas], *, more: bool) -> str:
        if (number := self._number_at(event)) is not None:
            self._mark(number)
            self.take(more=more)
        return "break"

    def _clicked_elsewhere(self, event: tk.Event[tk.Misc]) -> None:
        if self.is_open and not str(event.widget).startswith(str(self)):
            self.close()

    def _paint(self) -> None:
        palette, look = self._look.palette, self._look
        self._emoji_font.fit(coloured=self._glyphs.colour)
        self.configure(background=palette.background, highlightbackground=palette.border)
        self._heads.configure(background=palette.background)
        self.canvas.configure(background=palette.background, width=self._width)
        self.canvas.configure(height=ROWS * (self._font.metrics("linespace") + 8))
        self.name.configure(background=palette.background, foreground=palette.text, font=look.text)
        for head in self.groups.values():
            head.configure(background=palette.background, font=look.small)
        if self.is_open:
            self._draw()


def _drawn(each: str, font: tkinter.font.Font, look: Look) -> tuple[str, tkinter.font.Font]:
    """Return what is drawn for an emoji, and the font: Tk makes no flag of two letters, so that they are shown."""
    country = emoji.country_of(each)
    return (country, look.small) if country else (each, font)
