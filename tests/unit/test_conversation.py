"""The keys of conversations: whose they are, and that no room has one."""

from __future__ import annotations

import pytest

from chatd.model.conversation import GUESTS, account_of, conversation, is_conversation, other_party, parties
from chatd.protocol import names

ACCOUNTS = ["ann", "a.n.n", "b-0_", "ßtraße", "ﬃx", "ΣΊΣΥΦΟΣ", "각", "ş", "ａｎｎ", "1234", "aͅb"]


@pytest.mark.parametrize("one", ACCOUNTS)
@pytest.mark.parametrize("other", ACCOUNTS)
def test_a_key_is_the_same_whoever_tells_whom_and_says_who_they_are(one: str, other: str) -> None:
    party, another = f"{names.key(one)}.d0", f"{names.key(other)}.00ff"
    key = conversation(party, another)
    assert key == conversation(another, party) == names.key(key)
    assert set(parties(key)) == {party, another}
    assert (other_party(key, party), other_party(key, another)) == (another, party)
    assert account_of(party) == names.key(one)


def test_no_room_and_no_account_is_called_so() -> None:
    assert is_conversation(conversation("ann.d0", GUESTS))
    assert not is_conversation("#ann")
    for sign in "=~":
        with pytest.raises(names.BadNameError):
            names.nick(f"a{sign}")
    assert account_of(GUESTS) == ""


def test_one_may_talk_to_oneself() -> None:
    assert other_party(conversation("ann.d0", "ann.d0"), "ann.d0") == "ann.d0"
