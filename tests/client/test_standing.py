"""What the client knows of those in a room, of what holds there, and what it tells a server again."""

from __future__ import annotations

from chatd.client.model import outbox
from chatd.client.model.changes import AwayChanged, RulesChanged
from chatd.client.model.people import NOTHING_KNOWN, Facts, described
from chatd.client.model.rulings import modes
from chatd.client.model.standing import facts_of, operates, to_know, to_repeat
from chatd.client.model.transcript import Transcript
from chatd.protocol import commands, wire
from chatd.protocol import moderation_commands as orders
from chatd.protocol.commands import Command
from tests.client.test_moderation import ruled
from tests.client.test_transcript import Client, said

HERE = ("OK HELLO epoch=e1", "OK JOIN #r 4 last=0 resume=s")


def knowing(*lines: str) -> Client:
    """Return a client that has asked who is in its room and what holds there, and heard this."""
    client = Client(*HERE)
    ask(client, orders.Rules("#r"), "")
    client.hears(
        "IS me #r operator=yes idle=0",
        "IS bob #r bot=yes idle=3",
        "IS Carl #r away=yes idle=unknown out for lunch",
        "IS dora #r voice=yes idle=0",
        "OK WHO #r 4",
        *lines,
        f"@label=q OK RULES #r {len(lines)}",
    )
    return client


def ask(client: Client, command: Command, room: str = "#r", label: str = "q") -> None:
    client.transcript.note_question(label, command, room)


def test_what_is_known_of_people_comes_with_the_details() -> None:
    members = knowing().room().members
    assert list(members) == ["bob", "Carl", "dora", "me"]
    assert members.facts("BOB") == Facts(bot=True)
    assert members.facts("carl") == Facts(away=True, why="out for lunch")
    assert (members.facts("dora").marks, members.facts("me").marks) == (["voice"], ["operator"])
    assert described("carl", members.facts("carl")) == "carl (away: out for lunch)"


def test_who_founds_a_room_knows_it_from_the_answer_to_join() -> None:
    client = Client("OK HELLO epoch=e1", "OK JOIN #r 1 last=0 resume=s operator=yes")
    assert operates(client.transcript, client.room())


def test_what_is_known_goes_with_the_name_and_away_with_the_person() -> None:
    client = knowing()
    client.hears("NICK Carl rob", "PART bob #r", "JOIN bob #r")
    members = client.room().members
    assert (members.facts("rob").away, members.facts("Carl"), members.facts("bob")) == (
        True,
        NOTHING_KNOWN,
        NOTHING_KNOWN,
    )


def test_a_list_of_names_alone_forgets_nothing_of_who_is_still_there() -> None:
    client = knowing()
    client.hears("WHO #r me bob", "OK WHO #r 2")
    members = client.room().members
    assert (members.facts("bob").bot, members.facts("Carl")) == (True, NOTHING_KNOWN)


def test_who_becomes_an_operator_is_one_from_then_on() -> None:
    client = knowing()
    assert operates(client.transcript, client.room())
    client.hears(ruled(5, "OP me #r bob"), ruled(6, "DEOP bob #r me"), ruled(7, "VOICE bob #r carl"))
    members = client.room().members
    assert (members.facts("bob").operator, members.facts("Carl").voice) == (True, True)
    assert not operates(client.transcript, client.room())
    client.hears(ruled(8, "SET me #r registered=yes"))
    assert operates(client.transcript, client.room())


def test_who_comes_back_and_runs_the_room_is_an_operator_at_once() -> None:
    client = knowing(ruled(3, "OP me #r eve", old=True))
    client.hears("JOIN eve #r")
    assert client.room().members.facts("eve").operator


def test_the_answer_to_rules_is_no_line_and_replaces_what_was_known() -> None:
    client = knowing(
        ruled(1, "SET me #r private=yes", old=True),
        ruled(2, "BAN me #r eve for=1h spam", old=True),
        ruled(3, "SET me #r slow=10s", old=True),
    )
    rulings = client.room().rulings
    assert not client.room().lines
    assert (rulings.known, rulings.setting("private"), rulings.setting("topic")) == (True, "yes", "members")
    assert modes(rulings) == ["private", "slow mode: one message every 10s"]
    assert [each.event.subject for each in rulings.holding(2_000)] == ["eve"]
    assert rulings.holding(2_000 + 3_600_000) == []
    ask(client, orders.Rules("#r"), "")
    client.hears("@label=q OK RULES #r 0")
    assert (modes(rulings), rulings.holding(0)) == ([], [])


def test_what_is_ruled_holds_until_it_is_taken_back() -> None:
    client = knowing()
    found = client.hears(
        ruled(5, "MUTE me #r eve loud"), ruled(6, "INVITE me #r zoe"), ruled(7, "BAN me #r 10.0.0.0/8")
    )
    rulings = client.room().rulings
    assert RulesChanged("#r") in found
    assert [each.event.verb for each in rulings.holding(0)] == ["MUTE", "INVITE", "BAN"]
    client.hears(ruled(8, "UNMUTE me #r EVE"), ruled(9, "KICK me #r zoe"), ruled(10, "UNBAN me #r 10.0.0.0/8"))
    assert rulings.holding(0) == []


