"""The window, on a display that nobody sees, with a stand-in for the link."""

from __future__ import annotations

import os
import subprocess
import sys
import tkinter as tk
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from chatd.client.model.changes import Change
from chatd.client.model.kept_servers import KeptServer
from chatd.client.model.lines import Kind
from chatd.client.model.membership import MembershipCue
from chatd.client.model.reducer import apply_event
from chatd.client.model.rows import FoldRow, HeadRow, LineRow
from chatd.client.model.settings import Settings, Store, Theme
from chatd.client.model.transcript import Transcript
from chatd.client.net.nearby import NoNearby, Place
from chatd.client.net.port import NO_NAME
from chatd.client.net.status import LinkState, Status
from chatd.client.view import pump
from chatd.client.view.desktop import Desktop, this_desktop
from chatd.client.view.drawing import FRAME_SECONDS, MOST_SECONDS
from chatd.client.view.glyphs import TkFont
from chatd.client.view.servers import ServerSession
from chatd.client.view.talk_pane import TalkPane
from chatd.client.view.window import Window
from chatd.protocol import events
from chatd.protocol.commands import Command, Join, Nick, Part, Search
from chatd.protocol.moderation_commands import Login, Register
from chatd.runtime.extras import install_command
from chatd.runtime.server_address import Address, parse
from tests.support.display import MISSING

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
PLACEHOLDER = "Enter Your Name Here!"


class StandIn:
    """A link that goes nowhere: it notes what it is asked for, and what is said waits."""

    def __init__(self, session: ServerSession) -> None:
        self.session = session
        self.transcript = session.transcript
        self.did: list[tuple[Any, ...]] = []
        self.refreshed: list[str] = []
        self.labels = 0
        self.stopping: Deferred[None] = succeed(None)
        """What `stop` returns."""

    def start(self) -> None:
        self.did.append(("start",))

    def stop(self, said: str | None = None) -> Deferred[None]:
        self.did.append(("stop", said))
        return self.stopping

    def reconnect(self) -> None:
        self.did.append(("reconnect",))

    def send_message(self, room: str, text: str, reply: int = 0) -> None:
        self.did.append(("say", room, text, *([reply] if reply else [])))
        self.labels += 1
        self.draw(self.transcript.add_waiting(room, text, f"l{self.labels}", self.transcript.now(), reply))

    def send_command(self, command: Command, room: str | None = None) -> None:
        self.did.append(("send", command, room))

    def register(self, password: str, code: str | None = None) -> None:
        self.did.append(("register", password, code))

    def log_out(self) -> None:
        self.did.append(("log out",))

    def join_room(self, room: str) -> None:
        self.did.append(("join", room))
        self.transcript.open_room(room).change_membership(MembershipCue.WANT)

    def ask_older(self, room: str) -> None:
        self.did.append(("older", room))

    def refresh(self, room: str) -> None:
        self.refreshed.append(room)

    def draw(self, changes: Sequence[Change]) -> None:
        self.session.changed(changes)


def drawn_lines(talk: TalkPane) -> list[str]:
    """Return the rows of a conversation: of those with a name, the name before each."""
    found: list[str] = []
    room = talk.room
    assert room is not None
    for number, row in enumerate(talk.rows.rows, start=1):
        text = talk.text.get(f"{number}.0", f"{number}.end").rstrip("\u00a0 ")
        if isinstance(row, LineRow | FoldRow):
            line = room.lines[row.index]
            named = isinstance(row, LineRow) and line.kind is Kind.SAID and not line.action
            moment = datetime.fromtimestamp(line.time / 1000, UTC).astimezone()
            text = f"{moment:%H:%M}  {f'{line.nick}: ' if named else ''}{text}"
        if not isinstance(row, HeadRow):
            found.append(text)
    return found


