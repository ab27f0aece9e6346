"""The field of one line, and the keys of everything that is typed into, on a display that nobody sees."""

from __future__ import annotations

import ast
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatd.client
from chatd.client.model.settings import Theme
from chatd.client.view.entry import Entry
from chatd.client.view.text_keys import use_keys
from chatd.client.view.theme import Look
from tests.client.test_graphemes import FAMILY, GERMANY, KEYCAP, RAINBOW, SCOTLAND, WAVE
from tests.support.display import MISSING

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
ONES = ["a", "\u00e9", "e\u0301", "\U0001f600", FAMILY, GERMANY, WAVE, RAINBOW, KEYCAP, SCOTLAND, "\u6f22", "\u05d0"]


class Form:
    """A root window with whatever is typed into, and fingers on the keys."""

    def __init__(self) -> None:
        self.root = tk.Tk()
        self.look = Look(self.root, Theme.LIGHT, 11)
        self.failures: list[object] = []
        self.root.report_callback_exception = lambda *error: self.failures.append(error)

    def entry(self, text: str = "", show: str = "", variable: tk.StringVar | None = None, hint: str = "") -> Entry:
        made = Entry(self.root, self.look, show=show, textvariable=variable, hint=hint)
        made.pack()
        made.insert(0, text)
        return made

    def text(self, text: str) -> tk.Text:
        made = tk.Text(self.root, height=3)
        made.pack()
        use_keys(made)
        made.insert("1.0", text)
        return made

    def key(self, widget: tk.Misc, *keys: str) -> None:
        self.root.update()
        widget.focus_force()
        self.root.update()
        for key in keys:
            widget.event_generate(key)
            self.root.update()


@pytest.fixture
def form(display: str) -> Iterator[Form]:
    assert display
    made = Form()
    yield made
    made.root.destroy()
    assert not made.failures


def content(widget: tk.Text) -> str:
    return widget.get("1.0", "end-1c")


@pytest.mark.parametrize("kind", ["entry", "text"])
@pytest.mark.parametrize("one", ONES, ids=ascii)
def test_the_keys_take_one_character_of_a_readers(form: Form, one: str, kind: str) -> None:
    widget = form.entry(f"x{one}{one}") if kind == "entry" else form.text(f"x{one}{one}")
    form.key(widget, "<BackSpace>")
    assert content(widget) == f"x{one}"
    form.key(widget, "<Left>", "<Key-y>")
    assert content(widget) == f"xy{one}"
    form.key(widget, "<Right>", "<Key-z>", "<Home>", "<Delete>", "<Delete>")
    assert content(widget) == f"{one}z"
    form.key(widget, "<Home>", "<Shift-Right>", "<Key-q>")
    assert content(widget) == "qz"
    widget.insert("end", one)
    form.key(widget, "<End>", "<Shift-Left>", "<BackSpace>", "<BackSpace>", "<BackSpace>", "<BackSpace>")
    assert content(widget) == ""


def test_the_keys_go_from_line_to_line(form: Form) -> None:
    text = form.text(f"{WAVE}\n{FAMILY}")
    text.mark_set("insert", "2.0")
    form.key(text, "<Left>", "<Key-a>", "<Right>", "<Key-b>", "<Left>", "<BackSpace>")
    assert content(text) == f"{WAVE}ab{FAMILY}"
    form.key(text, "<Control-End>", "<Right>", "<Delete>", "<Key-c>", "<Control-Home>", "<Left>", "<BackSpace>")
    assert content(text) == f"{WAVE}ab{FAMILY}c"


@pytest.mark.parametrize(
    ("before", "after"), [("one two", "one "), ("one two  ", "one "), ("a.b", "a."), (f"a {WAVE}", "a "), ("", "")]
)
def test_a_word_at_a_time(form: Form, before: str, after: str) -> None:
    entry = form.entry(before)
    form.key(entry, "<Control-BackSpace>")
    assert entry.get() == after


@pytest.mark.parametrize("kind", ["entry", "text"])
def test_control_a_selects_all(form: Form, kind: str) -> None:
    widget = form.entry(f"some {WAVE}") if kind == "entry" else form.text(f"some\n{WAVE}\nlines")
    form.key(widget, "<Control-a>")
    assert widget.selection_get() == content(widget)
    form.key(widget, "<Key-x>")
    assert content(widget) == "x"


def test_it_is_one_line(form: Form) -> None:
    entry = form.entry("one\ntwo\r\nthree\tfour")
    assert entry.get() == "one two three four"
    form.root.clipboard_clear()
    form.root.clipboard_append("\nfive\n")
    form.key(entry, "<End>", "<<Paste>>", "<Return>", "<Shift-Return>", "<KP_Enter>", "<Control-o>")
    assert entry.get() == "one two three four five "


