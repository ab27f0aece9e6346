"""What IRC clients do is in the audit log as what all others do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.irc_accounts import IrcChatWithAccounts
from tests.unit.test_audit import Kept


@pytest.fixture
def chat() -> Iterator[IrcChatWithAccounts]:
    """A chat in which ann is a server operator."""
    chat = IrcChatWithAccounts("ann", "bob")
    yield chat
    chat.close()


def test_a_kick_and_one_that_may_not_be(chat: IrcChatWithAccounts) -> None:
    kept = chat.hub.audit = Kept()
    ann, carol = chat.owner("ann", rooms="#den"), chat.irc("carol", rooms="#den")
    carol.says("KICK #den ann")
    carol.says("MODE #den +b ann")
    ann.says("KICK #den carol :enough")
    acts = [act for act in kept.take() if act["event"] in ("moderated", "refused")]
    assert [(each["event"], each["act"], each["nick"]) for each in acts] == [
        ("refused", "KICK", "carol"),
        ("refused", "MODE", "carol"),
        ("moderated", "KICK", "ann"),
    ]
    assert (acts[2]["subject"], acts[2]["operator"], acts[2]["reason"]) == ("carol", True, "enough")