class Desk:
    """A window and all that is around it."""

    def __init__(self, root: tk.Tk) -> None:
        self.root = root
        self.clock = Clock()
        self.settings = Settings(theme=Theme.LIGHT)
        self.transcript = Transcript("", lambda: 1_700_000_000_000 + int(self.clock.seconds() * 1000))
        self.links: list[StandIn] = []
        self.dialled: list[Address] = []
        self.gone = 0
        self.id = 0
        self.window = Window(
            root, self.clock, self.transcript, self.settings, self.dial, Desktop(), lambda: None, self.count_gone
        )
        root.deiconify()
        self.turn()

    def dial(self, address: Address, session: ServerSession) -> StandIn:
        self.dialled.append(address)
        self.links.append(StandIn(session))
        return self.links[-1]

    def count_gone(self) -> None:
        self.gone += 1

    @property
    def link(self) -> StandIn:
        return self.links[-1]

    def turn(self) -> None:
        """Let the reactor and Tk do what they have to."""
        for seconds in (FRAME_SECONDS, 0, 0):
            self.clock.advance(seconds)
            self.root.update()

    def join(self, nick: str = "ann", *rooms: str) -> None:
        self.window.connect(Address(), nick, rooms or ("#r",))
        for room in rooms or ("#r",):
            self.hear(events.Done("JOIN", (room, "1"), {"last": str(self.id)}))
        self.window.status(Status(LinkState.CONNECTED, "connected", None, 0.0123))
        self.root.focus_force()
        self.window.field.text.focus_force()
        self.turn()

    def hear(self, event: events.Event, **tags: str) -> None:
        self.window.changed(apply_event(self.transcript, tags, event))

    def said(self, nick: str, text: str, room: str = "#r") -> None:
        self.id += 1
        self.hear(events.Said(nick, room, text), id=str(self.id))

    def shown(self) -> list[str]:
        """Return what is on the screen, row by row, each line with its time and the name that stands above it."""
        self.turn()
        return drawn_lines(self.window.talk)

    def type(self, text: str) -> None:
        self.window.field.content = text
        self.turn()

    def key(self, key: str, widget: tk.Misc | None = None) -> None:
        widget = widget or self.window.field.text
        widget.focus_force()
        self.root.update()
        widget.event_generate(key)
        self.turn()


@pytest.fixture
def desk(display: str) -> Iterator[Desk]:
    assert display
    root, descriptor = pump.open_root()
    assert descriptor is not None
    failures: list[Any] = []
    root.report_callback_exception = lambda *error: failures.append(error)
    made = Desk(root)
    yield made
    made.window.stop_drawing()
    root.destroy()
    assert not failures
    assert made.clock.getDelayedCalls() == []


# What the window had from the beginning.


def test_the_name_field_says_what_to_enter(desk: Desk) -> None:
    desk.window.connect(Address(), "", ())
    assert desk.window.name_bar.field.get() == PLACEHOLDER
    assert desk.window.name_bar.button.cget("text") == "Join"
    assert desk.links == []


def test_joining_locks_the_name_and_says_who_has_joined(desk: Desk) -> None:
    desk.window.connect(Address(), "", ())
    bar = desk.window.name_bar
    bar.field.delete(0, "end")
    bar.field.insert(0, "ann")
    bar.button.invoke()
    desk.hear(events.Done("JOIN", ("#lobby", "1")))
    assert any("ann has joined" in line for line in desk.shown())
    assert bar.locked
    bar.field.insert("end", "x")
    assert (bar.name, desk.link.did, desk.transcript.nick) == ("ann", [("start",)], "ann")
    bar.button.invoke()
    assert len(desk.links) == 1


@pytest.mark.parametrize("name", ["", PLACEHOLDER, "two words"])
def test_without_a_good_name_there_is_an_error_in_the_window(desk: Desk, name: str) -> None:
    desk.window.connect(Address(), "", ())
    desk.window.name_bar.field.delete(0, "end")
    desk.window.name_bar.field.insert(0, name)
    desk.window.name_bar.button.invoke()
    desk.turn()
    assert desk.window.question.text.startswith("! ")
    assert desk.window.question.winfo_ismapped()
    assert desk.links == []


def test_saying_something_without_a_name_is_an_error_in_the_window(desk: Desk) -> None:
    desk.window.connect(Address(), "", ())
    desk.type("hello")
    desk.window.field.button.invoke()
    desk.turn()
    assert "your nick" in desk.window.question.text
    assert desk.window.question.winfo_ismapped()
    assert desk.window.field.content == "hello"


def test_a_name_is_enough_to_join_when_nothing_else_is_known(desk: Desk) -> None:
    desk.window.ask_server()
    desk.window.escape()
    bar = desk.window.name_bar
    bar.field.event_generate("<Button-1>", x=60, y=10)
    assert bar.field.selection_get() == PLACEHOLDER
    bar.field.delete("sel.first", "sel.last")
    bar.field.insert(0, "ann")
    desk.key("<Return>", bar.field)
    assert (desk.dialled, desk.link.did) == ([Address()], [("start",)])
    assert desk.window.shown is desk.transcript.rooms["#lobby"]
    desk.window.store()
    assert desk.settings.servers == [KeptServer("127.0.0.1:10319", "ann", ["#lobby"])]


