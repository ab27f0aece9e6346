"""The field at the bottom: pasting, what is refused, emoji, and how high it is."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.client.model.pasting import LINE_BYTES, MAX_PASTED
from chatd.client.view.field_paste import ASKING, ASKING_SHOWN_AFTER_MS
from chatd.client.view.message_field import MAX_LINES
from chatd.client.view.x_selection import GONE, ClipboardError, Copied, NoDisplayError
from chatd.protocol import events
from chatd.protocol.actions import BEGINNING
from chatd.protocol.moderation_commands import Login
from tests.client.test_graphemes import FAMILY, WAVE
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
__all__ = ["desk"]


class Other:
    """Another program, which answers when it is told to."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.asked: list[str] = []
        self.given_up = 0
        self._waiting: list[Deferred[Copied]] = []
        desk.window.clipboard.read = self.read

    def read(self, selection: str) -> Deferred[Copied]:
        def give_up(_: object) -> None:
            self.given_up += 1

        self.asked.append(selection)
        self._waiting.append(Deferred(give_up))
        return self._waiting[-1]

    def answer(self, text: str, *, whole: bool = True) -> None:
        self._waiting.pop(0).callback(Copied(text, whole))
        self._desk.turn()

    def fail(self, error: Exception) -> None:
        self._waiting.pop(0).errback(Failure(error))
        self._desk.turn()

    def wait(self) -> None:
        """Let the time pass after which one is told that one waits."""
        passed: list[int] = []
        self._desk.root.after(ASKING_SHOWN_AFTER_MS + 10, passed.append, 1)
        while not passed:
            self._desk.root.update()


@pytest.fixture
def other(desk: Desk) -> Iterator[Other]:
    desk.join()
    desk.root.clipboard_clear()
    desk.root.clipboard_append("own")
    desk.root.tk.call("selection", "clear", "-selection", "CLIPBOARD")
    desk.root.tk.call("selection", "clear", "-selection", "PRIMARY")
    yield Other(desk)


def said(desk: Desk) -> list[Any]:
    return [did[2] for did in desk.link.did if did[0] == "say"]


# Pasting.


def test_what_another_program_has_comes_where_the_cursor_was(desk: Desk, other: Other) -> None:
    desk.type("before ")
    desk.key("<Control-v>")
    desk.key("<Key-x>")
    assert (other.asked, desk.window.field.content) == (["CLIPBOARD"], "before x")
    other.answer("pasted")
    assert desk.window.field.content == "before pastedx"


def test_while_one_waits_it_is_said_and_can_be_given_up(desk: Desk, other: Other) -> None:
    hint = desk.window.field.hint
    desk.key("<Control-v>")
    assert not hint.winfo_ismapped()
    other.wait()
    assert (hint.winfo_ismapped(), hint.cget("text")) == (True, ASKING)
    desk.key("<Escape>")
    assert (hint.winfo_ismapped(), other.given_up, desk.window.question.is_open) == (False, 1, False)
    desk.type("and on")
    desk.key("<Return>")
    assert said(desk) == ["and on"]


@pytest.mark.parametrize("widget", ["field.text", "name_bar.field"])
def test_a_window_that_is_closed_waits_for_no_other_program(desk: Desk, other: Other, widget: str) -> None:
    desk.window.name_bar.show_name("ann", locked=False)
    desk.key("<<Paste>>", attrgetter(widget)(desk.window))
    assert other.asked == ["CLIPBOARD"]
    desk.window.disconnect()
    assert other.given_up == 1
    desk.turn()
    assert not desk.window.question.is_open
    desk.window.disconnect()  # as a signal has it after a quit
    assert other.given_up == 1


def test_enter_waits_for_what_is_pasted(desk: Desk, other: Other) -> None:
    desk.key("<Control-v>")
    desk.key("<Return>")
    assert said(desk) == []
    other.answer("pasted")
    assert (said(desk), desk.window.field.content) == (["pasted"], "")
    desk.type("typed ")
    desk.key("<Control-v>")
    desk.key("<Return>")
    other.fail(ClipboardError(GONE))
    assert (said(desk), desk.window.field.content) == (["pasted"], "typed ")
    assert desk.window.question.text == f"! {GONE}"


def test_what_is_selected_is_replaced(desk: Desk, other: Other) -> None:
    desk.type("all of this")
    desk.key("<Control-a>")
    desk.key("<Control-v>")
    other.answer("that")
    assert desk.window.field.content == "that"


