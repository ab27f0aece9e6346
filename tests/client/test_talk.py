"""The conversation in the window: what is drawn beside it, copied out of it, and done in it by key and mouse."""

from __future__ import annotations

import tkinter as tk
import tkinter.font
import zlib
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from chatd.client.model.lines import Line
from chatd.client.model.rows import FoldRow, HeadRow, LineRow, QuoteRow, ReactionsRow, Shape
from chatd.client.view.avatars import Avatars, initial, square_png
from chatd.client.view.palette import DARK, LIGHT, Palette, contrast
from chatd.client.view.talk_copy import cut
from chatd.client.view.talk_rows import Piece
from chatd.client.view.talk_styles import SHADES
from chatd.protocol import events, references
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
needs_display = pytest.mark.skipif(bool(MISSING), reason=MISSING)
both = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)


def row_of(desk: Desk, kind: type, which: int = -1) -> int:
    """Return the number of a row as the text counts them."""
    return [number for number, row in enumerate(desk.window.talk.rows.rows, start=1) if isinstance(row, kind)][which]


def actions(desk: Desk, **others: Any) -> None:
    hands = desk.window.talk.hands
    hands.actions = replace(hands.actions, **others)


def click(desk: Desk, index: str, button: int = 1) -> None:
    text = desk.window.talk.text
    text.see(index)
    desk.turn()
    x, y, _, height = text.bbox(index)  # type: ignore[misc]
    for event in ("<Enter>", "<Motion>", f"<Button-{button}>", f"<ButtonRelease-{button}>"):
        text.event_generate(event, x=x + 2, y=y + height // 2)
    desk.turn()


def items(canvas: tk.Canvas, kind: str) -> list[int]:
    """Return what is drawn of a kind."""
    return [item for item in canvas.find_all() if str(canvas.type(item)) == kind]


# Colours and avatars.


@both
def test_names_initials_and_code_can_be_read(palette: Palette) -> None:
    shades = SHADES[palette.name]
    grounds = {"background": palette.background, "marked": palette.marked, "found": palette.found}
    pairs = {(colour, ground): contrast(colour, grounds[ground]) for colour in palette.nicks for ground in grounds}
    pairs |= {(shade, "text"): contrast(palette.text, shade) for shade in (shades.code, shades.chip)}
    pairs["code", "faint"] = contrast(palette.faint, shades.code)
    pairs["focused", "link"] = contrast(palette.background, palette.link)
    assert {pair: found for pair, found in pairs.items() if found < 4.5} == {}
    assert len(set(palette.nicks)) == len(palette.nicks) == 16


@pytest.mark.parametrize("size", [8, 9, 38, 77])
def test_an_avatar_has_smooth_corners_and_is_the_same_from_every_side(size: int) -> None:
    data = square_png("#be222a", size)
    begin = data.index(b"IDAT") + 4
    raw = zlib.decompress(data[begin : data.index(b"IEND")][:-8])
    rows = [raw[at + 1 : at + 1 + 4 * size] for at in range(0, len(raw), 4 * size + 1)]
    alphas = [list(row[3::4]) for row in rows]
    assert alphas == alphas[::-1] == [row[::-1] for row in alphas]
    assert alphas[size // 2][size // 2] == 255
    assert alphas[0][0] < 128
    assert any(0 < alpha < 255 for row in alphas for alpha in row)


@needs_display
def test_an_avatar_is_made_once_for_each_colour_and_size(desk: Desk) -> None:
    avatars = Avatars(desk.root)
    one = avatars.square("#be222a", 38)
    assert (one.width(), one.height()) == (38, 38)
    assert avatars.square("#be222a", 38) is one
    assert avatars.square("#be222a", 76) is not one


def test_the_initial_is_a_letter() -> None:
    assert [initial(nick) for nick in ("ann", "øyvind", "漢字", "ßeta")] == ["A", "Ø", "漢", "S"]


@needs_display
def test_everybody_on_the_screen_has_an_avatar_and_each_line_beside_it_its_place(desk: Desk) -> None:
    desk.join()
    for nick in ("bob", "carol", "bob"):
        desk.said(nick, "hello")
        desk.said(nick, "again")
    desk.hear(events.TopicSet("bob", "#r", "new"))
    desk.turn()
    gutter, text = desk.window.talk.gutter, desk.window.talk.text
    images, letters = items(gutter, "image"), [gutter.itemcget(item, "text") for item in items(gutter, "text")]
    assert letters.count("B") == 2 and letters.count("C") == 1
    assert sum(":" in letter for letter in letters) == 2, "the topic and who has joined"
    heads = [number for number, row in enumerate(desk.window.talk.rows.rows, 1) if isinstance(row, HeadRow)]
    tops = [text.dlineinfo(f"{number}.0")[1] for number in heads]  # type: ignore[index]
    size = desk.window.talk._styles.avatar_size
    for item, top, (_, following) in zip(images, tops, pairwise([*tops, 10_000]), strict=True):
        y = gutter.coords(item)[1]
        assert top < y < y + size < following


@needs_display
def test_avatars_end_where_the_text_does(desk: Desk) -> None:
    desk.join()
    for number in range(60):
        desk.said(("bob", "carol")[number % 2], "hello")
    desk.turn()
    gutter, text = desk.window.talk.gutter, desk.window.talk.text
    edge = int(str(text.cget("pady")))
    above, below = (gutter.bbox(item) for item in gutter.find_withtag("cover"))
    assert edge and above[3] - above[1] >= edge and below[3] - below[1] >= edge
    assert above[1] <= 0 and below[3] >= gutter.winfo_height()
    assert set(gutter.find_all()[-2:]) == set(gutter.find_withtag("cover")), "nothing is drawn over them"


@needs_display
def test_when_a_line_was_said_is_told_under_the_mouse(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "one")
    desk.said("bob", "two")
    desk.turn()
    text, gutter = desk.window.talk.text, desk.window.talk.gutter

    def times() -> int:
        return sum(":" in gutter.itemcget(item, "text") for item in items(gutter, "text"))

    before = times()
    x, y, _, _ = text.bbox(f"{row_of(desk, LineRow)}.0")  # type: ignore[misc]
    text.event_generate("<Motion>", x=x + 3, y=y + 3)
    desk.turn()
    assert times() == before + 1
    text.event_generate("<Leave>")
    desk.turn()
    assert times() == before


# Copying.


def test_what_stands_for_something_is_copied_as_what_it_was() -> None:
    def safe(text: str) -> str:
        return text.replace("\U0001f600", ":grinning-face:")

    pieces = [
        Piece("a :grinning-face: b", (), "a \U0001f600 b"),
        Piece("link", ("link",)),
        Piece("  (edited)", (), ""),
        Piece("BA", (), "שלום"),
    ]
    assert cut(pieces, 0, None, safe) == "a \U0001f600 blinkשלום"
    assert cut(pieces, 5, 8, safe) == "\U0001f600"
    assert cut(pieces, 17, 21, safe) == " bli"
    assert cut(pieces, 33, 34, safe) == "שלום", "what cannot be told apart is copied whole"


@needs_display
def test_text_is_copied_as_it_was_said_and_with_names_by_another_key(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "see \U0001f600")
    desk.said("bob", "```sh")
    desk.said("bob", "ls -l")
    desk.said("bob", "```")
    desk.hear(references.Reacted("ann", "#r", 1, "+1"), id="90")
    desk.hear(events.Said("carol", "#r", "thanks", 1), id="91")
    desk.turn()
    talk = desk.window.talk
    first, last = row_of(desk, LineRow, -5), row_of(desk, LineRow)
    talk.text.tag_add("sel", f"{first}.0", f"{last}.end")
    time = talk._renderer.time(desk.transcript.rooms["#r"].lines[-1])
    assert talk.selected_text() == f"see \U0001f600\nls -l\ncarol  {time}\nthanks"
    assert talk.selected_with_names() == f"[{time}] bob: see \U0001f600\nls -l\n[{time}] carol: thanks"
    desk.key("<Control-Shift-C>", talk.text)
    assert desk.root.clipboard_get() == talk.selected_with_names()
    desk.key("<Control-c>", talk.text)
    assert desk.root.clipboard_get() == talk.selected_text()
    assert talk.text.selection_get() == talk.selected_text(), "also for the middle button"


@needs_display
def test_a_part_of_a_line_is_copied_alone(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "one two three")
    desk.turn()
    talk, number = desk.window.talk, row_of(desk, LineRow)
    talk.text.tag_add("sel", f"{number}.4", f"{number}.7")
    assert talk.selected_text() == "two"
    assert talk.selected_with_names().endswith("] bob: two")


@needs_display
def test_code_is_drawn_in_a_fixed_font(desk: Desk) -> None:
    desk.join()
    for text in ("use `ls -l` or ```rm -i```", "```", "x = 1", "```"):
        desk.said("bob", text)
    desk.turn()
    shown = desk.window.talk.text
    ranges = [str(each) for each in shown.tag_ranges("inline")]
    assert [shown.get(*pair) for pair in zip(ranges[::2], ranges[1::2], strict=True)] == ["ls -l", "rm -i"]
    for tag in ("inline", "code"):
        assert shown.tag_cget(tag, "font") == str(desk.window.look.fixed)
        assert shown.tag_cget(tag, "background")
    shapes = [row.shape for row in desk.window.talk.rows.rows if isinstance(row, LineRow)]
    assert shapes[-3:] == [Shape.FENCE, Shape.CODE, Shape.FENCE]


# Keys and the mouse.


@needs_display
def test_links_are_walked_and_opened_by_keys(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "see https://one.example and `https://code.example` and https://two.example")
    desk.said("bob", "or https://three.example")
    desk.turn()
    text, opened = desk.window.talk.text, list[str]()
    actions(desk, open_link=opened.append)
    for key in ("<Tab>", "<Return>", "<Tab>", "<Return>", "<Tab>", "<Return>", "<Shift-Tab>", "<Return>"):
        desk.key(key, text)
    assert opened == [f"https://{name}.example" for name in ("one", "two", "three", "two")]
    assert text.tag_ranges("focused")
    desk.key("<Tab>", text)
    text.event_generate("<Tab>")
    desk.root.update()
    assert desk.root.focus_get() is not text, "after the last link the next widget is reached"


@needs_display
def test_the_menu_of_a_line_opens_by_mouse_and_keys(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "one")
    desk.said("carol", "two")
    desk.turn()
    asked: list[str] = []
    actions(desk, on_context=lambda line, _x, _y: asked.append(line.text))
    text = desk.window.talk.text
    click(desk, f"{row_of(desk, LineRow, -2)}.1", button=3)
    click(desk, f"{row_of(desk, HeadRow)}.1", button=3)
    assert asked == ["one", "two"]
    for key in ("<Up>", "<Shift-F10>", "<Up>", "<Menu>", "<Down>", "<Shift-F10>"):
        desk.key(key, text)
    assert asked[2:] == ["two", "one", "two"]
    text.tag_remove("sel", "1.0", "end")
    desk.key("<Control-c>", text)
    assert desk.root.clipboard_get() == "two", "the line with the cursor"


@needs_display
def test_the_line_under_the_mouse_is_known(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "one")
    desk.turn()
    talk = desk.window.talk

    def at(index: str) -> Line | None:
        x, y, _, _ = talk.text.bbox(index)  # type: ignore[misc]
        return talk.line_at(x, y)

    line = at(f"{row_of(desk, LineRow)}.0")
    assert line is not None and line.text == "one"
    assert at("1.0") is None, "a day is no line"
    assert talk.line_at(5, talk.text.winfo_height() - 2) is None


@needs_display
def test_a_quote_leads_to_what_it_quotes(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "lunch?")
    for n in range(80):
        desk.said("carol", f"line {n}")
    desk.hear(events.Said("dan", "#r", "yes", 1), id="99")
    desk.turn()
    talk = desk.window.talk
    click(desk, f"{row_of(desk, QuoteRow)}.3")
    (start, _) = talk.text.tag_ranges("found")
    assert "lunch?" in talk.text.get(str(start), f"{start} lineend")
    assert talk.text.dlineinfo(str(start)) is not None
    assert not talk.follow


@needs_display
def test_a_reaction_and_a_name_can_be_clicked(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "hi")
    for emoji in ("+1", "-1"):
        desk.hear(references.Reacted("ann", "#r", 1, emoji), id="8" + str(len(emoji)))
    desk.turn()
    chosen: list[str] = []
    actions(desk, on_reaction=lambda _, emoji: chosen.append(emoji), on_person=lambda nick, _x, _y: chosen.append(nick))
    talk, chips = desk.window.talk, row_of(desk, ReactionsRow)
    click(desk, f"{chips}.{talk.text.get(f'{chips}.0', f'{chips}.end').index('-1')}")
    click(desk, f"{row_of(desk, HeadRow)}.1")
    (image,) = items(talk.gutter, "image")
    x, y = talk.gutter.coords(image)
    talk.gutter.event_generate("<Button-1>", x=int(x) + 5, y=int(y) + 5)
    assert chosen == ["-1", "bob", "bob"]


@needs_display
def test_the_cursor_goes_over_lines_and_folds_and_enter_unfolds(desk: Desk) -> None:
    desk.join()
    for nick in "cdef":
        desk.hear(events.Joined(nick, "#r"))
    desk.said("bob", "hi")
    desk.turn()
    text = desk.window.talk.text
    for key in ("<Up>", "<Up>", "<Return>"):
        desk.key(key, text)
    row = desk.window.talk.rows.rows[row_of(desk, FoldRow) - 1]
    assert isinstance(row, FoldRow) and row.unfolded


@needs_display
def test_emoji_alone_are_large(desk: Desk) -> None:
    desk.window.glyphs.colour = True
    desk.window.glyphs._known["\u2705"] = "\u2705"  # also where no font has it
    desk.join()
    for text in ("\u2705\u2705", "well \u2705", "12"):
        desk.said("bob", text)
    desk.turn()
    talk = desk.window.talk.text
    ranges = [str(each) for each in talk.tag_ranges("emoji")]
    assert [talk.get(*pair) for pair in zip(ranges[::2], ranges[1::2], strict=True)] == ["\u2705\u2705"]
    assert tkinter.font.Font(font=talk.tag_cget("emoji", "font")).actual("size") > desk.window.look.size


@needs_display
def test_talk_is_in_sight_after_a_crowd_came_and_went(desk: Desk) -> None:
    desk.join("ann", "#s", "#r")
    for n in range(40):
        desk.said("bob", f"line {n}")
    for n in range(900):
        desk.hear(events.Joined(f"n{n}", "#r"))
        desk.hear(events.Parted(f"n{n}", "#r"))
    desk.window.show_room("#r")
    desk.window.talk.go_to_end()
    shown = desk.shown()
    assert sum("▸" in line for line in shown) == 1
    assert desk.window.talk.text.dlineinfo(f"{row_of(desk, LineRow)}.0") is not None
    assert any(line.endswith("bob: line 0") for line in shown)


@needs_display
def test_a_change_lays_out_no_more_than_what_changed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tk lays out all that is on the screen anew when the state of a text is set."""
    desk.join()
    desk.said("bob", "hi")
    desk.turn()
    configured: list[object] = []
    text = desk.window.talk.text
    monkeypatch.setattr(text, "configure", lambda *_, **options: configured.append(options))
    desk.said("bob", "more")
    desk.turn()
    assert configured == []
    text.delete("1.0", "end")
    assert "more" in desk.shown()[-1], "nobody else can write into it"
