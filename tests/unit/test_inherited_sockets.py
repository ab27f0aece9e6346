"""Sockets that systemd passes on: which one is meant, and what is said where there is none such."""

from __future__ import annotations

import pytest

from chatd.app.inherited_sockets import Inherited

PID = 77


def inherited(**environment: str) -> Inherited:
    return Inherited.from_environment({"LISTEN_PID": str(PID), **environment}, PID)


@pytest.mark.parametrize("names", [{}, {"LISTEN_FDNAMES": "chat:chat-tls"}, {"LISTEN_FDNAMES": "chat"}])
def test_by_number_whether_they_have_names_or_not(names: dict[str, str]) -> None:
    found = inherited(LISTEN_FDS="2", **names)
    assert [found.descriptor(str(index), None) for index in range(2)] == [3, 4]


def test_by_name() -> None:
    found = inherited(LISTEN_FDS="2", LISTEN_FDNAMES="chat:chat-tls")
    assert [found.descriptor(None, name) for name in ("chat", "chat-tls")] == [3, 4]


@pytest.mark.parametrize(
    ("environment", "index", "name", "why"),
    [
        ({}, "0", None, "passed no socket"),
        ({"LISTEN_FDS": "0"}, "0", None, "passed no socket"),
        ({"LISTEN_FDS": "many"}, "0", None, "passed no socket"),
        ({"LISTEN_FDS": "1", "LISTEN_PID": "78"}, "0", None, "passed no socket"),
        ({"LISTEN_FDS": "1"}, None, None, "index=0 or name="),
        ({"LISTEN_FDS": "1"}, "0", "chat", "not by both"),
        ({"LISTEN_FDS": "1"}, "1", None, "use index=0 instead of 1"),
        ({"LISTEN_FDS": "2"}, "-1", None, "use index=0 to 1 instead of -1"),
        ({"LISTEN_FDS": "2"}, "first", None, "instead of first"),
        ({"LISTEN_FDS": "1"}, None, "chat", "named 'chat' (none has a name)"),
        ({"LISTEN_FDS": "1", "LISTEN_FDNAMES": "talk"}, None, "chat", "named 'chat' (talk)"),
        ({"LISTEN_FDS": "1", "LISTEN_FDNAMES": "talk:chat"}, None, "chat", "named 'chat'"),
    ],
)
def test_what_is_not_there_is_a_sentence(
    environment: dict[str, str], index: str | None, name: str | None, why: str
) -> None:
    with pytest.raises(ValueError) as caught:
        inherited(**environment).descriptor(index, name)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
