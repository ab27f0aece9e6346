"""The two closed tables of codes are those of the protocol."""

from __future__ import annotations

import pytest

from chatd.protocol.errors import ANY_VERB, ChatError, Code, DisconnectReason

TEMPORARY = "unavailable slow-down full name-taken"
PERMANENT = (
    "too-long not-utf8 bad-syntax bad-tags unknown-verb bad-version bad-nick bad-room name-needed already-in "
    "not-in-room no-such-nick no-such-message not-allowed muted banned bad-password tls-needed label-reused"
)
FAREWELLS = "quit shutdown slow idle replaced kicked banned not-chatd refused internal restart"


def test_codes() -> None:
    assert sorted(Code) == sorted(f"{TEMPORARY} {PERMANENT}".split())
    assert sorted(DisconnectReason) == sorted(FAREWELLS.split())


@pytest.mark.parametrize("code", Code)
def test_temporary(code: Code) -> None:
    assert code.temporary == (code in TEMPORARY.split())


def test_codes_are_written_as_they_go_over_the_wire() -> None:
    assert f"{Code.NOT_UTF8} {DisconnectReason.NOT_CHATD}" == "not-utf8 not-chatd"


def test_an_error_without_more_concerns_no_verb_and_is_not_fatal() -> None:
    error = ChatError(Code.FULL, "no room")
    assert (error.code, error.text, error.verb, error.label, error.fatal) == (Code.FULL, "no room", "*", None, False)
    assert ANY_VERB == "*"