@pytest.mark.parametrize(
    "ask",
    [
        lambda window: window.reconnect(),
        lambda window: window.go_to("#r"),
        lambda window: window.search("words"),
        lambda window: window.submit("/rooms"),
        lambda window: window.submit("hello"),
    ],
)
def test_what_needs_a_server_says_what_to_do_before_one_has_joined(desk: Desk, ask: Callable[[Window], None]) -> None:
    ask(desk.window)
    desk.turn()
    assert desk.window.question.text == f"! {NO_NAME}"
    assert desk.window.question.winfo_ismapped()
    assert (desk.dialled, desk.transcript.rooms) == ([], {})


def test_the_chat_box_has_a_scrollbar_and_nobody_can_write_into_it(desk: Desk) -> None:
    desk.join()
    talk = desk.window.talk
    before = desk.shown()
    talk.text.focus_force()
    desk.root.update()
    for key in ("<BackSpace>", "<Return>", "<<Cut>>"):
        talk.text.event_generate(key)
    talk.text.insert("end", "nonsense")
    assert desk.shown() == before
    assert talk.scrollbar.winfo_ismapped()
    for n in range(100):
        desk.said("bob", f"line {n}")
    desk.turn()
    assert talk.scrollbar.get()[0] > 0


def test_typing_into_the_chat_box_goes_to_the_field(desk: Desk) -> None:
    desk.join()
    desk.key("<Key-x>", desk.window.talk.text)
    assert desk.window.field.content == "x"


def test_enter_and_the_button_send_and_clear_and_ones_own_message_is_shown_at_once(desk: Desk) -> None:
    desk.join()
    desk.type("one\ntwo")
    desk.key("<Return>")
    assert desk.window.field.content == ""
    desk.type("three")
    desk.window.field.button.invoke()
    assert desk.window.field.content == ""
    assert [did[2] for did in desk.link.did if did[0] == "say"] == ["one", "two", "three"]
    own = desk.shown()[-3:]
    assert [line.split("ann: ")[1] for line in own] == [
        f"{text}  … waiting to be sent" for text in ("one", "two", "three")
    ]


def test_shift_enter_makes_a_new_line(desk: Desk) -> None:
    desk.join()
    desk.type("one")
    desk.key("<Shift-Return>")
    assert desk.window.field.content == "one\n"
    assert not [did for did in desk.link.did if did[0] == "say"]


def test_before_quitting_there_is_a_question_in_the_window(desk: Desk) -> None:
    desk.join()
    desk.window.question.escape()
    assert desk.root.tk.call("wm", "protocol", ".", "WM_DELETE_WINDOW")
    desk.window.ask_quit()
    desk.turn()
    question = desk.window.question
    assert (question.text, bool(question.winfo_ismapped())) == ("Quit chatd?", True)
    question.escape()
    assert (desk.gone, question.is_open) == (0, False)
    desk.key("<Control-q>")
    question.answer(0)
    assert (desk.gone, desk.link.did[-1]) == (1, ("stop", None))


def test_the_title_counts_what_is_unread(desk: Desk) -> None:
    assert desk.root.title() == "chatd"
    desk.join("ann", "#r", "#s")
    for text in ("one", "two", "ann: three"):
        desk.said("bob", text, "#s")
    desk.turn()
    assert desk.root.title() == "(3) chatd"
    item = desk.window.rooms.tree.item("#s")
    assert item["values"] == ["3 (@1)"]
    desk.window.show_room("#s")
    desk.turn()
    assert desk.root.title() == "chatd"
    desk.window.show_room("#r")
    desk.window.toggle_mute("#s")
    desk.said("bob", "four", "#s")
    desk.turn()
    assert desk.root.title() == "chatd"
    assert "(silent)" in desk.window.rooms.tree.item("#s", "text")


def test_the_default_server() -> None:
    assert parse("") == Address("127.0.0.1", 10319, tls=False)


