"""What BYE quit tells a script: whether all that it said was taken."""

from __future__ import annotations

import pytest

from chatd.protocol import wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Ended
from tests.support.in_memory_chat import InMemoryChat


@pytest.mark.parametrize(
    ("lines", "taken"),
    [
        ((), "all"),
        (("JOIN ann", "MSG hi"), "all"),
        (("JOIN ann", "WHO #elsewhere", "MSG hi"), "all"),
        (("MSG hi",), "some"),
        (("JOIN ann", "TELL nobody hi", "MSG hi"), "some"),
        (("JOIN ann", "MESG hi"), "some"),
    ],
)
@pytest.mark.parametrize("half_close", [False, True])
def test_the_text_begins_with_the_verdict(lines: tuple[str, ...], taken: str, *, half_close: bool) -> None:
    chat = InMemoryChat()
    script = chat.person(*lines)
    if half_close:
        script.session.finish()
    else:
        script.says("QUIT")
    chat.turn()
    (bye,) = script.take()
    assert bye.startswith(f"BYE quit taken={taken} goodbye; ")
    _, read = wire.parse_event(bye.encode())
    assert isinstance(read, Ended)
    assert read.text.startswith(f"taken={taken} ")


def test_a_line_that_could_not_be_read_counts() -> None:
    chat = InMemoryChat()
    script = chat.person("JOIN ann")
    script.session.receive(ChatError(Code.BAD_SYNTAX, "unfinished line"))
    script.says("QUIT")
    assert script.take()[-1].startswith("BYE quit taken=some ")
