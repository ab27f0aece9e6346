"""Several servers in one window: what is said at one that is not in front is counted and told, and not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from chatd.client.model.kept_servers import KeptServer
from chatd.client.model.reducer import apply_event
from chatd.client.net.status import LinkState, Status
from chatd.client.view.servers import ServerSession
from chatd.protocol import events
from chatd.protocol.commands import Nick
from chatd.protocol.moderation_commands import Login
from chatd.runtime.server_address import Address
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
HOME, WORK, CLUB = Address("home.example"), Address("work.example"), Address("club.example", 7, tls=True)
CONNECTED = Status(LinkState.CONNECTED, "connected")


class Several:
    """A window with a server for each name, each with a room ``#r``."""

    def __init__(self, desk: Desk, **nicks: str) -> None:
        self.desk = desk
        self.ids = 0
        for address in (HOME, WORK, CLUB)[: len(nicks)]:
            name = address.host.split(".")[0]
            desk.window.connect(address, nicks[name], ("#r",))
            self.hear(name, events.Done("JOIN", ("#r", "1"), {"last": "0"}))
            self.session(name).status_changed(CONNECTED)
        desk.window.go_to_server(HOME)
        desk.root.focus_force()
        desk.window.field.text.focus_force()
        desk.turn()

    def session(self, name: str) -> ServerSession:
        return next(each for each in self.desk.window.servers if each.address.host.startswith(name))

    def hear(self, name: str, event: events.Event, **tags: str) -> None:
        session = self.session(name)
        session.changed(apply_event(session.transcript, tags, event))

    def said(self, name: str, nick: str, text: str, room: str = "#r") -> None:
        self.ids += 1
        self.hear(name, events.Said(nick, room, text), id=str(self.ids))
        self.desk.turn()

    def whispered(self, name: str, nick: str, text: str) -> None:
        self.hear(name, events.Told(nick, text))
        self.desk.turn()

    def rows(self) -> list[str]:
        """Return what stands in the list of rooms, as deep as it stands."""
        self.desk.turn()
        return self._under("", "")

    def _under(self, parent: str, indent: str) -> list[str]:
        tree = self.desk.window.rooms.tree
        found: list[str] = []
        for row in tree.get_children(parent):
            unread = "".join(map(str, tree.item(row, "values")))
            found += [f"{indent}{tree.item(row, 'text')} {unread}".rstrip(), *self._under(row, indent + "  ")]
        return found

    def did(self, name: str) -> Sequence[object]:
        link = self.session(name).connector.link
        return getattr(link, "did", [])


