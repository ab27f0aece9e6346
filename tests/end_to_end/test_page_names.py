"""Names as people bring them from IRC, in the page: an address for each room, who is mentioned, and what is a link."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from chatd.client.model.colours import COLOURS, MAX_KNOWN, Colours, colour_of
from chatd.client.model.members import Members
from chatd.client.model.mention import mentions
from chatd.client.view.avatars import initial
from chatd.client.view.palette import DARK, LIGHT, Palette, contrast
from chatd.protocol import names
from tests.support.browser import Page, address_of, chromium
from tests.support.daemon import Daemon, wait_until
from tests.support.link_cases import LINKS

pytestmark = pytest.mark.slow

MENTIONS = """
const [texts, nick, done] = arguments;
import('/-/page/wire.js').then((wire) => done(texts.map((text) => wire.mentions(text, nick))));
"""
LINKED = """
const [texts, done] = arguments;
const shown = (nodes) => nodes.filter((node) => node.href).map((node) => node.textContent);
import('/-/page/view-row.js').then((rows) => done(texts.map((text) => shown(rows.nodesOf(text)))));
"""
KEYS = """
const [nicks, done] = arguments;
import('/-/page/wire.js').then((wire) => done(nicks.map(wire.key)));
"""
AVATARS = """
const [nicks, done] = arguments;
const parts = ['view-row', 'model'].map((name) => import(`/-/page/${name}.js`));
Promise.all(parts).then(([rows, model]) => done(nicks.map((nick) => {
  const made = rows.avatar(nick, new model.Store().open('#x'));
  document.body.append(made);
  const {backgroundColor, color} = getComputedStyle(made);
  made.remove();
  return [backgroundColor, color, made.textContent];
})));
"""
"""The background, the colour and the letter of the avatars of some people, each in a room of one's own."""
STEPS = """
const [steps, done] = arguments;
import('/-/page/model.js').then((model) => {
  const room = new model.Store().open('#x');
  const {members} = room;
  const deeds = {
    add: (nick) => { room.addMember(nick); room.count = members.size; },
    remove: (nick) => { room.removeMember(nick); room.count = members.size; },
    renamed: (old, nick) => room.renamed(old, nick),
    of: (nick) => room.color(nick),
  };
  done(steps.map(([what, ...nicks]) => (what === 'of' ? deeds.of(...nicks) : void deeds[what](...nicks))));
});
"""
"""What happens in a room, one step after the other, and the number of the colour of everybody who is asked for."""
SHOWN = """
const number = (avatar) => Number(avatar.className.split(' c')[1]);
const found = (selector, name) => [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility())
  .map((each) => [each.querySelector(name).textContent, number(each.querySelector('.avatar'))]);
return [...found('.person', '.name'), ...found('.row.said:not(.goes-on)', '.nick')];
"""
"""Whoever the page shows in which colour."""
FOLDED = "ıİiIßẞςσΣſŉΐᾳꭰᎠǅµ"
"""Letters whose case is not folded as most are."""
NICKS = ("alice", "[bob]", "al|away", "_bart", "bob^", "bob`", "{x}", "a\\b", "a.", "太郎", "สม", "គ")
PATTERNS = (
    "{}", "{}: hi", "hi ({})", "ask {}.", "[{}]", "`{}`", "{}さん", "x{}", "{}x", "{}_", "_{}", "{}ー", "{}\u0e31ย",
    "\u17d2{}", "ก\u0e31{}", "@{}你好", "{}|y", "y.{}", "{}.b", "-{}-", "{}...", "{}{}",
    "malice, bart, away, bob and x", "",
)  # fmt: skip


