"""What a server that means harm can do to the window: cost it neither its memory, nor its time, nor what it keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.client.model import members, rulings, standing, transcript
from chatd.client.model.kept_servers import KeptServer
from chatd.client.model.settings import Store
from chatd.client.view import members_pane
from chatd.client.view.talk_rows import LINK, MAX_LINKS
from chatd.protocol import events
from tests.client.test_transcript import IN, Client
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
needs_display = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def test_no_list_grows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MAX_MEMBERS", 20)
    monkeypatch.setattr(rulings, "MAX_HELD", 20)
    monkeypatch.setattr(rulings, "MAX_SETTINGS", 5)
    monkeypatch.setattr(transcript, "MAX_LISTED", 20)
    monkeypatch.setattr(standing, "MAX_IGNORED", 20)
    client = Client(IN)
    for number in range(50):
        client.hears(
            f"JOIN a{number} #r",
            f"WHO #r b{number} c{number}",
            f"BAN me #r d{number}",
            f"SET me #r key{number}=x",
            f"ROOM #s{number} 1",
            f"OK IGNORE e{number}",
        )
    room = client.room()
    assert len(room.members) == 20
    assert [each.event.subject for each in room.rulings.holding(client.time)] == [f"d{each}" for each in range(30, 50)]
    assert len(client.transcript.listing) == 20
    assert len(client.transcript.ignored) == 20
    client.hears("OK WHO #r 20")
    assert len(room.members) == 20


@needs_display
def test_of_a_crowd_the_first_ones_stand_in_the_list(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_pane, "MAX_SHOWN", 3)
    pane = desk.window.members
    desk.join("ann", "#r")
    desk.hear(events.Present("#r", ("a", "b", "c", "d", "e5")))
    desk.turn()
    assert pane.tree.get_children() == ("a", "ann", "b")
    assert pane.heading.cget("text") == "People (6)"
    assert (pane.more.winfo_ismapped(), pane.more.cget("text")) == (True, "and 3 more")
    pane.filter.set("5")
    desk.turn()
    assert pane.tree.get_children() == ("e5",)
    assert not pane.more.winfo_ismapped()


@needs_display
def test_a_list_of_rooms_that_nobody_asked_for_is_not_laid_over_the_window(desk: Desk) -> None:
    desk.join("ann", "#r")
    desk.hear(events.Listed("#s", 1, "buy now"))
    desk.hear(events.Done("ROOMS", ("1",)))
    desk.turn()
    assert not desk.window.rooms_sheet.winfo_ismapped()


@needs_display
def test_names_that_are_none_cost_no_server_that_is_kept(desk: Desk, tmp_path: Path) -> None:
    desk.join("ann", "#r")
    desk.hear(events.Done("JOIN", ("#\u202ex", "1")))
    desk.hear(events.Renamed("ann", "a\u202eb"))
    desk.turn()
    desk.window.store()
    store = Store(tmp_path / "config", tmp_path / "state")
    assert store.save(desk.window.settings) == ""
    settings, problem = store.load()
    assert problem == ""
    assert [(each.nick, each.rooms) for each in settings.servers] == [("", ["#r"])]
    assert isinstance(settings.servers[0], KeptServer)
    assert settings.nick == "ann"


@needs_display
def test_of_a_line_of_links_the_first_can_be_followed(desk: Desk) -> None:
    desk.join("ann", "#r")
    said = " ".join(f"http://e.example/{number}" for number in range(1300))
    desk.said("bob", said, "#r")
    desk.turn()
    text = desk.window.talk.text
    assert len([tag for tag in text.tag_names() if tag.startswith(LINK)]) == MAX_LINKS
    assert any(said in line for line in desk.shown())
