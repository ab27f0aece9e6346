"""Settings of a stream, which every update replaces as a whole, while several nodes change them at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from chatd.journal import Retention
from chatd.journal.jetstream import streams
from chatd.journal.jetstream.errors import Requester
from chatd.journal.jetstream.messages import Subjects
from chatd.journal.jetstream.scan import Scanner
from chatd.journal.jetstream.streams import HOLDS_KEPT, StreamInfo, note_holds_kept, open_stream
from chatd.protocol import unicode_tables


class OneStream:
    """Answers as JetStream does; ``undo`` says how often an update is undone by another before it is answered."""

    def __init__(self, undo: int = 0) -> None:
        self.config: dict[str, Any] = {
            "name": "chat",
            "subjects": Subjects("chat").all,
            "allow_atomic": True,
            "metadata": {"chatd-epoch": "e", "chatd-unicode": unicode_tables.VERSION},
        }
        self.undo = undo
        self.updates = 0

    async def request(self, subject: str, payload: bytes, **_: object) -> bytes:
        if "UPDATE" in subject:
            self.updates += 1
            if self.updates > self.undo:
                self.config = json.loads(payload)
        return json.dumps({"config": self.config, "state": {"last_seq": 0}}).encode()


def opened(stream: OneStream) -> StreamInfo:
    return asyncio.run(open_stream(cast(Scanner, stream), Subjects("chat"), Retention(seconds=60), ""))


@pytest.mark.parametrize("undo", [0, 1, 3])
def test_what_another_node_undoes_is_asked_for_again(undo: int) -> None:
    stream = OneStream(undo)
    found = opened(stream)
    assert found.retention == Retention(seconds=60)
    assert stream.updates == undo + 1


def test_a_node_does_not_insist_for_ever() -> None:
    stream = OneStream(undo=1000)
    opened(stream)
    assert stream.updates == streams._UPDATE_ATTEMPTS


def test_what_is_noted_already_is_not_noted_again() -> None:
    stream = OneStream()
    for mark in ("one", "one", "two"):
        asyncio.run(note_holds_kept(cast(Requester, stream), "chat", mark))
        assert stream.config["metadata"][HOLDS_KEPT] == mark
    assert stream.updates == 2