def test_rooms_of_irc_have_addresses_and_their_people_names(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        where = address_of(daemon)
        pages: dict[str, Page] = {}
        for nick, path in (("[bob]", "/%23c%2B%2B"), ("al|away", "/" + quote("#c++"))):
            pages[nick] = Page(browser, where + path, new=bool(pages))
            pages[nick].come_in(nick)
        pages["al|away"].say("[bob]: hi", "bob: no", "/join ##a|[b]`{c}^")
        browser.wait("document.querySelector('.room[aria-current] .name')?.textContent === '#a|[b]`{c}^'")
        assert browser.js("return location.pathname") == "/%23a%7C%5Bb%5D%60%7Bc%7D%5E"
        browser.driver.back()
        browser.wait("location.pathname === '/%23c%2B%2B'")
        browser.driver.refresh()
        pages["al|away"].wait_for(["[bob]: hi", "bob: no"])
        pages["[bob]"].wait_for(["[bob]: hi", "bob: no"])
        mentioned = "return [...document.querySelectorAll('.row.mention .text')].map(each => each.textContent)"
        assert pages["[bob]"].front().js(mentioned) == ["[bob]: hi"]
        people = "return [...document.querySelectorAll('.person .name')].map(each => each.textContent)"
        wait_until(lambda: {"[bob]", "al|away"} <= set(browser.js(people)), lambda: str(browser.js(people)))


def test_the_page_and_the_window_agree_on_who_is_mentioned(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        Page(browser, address_of(daemon))
        for nick in NICKS:
            texts = [pattern.replace("{}", nick) for pattern in PATTERNS]
            told = browser.driver.execute_async_script(MENTIONS, texts, nick)
            assert dict(zip(texts, told, strict=True)) == {text: mentions(text, nick) for text in texts}, nick


def test_the_page_and_the_window_agree_on_what_is_a_link(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        Page(browser, address_of(daemon))
        told = browser.driver.execute_async_script(LINKED, list(LINKS))
        assert {text: tuple(found) for text, found in zip(LINKS, told, strict=True)} == LINKS


def test_the_page_and_the_server_agree_on_which_nicks_are_the_same(tmp_path: Path) -> None:
    letters = {chr(number) for number in range(0x250)} | set(FOLDED)
    nicks = [nick for letter in sorted(letters) for nick in (f"{letter}a", f"a{letter}") if is_nick(nick)]
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        Page(browser, address_of(daemon))
        told = browser.driver.execute_async_script(KEYS, nicks)
    assert dict(zip(nicks, told, strict=True)) == {nick: names.key(nick) for nick in nicks}


def is_nick(text: str) -> bool:
    try:
        names.nick(text)
    except names.BadNameError:
        return False
    return True


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_a_nick_has_the_avatar_that_it_has_in_the_window(tmp_path: Path, palette: Palette) -> None:
    nicks = [*NICKS, "Ann", "straße", "ΟΔΟΣ", "ßen", *(f"person{number}" for number in range(60))]
    assert {colour_of(nick) for nick in nicks} == set(range(COLOURS))
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        browser.prefer(color_scheme=palette.name)
        Page(browser, address_of(daemon))
        told = browser.driver.execute_async_script(AVATARS, nicks)
    for nick, (ground, colour, letter) in zip(nicks, told, strict=True):
        assert hexadecimal(ground) == palette.nicks[colour_of(nick)], nick
        assert letter == initial(nick), nick
        assert contrast(hexadecimal(ground), hexadecimal(colour)) >= 4.5, nick


def test_people_of_a_room_have_different_colors_and_keep_them(tmp_path: Path) -> None:
    people = [f"person{number}" for number in range(COLOURS - 1)]
    assert len({colour_of(nick) for nick in people}) < len(people)
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser, ExitStack() as stack:

        def shown(count: int) -> dict[str, int]:
            browser.wait(f"document.querySelectorAll('.person').length === {count}")
            found = dict(map(tuple, browser.js(SHOWN)))
            assert len(set(map(tuple, browser.js(SHOWN)))) == len(found), "somebody has two colors"
            return found

        clients = [stack.enter_context(daemon.member(nick, "#builds")) for nick in people]
        page = Page(browser, address_of(daemon) + "/builds")
        page.come_in("ann")
        for number, client in enumerate(clients):
            client.send(f"MSG hello {number}\n".encode())
        page.wait_for([f"hello {number}" for number in range(len(clients))])
        before = shown(COLOURS)
        assert sorted(before.values()) == list(range(COLOURS))
        with daemon.member("late", "#builds") as late:
            late.send(b"MSG too late\n")
            page.wait_for(["too late"])
            assert before == {nick: color for nick, color in shown(COLOURS + 1).items() if nick != "late"}
            clients[3].send(b"NICK somebody\nMSG still me\n")
            page.wait_for(["still me"])
            now = shown(COLOURS + 1)
            assert now["somebody"] == before[people[3]]
            assert before == {nick: color for nick, color in now.items() if nick not in ("late", "somebody")}


def test_a_conversation_has_the_letter_of_the_new_nick(tmp_path: Path) -> None:
    shown = "document.querySelector('#talks .room')?.innerText.split(/\\s+/).join(' ')"
    with (
        Daemon(tmp_path, "--web", "0") as daemon,
        daemon.member("bob", "#builds") as bob,
        chromium(tmp_path) as browser,
    ):
        page = Page(browser, address_of(daemon) + "/builds")
        page.come_in("ann")
        page.say("/msg bob hi")
        browser.wait(f"{shown} === 'B bob'")
        bob.send(b"NICK zoe\n")
        browser.wait(f"{shown} === 'Z zoe'")


def test_the_page_keeps_people_apart_as_the_window_does(tmp_path: Path) -> None:
    chance = random.Random(7)
    known, steps = [f"nick{number}" for number in range(MAX_KNOWN - 1)], []
    for _ in range(3000):
        what = chance.choices(("add", "remove", "of", "renamed"), (3, 2, 9, 0.1))[0]
        steps.append((what, *chance.sample(known, 2 if what == "renamed" else 1)))
    here = Members()
    colours = Colours(here)
    deeds: dict[str, Callable[..., object]] = {
        "add": here.add, "remove": here.remove, "of": colours.of, "renamed": colours.renamed,
    }  # fmt: skip
    expected = [(what, *nicks, deeds[what](*nicks)) for what, *nicks in steps]
    assert {color for what, *_, color in expected if what == "of"} == set(range(COLOURS))
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        Page(browser, address_of(daemon))
        told = browser.driver.execute_async_script(STEPS, steps)
    for number, (step, color) in enumerate(zip(expected, told, strict=True)):
        assert step[0] != "of" or step[-1] == color, (number, step)


def test_in_a_crowd_colors_are_shared_and_stay(tmp_path: Path) -> None:
    crowd = [f"person{number}" for number in range(300)]
    steps = [*(("add", nick) for nick in crowd), *(("of", nick) for nick in crowd * 2)]
    gone = [*(("remove", nick) for nick in crowd), ("add", "late"), ("of", "late"), ("of", "person0")]
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        Page(browser, address_of(daemon))
        told = browser.driver.execute_async_script(STEPS, [*steps, *gone])
    first, again = told[300:600], told[600:900]
    assert first == again
    assert sorted(first[:COLOURS]) == list(range(COLOURS))
    assert first[MAX_KNOWN:] == [colour_of(nick) for nick in crowd[MAX_KNOWN:]]
    assert told[-2] == colour_of("late"), "the colors of those who are gone are free"


def hexadecimal(colour: str) -> str:
    """Return a colour as the window writes it, given as browsers do: ``rgb(190, 34, 42)``."""
    return "#" + bytes(map(int, re.findall(r"\d+", colour))).hex()