def test_a_room_that_everybody_left_has_no_rules_any_more() -> None:
    client = knowing(ruled(1, "SET me #r slow=10s", old=True), ruled(2, "BAN me #r eve", old=True))
    client.hears(ruled(5, "SET me #r founded=anew"))
    assert (modes(client.room().rulings), client.room().rulings.holding(0)) == ([], [])


def test_rules_that_somebody_asked_for_are_told_as_sentences() -> None:
    client = Client(*HERE)
    ask(client, orders.Rules("#r"))
    client.hears(ruled(1, "MUTE me #r eve for=1h loud", old=True), "@label=q OK RULES #r 1")
    client.transcript.now = lambda: 2_000
    ask(client, orders.Rules("#r"))
    client.hears(ruled(1, "MUTE me #r eve for=1h loud", old=True), "@label=q OK RULES #r 1")
    assert [line.text for line in client.room().lines][-2:] == [
        "eve is muted for 1h: loud (me)",
        "Settings of #r: defaults",
    ]


def test_who_is_away_says_so_again_over_a_new_connection_and_so_are_the_ignored() -> None:
    client = knowing()
    ask(client, commands.Away("out for lunch"))
    assert AwayChanged() in client.hears("@label=q OK AWAY")
    ask(client, commands.Ignore("eve"))
    client.hears("@label=q OK IGNORE eve", "NICK eve mallory")
    assert (client.transcript.away, client.room().members.facts("me").away) == ("out for lunch", True)
    assert client.room().lines[0].text == "You are away: out for lunch"
    client.transcript.disconnected()
    assert to_repeat(client.transcript) == [commands.Away("out for lunch"), commands.Ignore("mallory")]
    count = len(client.room().lines)
    for label, command in (("a", commands.Away("out for lunch")), ("b", commands.Ignore("mallory"))):
        ask(client, command, "", label)
    client.hears("@label=a OK AWAY", "@label=b OK IGNORE mallory")
    assert len(client.room().lines) == count
    ask(client, commands.Away())
    client.hears("@label=q OK AWAY")
    assert (client.transcript.away, client.room().members.facts("me").away) == ("", False)


def test_who_writes_to_one_who_is_away_is_told_so_once() -> None:
    client = Client(*HERE)
    for number in (1, 2):
        client.transcript.add_waiting("zoe", "there?", f"l{number}", 0)
        client.hears(f"@label=l{number} OK TELL zoe id={number} time=2020-01-01T00:00:00.000Z stored=yes away=yes")
    assert [line.text for line in client.room("zoe").lines] == [
        "there?",
        "zoe is away",
        "there?",
    ]
    assert facts_of(client.transcript, "zoe").away
    client.transcript.add_waiting("zoe", "ah", "l3", 0)
    client.hears("@label=l3 OK TELL zoe id=3 time=2020-01-01T00:00:00.000Z stored=yes")
    assert not facts_of(client.transcript, "zoe").away


def test_who_writes_to_one_who_is_not_there_is_told_so() -> None:
    client = Client(*HERE)
    client.transcript.add_waiting("zoe", "there?", "l1", 0)
    client.hears("@label=l1 OK TELL zoe id=1 time=2020-01-01T00:00:00.000Z stored=yes here=no")
    assert client.room("zoe").lines[-1].text == "zoe is not connected and will see this after logging in"


def test_an_answer_waits_like_any_other_line_and_goes_over_a_restart() -> None:
    client = Client(*HERE, said(1))
    client.transcript.add_waiting("#r", "yes", "l1", 0, reply=1)
    assert client.room().lines[-1].answers == "bob"
    assert client.transcript.answered_by("l1") == 1
    again = Transcript("me", lambda: 0)
    again.load_waiting(client.transcript.dump_waiting())
    assert (again.answered_by("l1"), again.answered_by("l2")) == (1, None)
    (old,) = client.transcript.dump_waiting()
    for wrong in (None, "1", -1, True, 2**70):
        (loaded,) = outbox.load([{**old, "reply": wrong}])
        assert loaded.reply == 0


def test_what_waits_answers_nothing_where_the_ids_have_begun_anew() -> None:
    client = Client(*HERE, said(1))
    client.transcript.add_waiting("#r", "yes", "l1", 0, reply=1)
    client.hears("OK HELLO epoch=e2")
    assert client.transcript.answered_by("l1") is None


def test_ones_own_reactions_are_known() -> None:
    client = Client(*HERE, said(1))
    client.hears("@id=2 REACT me #r 1 👍", "@id=3 REACT bob #r 1 🎉")
    assert client.room().lines[0].reacted == ("👍",)
    client.hears("@id=4 UNREACT bob #r 1 🎉", "@id=5 UNREACT me #r 1 👍")
    assert client.room().lines[0].reacted == ()


def test_what_is_asked_to_know_a_room_can_be_sent() -> None:
    client = Client(*HERE)
    asked = [wire.render(each) for each in to_know(client.transcript, "#r")]
    assert asked == ["TOPIC #r", "WHO #r details=yes", "RULES #r"]
    client.hears("@id=3;old;time=2020-01-01T00:00:00.000Z TOPIC bob #r tea")
    assert len(to_know(client.transcript, "#r")) == 2
