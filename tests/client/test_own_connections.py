"""A phone and a desktop: what one does over one connection of an account shows in the other."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from pytest_twisted import ensureDeferred

from chatd.accounts import passwords
from chatd.client.model.lines import Kind
from chatd.client.net.status import LinkState
from chatd.protocol import commands
from chatd.protocol.moderation_commands import Login, Register
from tests.support.linked_users import Stage, User, port_of, until

pytestmark = pytest.mark.skipif(find_spec("argon2") is None, reason=passwords.missing())
PASSWORD = "correct-horse"


async def registered(stage: Stage, nick: str, port: int, *rooms: str) -> User:
    """Return somebody who has an account of that name."""
    user = stage.user(nick, port, *rooms)
    await user.connected()
    user.link.send_command(Register(PASSWORD), rooms[0])
    await until(lambda: user.told[-1].account)
    return user


async def devices(stage: Stage, port: int, *rooms: str) -> tuple[User, User]:
    """Return a desktop and a phone under the account of ann."""
    desktop = await registered(stage, "ann", port, *rooms)
    phone = stage.user("ann", port, *rooms)
    phone.link.send_command(Login("ann", PASSWORD))
    await phone.connected()
    return desktop, phone


def unread(user: User) -> list[int]:
    """Return how much is unread in each room."""
    return [room.unread for room in user.transcript.rooms.values()]


@ensureDeferred
async def test_what_is_said_over_one_shows_in_the_other_as_ones_own(stage: Stage) -> None:
    port = port_of(stage.serve(0, "--registration", "open"))
    desktop, phone = await devices(stage, port, "#r")
    bob = stage.user("bob", port, "#r")
    await bob.connected()
    desktop.link.send_message("#r", "from the desktop")
    phone.link.send_message("#r", "from the phone")
    everything = [("ann", "from the desktop"), ("ann", "from the phone")]
    await until(lambda: all(sorted(each.said()) == everything for each in (desktop, phone, bob)))
    for each in (desktop, phone):
        lines = [line for line in each.transcript.rooms["#r"].lines if line.kind is Kind.SAID]
        assert all(line.own for line in lines)
        assert each.transcript.rooms["#r"].unread == 0
    assert bob.transcript.rooms["#r"].unread == 2
    assert list(bob.transcript.rooms["#r"].members) == ["ann", "bob"]
    assert bob.kinds().count(Kind.JOINED) == 0


@ensureDeferred
async def test_private_talk_shows_in_both_and_an_answer_has_read_it(stage: Stage) -> None:
    port = port_of(stage.serve(0, "--registration", "open"))
    desktop, phone = await devices(stage, port, "#r")
    bob = await registered(stage, "bob", port, "#r")
    bob.link.send_message("ann", "psst")
    await until(lambda: desktop.said("bob") == phone.said("bob") == [("bob", "psst")])
    assert desktop.transcript.rooms["bob"].unread == 1
    phone.link.send_message("bob", "what?")
    both = [("bob", "psst"), ("ann", "what?")]
    await until(lambda: desktop.said("bob") == phone.said("bob") == both)
    assert desktop.transcript.rooms["bob"].unread == 0
    bob.link.send_message("ann", "nothing")
    await until(lambda: desktop.transcript.rooms["bob"].unread == 1)


@ensureDeferred
async def test_what_is_read_on_one_is_read_on_the_other(stage: Stage) -> None:
    port = port_of(stage.serve(0, "--registration", "open"))
    desktop, phone = await devices(stage, port, "#r", "#s")
    bob = stage.user("bob", port, "#r", "#s")
    await bob.connected()
    for room in ("#r", "#s"):
        bob.link.send_message(room, "ann: are you there?")
    await until(lambda: unread(desktop) == unread(phone) == [1, 1])
    phone.transcript.set_front("#r")
    await until(lambda: desktop.transcript.rooms["#r"].unread == 0)
    assert desktop.transcript.rooms["#r"].mentions == 0
    assert desktop.transcript.rooms["#s"].unread == 1


@ensureDeferred
async def test_a_room_is_entered_and_left_over_each_on_its_own(stage: Stage) -> None:
    port = port_of(stage.serve(0, "--registration", "open"))
    desktop, phone = await devices(stage, port, "#r")
    bob = stage.user("bob", port, "#r", "#s")
    await bob.connected()
    for each in (desktop, phone):
        each.link.join_room("#s")
    await until(lambda: desktop.transcript.rooms["#s"].joined and phone.transcript.rooms["#s"].joined)
    bob.link.send_message("#s", "welcome")
    await until(lambda: desktop.said("#s") == phone.said("#s") == [("bob", "welcome")])
    phone.link.send_command(commands.Part("#s"), "#s")
    await until(lambda: not phone.transcript.rooms["#s"].joined)
    bob.link.send_message("#s", "still there?")
    await until(lambda: len(desktop.said("#s")) == 2)
    assert desktop.transcript.rooms["#s"].joined
    assert "ann" in list(bob.transcript.rooms["#s"].members)
    assert len(phone.said("#s")) == 1


@ensureDeferred
async def test_another_name_is_refused_while_both_are_there_and_can_be_taken_when_one_has_gone(stage: Stage) -> None:
    port = port_of(stage.serve(0, "--registration", "open"))
    desktop, phone = await devices(stage, port, "#r")
    desktop.link.send_command(commands.Nick("anna"), "#r")
    await until(lambda: desktop.transcript.rooms["#r"].lines[-1].kind is Kind.ERROR)
    assert desktop.transcript.nick == phone.transcript.nick == "ann"
    await phone.stop()
    desktop.link.send_command(commands.Nick("anna"), "#r")
    await until(lambda: desktop.transcript.nick == "anna")


@ensureDeferred
async def test_what_one_says_while_the_other_is_away_is_there_when_it_comes_back(stage: Stage) -> None:
    service = stage.serve(0, "--registration", "open")
    between = stage.relays(service)
    desktop, phone = await devices(stage, port_of(service), "#r")
    away = stage.user("ann", between.port, "#r")
    away.link.send_command(Login("ann", PASSWORD))
    await away.connected()
    between.relays[-1].cut()
    await until(lambda: away.state is LinkState.WAITING)
    phone.link.send_message("#r", "meanwhile")
    await until(lambda: desktop.said() == [("ann", "meanwhile")])
    away.link.send_message("#r", "and this waited")
    away.link.reconnect()
    everything = [("ann", "meanwhile"), ("ann", "and this waited")]
    await until(lambda: all(each.said() == everything for each in (desktop, phone, away)))
    assert away.transcript.rooms["#r"].unread == 0
