"""The menus of people and messages, the settings of a room, and what is written about a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatd.client.model.lines import Line
from chatd.client.model.presence import PresenceCue
from chatd.client.model.room_settings import WHILE_CONNECTED
from chatd.client.view import pump
from chatd.client.view.menu_entries import SEPARATOR, Entries, Entry, find
from chatd.model import room_policy
from chatd.protocol import commands, events, references
from chatd.protocol import moderation_commands as orders
from chatd.protocol import reference_commands as about
from chatd.protocol.commands import Command
from chatd.protocol.errors import Code
from chatd.protocol.member_details import MemberDetails
from tests.client.test_window import Desk
from tests.support.display import MISSING

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


class Room(Desk):
    """A window in a room with ann, who looks at it, and others of whom all is known."""

    def come_in(self, *, operator: bool = False, account: bool = True, rules: tuple[str, ...] = ()) -> None:
        values = {"last": "0", **({"seen": "0"} if account else {})}
        self.join()
        for cue in (PresenceCue.CONNECTED, PresenceCue.GREETED, PresenceCue.ADMITTED):
            self.transcript.change_presence(cue)
        self.hear(events.Done("JOIN", ("#r", "4"), values))
        self.know("ann", operator=operator)
        self.know("bob")
        self.know("eve", bot=True)
        self.know("zoe", away=True, text="lunch")
        self.hear(events.Done("WHO", ("#r", "4")))
        self.transcript.note_question("rules", orders.Rules("#r"))
        for rule in rules:
            verb, subject, *more = rule.split(" ", 2)
            self.rule(verb, subject, *more, old="")
        self.hear(events.Done("RULES", ("#r", str(len(rules)))), label="rules")
        self.turn()

    def know(self, nick: str, **facts: Any) -> None:
        self.hear(MemberDetails(nick, "#r", **facts))

    def rule(self, verb: str, subject: str, text: str | None = None, by: str = "ann", **tags: str) -> None:
        self.id += 1
        self.hear(events.Moderated(verb, by, "#r", subject, None, text), id=str(self.id), **tags)

    def person(self, nick: str) -> Entries:
        return self.window.menus.person.entries(nick)

    def message(self, at: int = -1) -> Entries:
        room = self.transcript.rooms["#r"]
        return self.window.menus.message.entries(room, self.line(at))

    def line(self, at: int = -1) -> Line:
        return [line for line in self.transcript.rooms["#r"].lines if line.id or line.label][at]

    def sent(self) -> Command:
        what, command, *_ = self.link.did[-1]
        assert what == "send"
        return command  # type: ignore[no-any-return]


@pytest.fixture
def desk(display: str) -> Iterator[Room]:
    assert display
    root, _ = pump.open_root()
    failures: list[Any] = []
    root.report_callback_exception = lambda *error: failures.append(error)
    made = Room(root)
    yield made
    made.window.stop_drawing()
    root.destroy()
    assert not failures


def labels(entries: Entries, *, usable: bool | None = None) -> list[str]:
    return [
        each.label
        for each in entries
        if each != SEPARATOR and (usable is None or (each.enabled and bool(each.do or each.below)) is usable)
    ]


def choose(entries: Entries, *path: str) -> None:
    entry = find(entries, *path)
    assert entry.enabled
    assert entry.do is not None
    entry.do()


# People.


def test_the_list_of_people_says_what_each_is(desk: Room) -> None:
    desk.come_in(operator=True)
    tree = desk.window.members.tree
    assert [(tree.item(key, "text"), tree.set(key, "marks")) for key in tree.get_children()] == [
        ("ann", "operator"),
        ("bob", ""),
        ("eve", "bot"),
        ("zoe", "away"),
    ]
    assert tree.item("zoe", "tags") == ("away",) or list(tree.item("zoe", "tags")) == ["away"]


def test_who_runs_no_room_can_do_what_concerns_nobody_else(desk: Room) -> None:
    desk.come_in()
    entries = desk.person("bob")
    assert labels(entries, usable=True) == ["Private message", "Mention", "Ignore"]
    assert {"Kick …", "Mute for", "Ban for", "Make operator"} <= set(labels(entries, usable=False))


def test_an_operator_can_do_the_rest_and_is_asked_first(desk: Room) -> None:
    desk.come_in(operator=True)
    choose(desk.person("bob"), "Mute for", "10 minutes …")
    desk.turn()
    sheet = desk.window.menus.reason_sheet
    assert sheet.is_open
    assert sheet.sentence.cget("text") == "bob can read #r but cannot speak there for 10 minutes."
    before = len(desk.link.did)
    sheet.field.insert(0, "too  loud ")
    desk.key("<Return>", sheet.field)
    assert not sheet.is_open
    assert desk.sent() == orders.Mute("bob", "#r", 600, "too loud")
    assert len(desk.link.did) == before + 1
    choose(desk.person("bob"), "Ban for", "Until it is lifted …")
    desk.turn()
    desk.key("<Escape>", sheet.field)
    assert not sheet.is_open
    assert len(desk.link.did) == before + 1
    choose(desk.person("bob"), "Ban for", "1 day …")
    sheet.button.invoke()
    assert desk.sent() == orders.Ban("bob", "#r", 24 * 60 * 60, None)
    choose(desk.person("bob"), "Kick …")
    sheet.button.invoke()
    assert desk.sent() == orders.Kick("bob", "#r", None)


def test_what_holds_for_somebody_can_be_lifted(desk: Room) -> None:
    desk.come_in(operator=True, rules=("MUTE bob loud", "BAN mallory", "OP zoe"))
    choose(desk.person("bob"), "Unmute")
    assert desk.sent() == orders.Unmute("bob", "#r")
    choose(desk.person("mallory"), "Unban")
    assert desk.sent() == orders.Unban("mallory", "#r")
    assert not find(desk.person("mallory"), "Kick …").enabled
    assert "Unmute" not in labels(desk.person("eve"))
    choose(desk.person("zoe"), "Remove as operator …")
    question = desk.window.question
    assert question.text == "Remove zoe as an operator of #r?"
    question.answer(0)
    assert desk.sent() == orders.Deop("zoe", "#r")
    choose(desk.person("bob"), "Make operator")
    assert desk.sent() == orders.Op("bob", "#r")


def test_a_voice_is_offered_where_it_means_something(desk: Room) -> None:
    desk.come_in(operator=True)
    assert "Give voice" not in labels(desk.person("bob"))
    desk.rule("SET", "speak=operators")
    choose(desk.person("bob"), "Give voice")
    assert desk.sent() == orders.Voice("bob", "#r")
    desk.rule("VOICE", "bob")
    choose(desk.person("bob"), "Remove voice")
    assert desk.sent() == orders.Unvoice("bob", "#r")


def test_message_mention_and_ignore(desk: Room) -> None:
    desk.come_in()
    desk.type("hello")
    choose(desk.person("bob"), "Mention")
    assert desk.window.field.content == "hello @bob "
    choose(desk.person("bob"), "Ignore")
    assert desk.sent() == commands.Ignore("bob")
    desk.hear(events.Done("IGNORE", ("bob",)))
    choose(desk.person("bob"), "Stop ignoring")
    assert desk.sent() == commands.Unignore("bob")
    choose(desk.person("bob"), "Private message")
    desk.turn()
    assert desk.window.shown is desk.transcript.rooms["bob"]
    assert desk.root.focus_get() is desk.window.field.text


def test_somebody_can_be_invited_to_the_rooms_they_are_not_in(desk: Room) -> None:
    desk.join("ann", "#r", "#den", "#open")
    desk.hear(events.Joined("bob", "#r"))
    desk.rule("SET", "private=yes")
    assert desk.transcript.find_room("#den") is not None
    desk.hear(events.Moderated("SET", "eve", "#den", "private=yes"))
    below = find(desk.person("bob"), "Invite to").below
    assert (labels(below, usable=True), labels(below, usable=False)) == (["#open"], ["#den"])
    choose(below, "#open")
    assert desk.sent() == orders.Invite("bob", "#open")


def test_oneself_can_be_away(desk: Room) -> None:
    desk.come_in(operator=True)
    assert labels(desk.person("ann")) == ["ann (operator)", "Mark yourself as away …"]
    choose(desk.person("ann"), "Mark yourself as away …")
    sheet = desk.window.menus.reason_sheet
    sheet.field.insert(0, "lunch")
    sheet.button.invoke()
    assert desk.sent() == commands.Away("lunch")
    desk.transcript.note_question("x", commands.Away("lunch"), "#r")
    desk.hear(events.Done("AWAY"), label="x")
    desk.turn()
    assert "away: lunch" in desk.window.status_line.label.cget("text")
    assert desk.shown()[-1].endswith("You are away: lunch")
    choose(desk.person("ann"), "Mark yourself as back")
    assert desk.sent() == commands.Away()


def test_the_menu_of_a_person_opens_by_mouse_and_by_every_key(desk: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.come_in()
    opened: list[tuple[str, int, int]] = []
    popup = desk.window.menus.popup
    monkeypatch.setattr(popup, "tk_popup", lambda x, y: opened.append((str(popup.entrycget(0, "label")), x, y)))
    tree = desk.window.members.tree
    desk.root.update()
    x, y, _, height = (int(each) for each in tree.bbox("bob"))
    tree.event_generate("<Button-3>", x=x + 5, y=y + 5)
    assert (opened[-1][0], desk.window.members.selected) == ("bob", "bob")
    tree.selection_set("zoe")
    for key in ("<Menu>", "<Shift-F10>"):
        desk.key(key, tree)
        assert opened[-1][0] == "zoe (away: lunch)"
    assert opened[-1][2] > tree.winfo_rooty() + height
    people = desk.window.menu.nametowidget(desk.window.menu.entrycget("Selected person", "menu"))
    people.tk.call(people.cget("postcommand"))
    assert people.entrycget(1, "label") == "Private message"


def test_every_part_of_the_window_can_be_reached_with_a_key(desk: Room) -> None:
    desk.come_in()
    window, reached = desk.window, []
    for _ in range(5):
        desk.key("<F6>", desk.root.focus_get() or window.field.text)
        reached.append(desk.root.focus_get())
    people, rooms = window.members.tree, window.rooms.tree
    assert reached == [people, rooms, window.talk.text, window.field.text, people]


def test_what_is_typed_after_a_click_on_a_person_goes_to_the_field(desk: Room) -> None:
    desk.come_in()
    desk.key("<KeyPress-x>", desk.window.members.tree)
    assert desk.window.field.content == "x"
    assert desk.root.focus_get() is desk.window.field.text


# Messages.


def test_what_can_be_done_with_a_message(desk: Room) -> None:
    desk.come_in()
    desk.said("bob", "see https://example.org/x.")
    assert labels(desk.message(), usable=True) == [
        "Reply", "React", "Copy text", "Copy with nick and time", "Copy link", "bob",
    ]  # fmt: skip
    assert labels(desk.message(), usable=False) == ["Edit", "Delete …"]
    desk.know("ann", operator=True)
    assert "Delete …" in labels(desk.message(), usable=True)
    choose(desk.message(), "Copy link")
    assert desk.root.clipboard_get() == "https://example.org/x"
    choose(desk.message(), "Copy with nick and time")
    assert desk.root.clipboard_get().endswith("] bob: see https://example.org/x.")
    assert "Private message" in labels(find(desk.message(), "bob").below)


def test_what_is_no_message_can_be_copied_and_names_a_person(desk: Room) -> None:
    desk.come_in()
    desk.rule("BAN", "mallory", "spam")
    assert labels(desk.message(), usable=True) == ["Copy text", "Copy with nick and time", "ann"]
    choose(desk.message(), "Copy text")
    assert desk.root.clipboard_get() == "ann banned mallory: spam"


def test_a_right_click_opens_the_menu_of_the_line_and_so_does_a_key(
    desk: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.come_in()
    desk.said("bob", "tea?")
    desk.said("bob", "or coffee?")
    opened: list[list[str]] = []
    menus = desk.window.menus

    def popup(*_: int) -> None:
        last = menus.popup.index("end") or 0
        opened.append(
            [menus.popup.entrycget(n, "label") for n in range(last + 1) if menus.popup.type(n) != "separator"]
        )

    monkeypatch.setattr(menus.popup, "tk_popup", popup)
    text = desk.window.talk.text
    desk.shown()
    box = text.bbox(text.search("coffee", "1.0"))
    assert box is not None
    x, y, _, height = box
    text.event_generate("<Button-3>", x=x + 2, y=y + height // 2)
    assert opened[-1][:2] == ["Reply", "React"]
    text.tag_add("sel", text.search("tea", "1.0"), text.search("tea", "1.0") + "+3c")
    text.event_generate("<Button-3>", x=x + 2, y=y + height // 2)
    assert "Copy selection" in opened[-1]
    menus.popup.invoke("Copy selection")
    assert desk.root.clipboard_get() == "tea"
    menus.popup.invoke("Copy selection with nicks and times")
    assert "bob: tea" in desk.root.clipboard_get()
    count = len(opened)
    desk.key("<Up>", text)
    desk.key("<Shift-F10>", text)
    assert len(opened) == count + 1
    menus.popup.invoke("Reply")
    assert menus.subjects.line.subject is not None
    assert menus.subjects.line.subject.line.text == "or coffee?"


def test_a_click_on_a_reaction_gives_it_too(desk: Room) -> None:
    desk.come_in()
    desk.said("bob", "done")
    desk.window.menus.toggle_reaction(desk.line(), "👍")
    assert desk.sent() == about.React(desk.line().id, "👍", "#r")


def test_a_reply_says_whom_it_answers_and_goes_over_the_wire(desk: Room) -> None:
    desk.come_in()
    desk.said("bob", "tea?")
    choose(desk.message(), "Reply")
    line = desk.window.menus.subjects.line
    desk.turn()
    assert line.winfo_ismapped()
    assert line.label.cget("text") == 'Replying to bob: "tea?" (Escape cancels)'
    desk.type("yes")
    desk.key("<Return>")
    assert desk.link.did[-1] == ("say", "#r", "yes", desk.line(0).id)
    assert not line.winfo_ismapped()
    assert any("↪ bob" in each for each in desk.shown())
    desk.type("and milk")
    desk.key("<Return>")
    assert len(desk.link.did[-1]) == 3


def test_what_was_taken_back_meanwhile_is_answered_by_a_message_of_its_own(desk: Room) -> None:
    desk.come_in()
    desk.said("bob", "tea?")
    choose(desk.message(), "Reply")
    desk.hear(references.Retracted("bob", "#r", desk.line().id), id="99")
    desk.type("yes")
    desk.key("<Return>")
    assert desk.link.did[-1] == ("say", "#r", "yes")


def test_escape_answers_nobody(desk: Room) -> None:
    desk.come_in()
    desk.said("bob", "tea?")
    choose(desk.message(), "Reply")
    desk.type("yes")
    desk.key("<Escape>")
    assert desk.window.menus.subjects.line.subject is None
    assert desk.window.field.content == "yes"
    choose(desk.message(), "Reply")
    desk.window.go_to("zoe")
    desk.turn()
    assert desk.window.menus.subjects.line.subject is None


def test_a_typed_reply_answers_the_newest_of_somebody_else(desk: Room) -> None:
    desk.come_in()
    desk.type("/reply yes")
    desk.key("<Return>")
    assert "no message to reply to" in desk.window.question.text
    assert desk.window.field.content == "/reply yes"
    desk.said("bob", "tea?")
    desk.said("ann", "hm")
    desk.key("<Return>")
    assert desk.link.did[-1] == ("say", "#r", "yes", desk.line(0).id)


def test_ones_own_message_can_be_changed_in_the_field(desk: Room) -> None:
    desk.come_in()
    desk.said("ann", "fist")
    desk.type("a draft")
    choose(desk.message(), "Edit")
    desk.turn()
    assert desk.window.field.content == "fist"
    assert "Escape cancels" in desk.window.menus.subjects.line.label.cget("text")
    desk.key("<Escape>")
    assert desk.window.field.content == "a draft"
    choose(desk.message(), "Edit")
    desk.type("first\nsecond")
    desk.key("<Return>")
    assert "single line" in desk.window.question.text
    desk.type("/first")
    desk.key("<Return>")
    assert desk.sent() == about.Edit(desk.line().id, "#r", "/first")
    assert desk.window.field.content == "a draft"


def test_a_change_is_kept_in_the_field_while_there_is_no_connection(desk: Room) -> None:
    desk.come_in()
    desk.said("ann", "fist")
    choose(desk.message(), "Edit")
    desk.transcript.disconnected()
    desk.type("first")
    desk.key("<Return>")
    assert "not connected" in desk.window.question.text
    assert desk.window.field.content == "first"


def test_going_to_another_room_leaves_the_draft_and_no_half_change(desk: Room) -> None:
    desk.come_in()
    desk.said("ann", "fist")
    desk.type("a draft")
    choose(desk.message(), "Edit")
    desk.window.note_draft()
    assert desk.transcript.rooms["#r"].draft == "a draft"
    desk.window.go_to("zoe")
    desk.turn()
    assert desk.window.field.content == ""
    desk.window.show_room("#r")
    assert desk.window.field.content == "a draft"


def test_taking_back_asks_first(desk: Room) -> None:
    desk.come_in()
    desk.said("ann", "oops")
    choose(desk.message(), "Delete …")
    question = desk.window.question
    assert question.text == 'Delete your message "oops"? It will be deleted for everybody.'
    question.escape()
    assert ("send", about.Retract(1, "#r"), "#r") not in desk.link.did
    choose(desk.message(), "Delete …")
    question.answer(0)
    assert desk.sent() == about.Retract(desk.line().id, "#r")


def test_reactions_are_given_and_taken_back_and_the_last_ones_come_first(desk: Room) -> None:
    desk.come_in()
    desk.said("bob", "done")
    safe = desk.window.glyphs.safe
    choose(desk.message(), "React", safe("🎉"))
    id_ = desk.line().id
    assert desk.sent() == about.React(id_, "🎉", "#r")
    desk.hear(references.Reacted("ann", "#r", id_, "🎉"), id="99")
    entries = find(desk.message(), "React").below
    assert entries[0].label == safe("Remove 🎉")
    choose(entries, entries[0].label)
    assert desk.sent() == about.Unreact(id_, "🎉", "#r")
    assert len(labels(entries)) == len(set(labels(entries)))


def test_what_is_not_stored_or_private_is_referred_to_by_nothing(desk: Room) -> None:
    desk.come_in(operator=True)
    desk.type("waits")
    desk.key("<Return>")
    assert labels(desk.message(), usable=True) == ["Copy text", "Copy with nick and time", "ann"]
    desk.hear(events.Refused(Code.MUTED, "MSG", "no"), label="l1")
    failed = next(line for line in desk.transcript.rooms["#r"].lines if line.reason)
    choose(desk.window.menus.message.entries(desk.transcript.rooms["#r"], failed), "Edit and send again")
    assert desk.window.field.content == "waits"
    desk.hear(events.Told("bob", "psst"), id="5")
    line = desk.transcript.rooms["bob"].lines[-1]
    entries = desk.window.menus.message.entries(desk.transcript.rooms["bob"], line)
    assert not {"Reply", "React", "Edit", "Delete …"} & set(labels(entries, usable=True))


# Rooms.


def test_the_heading_names_the_modes(desk: Room) -> None:
    desk.come_in(rules=("SET private=yes", "SET slow=10s"))
    desk.hear(events.TopicSet("bob", "#r", "tea"), id="50")
    desk.turn()
    assert desk.window.topic.cget("text") == "tea · private · slow mode: one message every 10s"
    desk.rule("SET", "private=no", by="bob")
    desk.turn()
    assert desk.window.topic.cget("text") == "tea · slow mode: one message every 10s"
    desk.window.go_to("zoe")
    desk.turn()
    assert desk.window.topic.cget("text") == "Private conversation · away: lunch"


def test_what_is_known_of_a_room_is_asked_for_when_it_comes_to_the_front(desk: Room) -> None:
    desk.join("ann", "#r", "#s")
    desk.turn()
    assert desk.link.refreshed == ["#r"]
    desk.window.show_room("#s")
    desk.window.show_room("#r")
    assert desk.link.refreshed == ["#r", "#s"]
    desk.clock.advance(600)
    desk.window.show_room("#s")
    assert desk.link.refreshed == ["#r", "#s", "#s"]
    desk.window.menus.room_shown()
    assert desk.link.refreshed == ["#r", "#s", "#s"]
    desk.hear(events.Joined("bob", "#s"))
    desk.window.menus.room_shown()
    assert desk.link.refreshed == ["#r", "#s", "#s", "#s"]


def open_settings(desk: Room) -> Any:
    desk.type("/settings")
    desk.key("<Return>")
    sheet = desk.window.menus.room_sheet
    assert sheet.is_open
    return sheet


def test_an_operator_changes_what_is_to_be_changed_and_nothing_else(desk: Room) -> None:
    desk.come_in(operator=True, rules=("SET registered=yes", "SET slow=10s"))
    sheet = open_settings(desk)
    assert sheet.form.boxes["slow"].get() == "10s"
    sheet.form.topic.insert("end", "tea  time")
    sheet.form.boxes["speak"].set("Operators and people with a voice")
    sheet.form.boxes["slow"].set("1 minute")
    sheet.save_button.invoke()
    assert sheet.is_open
    assert "slow" in sheet.why.cget("text")
    sheet.form.boxes["slow"].set("60s")
    sheet.save_button.invoke()
    assert not sheet.is_open
    assert [each[1] for each in desk.link.did if each[0] == "send"] == [
        commands.Topic("#r", "tea time"),
        orders.Set("speak", "operators", "#r"),
        orders.Set("slow", "1m", "#r"),
    ]


def test_who_does_not_run_the_room_sees_its_settings_and_why_they_cannot_be_changed(desk: Room) -> None:
    desk.come_in(rules=("SET registered=yes", "SET topic=operators", "BAN mallory spam"))
    sheet = open_settings(desk)
    assert "Only operators" in sheet.why.cget("text")
    assert str(sheet.form.boxes["private"].cget("state")) == "disabled"
    assert sheet.save_button.instate(["disabled"])
    assert not sheet.register_button.winfo_manager()
    sheet.rulings.tree.selection_set("0")
    desk.turn()
    assert sheet.rulings.button.instate(["disabled"])
    sheet.rulings.take_back()
    assert not [each for each in desk.link.did if each[0] == "send"]


def test_a_room_that_nobody_runs_can_be_registered_with_an_account(desk: Room) -> None:
    desk.come_in()
    sheet = open_settings(desk)
    sheet.register_button.invoke()
    assert desk.sent() == orders.Set("registered", "yes", "#r")
    desk.rule("SET", "registered=yes")
    desk.turn()
    assert str(sheet.form.boxes["private"].cget("state")) == "readonly"
    assert sheet.why.cget("text") == ""


def test_who_founded_a_room_can_register_it_too(desk: Room) -> None:
    desk.come_in(operator=True, rules=("SET slow=10s",))
    assert open_settings(desk).register_button.winfo_manager()


def test_without_an_account_it_says_what_is_needed(desk: Room) -> None:
    desk.come_in(account=False)
    sheet = open_settings(desk)
    assert "you need an account; see Account" in sheet.why.cget("text")
    assert not sheet.register_button.winfo_manager()


def test_where_something_was_ruled_somebody_runs_the_room_though_it_is_not_told_who(desk: Room) -> None:
    desk.come_in(account=True, rules=("SET private=no",))
    sheet = open_settings(desk)
    assert "Only operators" in sheet.why.cget("text")
    assert not sheet.register_button.winfo_manager()


def test_what_holds_is_listed_and_can_be_taken_back(desk: Room) -> None:
    desk.come_in(operator=True, rules=("BAN mallory spam", "INVITE zoe", "OP ann"))
    sheet = open_settings(desk)
    assert sheet.tabs.tab(1, "text") == "Bans, mutes, operators (3)"
    tree = sheet.rulings.tree
    assert [tree.set(row, "what") for row in tree.get_children()] == [
        "mallory is banned: spam",
        "zoe is invited",
        "ann is an operator",
    ]
    assert [tree.set(row, "by") for row in tree.get_children()] == ["ann"] * 3
    tree.selection_set("1")
    desk.turn()
    sheet.rulings.button.invoke()
    assert desk.sent() == orders.Uninvite("zoe", "#r")
    desk.rule("UNINVITE", "zoe")
    desk.turn()
    assert len(tree.get_children()) == 2
    tree.selection_set("1")
    desk.turn()
    sheet.rulings.button.invoke()
    assert not sheet.is_open
    assert desk.window.question.text == "Remove ann as an operator of #r?"
    assert desk.sent() == orders.Uninvite("zoe", "#r")
    desk.window.question.answer(0)
    assert desk.sent() == orders.Deop("ann", "#r")


def test_taking_an_invitation_to_a_private_room_back_asks_first(desk: Room) -> None:
    desk.come_in(operator=True, rules=("SET private=yes", "INVITE zoe"))
    sheet = open_settings(desk)
    desk.key("<Control-Tab>", sheet.form.topic)
    assert sheet.tabs.index("current") == 1
    sheet.rulings.tree.selection_set("0")
    desk.key("<Delete>", sheet.rulings.tree)
    assert desk.window.question.text == "Withdraw zoe's invitation? If zoe is in #r, this removes them."


def test_what_is_being_changed_is_not_taken_away_by_what_comes(desk: Room) -> None:
    desk.come_in(operator=True)
    sheet = open_settings(desk)
    sheet.form.topic.insert("end", "half a top")
    desk.rule("BAN", "mallory")
    desk.turn()
    assert sheet.form.topic.get() == "half a top"
    assert len(sheet.rulings.tree.get_children()) == 1


@pytest.mark.parametrize("by_sheet", [False, True])
def test_making_a_room_private_asks_what_becomes_of_those_who_are_there(desk: Room, *, by_sheet: bool) -> None:
    desk.come_in(operator=True, rules=("INVITE bob",))
    if by_sheet:
        sheet = open_settings(desk)
        sheet.form.boxes["private"].set("Invited people only")
        sheet.save_button.invoke()
    else:
        desk.type("/set private=yes")
        desk.key("<Return>")
    question = desk.window.question
    assert question.text == "This removes 2 people from #r.\nOnly operators and invited people can stay."
    assert not [each for each in desk.link.did if each[0] == "send"]
    question.escape()
    assert not [each for each in desk.link.did if each[0] == "send"]
    for number, who in ((0, "keep"), (1, "remove")):
        desk.type("/set private=yes")
        desk.key("<Return>")
        question.answer(number)
        assert desk.sent() == orders.Set("private", "yes", "#r", who)


def test_an_invitation_of_a_guest_may_have_ended(desk: Room) -> None:
    assert room_policy.WHILE_CONNECTED == WHILE_CONNECTED
    desk.come_in(operator=True, rules=(f"INVITE bob {WHILE_CONNECTED}", "INVITE zoe", "INVITE eve"))
    desk.type("/set private=yes")
    desk.key("<Return>")
    assert desk.window.question.text.startswith("This removes 1 person from #r.")


def test_every_answer_can_be_seen_in_a_narrow_window(desk: Room) -> None:
    desk.come_in(operator=True)
    question = desk.window.question
    for width in ("860x500", "1200x700"):
        desk.root.geometry(width)
        desk.turn()
        desk.type("/set private=yes")
        desk.key("<Return>")
        desk.turn()
        inside = question.winfo_rootx() + question.winfo_width()
        buttons = question._buttons.winfo_children()
        assert len(buttons) == 3
        assert max(each.winfo_rootx() + each.winfo_width() for each in buttons) <= inside
        question.escape()


def test_what_puts_nobody_out_or_says_who_is_not_asked_about(desk: Room) -> None:
    desk.come_in(operator=True, rules=("INVITE bob", "INVITE zoe", "INVITE eve"))
    for text, who in (("/set private=yes", None), ("/set private=yes who=remove", "remove")):
        desk.type(text)
        desk.key("<Return>")
        assert desk.sent() == orders.Set("private", "yes", "#r", who)


def test_the_settings_are_in_the_menus(desk: Room) -> None:
    desk.come_in()
    desk.window.rooms.fill_menu(desk.window.rooms.tree.selection()[0])
    menu = desk.window.rooms.menu
    assert "Room settings …" in [menu.entrycget(n, "label") for n in range(int(menu.index("end") or 0) + 1)]
    desk.window.menu.invoke("Room settings …")
    assert desk.window.menus.room_sheet.is_open
    desk.key("<Escape>", desk.window.menus.room_sheet.form.topic)
    assert not desk.window.menus.room_sheet.is_open
    desk.window.topic.event_generate("<Button-1>", x=2, y=2)
    assert desk.window.menus.room_sheet.is_open
    desk.key("<Escape>", desk.window.menus.room_sheet.form.topic)
    desk.type("/settings #nowhere")
    desk.key("<Return>")
    assert "join it first" in desk.window.question.text


def test_a_menu_has_only_what_it_was_filled_with(desk: Room) -> None:
    desk.come_in()
    menus = desk.window.menus
    with pytest.raises(LookupError):
        find([Entry("a")], "b")
    menus.popup.tk_popup = lambda *_: None  # type: ignore[method-assign]
    for _ in range(2):
        menus.open_person("bob", 0, 0)
    assert str(menus.popup.entrycget(0, "label")) == "bob"
    assert len(menus.popup.winfo_children()) == 2
