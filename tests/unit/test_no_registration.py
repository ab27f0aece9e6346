"""What is said of REGISTER where people can make accounts, and where they cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.protocol.errors import NO_REGISTRATION
from tests.support.in_memory_accounts import ChatWithAccounts


@pytest.fixture(params=["open", "off"])
def chat(request: pytest.FixtureRequest) -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("ann", registration=request.param)
    yield chat
    chat.close()


@pytest.fixture
def is_open(chat: ChatWithAccounts) -> bool:
    return chat.members.takes_newcomers


def test_hello_says_whether_people_can_register(chat: ChatWithAccounts, *, is_open: bool) -> None:
    assert chat.answer("HELLO 1").endswith(" register=yes" if is_open else " register=no")
    person = chat.visitor()
    person.private = False
    assert chat.send(person, "HELLO 1")[-1].endswith(" register=no")


@pytest.mark.parametrize("first", [[], ["HELLO 1"]])
def test_help_explains_it_as_it_is(chat: ChatWithAccounts, first: list[str], *, is_open: bool) -> None:
    text = "make an account for your nick" if is_open else NO_REGISTRATION
    for verb in ("REGISTER", "ALL"):
        told = " ".join(line.removeprefix("NOTE ").strip() for line in chat.visitor(*first, f"HELP {verb}").sent)
        assert f"REGISTER <password> [code] - {text}" in told or f"REGISTER <password> [code] {text}" in told


@pytest.mark.parametrize(
    ("lines", "yes", "no"),
    [
        (["SIGNUP"], "then REGISTER <password> to make an account", NO_REGISTRATION),
        (["JOIN bob", "IDENTIFY x"], "write REGISTER <password>", "write QUIT, reconnect and LOGIN first"),
        (["JOIN bob #den", "SET registered=yes"], "user; LOGIN or REGISTER first", "user; LOGIN first"),
    ],
)
def test_nobody_is_sent_to_what_is_off(
    chat: ChatWithAccounts, lines: list[str], yes: str, no: str, *, is_open: bool
) -> None:
    assert chat.answer(*lines).endswith(yes if is_open else no)
