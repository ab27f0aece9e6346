"""The sheet with the keys and the commands: F1."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from chatd.client.view.keys import help_text
from chatd.client.view.sheet import Sheet
from chatd.client.view.theme import Look


class HelpSheet(Sheet):
    """What to press or type, and what it does."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, "Keys and commands", grows=True)
        self._look = look
        self.text = tk.Text(self.body, wrap="word", width=40, height=10, padx="6p", pady="4.5p", cursor="arrow")
        self.text.grid(row=0, column=0, sticky="nsew")
        bar = ttk.Scrollbar(self.body, command=self.text.yview)
        bar.grid(row=0, column=1, sticky="ns")
        self.text.configure(yscrollcommand=bar.set)
        for what, does in help_text():
            self.text.insert("end", what, ("line", "strong"), f"\t{does}\n" if what else "\n", ("line",))
        self.text.configure(state="disabled")
        self.bind_all_inside()
        look.painters.append(self._paint)
        self._paint()

    def _paint(self) -> None:
        look = self._look
        look.dress(self.text)
        longest = max(look.bold.measure(what) for what, _ in help_text())
        column = min(longest, look.bold.measure("Ctrl+plus, Ctrl+minus, Ctrl+0")) + look.text.measure("00")
        self.text.configure(tabs=(column,), spacing3="2.25p")
        self.text.tag_configure("line", lmargin2=column)
        self.text.tag_configure("strong", font=look.bold)
