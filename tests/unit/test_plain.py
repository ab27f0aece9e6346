"""How lines read for people, and that programs get them as ever."""

from __future__ import annotations

import pytest

from chatd.protocol import events, plain, wire
from chatd.protocol.events import MODERATION_VERBS, Moderated, Said, Told
from chatd.protocol.moderation_commands import SERVER, SETTINGS
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.unit.test_moderation import Names


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("KICK ann #den eve", "ann removed eve from #den"),
        ("KICK ann #den eve spam, spam", "ann removed eve from #den: spam, spam"),
        ("KICK ann #* eve", "ann removed eve from the whole server"),
        ("MUTE ann #den eve for=15m", "ann muted eve in #den for 15m"),
        ("MUTE ann #* eve for=1h calm down", "ann muted eve on the whole server for 1h: calm down"),
        ("UNMUTE ann #den eve", "ann unmuted eve in #den"),
        ("BAN ann #den 10.6.0.0/16 for=2w", "ann banned 10.6.0.0/16 from #den for 2w"),
        ("BAN ann #* eve flood", "ann banned eve from the whole server: flood"),
        ("UNBAN ann #den eve", "ann unbanned eve from #den"),
        ("OP ann #den bob", "ann made bob an operator of #den"),
        ("OP ann #* bob", "ann made bob an operator of the whole server"),
        ("DEOP ann #den bob", "ann removed bob as an operator of #den"),
        ("INVITE ann #den bob", "ann invited bob to #den"),
        ("SET ann #den registered=yes", "ann registered #den and is now its owner"),
        ("SET ann #den private=yes", "ann made #den private: only people who are invited can join"),
        ("SET ann #den private=no", "ann opened #den to everybody"),
        ("SET ann #den topic=operators", "ann let only operators set the topic of #den"),
        ("SET ann #den topic=members", "ann let everybody in #den set its topic"),
        ("SET ann #den slow=10s", "ann limited everybody in #den to one message every 10s"),
        ("SET ann #den keep=30d", "ann made #den delete messages after 30d"),
        ("SET ann #den keep=all", "ann made #den store messages for as long as the server does"),
        ("SET ann #den colour=red", "ann set colour=red in #den"),
    ],
)
def test_what_was_ruled_is_a_sentence(line: str, read: str) -> None:
    verb, _, rest = line.partition(" ")
    event = events.read(verb, rest)
    assert plain.render(event) == f"NOTE {read}"
    assert wire.render(event) == line


def test_every_verb_and_every_setting_has_a_sentence() -> None:
    ruled = [Moderated(verb, "ann", "#den", "eve") for verb in MODERATION_VERBS if verb != "SET"]
    ruled += [Moderated("SET", "ann", "#den", f"{key}={value}") for key in SETTINGS for value in SETTINGS[key]]
    ruled = [event for event in ruled if event.subject != "registered=no"]
    for event in ruled:
        assert plain.sentence(event).startswith("ann ")
        assert " set " not in plain.sentence(event).replace(" set the topic", "").replace(" set its topic", "")
        assert SERVER not in plain.sentence(Moderated(event.verb, "ann", SERVER, event.subject))


def test_no_text_makes_a_second_line_or_commands_a_terminal() -> None:
    for event in (Told("ann", "a\r\nb\x1b[2J"), Moderated("KICK", "ann", "#den", "eve", None, "a\r\nb\x1b[2J{nick}")):
        assert plain.render(event).isprintable()
        assert "\u240d\u240ab\u241b[2J" in plain.render(event)


def test_all_else_reads_the_same_for_both() -> None:
    assert plain.render(Said("ann", "#den", "hi")) == wire.render(Said("ann", "#den", "hi"))
    assert plain.render(Said("ann", "#den", "hi"), "rendered before") == "rendered before"


def test_each_member_reads_the_form_that_is_its_own() -> None:
    """In one batch: those who take part, who joins in the middle, who is put out, and who only listens."""
    chat = InMemoryChat()
    chat.hub.accounts = Names("ann", "bob")  # type: ignore[assignment]
    ann, person, program = (chat.person(*lines) for lines in ([], ["JOIN ben #den"], ["HELLO 1", "JOIN bot #den"]))
    eve = chat.person("JOIN eve #den")
    ann.session.account = "ann"
    ann.says("JOIN ann #den", "SET registered=yes")
    chat.turn()
    for each in (ann, person, program, eve):
        each.take()
    late = ChatClient(chat.hub)
    late.take()
    ann.says("KICK eve out with you")
    late.says("JOIN late #den")
    ann.says("MUTE ben for=15m")
    chat.turn()
    kicked, muted = "NOTE ann removed eve from #den: out with you", "NOTE ann muted ben in #den for 15m"
    assert ann.take() == ["JOIN late #den", "OK KICK #den eve", "OK MUTE #den ben"]
    assert person.take() == [kicked, "JOIN late #den", muted]
    assert [line.partition(" ")[2] for line in program.take()] == [
        "KICK ann #den eve out with you",
        "JOIN late #den",
        "MUTE ann #den ben for=15m",
    ]
    assert eve.take() == [kicked]
    assert late.take()[-1] == muted


def test_a_private_line_reads_otherwise_where_it_is_received() -> None:
    chat = InMemoryChat()
    alice, bob, program = chat.person("JOIN alice"), chat.person("JOIN bob"), chat.program("JOIN bot")
    for each in (alice, bob):
        each.take()
    alice.says("TELL Bob hello", "TELL bot hello")
    chat.turn()
    assert alice.take() == ["OK TELL bob stored=no", "OK TELL bot stored=no"]
    assert bob.take() == ["FROM alice hello"]
    assert program.take()[-1].partition(" ")[2] == "TELL alice hello"
