"""The keys of everything that is typed into: they go by what a reader takes for one character, as desktops have them.

Tk's own keys take an emoji apart: it has more than one index there, in some builds as many as four. And on X11 they
mix those of Emacs (Ctrl+A goes to the beginning of the line) with those of everybody else.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from contextlib import suppress
from itertools import takewhile

from chatd.client.model.graphemes import first_cluster, last_cluster

CLASS = "ChatdText"
"""The name that stands in place of ``Text`` in the binding tags."""
_LOOKED_AT = 300
"""How many indices beside the cursor are looked at: no character of a reader's has as many."""
_EMACS = (
    ("<<LineStart>>", "a"), ("<<SelectLineStart>>", "A"), ("<<LineEnd>>", "e"), ("<<SelectLineEnd>>", "E"),
    ("<<PrevChar>>", "b"), ("<<SelectPrevChar>>", "B"), ("<<NextChar>>", "f"), ("<<SelectNextChar>>", "F"),
    ("<<PrevLine>>", "p"), ("<<SelectPrevLine>>", "P"), ("<<NextLine>>", "n"), ("<<SelectNextLine>>", "N"),
    ("<<Cut>>", "w"), ("<<Paste>>", "y"),
)  # fmt: skip
_NOT_TAKEN = ("<Control-Key-d>", "<Control-Key-h>", "<Control-Key-k>", "<Control-Key-o>", "<Control-Key-t>")
"""What Tk's texts do on keys that are the window's, or nobody's."""


def use_keys(text: tk.Text) -> None:
    """Give a text these keys instead of Tk's own."""
    prepare_keys(text)
    text.bindtags(tuple(CLASS if tag == "Text" else tag for tag in text.bindtags()))


def previous(text: tk.Text, index: str = "insert") -> str:
    """Return where the character before a place begins; the place itself at the beginning of the text."""
    line, column = _split(text, index)
    if not column:
        return text.index(f"{line}.0 -1 indices")
    start = max(0, column - _LOOKED_AT)
    place = f"{line}.{column}"
    wanted = last_cluster(_get(text, f"{line}.{start}", place))
    for back in range(1, column - start):
        if _get(text, f"{line}.{column - back}", place) == wanted:
            return f"{line}.{column - back}"
    return f"{line}.{start}"


def following(text: tk.Text, index: str = "insert") -> str:
    """Return where the character after a place ends; the place itself at the end of the text."""
    line, column = _split(text, index)
    place = f"{line}.{column}"
    if text.compare(place, "==", f"{line}.end"):
        return text.index(f"{line}.0 +1 lines") if text.compare(place, "<", "end-1c") else place
    end = _split(text, f"{line}.end")[1]
    stop = min(end, column + _LOOKED_AT)
    wanted = first_cluster(_get(text, place, f"{line}.{stop}"))
    for on in range(1, stop - column):
        if _get(text, place, f"{line}.{column + on}") == wanted:
            return f"{line}.{column + on}"
    return f"{line}.{stop}"


def snap(text: tk.Text) -> None:
    """Put the cursor before a character if it stands within one."""
    line, column = _split(text, "insert")
    start = max(0, column - _LOOKED_AT)
    while start < column:
        after = _split(text, following(text, f"{line}.{start}"))
        if after[0] != line or after[1] > column:
            text.mark_set("insert", f"{line}.{start}")
            return
        start = after[1]


def put(text: tk.Text, inserted: str) -> None:
    """Put something where the cursor is, in place of what is selected."""
    if text.tag_ranges("sel"):
        text.delete("sel.first", "sel.last")
    text.insert("insert", inserted)
    text.see("insert")


def _paste(text: tk.Text) -> None:
    with suppress(tk.TclError):  # there is nothing
        put(text, text.selection_get(selection="CLIPBOARD"))


def _get(text: tk.Text, start: str, end: str) -> str:
    # Not the method: a widget may give another value to whoever asks in Python.
    return str(text.tk.call(str(text), "get", start, end))


def _split(text: tk.Text, index: str) -> tuple[int, int]:
    line, column = str(text.index(index)).split(".")
    return int(line), int(column)