# Addresses and the command.


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("example.org", Address("example.org")),
        ("example.org:7", Address("example.org", 7)),
        ("[::1]", Address("::1")),
        ("[::1]:7", Address("::1", 7)),
        ("tls://example.org:7", Address("example.org", 7, tls=True)),
    ],
)
def test_servers(text: str, address: Address) -> None:
    assert parse(text) == address
    assert parse(str(address)) == address


@pytest.mark.parametrize("text", ["::1", "h:x", "h:0", "h:65536", "[::1", "[::1]7", "a b", "h:²"])
def test_what_is_no_server(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a (server address|host|port): "):
        parse(text)


def run_client(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key != "DISPLAY"} | environment
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=env, timeout=60, check=False
    )


def test_without_a_display_there_is_one_line() -> None:
    done = run_client("-m", "chatd.client")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "no display" in done.stderr


@pytest.mark.parametrize(
    ("missing", "hint"),
    [("tkinter", "apt install python3-tk"), ("platformdirs", install_command("client"))],
)
def test_what_is_not_installed_is_told_in_one_line(tmp_path: Path, missing: str, hint: str) -> None:
    code = (
        "import sys, importlib.util as u\n"
        "found = u.find_spec\n"
        f"u.find_spec = lambda name, *a: None if name == {missing!r} else found(name, *a)\n"
        f"sys.modules[{missing!r}] = None\n"
        "from chatd.client.__main__ import main\nmain([])\n"
    )
    script = tmp_path / "run.py"
    script.write_text(code)
    done = run_client(str(script))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert hint in done.stderr


# The conversation.


def test_only_what_changed_is_drawn_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.join()
    for n in range(50):
        desk.said("bob", f"line {n}")
    desk.turn()
    inserted: list[int] = []
    write = desk.window.talk.rows.text.write

    def count(index: Any, *pieces: Any) -> None:
        inserted.append(sum(piece.count("\n") for piece in pieces[::2]))
        write(index, *pieces)

    monkeypatch.setattr(desk.window.talk.rows.text, "write", count)
    desk.said("bob", "the last")
    assert desk.shown()[-1].endswith("bob: the last")
    assert inserted == [1]


def test_what_is_shown_is_always_what_a_fresh_window_would_show(desk: Desk) -> None:
    desk.join()
    for n in range(400):
        match n % 7:
            case 0 | 1 | 2:
                desk.hear(events.Joined(f"p{n}", "#r"))
            case 3:
                desk.window.field.content = f"own {n}"
                desk.window.field.submit()
            case 5:
                desk.id += 1
                label = f"l{desk.link.labels}"
                desk.hear(events.Said("ann", "#r", f"own {n - 2}"), id=str(desk.id), label=label)
            case _:
                desk.said("bob", f"line {n}")
        if n % 50 == 0:
            desk.turn()
    incremental = desk.shown()
    desk.window.talk.repaint()
    assert desk.shown() == incremental


def test_older_lines_keep_the_place(desk: Desk) -> None:
    desk.id = 1000
    desk.join()
    for n in range(80):
        desk.said("bob", f"line {n}")
    desk.turn()
    talk = desk.window.talk
    talk.text.yview_moveto(0)
    talk.note_place()
    assert ("older", "#r") in desk.link.did
    assert not talk.follow
    top = talk.text.get("@0,0 linestart", "@0,0 lineend")
    for id_ in range(500, 600):
        desk.hear(events.Said("bob", "#r", f"older {id_}"), id=str(id_), old="")
    desk.turn()
    # The day stands before the oldest line now, what was under it is where it was.
    assert talk.text.get("@0,0 linestart", "@0,0 lineend") in (top, desk.shown()[101])
    assert len(desk.shown()) >= 180
    desk.said("bob", "new")
    desk.turn()
    assert talk.text.dlineinfo("end-1c") is None
    talk.text.see("end")
    talk.note_place()
    desk.said("bob", "newer")
    desk.turn()
    assert talk.text.dlineinfo("end-1c") is not None


