"""CAP, and what capabilities without messages of their own change."""

from __future__ import annotations

import pytest

from chatd.edges.irc.table import CAPABILITIES
from tests.support.irc import IrcChat, IrcClient, commands


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def offered(client: IrcClient, line: str = "CAP LS 302") -> list[str]:
    """Return the words that a client is told in answer to CAP LS or CAP LIST."""
    return [word for each in client.says(line) for word in each.text.split()]


def test_values_are_for_those_who_say_that_they_know_them(chat: IrcChat) -> None:
    client = chat.connect()
    for line in ("CAP LS", "CAP LS 301"):
        (told,) = client.says(line)
        assert told.params[1] == "LS"
        assert "=" not in told.text


def test_what_is_offered_can_be_had_together_and_given_back(chat: IrcChat) -> None:
    client = chat.connect()
    names = [word.partition("=")[0] for word in offered(client)]
    assert set(names) <= {each.name for each in CAPABILITIES}
    (told,) = client.says(f"CAP REQ :{' '.join(names)}")
    assert told.params == ["*", "ACK", " ".join(names)]
    assert sorted(offered(client, "CAP LIST")) == sorted(names)
    back = " ".join(f"-{name}" for name in names if name != "cap-notify")
    assert client.says(f"CAP REQ :{back}")[0].params == ["*", "ACK", back]
    assert offered(client, "CAP LIST") == ["cap-notify"]


def test_cap_notify_comes_with_version_302_and_stays(chat: IrcChat) -> None:
    client = chat.connect()
    client.says("CAP LS 302")
    assert client.says("CAP REQ :-cap-notify")[0].params == ["*", "NAK", "-cap-notify"]
    assert offered(client, "CAP LIST") == ["cap-notify"]
    old = chat.connect()
    old.says("CAP LS", "CAP REQ :cap-notify")
    assert old.says("CAP REQ :-cap-notify")[0].params == ["*", "ACK", "-cap-notify"]
    assert offered(old, "CAP LIST") == []


def test_capabilities_change_after_registration_too(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", "server-time", "echo-message"), chat.irc("bob")
    bob.says("PRIVMSG ann :hello")
    assert set(ann.take()[0].tags) == {"time"}
    ann.says("CAP REQ :-server-time")
    bob.says("PRIVMSG ann :hello again")
    assert ann.take()[0].tags == {}


def test_no_tag_comes_that_was_not_asked_for(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann"), chat.irc("bob", "message-tags")
    bob.says("@+draft/reply=x;label=y PRIVMSG ann :hello")
    (told,) = ann.take()
    assert told.tags == {}


@pytest.mark.parametrize("capability", ["userhost-in-names", ""])
def test_userhost_in_names_tells_the_whole_source(chat: IrcChat, capability: str) -> None:
    bob = chat.irc("bob", rooms="#den")
    ann = chat.irc("ann", *filter(None, [capability]))
    (source,) = {each.line.split(" ")[0][1:] for each in bob.says("PRIVMSG bob :x") if each.command == "PRIVMSG"}
    listed = ann.says("JOIN #den")[1].text.split()
    assert listed[0] == (source if capability else "bob")
    assert listed == ann.says("NAMES #den")[0].text.split()


@pytest.mark.parametrize("capability", ["draft/no-implicit-names", ""])
def test_no_implicit_names_leaves_names_to_be_asked_for(chat: IrcChat, capability: str) -> None:
    ann = chat.irc("ann", *filter(None, [capability]))
    assert commands(ann.says("JOIN #den")) == (["JOIN"] if capability else ["JOIN", "353", "366"])
    assert commands(ann.says("NAMES #den")) == ["353", "366"]