def test_the_middle_button_pastes_what_is_selected_elsewhere(desk: Desk, other: Other) -> None:
    desk.type("end")
    text = desk.window.field.text
    text.event_generate("<Button-2>", x=2, y=8)
    text.event_generate("<ButtonRelease-2>", x=2, y=8)
    desk.turn()
    other.answer("the ")
    assert (other.asked, desk.window.field.content) == (["PRIMARY"], "the end")


def test_where_the_display_cannot_be_asked_tk_is(desk: Desk, other: Other) -> None:
    desk.key("<Control-v>")
    other.fail(NoDisplayError("there is none"))
    assert "nothing to paste" in desk.window.question.text


def test_a_field_of_one_line_waits_just_as_little(desk: Desk, other: Other) -> None:
    desk.key("<Control-f>")
    bar = desk.window.find_bar
    desk.key("<Control-v>", bar.field)
    assert bar.part.get() == ""
    other.answer("two\nlines")
    assert bar.part.get() == "two lines"
    desk.key("<Control-v>", bar.field)
    other.answer("x" * 3000)
    assert "This field holds 2,000 characters" in desk.window.question.text


def test_too_much_is_cut_where_a_line_ends_and_that_is_said(desk: Desk, other: Other) -> None:
    desk.key("<Control-v>")
    other.answer("0123456789\n" * 40_000)
    question = desk.window.question
    assert f"{MAX_PASTED:,} characters" in question.text
    assert "the first 18,181 lines and leave out 21,819" in question.text
    assert desk.window.field.content == ""
    question.answer(0)
    assert desk.window.field.content == "\n".join(["0123456789"] * 18_181)
    desk.window.field.content = ""
    desk.key("<Control-v>")
    other.answer("word " * 60_000)
    assert f"the first {MAX_PASTED // LINE_BYTES} lines" in question.text
    question.escape()
    desk.key("<Control-v>")
    other.answer("0123456789\n" * 40_000, whole=False)
    assert "at least 21,819" in question.text


def test_several_lines_can_be_a_block_of_code(desk: Desk, other: Other) -> None:
    desk.type("look:")
    desk.key("<Control-v>")
    other.answer("if x:\n    y()\nz()\n")
    assert desk.window.question._label.winfo_width() >= 200
    desk.window.question.answer(1)
    assert desk.window.field.content == "look:\n```\nif x:\n    y()\nz()\n```"
    desk.key("<Return>")
    assert said(desk) == ["look:", "```", "if x:", "    y()", "z()", "```"]
    desk.type("```\n")
    desk.key("<Control-v>")
    other.answer("1\n2\n3\n4")
    assert (desk.window.field.content, desk.window.question.is_open) == ("```\n1\n2\n3\n4", False)


# What is refused.


@pytest.mark.parametrize("text", ["/me waves\nand more", "/nope", "/kick", "x" * 9000, "/login ann two words"])
def test_what_is_typed_next_replaces_what_was_refused(desk: Desk, text: str) -> None:
    desk.join()
    desk.type(text)
    desk.key("<Return>")
    assert desk.window.question.text.startswith("! ")
    assert desk.window.field.content == text
    desk.key("<Key-n>")
    assert desk.window.field.content == "n"


def test_what_was_refused_comes_back_with_up(desk: Desk) -> None:
    desk.join()
    desk.type("first")
    desk.key("<Return>")
    desk.hear(events.Moderated("KICK", "bob", "#r", "ann", None, "spam"), id="9")
    desk.type("well said")
    desk.key("<Return>")
    assert (said(desk), desk.window.field.content) == (["first"], "well said")
    desk.key("<Key-n>")
    desk.key("<Up>")
    assert desk.window.field.content == "well said"
    desk.key("<Return>")
    desk.key("<Up>")
    assert desk.window.field.content == "first"


def test_without_a_server_what_was_typed_stays_marked(desk: Desk) -> None:
    desk.type("hello")
    desk.key("<Return>")
    assert desk.window.field.text.get("sel.first", "sel.last") == "hello"


def test_a_refused_password_is_selected_for_nobody_else(desk: Desk) -> None:
    desk.join()
    desk.type("/register two words")
    desk.key("<Return>")
    assert not desk.root.tk.call("selection", "own", "-selection", "PRIMARY")
    desk.window.field.content = ""
    desk.key("<Up>")
    assert desk.window.field.content == ""


