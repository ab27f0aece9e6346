"""How messages are written: the same to a parser that follows the grammar, but not to all clients."""

from __future__ import annotations

import pytest

from chatd.edges.irc.message import Message, render


@pytest.mark.parametrize(
    ("command", "params", "line"),
    [
        ("NICK", ("rob",), "NICK :rob"),
        ("PING", ("chatd",), "PING :chatd"),
        ("QUIT", ("gone",), "QUIT :gone"),
        ("ERROR", ("gone",), "ERROR :gone"),
        ("PRIVMSG", ("#den", "hi"), "PRIVMSG #den :hi"),
        ("TOPIC", ("#den", "tea"), "TOPIC #den :tea"),
        ("PART", ("#den", "bye"), "PART #den :bye"),
        ("PART", ("#den",), "PART #den"),
        ("JOIN", ("#den",), "JOIN #den"),
        ("JOIN", ("#den", "*", "Ann Example"), "JOIN #den * :Ann Example"),
        ("MODE", ("#den", "+o", "ann"), "MODE #den +o ann"),
        ("AUTHENTICATE", ("+",), "AUTHENTICATE +"),
    ],
)
def test_a_colon_is_where_simple_clients_look_for_it(command: str, params: tuple[str, ...], line: str) -> None:
    assert render(Message(command, params, "s")) == f":s {line}\r\n".encode()