def prepare_keys(widget: tk.Misc) -> None:
    """Make the keys, once for every root."""
    root, call = widget.nametowidget("."), widget.tk.call
    if call("bind", CLASS):
        return
    for event, key in _EMACS:
        root.event_delete(event, f"<Control-Key-{key}>")
        root.event_delete(event, f"<Control-Lock-Key-{key.swapcase()}>")
    root.event_add("<<SelectAll>>", "<Control-Key-a>", "<Control-Lock-Key-A>")
    root.event_add("<<Redo>>", "<Control-Key-y>", "<Control-Lock-Key-Y>")
    for event in root.tk.splitlist(call("bind", "Text")):
        if str(event) not in _NOT_TAKEN:
            call("bind", CLASS, event, call("bind", "Text", event))
    keys: dict[str, Callable[[tk.Text], None]] = {
        "<Key-BackSpace>": lambda text: _delete(text, previous(text), "insert"),
        "<Key-Delete>": lambda text: _delete(text, "insert", following(text)),
        "<Control-Key-BackSpace>": lambda text: _delete(text, _word_before(text), "insert"),
        "<Control-Key-Delete>": lambda text: _delete(text, "insert", _word_after(text)),
        "<<PrevChar>>": lambda text: _go(text, previous, "sel.first"),
        "<<NextChar>>": lambda text: _go(text, following, "sel.last"),
        "<<SelectPrevChar>>": lambda text: _select(text, previous(text)),
        "<<SelectNextChar>>": lambda text: _select(text, following(text)),
        # Without the end of the last line, which every text of Tk's has, and nobody has typed.
        "<<SelectAll>>": lambda text: text.tag_add("sel", "1.0", "end-1c"),
        "<<Paste>>": _paste,
    }
    for event, act in keys.items():
        root.bind_class(CLASS, event, _bound(act))
    for event in ("<Button-1>", "<B1-Motion>", "<<PrevLine>>", "<<NextLine>>"):
        root.bind_class(CLASS, event, lambda event: snap(event.widget), add=True)


def _bound(act: Callable[[tk.Text], None]) -> Callable[[tk.Event[tk.Text]], None]:
    def pressed(event: tk.Event[tk.Text]) -> None:
        act(event.widget)
        event.widget.see("insert")

    return pressed


def _delete(text: tk.Text, start: str, end: str) -> None:
    if text.tag_ranges("sel"):
        start, end = "sel.first", "sel.last"
    text.delete(start, end)


def _go(text: tk.Text, step: Callable[[tk.Text], str], edge: str) -> None:
    """Move the cursor, and select nothing: to the edge of what was selected, if anything was."""
    place = edge if text.tag_ranges("sel") else step(text)
    text.tk.call("tk::TextSetCursor", str(text), text.index(place))


def _select(text: tk.Text, place: str) -> None:
    text.tk.call("tk::TextKeySelect", str(text), place)


def _word_before(text: tk.Text) -> str:
    return _by_word(text, previous, text.index("insert linestart"))


def _word_after(text: tk.Text) -> str:
    return _by_word(text, following, text.index("insert lineend"))


def _by_word(text: tk.Text, step: Callable[[tk.Text, str], str], edge: str) -> str:
    """Return where the word beside the cursor ends, with the spaces between; at the edge, the next line's."""
    place = text.index("insert")
    if place == edge:
        return step(text, place)
    steps = [(place, "")]
    while steps[-1][0] != edge:
        at = step(text, steps[-1][0])
        steps.append((at, _get(text, *sorted((at, steps[-1][0]), key=lambda each: _split(text, each)))))
    inner = steps[1:]
    spaces = len(list(takewhile(lambda each: each[1].isspace(), inner)))
    kind = _is_word(inner[spaces][1]) if spaces < len(inner) else False
    word = len(list(takewhile(lambda each: not each[1].isspace() and _is_word(each[1]) is kind, inner[spaces:])))
    return inner[spaces + word - 1][0]


def _is_word(character: str) -> bool:
    return character[0].isalnum() or character[0] == "_"
