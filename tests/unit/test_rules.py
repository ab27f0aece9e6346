"""RULES: what holds, for those who may know, and not more than they were told."""

from __future__ import annotations

from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.unit.test_guidance import ask
from tests.unit.test_moderation import Names, owner

WHEN = "[1970-01-12 13:46 UTC]"
TIME = "1970-01-12T13:46:40.000Z"
SETTINGS = (
    "NOTE The settings of #den are registered=yes private={} listed=yes topic=members speak=members outsiders=no"
    " slow=off keep=all limit=off; HELP SET explains how to change them."
)


def made(*accounts: str) -> tuple[InMemoryChat, ChatClient]:
    chat = InMemoryChat()
    chat.hub.accounts = Names("ann", "bob", *accounts, operators=("root",))  # type: ignore[assignment]
    return chat, owner(chat, "ann", "JOIN ann #den", "SET registered=yes")


def test_a_person_reads_what_holds_as_sentences() -> None:
    chat, ann = made()
    chat.person("JOIN eve #den")
    ask(chat, ann, "MUTE eve for=15m spam", "BAN 10.6.0.0/16", "OP bob", "INVITE bob", "BAN ted", "UNBAN ted")
    eve = next(client for client in chat.hub.clients if client.nick == "eve")
    assert isinstance(eve.peer, ChatClient)  # type: ignore[attr-defined]
    eve.peer.take()  # type: ignore[attr-defined]
    assert ask(chat, eve.peer, "RULES") == [  # type: ignore[attr-defined]
        f"NOTE ann registered #den and is now its owner {WHEN}",
        f"NOTE ann made ann an operator of #den {WHEN}",
        f"NOTE ann muted eve in #den for 15m: spam {WHEN}",
        f"NOTE ann banned 10.6.0.0/16 from #den {WHEN}",
        f"NOTE ann made bob an operator of #den {WHEN}",
        f"NOTE ann invited bob to #den {WHEN}",
        SETTINGS.format("no"),
        "OK RULES #den 6",
    ]
    chat.clock.advance(15 * 60)
    chat.turn()
    assert ask(chat, ann, "RULES #den")[-1] == "OK RULES #den 5"


def test_a_program_gets_the_lines_by_which_it_was_ruled() -> None:
    chat, ann = made()
    ask(chat, ann, "BAN eve for=2w spam")
    bot = chat.program("JOIN bot #den")
    assert ask(chat, bot, "@label=r RULES") == [
        f"@id=1;time={TIME};old SET ann #den registered=yes",
        f"@id=1;time={TIME};old OP ann #den ann",
        f"@id=2;time={TIME};old BAN ann #den eve for=2w spam",
        "@label=r OK RULES #den 3",
    ]


def test_it_is_for_those_who_are_there_and_of_the_server_for_its_operators() -> None:
    chat, ann = made("root")
    root = owner(chat, "root", "JOIN root", "BAN 192.0.2.0/24 #* flood")
    outsider = chat.person("JOIN carol")
    root.take()
    assert ask(chat, outsider, "RULES #den")[0].startswith("ERR not-in-room RULES ")
    for person in (outsider, ann):
        assert ask(chat, person, "RULES #*") == ["ERR not-allowed RULES only server operators may do that"]
    assert ask(chat, root, "RULES #*") == [
        f"NOTE root banned 192.0.2.0/24 from the whole server: flood {WHEN}",
        "OK RULES #* 1",
    ]


def test_no_reach_and_no_address_is_shown() -> None:
    chat, ann = made()
    mallory = ChatClient(chat.hub, "10.6.6.6")
    mallory.says("JOIN mallory #den")
    chat.turn()
    ask(chat, ann, "MUTE mallory", "BAN mallory")
    shown = [*ask(chat, ann, "RULES"), *ask(chat, chat.program("JOIN bot #den"), "RULES")]
    assert [line for line in shown if "mallory" in line]
    assert not [line for line in shown if "10.6.6.6" in line or "reach" in line or "address" in line]


def test_what_was_ruled_in_private_stays_with_those_who_may_read_it() -> None:
    chat, ann = made()
    ask(chat, ann, "BAN early", "SET private=yes", "BAN secret", "SET private=no", "BAN late")
    eve = chat.person("JOIN eve #den")
    assert ask(chat, eve, "RULES") == [
        f"NOTE ann banned late from #den {WHEN}",
        SETTINGS.format("no"),
        "OK RULES #den 1",
    ]
    assert [line for line in ask(chat, ann, "RULES") if "secret" in line]
