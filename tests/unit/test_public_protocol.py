"""What of the protocol is public, and what its docstrings promise."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

import chatd.protocol
from chatd.protocol import commands, events, names, wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.framing import LineDecoder


def test_every_name_that_is_called_public_is_there() -> None:
    documentation = chatd.protocol.__doc__ or ""
    rows = documentation.split("\n- ")[1:]
    modules = []
    for row in rows:
        module, *listed = re.findall(r"(?<!`)`([\w.]+)`(?!`)", row.partition("\n\n")[0])
        modules.append(module.removeprefix("chatd.protocol."))
        for name in listed:
            assert hasattr(import_module(module), name), f"{module}.{name}"
    assert sorted(modules) == sorted(chatd.protocol.__all__)


def test_what_the_docstrings_of_what_is_public_promise() -> None:
    assert wire.render(commands.Msg("one\nQUIT")) == "MSG one␊QUIT"
    assert wire.parse_command(wire.encode("MSG hi", {"label": "7"})[:-2]) == wire.Request(commands.Msg("hi"), "7")
    assert wire.parse_event(b"PING 1") == (wire.NO_TAGS, commands.Ping("1"))
    for line, code in ((b"NEWS today", Code.UNKNOWN_VERB), (b"ERR brand-new MSG no", Code.BAD_SYNTAX)):
        with pytest.raises(ChatError) as caught:
            wire.parse_event(line)
        assert caught.value.code is code
    assert isinstance(wire.parse_event(b"WHO #builds bob alice")[1], events.Present)
    with pytest.raises(names.BadNameError, match="letters"):
        names.nick("two words")
    longest = wire.MAX_SERVER_LINE_BYTES
    decoder = LineDecoder(longest)
    assert decoder.feed(b"PING 1\r\n" + b"x" * longest) == [b"PING 1"]
    assert decoder.feed(b"\r\n") == [b"x" * longest]