def test_the_tab_key_goes_on(form: Form) -> None:
    first, second = form.entry("one"), form.entry("two")
    form.key(first, "<Tab>")
    assert form.root.focus_get() is second
    form.key(second, "<Shift-Tab>")
    assert form.root.focus_get() is first
    assert (first.get(), second.get()) == ("one", "two")


def test_a_key_of_the_window_gets_there(form: Form) -> None:
    entry = form.entry("one")
    got: list[str] = []
    for key in ("<Control-k>", "<Control-f>", "<Control-d>"):
        form.root.bind(key, lambda _, key=key: got.append(key))
    form.key(entry, "<Home>", "<Control-k>", "<Control-f>", "<Control-d>")
    assert (entry.get(), got) == ("one", ["<Control-k>", "<Control-f>", "<Control-d>"])


def test_a_variable_follows_and_is_followed(form: Form) -> None:
    variable = tk.StringVar(form.root, value="before")
    entry = form.entry(variable=variable)
    assert entry.get() == "before"
    form.key(entry, "<End>", "<Key-x>")
    assert variable.get() == "beforex"
    variable.set("set\nlater")
    assert entry.get() == "set later"
    entry.destroy()
    variable.set("nobody follows")
    form.look.apply()


def test_places_are_characters(form: Form) -> None:
    entry = form.entry(f"{WAVE}abc")
    entry.insert(2, "-")
    assert entry.get() == f"{WAVE}-abc"
    entry.delete(0, 2)
    entry.delete(0)
    assert entry.get() == "abc"
    entry.select_range(1, "end")
    assert entry.selection_get() == "bc"
    entry.icursor(0)
    form.key(entry, "<Key-z>")
    assert "z" in entry.get()


def test_what_is_readonly_is_changed_by_nobody(form: Form) -> None:
    entry = form.entry("fixed")
    entry.state(["readonly"])
    assert entry.instate(["readonly"])
    assert not entry.instate(["!readonly"])
    form.key(entry, "<End>", "<Key-x>", "<BackSpace>", "<<Cut>>")
    entry.insert("end", "y")
    entry.delete(0, "end")
    assert entry.get() == "fixed"
    entry.state(["!readonly"])
    form.key(entry, "<BackSpace>")
    assert entry.get() == "fixe"


def test_a_password_is_shown_and_copied_nowhere(form: Form) -> None:
    entry = form.entry("s3cret", show="\u2022")
    assert entry.cget("show") == "\u2022"
    form.root.clipboard_clear()
    form.root.clipboard_append("before")
    form.key(entry, "<Control-a>", "<<Copy>>", "<<Cut>>")
    assert form.root.clipboard_get() == "before"
    with pytest.raises(tk.TclError):
        form.root.selection_get()
    shown = form.root.tk.call(str(entry), "get", "1.0", "end-1c")
    assert (shown, entry.get()) == ("\u2022" * 6, "s3cret")
    form.key(entry, "<End>", "<BackSpace>", "<Key-x>", "<Home>", "<Delete>", "<Right>", "<Key-y>", "<<Undo>>")
    assert entry.get() == "3ycrex"
    form.key(entry, "<Control-a>", "<<Paste>>")
    assert entry.get() == "before"
    entry.shows = ""
    assert (content(entry), form.root.tk.call(str(entry), "get", "1.0", "end-1c")) == ("before", "before")
    form.key(entry, "<<Undo>>")
    assert entry.get() == "before"


def test_it_can_be_taken_back(form: Form) -> None:
    entry = form.entry("one")
    entry.edit_reset()
    form.key(entry, "<End>", "<Key-x>", "<<Undo>>")
    assert entry.get() == "one"
    form.key(entry, "<Control-y>")
    assert entry.get() == "onex"


def test_a_hint_is_shown_while_it_is_empty(form: Form) -> None:
    entry = form.entry(hint="Who?")
    (hint,) = entry.winfo_children()
    form.root.update()
    assert hint.winfo_ismapped()
    assert entry.get() == ""
    form.key(entry, "<Key-x>")
    assert not hint.winfo_ismapped()
    form.key(entry, "<BackSpace>")
    assert hint.winfo_ismapped()


def test_no_field_of_tks_own_is_used() -> None:
    """They take half an emoji at a time."""
    calls = [
        f"{path.name}: {ast.unparse(call.func)}"
        for path in Path(chatd.client.__file__).parent.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).startswith(("tk.", "ttk.", "tkinter."))
        and ast.unparse(call.func).rpartition(".")[2] in ("Entry", "Spinbox")
    ]
    assert calls == []