def test_a_click_unfolds_and_folds(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "hi")
    for nick in ("c", "d", "e"):
        desk.hear(events.Joined(nick, "#r"))
    folded = desk.shown()
    assert folded[-1].endswith("▸ c, d and e joined")
    text = desk.window.talk.text
    for expected in (len(folded) + 3, len(folded)):
        (fold,) = (number for number, row in enumerate(desk.window.talk.rows.rows, 1) if isinstance(row, FoldRow))
        x, y, _, height = text.bbox(f"{fold}.10")  # type: ignore[misc]
        for event in ("<Enter>", "<Motion>", "<Button-1>", "<ButtonRelease-1>"):
            text.event_generate(event, x=x + 2, y=y + height // 2)
        assert len(desk.shown()) == expected


def test_links_are_links_and_open(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "see https://example.org/a_(b), or (http://x.org/y).")
    desk.turn()
    text = desk.window.talk.text
    ranges = [str(index) for index in text.tag_ranges("link")]
    links = [text.get(*pair) for pair in zip(ranges[::2], ranges[1::2], strict=True)]
    assert links == ["https://example.org/a_(b)", "http://x.org/y"]
    assert bool(text.tag_cget("link", "underline"))
    opened: list[str] = []
    desk.window.talk.hands.actions = replace(desk.window.talk.hands.actions, open_link=opened.append)
    x, y, _, height = text.bbox(ranges[2])  # type: ignore[misc]
    for event in ("<Enter>", "<Motion>", "<Button-1>", "<ButtonRelease-1>"):
        text.event_generate(event, x=x + 3, y=y + height // 2)
    assert opened == ["http://x.org/y"]


def test_what_is_selected_can_be_copied(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "hello")
    desk.turn()
    text = desk.window.talk.text
    desk.key("<Control-a>", text)
    text.event_generate("<<Copy>>")
    assert "bob  " in desk.root.clipboard_get()
    assert desk.root.clipboard_get().endswith("\nhello")


def test_a_message_that_failed_says_why(desk: Desk) -> None:
    desk.join()
    desk.type("hi")
    desk.key("<Return>")
    desk.window.changed(desk.transcript.mark_failed("l1", "you are muted"))
    assert desk.shown()[-1].endswith("ann: hi  ✗ not sent: you are muted")


def test_characters_that_cannot_be_drawn_are_words(desk: Desk) -> None:
    desk.join()
    assert not desk.window.glyphs.colour
    desk.said("bob", "\U0001f600 \U0001fffe 漢")
    assert desk.shown()[-1].endswith("bob: :grinning-face: :u+1fffe: 漢")


def test_a_symbol_is_a_word_where_no_font_has_it(desk: Desk) -> None:
    """Whether one has it is another matter on every machine."""
    font = TkFont(desk.root)
    drawn = font.family("\u2705"), font.width("\u2705")
    missing = drawn == (font.family("\U0001fffe"), font.width("\U0001fffe")) or "emoji" in drawn[0].lower()
    desk.join()
    desk.said("bob", "done \u2705")
    assert desk.shown()[-1].endswith("bob: done " + (":white-heavy-check-mark:" if missing else "\u2705"))


# Keys.


def test_pasting_much_asks_in_the_window(desk: Desk) -> None:
    desk.join()
    desk.root.clipboard_clear()
    desk.root.clipboard_append("a\nb")
    desk.key("<<Paste>>")
    assert (desk.window.field.content, desk.window.question.is_open) == ("a\nb", False)
    desk.window.field.content = ""
    desk.root.clipboard_append("\nc\nd\n")
    desk.key("<<Paste>>")
    assert (desk.window.field.content, desk.window.question.is_open) == ("", True)
    desk.window.question.answer(2)
    assert desk.window.field.content == "a b c d"
    desk.key("<<Paste>>")
    desk.window.question.answer(0)
    assert desk.window.field.content == "a b c da\nb\nc\nd"
    desk.key("<<Paste>>")
    desk.key("<Escape>", desk.window.question)
    assert not desk.window.question.is_open


def test_tab_completes_and_up_recalls(desk: Desk) -> None:
    desk.join()
    desk.hear(events.Joined("bernard", "#r"))
    desk.type("ber")
    desk.key("<Tab>")
    assert desk.window.field.content == "bernard: "
    desk.type("first")
    desk.key("<Return>")
    desk.type("draft")
    desk.key("<Up>")
    assert desk.window.field.content == "first"
    desk.key("<Down>")
    assert desk.window.field.content == "draft"


def test_a_room_by_a_part_of_its_name(desk: Desk) -> None:
    desk.join("ann", "#r", "#builds", "#other")
    desk.key("<Control-k>")
    switcher = desk.window.switcher
    assert switcher.is_open
    switcher.part.set("uil")
    desk.key("<Return>", switcher.field)
    assert not switcher.is_open
    assert desk.window.shown is desk.transcript.find_room("#builds")
    desk.key("<Alt-Down>")
    assert desk.window.shown is desk.transcript.find_room("#other")


def test_finding_here_and_on_the_server(desk: Desk) -> None:
    desk.join()
    for n in range(30):
        desk.said("bob", f"line {n}")
    desk.turn()
    desk.key("<Control-f>")
    bar = desk.window.find_bar
    bar.part.set("LINE 1")
    desk.turn()
    assert bar.count.cget("text") == "11 of 11"
    desk.key("<Return>", bar.field)
    assert bar.count.cget("text") == "10 of 11"
    bar.search_button.invoke()
    assert desk.link.did[-1] == ("send", Search("#r", "LINE 1"), "#r")
    desk.key("<Escape>", bar.field)
    assert not bar.is_open


def test_zoom_help_and_escape(desk: Desk) -> None:
    desk.join()
    for key, size in (("<Control-plus>", 12), ("<Control-minus>", 11), ("<Control-plus>", 12), ("<Control-Key-0>", 11)):
        desk.key(key)
        assert desk.window.look.size == size
    desk.key("<F1>")
    assert desk.window.help_sheet.is_open
    desk.key("<Escape>", desk.window.help_sheet.text)
    assert not desk.window.help_sheet.is_open


def test_commands_of_the_field(desk: Desk) -> None:
    desk.join()
    desk.type("/nope")
    desk.key("<Return>")
    assert 'Unknown command: "/nope"' in desk.window.question.text
    assert desk.window.field.content == "/nope"
    for text in ("/join #s", "/part", "//x", "/quit bye"):
        desk.type(text)
        desk.key("<Return>")
    assert not desk.window.question.is_open
    assert ("join", "#s") in desk.link.did
    assert ("send", Part("#s"), "#s") in desk.link.did
    assert ("say", "#s", "/x") in desk.link.did
    assert (desk.link.did[-1], desk.gone) == (("stop", "bye"), 1)
    assert not any(isinstance(did[1], Join) for did in desk.link.did if did[0] == "send")


# What is around it.


def test_a_refused_name_can_be_entered_anew(desk: Desk) -> None:
    desk.join()
    desk.window.status(Status(LinkState.REFUSED, "ann is taken", desk.clock.seconds() + 5, None))
    assert "ann is taken" in desk.window.question.text.lower()
    bar = desk.window.name_bar
    assert not bar.locked
    bar.field.delete(0, "end")
    bar.field.insert(0, "anna")
    bar.button.invoke()
    assert desk.link.did[-1] == ("send", Nick("anna"), None)


def test_the_status_line(desk: Desk) -> None:
    desk.join()
    line = desk.window.status_line
    assert line.label.cget("text") == "Connected as ann to 127.0.0.1:10319 · 12 ms"
    assert not line.button.winfo_ismapped()
    desk.window.status(Status(LinkState.WAITING, "connection lost", desk.clock.seconds() + 3, None))
    desk.turn()
    assert line.label.cget("text") == "Reconnecting in 3 s: connection lost"
    assert line.button.winfo_ismapped()
    desk.clock.advance(1)
    assert line.label.cget("text") == "Reconnecting in 2 s: connection lost"
    line.button.invoke()
    assert desk.link.did[-1] == ("reconnect",)


def test_the_people_can_be_filtered(desk: Desk) -> None:
    desk.join()
    desk.hear(events.Present("#r", tuple(f"p{n:04}" for n in range(1000))))
    desk.hear(events.Done("WHO", ("#r", "1000")))
    desk.turn()
    members = desk.window.members
    assert members.heading.cget("text") == "People (1000)"
    members.filter.set("p00")
    assert len(members.tree.get_children()) == 100
    assert members.heading.cget("text") == "People (100 of 1000)"
    members.filter.set("")
    desk.hear(events.Joined("p0000x", "#r"))
    desk.hear(events.Parted("p0500", "#r"))
    desk.clock.advance(MOST_SECONDS)  # which a room of so many is drawn after
    shown = [members.tree.item(key, "text") for key in members.tree.get_children()]
    assert shown == list(desk.transcript.rooms["#r"].members)


def test_a_notice_only_when_nobody_looks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.join("ann", "#r", "#s")
    given: list[tuple[str, str, str]] = []
    monkeypatch.setattr(desk.window.notices, "give", lambda nick, room, text, _: given.append((nick, room.name, text)))
    desk.said("bob", "ann: here")
    assert given == []
    desk.said("bob", "ann: there", "#s")
    assert given == [("bob", "#s", "ann: there")]
    monkeypatch.setattr(desk.window, "has_focus", lambda: False)
    desk.window.focus_changed()
    desk.said("bob", "ann: and here")
    assert given[1:] == [("bob", "#r", "ann: and here")]
    desk.window.toggle_mute("#r")
    desk.said("bob", "ann: not here")
    assert len(given) == 2


def test_the_desktop_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert this_desktop({}) == Desktop(open_browser=webbrowser.open)
    program = tmp_path / "notify-send"
    program.write_text("")
    program.chmod(0o755)
    found = this_desktop({"GTK_THEME": "Adwaita:Dark"})
    assert (found.notify_send, found.gsettings, found.dark) == (str(program), None, True)


def test_the_connect_sheet(desk: Desk) -> None:
    desk.window.ask_server()
    desk.turn()
    sheet = desk.window.connect_sheet
    assert (sheet.host.get(), sheet.port.get(), sheet.room.get()) == ("127.0.0.1", "10319", "#lobby")
    sheet.button.invoke()
    assert sheet.is_open
    assert "a nick" in sheet.problem.cget("text")
    sheet.name.insert(0, "ann")
    sheet.port.delete(0, "end")
    sheet.port.insert(0, "7")
    sheet.button.invoke()
    assert not sheet.is_open
    assert desk.dialled == [Address("127.0.0.1", 7)]
    assert desk.transcript.rooms["#lobby"].wanted


def test_the_connect_sheet_offers_the_servers_on_the_network(desk: Desk) -> None:
    sheet = desk.window.connect_sheet
    looked: list[str] = []

    class Found(NoNearby):
        def start(self, changed: Callable[[Sequence[Place]], None]) -> None:
            looked.append("start")
            changed([Place("Klasse 5b", Address("10.0.0.5", 4321, tls=True)), Place("🙂", Address("10.0.0.6"))])

        def stop(self) -> None:
            looked.append("stop")

    desk.window.ask_server()
    desk.turn()
    assert not sheet.near.tree.winfo_manager()
    sheet.close()
    sheet.nearby = Found()
    desk.window.ask_server()
    desk.turn()
    first, second = sheet.near.tree.get_children()
    assert sheet.near.tree.winfo_manager()
    assert sheet.near.tree.item(first, "text") == "Klasse 5b"
    assert sheet.near.tree.item(second, "text") == desk.window.glyphs.safe("🙂")
    sheet.near.tree.selection_set(first)
    desk.turn()
    assert (sheet.host.get(), sheet.port.get(), sheet.tls.get()) == ("10.0.0.5", "4321", True)
    sheet.name.insert(0, "ann")
    sheet.button.invoke()
    assert desk.dialled == [Address("10.0.0.5", 4321, tls=True)]
    assert looked == ["stop", "start", "stop"]


def test_the_connect_sheet_takes_a_password_and_shows_none(desk: Desk) -> None:
    desk.window.ask_server()
    sheet = desk.window.connect_sheet
    assert sheet.password.cget("show") == "•"
    sheet.name.insert(0, "ann")
    sheet.password.insert(0, "two words")
    sheet.button.invoke()
    assert "no spaces" in sheet.problem.cget("text")
    sheet.close()
    desk.window.ask_server()
    assert sheet.password.get() == ""
    sheet.name.insert(0, "ann")
    sheet.password.insert(0, "two")
    sheet.button.invoke()
    assert not sheet.is_open
    assert sheet.password.get() == ""
    assert desk.link.did == [("send", Login("ann", "two"), None), ("start",)]


def test_a_password_that_is_refused_opens_the_sheet_and_the_next_keeps_what_is_there(desk: Desk) -> None:
    desk.join("ann", "#r", "#s")
    desk.said("bob", "hello")
    desk.window.status(Status(LinkState.LOCKED, "that is not the password"))
    sheet = desk.window.connect_sheet
    assert sheet.is_open
    assert "not the password" in sheet.problem.cget("text")
    assert (sheet.name.get(), sheet.room.get(), sheet.password.get()) == ("ann", "#r", "")
    assert desk.window.status_line.label.cget("text") == "Not connected: that is not the password"
    sheet.password.insert(0, "s3cret")
    sheet.button.invoke()
    assert ("send", Login("ann", "s3cret"), None) in desk.link.did
    assert len(desk.links) == 1
    assert any("hello" in line for line in desk.shown())
    desk.window.status(Status(LinkState.CONNECTING, "connecting"))
    desk.window.status(Status(LinkState.LOCKED, "nor is that"))
    assert sheet.is_open
    sheet.name.delete(0, "end")
    sheet.name.insert(0, "guest")
    sheet.button.invoke()
    assert (len(desk.links), desk.link.did, desk.transcript.nick) == (2, [("start",)], "guest")


def test_a_password_goes_to_the_server_it_was_entered_for(desk: Desk) -> None:
    desk.join()
    desk.window.ask_server()
    sheet = desk.window.connect_sheet
    sheet.password.insert(0, "s3cret")
    sheet.port.delete(0, "end")
    sheet.port.insert(0, "7")
    sheet.button.invoke()
    assert desk.dialled == [Address(), Address("127.0.0.1", 7)]
    assert [link.did for link in desk.links] == [
        [("start",)],
        [("send", Login("ann", "s3cret"), None), ("start",)],
    ]


@pytest.mark.parametrize("line", ["/login ann s3cret", "/register s3cret"])
def test_a_password_that_is_typed_is_shown_nowhere_and_kept_nowhere(desk: Desk, tmp_path: Path, line: str) -> None:
    desk.join()
    desk.type("before")
    desk.key("<Return>")
    desk.type(line)
    desk.key("<Return>")
    assert desk.link.did[-1][:2] in [("send", Login("ann", "s3cret")), ("send", Register("s3cret"))]
    assert desk.window.field.content == ""
    desk.key("<Up>")
    assert desk.window.field.content == "before"
    desk.key("<<Undo>>")
    assert "s3cret" not in "\n".join([*desk.shown(), desk.window.field.content, desk.window.question.text])
    desk.window.quit()
    assert Store(tmp_path, tmp_path / "state").save(desk.settings) == ""
    files = [path.read_text() for path in tmp_path.rglob("*.json")]
    assert len(files) == 2
    assert "s3cret" not in "".join(files)


def test_who_was_kicked_can_read_and_is_told_why_nothing_can_be_said(desk: Desk) -> None:
    desk.join("ann", "#r", "#s")
    desk.said("bob", "hello")
    why = desk.window.field.why
    assert not why.winfo_ismapped()
    desk.hear(events.Moderated("KICK", "bob", "#r", "ann", None, "spam"), id="9")
    shown = desk.shown()
    assert "hello" in shown[-2]
    assert shown[-1].endswith("* bob kicked ann: spam")
    assert why.winfo_ismapped()
    assert why.cget("text") == "! You are not in #r: bob kicked you: spam; type /join #r to rejoin"
    assert "(left)" in desk.window.rooms.tree.item("#r", "text")
    desk.type("but")
    desk.key("<Return>")
    assert desk.window.field.content == "but"
    assert "bob kicked you" in desk.window.question.text
    assert not [did for did in desk.link.did if did[0] == "say"]
    desk.window.show_room("#s")
    desk.turn()
    assert not why.winfo_ismapped()
    desk.window.show_room("#r")
    desk.turn()
    assert why.winfo_ismapped()
    desk.type("/join #r")
    desk.key("<Return>")
    desk.hear(events.Done("JOIN", ("#r", "2")))
    desk.turn()
    assert ("join", "#r") in desk.link.did
    assert not why.winfo_ismapped()


@pytest.mark.parametrize("theme", list(Theme))
def test_every_theme(desk: Desk, theme: Theme) -> None:
    desk.join()
    desk.window.look.use(theme)
    desk.turn()
    assert desk.window.talk.text.cget("background") == desk.window.look.palette.background


def test_what_is_kept(desk: Desk) -> None:
    desk.join("ann", "#r", "#s")
    desk.type("unheard")
    desk.key("<Return>")
    desk.key("<Control-plus>")
    desk.window.quit()
    kept = desk.settings
    assert kept.servers == [KeptServer("127.0.0.1:10319", "ann", ["#r", "#s"])]
    assert (kept.nick, kept.font_size) == ("ann", 12)
    assert kept.geometry