def click(tree: Any, row: str) -> None:
    """Click on a row of a list."""
    x, y, _, height = tree.bbox(row)
    for event in ("<Button-1>", "<ButtonRelease-1>"):
        tree.event_generate(event, x=x + 5, y=y + height // 2)


def test_one_server_has_no_heading(desk: Desk) -> None:
    several = Several(desk, home="ann")
    assert several.rows() == ["#r"]
    several.whispered("home", "bob", "psst")
    assert several.rows() == ["#r", "▾ Private", "  bob 1 (@1)"]


def test_each_server_has_its_rooms_and_its_private_talk(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann.b", club="annie")
    several.said("work", "bob", "hi")
    several.whispered("club", "bob", "psst")
    assert several.rows() == [
        "▾ home.example",
        "  #r",
        "▾ work.example",
        "  #r 1",
        "▾ club.example:7",
        "  #r",
        "  ▾ Private",
        "    bob 1 (@1)",
    ]
    assert desk.root.title() == "(2) chatd"
    assert desk.links[0].transcript.nick == "ann"
    assert desk.links[2].transcript.nick == "annie"


def test_what_another_server_says_is_not_drawn_in_a_room_of_the_same_name(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    several.said("home", "bob", "at home")
    before = desk.shown()
    several.said("work", "bob", "at work")
    several.hear("work", events.Joined("carol", "#r"))
    several.hear("work", events.TopicSet("bob", "#r", "work only"))
    assert desk.shown() == before
    assert "work only" not in desk.window.topic.cget("text")
    assert "carol" not in desk.window.members.tree.get_children()
    desk.window.show_room("#r", several.session("work"))
    shown = "\n".join(desk.shown())
    assert "at work" in shown
    assert "at home" not in shown
    assert "work only" in desk.window.topic.cget("text")
    assert desk.root.title() == "chatd"


def test_what_is_typed_goes_to_the_server_in_front_and_a_draft_stays_where_it_is(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    desk.type("for home")
    desk.window.show_room("#r", several.session("work"))
    assert desk.window.field.content == ""
    desk.type("for work")
    desk.key("<Return>")
    assert [did for did in several.did("work") if did[0] == "say"] == [("say", "#r", "for work")]  # type: ignore[index]
    desk.window.show_room("#r", several.session("home"))
    assert desk.window.field.content == "for home"
    assert not [did for did in several.did("home") if did[0] == "say"]  # type: ignore[index]


def test_a_click_a_key_and_a_part_of_the_name_go_to_rooms_of_every_server(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann.b")
    work = several.session("work")
    desk.window.rooms.tree.selection_set(f"{work.prefix}#r")
    desk.turn()
    assert (desk.window.servers.front, desk.window.shown) == (work, work.transcript.rooms["#r"])
    assert desk.window.name_bar.name == "ann.b"
    assert "ann.b to work.example" in desk.window.status_line.label.cget("text")
    desk.key("<Alt-Down>")
    assert desk.window.servers.front is several.session("home")
    several.said("work", "bob", "unread")
    desk.key("<Control-k>")
    switcher = desk.window.switcher
    rows = [switcher.tree.item(row) for row in switcher.tree.get_children()]
    assert [(row["text"], row["values"]) for row in rows] == [
        ("#r", ["work.example", 1]),
        ("#r", ["home.example", ""]),
    ]
    desk.key("<Return>", switcher.field)
    assert desk.window.servers.front is work


def test_a_notice_says_at_which_server(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    several = Several(desk, home="ann", work="ann")
    given: list[tuple[str, str]] = []
    monkeypatch.setattr(desk.window.notices, "_tell", lambda *notice: given.append(notice))
    several.said("work", "bob", "ann: there?")
    several.whispered("work", "bob", "psst")
    assert given == [("bob in #r at work.example", "ann: there?"), ("bob at work.example", "psst")]


def test_a_server_that_goes_down_and_comes_back_says_so_in_the_list(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    work = several.session("work")
    work.status_changed(Status(LinkState.WAITING, "connection lost", desk.clock.seconds() + 3))
    assert several.rows()[2] == "▾ work.example offline"
    assert desk.window.status_line.label.cget("text") == "Connected as ann to home.example:10319"
    assert not desk.window.question.is_open
    assert several.did("home") == [("start",)]
    work.status_changed(CONNECTED)
    assert several.rows()[2] == "▾ work.example"


def test_another_server_that_refuses_takes_nothing_from_the_one_in_front(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    desk.type("half a sen")
    several.session("work").status_changed(Status(LinkState.LOCKED, "that is not the password"))
    desk.turn()
    assert not desk.window.connect_sheet.is_open
    assert desk.window.name_bar.locked
    assert desk.root.focus_get() is desk.window.field.text
    assert several.rows()[2] == "▾ work.example password"


def test_the_sheet_adds_a_server(desk: Desk) -> None:
    Several(desk, home="ann")
    desk.window.ask_server()
    sheet = desk.window.connect_sheet
    sheet.host.delete(0, "end")
    sheet.host.insert(0, "work.example")
    sheet.button.invoke()
    assert desk.dialled == [HOME, WORK]
    assert [each.address for each in desk.window.servers] == [HOME, WORK]
    assert [link.did for link in desk.links] == [[("start",)], [("start",)]]
    assert desk.window.servers.front.address == WORK


def test_a_server_that_is_there_is_not_connected_to_twice(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    desk.window.connect_elsewhere(WORK, "anna", "#s")
    desk.turn()
    assert len(desk.links) == 2
    assert several.did("work") == [("start",), ("send", Nick("anna"), None), ("join", "#s")]
    assert desk.window.servers.front is several.session("work")
    assert desk.window.shown is not None
    assert desk.window.shown.name == "#s"


@pytest.mark.parametrize("how", ["as another", "elsewhere"])
@pytest.mark.parametrize("what", ["remove", "quit", "connect"])
def test_what_is_done_while_a_server_is_left_counts(desk: Desk, how: str, what: str) -> None:
    """What is to follow once the old connection has ended does not, if the person does something else meanwhile."""
    several = Several(desk, home="ann", work="ann")
    work, window = several.session("work"), desk.window
    left: Deferred[None] = Deferred()
    desk.links[1].stopping = left
    work.status_changed(Status(LinkState.WAITING, "offline"))
    if how == "as another":
        window.connect_elsewhere(WORK, "anna", "#s")
    else:
        window.move_server(WORK, CLUB, "anna")
    assert desk.links[1].did[-1] == ("stop", None)
    match what:
        case "remove":
            window.remove_server(work)
        case "quit":
            window.quit()
        case "connect":
            window.bring_to_front(work)
            window.join_as("ann")
            assert desk.links[2].did == [("start",)]
    links, front = len(desk.links), window.servers.front
    left.callback(None)
    desk.turn()
    assert (len(desk.links), window.servers.front) == (links, front)
    assert all(("stop", None) in link.did for link in desk.links) == (what == "quit")
    if what == "connect":
        assert (work.address, list(work.transcript.rooms)) == (WORK, ["#r"])


def test_the_menu_of_a_heading_leaves_and_forgets_a_server(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    work, rooms = several.session("work"), desk.window.rooms
    assert rooms.fill_menu("server 1")
    assert rooms.menu.entrycget(0, "label") == "Disconnect"
    rooms.menu.invoke(0)
    assert several.did("work")[-1] == ("stop", None)
    work.status_changed(Status(LinkState.STOPPED, "not connected"))
    assert several.rows()[2:] == ["▾ work.example left", "  #r"]
    rooms.fill_menu("server 1")
    assert rooms.menu.entrycget(0, "label") == "Connect"
    rooms.menu.invoke(0)
    assert several.did("work")[-1] == ("reconnect",)
    link = work.connector.link
    rooms.fill_menu("server 1")
    rooms.menu.invoke(1)
    assert link.did[-1] == ("stop", None)  # type: ignore[attr-defined]
    assert several.rows() == ["#r"]
    assert desk.window.servers.front is several.session("home")
    assert [each.address for each in desk.settings.servers] == ["home.example:10319"]
    # What the one that is gone still tells harms nothing.
    work.changed(apply_event(work.transcript, {}, events.Joined("bob", "#r")))
    work.status_changed(Status(LinkState.STOPPED, "not connected"))
    desk.turn()


def test_without_the_last_server_the_window_is_as_it_was_at_first(desk: Desk) -> None:
    several = Several(desk, home="ann")
    desk.window.remove_server(several.session("home"))
    desk.turn()
    assert several.rows() == []
    assert (desk.settings.servers, desk.window.shown) == ([], None)
    assert desk.window.status_line.label.cget("text") == "Not connected"
    desk.window.join_as("ann")
    assert desk.dialled[-1] == Address()


def test_a_click_on_a_heading_folds_what_stands_under_it(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    several.said("work", "bob", "one")
    several.said("work", "bob", "ann: two")
    tree = desk.window.rooms.tree
    click(tree, "server 1")
    assert several.rows()[2] == "▸ work.example 2 (@1)"
    assert not tree.getboolean(tree.item("server 1", "open"))
    assert desk.window.servers.front is several.session("home")
    several.said("work", "bob", "three")
    assert several.rows()[2] == "▸ work.example 3 (@1)"
    click(tree, "server 1")
    assert several.rows()[2:] == ["▾ work.example", "  #r 3 (@1)"]


@pytest.mark.parametrize("pane", ["rooms", "members"])
def test_after_a_click_into_a_list_what_is_typed_stands_in_the_field(desk: Desk, pane: str) -> None:
    desk.join("ann", "#r", "#s")
    desk.hear(events.Present("#r", ("ann", "bob")))
    desk.turn()
    tree = getattr(desk.window, pane).tree
    row = tree.get_children()[-1]
    click(tree, row)
    desk.turn()
    assert desk.root.focus_get() is desk.window.field.text
    assert tree.selection() == (row,)
    desk.key("<Key-h>", tree)
    assert desk.window.field.content == "h"
    desk.key("<Control-h>", tree)
    assert desk.window.field.content == "h"
    assert desk.root.focus_get() is tree


def test_all_servers_are_kept_with_their_names_and_their_rooms(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann.b", club="annie")
    desk.window.show_room("#r", several.session("work"))
    desk.window.go_to("#s")
    desk.turn()
    several.session("home").status_changed(Status(LinkState.WAITING, "connection lost", 3))
    desk.window.quit()
    kept = [
        KeptServer("home.example:10319", "ann", ["#r"]),
        KeptServer("work.example:10319", "ann.b", ["#r", "#s"]),
        KeptServer("tls://club.example:7", "annie", ["#r"]),
    ]
    assert desk.settings.servers == kept
    assert (desk.gone, [link.did[-1] for link in desk.links]) == (1, [("stop", None)] * 3)
    # The reactor, which stops now, has it told once more.
    desk.window.disconnect()
    assert desk.settings.servers == kept


def test_the_last_words_are_said_at_every_server(desk: Desk) -> None:
    Several(desk, home="ann", work="ann")
    desk.type("/quit good night")
    desk.key("<Return>")
    assert [link.did[-1] for link in desk.links] == [("stop", "good night")] * 2


def test_who_never_got_in_may_press_join_again_or_take_another_name(desk: Desk) -> None:
    desk.window.join_as("ann")
    bar = desk.window.name_bar
    assert bar.locked
    desk.window.status(Status(LinkState.WAITING, "cannot reach the server", desk.clock.seconds() + 5))
    assert not bar.locked
    bar.button.invoke()
    assert desk.link.did == [("start",), ("reconnect",)]
    desk.window.status(Status(LinkState.CONNECTING, "connecting"))
    desk.window.status(Status(LinkState.WAITING, "cannot reach the server", desk.clock.seconds() + 5))
    desk.window.join_as("anna")
    assert desk.link.did[2:] == [("send", Nick("anna"), None)]
    desk.window.status(CONNECTED)
    assert bar.locked
    desk.window.status(Status(LinkState.WAITING, "connection lost", desk.clock.seconds() + 5))
    assert bar.locked


def test_a_server_is_reached_at_another_address_with_all_that_waits(desk: Desk) -> None:
    desk.join("ann", "#r", "#s")
    desk.type("unheard")
    desk.key("<Return>")
    desk.window.move_server(Address(), HOME, "ann", "s3cret")
    desk.turn()
    assert desk.dialled == [Address(), HOME]
    assert desk.links[0].did[-1] == ("stop", None)
    assert desk.link.did == [("send", Login("ann", "s3cret"), None), ("start",)]
    assert len(desk.window.servers) == 1
    assert list(desk.transcript.rooms) == ["#r", "#s"]
    assert desk.shown()[-1].endswith("unheard  … waiting to be sent")
    desk.window.store()
    assert desk.settings.servers == [KeptServer("home.example:10319", "ann", ["#r", "#s"])]


def test_the_tab_key_goes_from_field_to_field_of_the_sheet(desk: Desk) -> None:
    desk.window.ask_server()
    desk.turn()
    sheet = desk.window.connect_sheet
    fields = [sheet.host]
    for _ in range(4):
        following = fields[-1].tk_focusNext()
        assert following is not None
        fields.append(following)  # type: ignore[arg-type]
    assert fields == [sheet.host, sheet.port, sheet.name, sheet.password, sheet.room]


def test_a_question_asked_at_one_server_is_not_answered_at_another(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    done: list[str] = []
    menus, question = desk.window.menus, desk.window.question
    menus.ask("Kick bob?", [("Kick", lambda: done.append("kicked")), ("Cancel", lambda: None)])
    desk.window.show_room("#r", several.session("work"))
    question.answer(0)
    assert done == []
    desk.window.show_room("#r", several.session("home"))
    menus.ask("Kick bob?", [("Kick", lambda: done.append("kicked")), ("Cancel", lambda: None)])
    question.answer(0)
    assert done == ["kicked"]
    menus.show_settings()
    assert menus.room_sheet.is_open
    desk.window.show_room("#r", several.session("work"))
    assert not menus.room_sheet.is_open


def test_the_line_at_the_bottom_is_about_the_server_in_front(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    several.session("work").transcript.away = "at lunch"
    label = desk.window.status_line.label
    assert "lunch" not in label.cget("text")
    desk.window.show_room("#r", several.session("work"))
    assert "lunch" in label.cget("text")
    assert "work.example" in label.cget("text")
    desk.window.show_room("#r", several.session("home"))
    assert "lunch" not in label.cget("text")


def test_whoever_does_something_is_there_for_all_servers(desk: Desk) -> None:
    several = Several(desk, home="ann", work="ann")
    for name in ("home", "work"):
        several.session(name).transcript.set_front(None)
        several.session(name).transcript.returning = True
        several.said(name, "bob", "missed")
    assert [several.session(name).unread for name in ("home", "work")] == [1, 1]
    desk.key("<Key-x>")
    assert [several.session(name).unread for name in ("home", "work")] == [0, 1]
    click(desk.window.rooms.tree, f"{several.session('work').prefix}#r")
    desk.turn()
    assert several.session("work").unread == 0