# Emoji.


def type_keys(desk: Desk, text: str) -> None:
    names = {":": "colon", "+": "plus", " ": "space"}
    for character in text:
        desk.key(f"<Key-{names.get(character, character)}>")
        desk.window.field.text.event_generate(f"<KeyRelease-{names.get(character, character)}>")
    desk.turn()


def test_a_name_is_offered_and_taken(desk: Desk) -> None:
    desk.join()
    desk.window.glyphs.safe = lambda text: text  # type: ignore[method-assign]  # whatever fonts there are
    popup = desk.window.field.emoji.popup
    type_keys(desk, "hi :s")
    assert not popup.is_open
    type_keys(desk, "mi")
    assert popup.is_open
    assert popup.marked == "\U0001f604"
    desk.key("<Down>")
    desk.key("<Tab>")
    assert (desk.window.field.content, popup.is_open) == ("hi \U0001f603 ", False)
    type_keys(desk, ":rocke")
    desk.key("<Return>")
    assert (desk.window.field.content, said(desk)) == ("hi \U0001f603 \U0001f680 ", [])
    desk.key("<Return>")
    assert len(said(desk)) == 1


def test_what_is_offered_can_be_left(desk: Desk) -> None:
    desk.join()
    popup = desk.window.field.emoji.popup
    type_keys(desk, ":smi")
    desk.key("<Escape>")
    type_keys(desk, "l")
    assert (popup.is_open, desk.window.field.content) == (False, ":smil")
    type_keys(desk, " :wav")
    assert popup.is_open
    popup.rows[0][1].event_generate("<Button-1>")
    assert not popup.is_open
    assert ":wav" not in desk.window.field.content.replace(":waving-hand-sign:", "")


def test_names_are_sent_as_emoji(desk: Desk) -> None:
    desk.join()
    for text in (":+1: and `:+1:`", "/me waves :wave:", "/login ann :wave:"):
        desk.type(text)
        desk.key("<Return>")
    assert said(desk) == ["\U0001f44d and `:+1:`", f"{BEGINNING}waves \U0001f44b"]
    assert ("send", Login("ann", ":wave:"), "#r") in desk.link.did


def test_the_panel_puts_one_in(desk: Desk) -> None:
    desk.join()
    desk.window.glyphs.safe = lambda text: text  # type: ignore[method-assign]  # whatever fonts there are
    desk.type("look ")
    desk.key("<Control-period>")
    panel = desk.window.menus.emoji_panel
    assert panel.is_open
    panel.part.set("rocket")
    desk.key("<Return>", panel.field)
    assert (desk.window.field.content, panel.is_open) == ("look \U0001f680", False)
    assert desk.settings.emoji == ["\U0001f680"]


# Looks.


def test_it_grows_with_what_is_in_it(desk: Desk) -> None:
    desk.join()
    text = desk.window.field.text
    assert text.cget("height") == 1
    desk.key("<Shift-Return>")
    assert text.cget("height") == 2
    desk.type("word " * 100)
    assert 1 < text.cget("height") <= MAX_LINES
    desk.type("line\n" * 100)
    assert text.cget("height") == MAX_LINES
    desk.type("x" * 4000)
    assert text.cget("height") == MAX_LINES
    desk.type("short")
    assert text.cget("height") == 1


@pytest.mark.parametrize("one", [WAVE, FAMILY], ids=ascii)
def test_backspace_takes_one_character_of_a_readers(desk: Desk, one: str) -> None:
    desk.join()
    desk.window.glyphs.safe = lambda text: text  # type: ignore[method-assign]  # whatever fonts there are
    desk.type(f"a{one}")
    desk.key("<BackSpace>")
    assert desk.window.field.content == "a"


def test_what_is_said_elsewhere_is_no_draft_here_and_a_draft_there_stays(desk: Desk) -> None:
    desk.join("ann", "#r", "#s")
    desk.window.show_room("#r")
    desk.type("a draft for later")
    desk.window.show_room("#s")
    desk.type("/msg #r hello")
    desk.key("<Return>")
    assert desk.window.shown is desk.transcript.rooms["#r"]
    assert desk.window.field.content == "a draft for later"
    desk.window.show_room("#s")
    assert desk.window.field.content == ""
    desk.type("/msg bob hello")
    desk.key("<Return>")
    desk.window.note_draft()
    assert [room.draft for room in desk.transcript.rooms.values()] == ["a draft for later", "", ""]
