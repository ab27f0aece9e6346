"""What its user can choose of the window: by mouse and by key, at once, and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatd.client.model.preferences import Clock, Preferences, SendKey, Traffic, load
from chatd.client.model.settings import Settings, Store, Theme
from chatd.protocol import events
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
needs_display = pytest.mark.skipif(bool(MISSING), reason=MISSING)
OTHER = Preferences(
    avatars=False, traffic=Traffic.HIDDEN, clock=Clock.HOURS_12, send_key=SendKey.CTRL_ENTER, notices=False, bell=False
)


def test_they_are_kept(tmp_path: Path) -> None:
    store = Store(tmp_path, tmp_path / "state")
    assert store.save(Settings(preferences=OTHER, people=False)) == ""
    settings, problem = Store(tmp_path, tmp_path / "state").load()
    assert (settings.preferences, settings.people, problem) == (OTHER, False, "")


@pytest.mark.parametrize(
    "value", [None, [], "avatars", {"avatars": 1}, {"traffic": "sideways"}, {"clock": 24}, {"send_key": ""}]
)
def test_what_is_none_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        load(value)


def test_what_is_missing_or_of_a_newer_client_does_no_harm() -> None:
    assert load({}) == Preferences()
    assert load({"bell": False, "wallpaper": "stars"}) == Preferences(bell=False)


@pytest.mark.parametrize(
    ("clock", "written"),
    [(Clock.HOURS_24, ["00:05", "12:00", "23:59"]), (Clock.HOURS_12, ["12:05 AM", "12:00 PM", "11:59 PM"])],
)
def test_the_time_of_day(clock: Clock, written: list[str]) -> None:
    assert [clock.written(*time) for time in ((0, 5), (12, 0), (23, 59))] == written


def opened(desk: Desk) -> Any:
    desk.join()
    desk.key("<Control-comma>")
    sheet = desk.window.preferences_sheet
    assert sheet.is_open
    return sheet


@needs_display
def test_colours_and_size_are_chosen(desk: Desk) -> None:
    sheet = opened(desk)
    sheet.themes[1].invoke()
    sheet.larger.invoke()
    desk.turn()
    assert (desk.settings.theme, desk.settings.font_size) == (Theme.DARK, 12)
    assert desk.window.look.palette.name == "dark"
    assert sheet.size_label.cget("text") == "12 pt"
    sheet.usual.invoke()
    assert desk.settings.font_size == 11


@needs_display
def test_it_can_be_done_by_keys_alone(desk: Desk) -> None:
    sheet = opened(desk)
    assert desk.root.focus_get() is sheet.themes[0]
    desk.key("<Down>", sheet.themes[0])
    desk.key("<space>", sheet.themes[1])
    desk.key("<space>", sheet.avatars)
    assert desk.settings.theme is Theme.DARK
    assert not desk.settings.preferences.avatars
    desk.key("<Escape>", sheet.avatars)
    assert not sheet.is_open


@needs_display
def test_it_shows_what_holds(desk: Desk) -> None:
    sheet = opened(desk)
    assert sheet.themes[0].instate(["selected"])
    desk.window.look.use(Theme.DARK)
    assert sheet.themes[1].instate(["selected"])
    assert sheet.avatars.instate(["selected"])
    assert sheet.traffic[0].instate(["selected"])


@needs_display
def test_joins_are_in_one_line_one_by_one_or_not_seen(desk: Desk) -> None:
    sheet = opened(desk)
    for nick in ("bob", "carol", "dave"):
        desk.hear(events.Joined(nick, "#r"))
    desk.said("bob", "hello")
    seen = []
    for choice in (0, 1, 2, 0):
        sheet.traffic[choice].invoke()
        lines = desk.shown()
        seen.append(
            (
                any(line.endswith("▸ bob, carol and dave joined") for line in lines),
                any("carol joined" in line for line in lines),
            )
        )
        assert any("hello" in line for line in lines)
    assert seen == [(True, False), (False, True), (False, False), (True, False)]


@needs_display
def test_a_day_is_told_where_only_joins_that_are_not_seen_begin_it(desk: Desk) -> None:
    desk.join()
    desk.settings.preferences.traffic = Traffic.HIDDEN
    desk.said("bob", "yesterday")
    desk.clock.advance(86_400)
    desk.hear(events.Joined("carol", "#r"))
    desk.said("bob", "today")
    whole = desk.shown()
    desk.window.talk.repaint()
    assert desk.shown() == whole
    assert len([line for line in whole if "2023" in line]) == 2
    assert not any("carol" in line for line in whole)


@needs_display
def test_enter_sends_or_begins_a_line(desk: Desk) -> None:
    sheet = opened(desk)
    sheet.close()
    desk.type("one")
    desk.key("<Return>")
    assert desk.link.did[-1] == ("say", "#r", "one")
    sheet.send_keys[1].invoke()
    desk.type("two")
    desk.key("<Return>")
    assert desk.window.field.content == "two\n"
    desk.key("<Control-Return>")
    assert desk.link.did[-1][:2] == ("say", "#r")
    assert desk.window.field.content == ""


@needs_display
def test_notices_and_the_bell_are_turned_off(desk: Desk) -> None:
    sheet = opened(desk)
    notices = desk.window.notices
    assert (notices.shows, notices.rings) == (True, True)
    sheet.notices.invoke()
    sheet.bell_box.invoke()
    assert (notices.shows, notices.rings) == (False, False)


@needs_display
def test_without_avatars_there_is_only_the_time_at_the_side(desk: Desk) -> None:
    sheet = opened(desk)
    desk.said("bob", "hello")
    desk.turn()
    gutter = desk.window.talk.gutter
    with_avatars = gutter.winfo_reqwidth()
    assert gutter.find_all()
    sheet.avatars.invoke()
    desk.turn()
    assert gutter.winfo_reqwidth() <= with_avatars
    assert not any(str(gutter.type(item)) == "image" for item in gutter.find_all())
