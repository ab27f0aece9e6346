"""The blocks in the reference of the protocol: sessions, said to a server, and the grammar."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatd.protocol import wire
from tests.support.in_memory_chat import ChatClient, InMemoryChat

PAGE = Path(__file__).parents[2] / "docs" / "protocol.rst"
BLOCKS = re.findall(r"^\.\. code-block:: text\n\n((?:    [CS]: .*\n)+)", PAGE.read_text(), re.MULTILINE)
VARYING = re.compile(r"\b(time=|server=chatd/|^OLD )[^ ;]+")
"""What is another each time, after what says so."""


def test_there_are_sessions() -> None:
    assert len(BLOCKS) == PAGE.read_text().count("\n    S: BYE ") == 2


@pytest.mark.parametrize("block", BLOCKS)
def test_the_sessions_in_the_reference_are_what_the_server_says(block: str) -> None:
    chat = InMemoryChat()
    client = ChatClient(chat.hub, newcomer=True)
    answers: list[str] = []
    for said in block.splitlines():
        side, line = said[4], said[7:]
        if side == "C":
            assert answers == []
            client.says(line)
            chat.turn()
            answers = [VARYING.sub(r"\1...", each) for each in client.take()]
        else:
            assert answers.pop(0) == VARYING.sub(r"\1...", line)
    assert answers == []


def test_the_grammar_is_that_of_the_code() -> None:
    grammar = re.findall(r"^    ((?:line|tags) = .*)$", PAGE.read_text(), re.MULTILINE)
    assert len(grammar) == 2
    assert set(grammar) <= {line.strip() for line in (wire.__doc__ or "").splitlines()}
