"""What follows PIPE on a connection is read as a log, whatever came with it in one segment."""

from __future__ import annotations

import pytest

from chatd.testing import MemoryServer
from chatd.testing.line_client import LineClient

BAR = b"".join(b"\r%3d%% [%-50s]" % (number // 6, b"#" * (number // 12)) for number in range(600)) + b"\r\x1b[Kdone.\n"
LOG = BAR + b"\x1b[31mFAIL\x1b[0m\r\n" + b"x" * 9000 + b"\ncaf\xe9\nno end"
SAID = ["done.", "FAIL", f"(1) {'x' * 8176}", f"(2, end) {'x' * 824}", "caf\ufffd", "no end"]


@pytest.mark.parametrize("size", [1_000_000, 1000, 7])
@pytest.mark.parametrize("pipe", [b"PIPE", b"pIpE #logs"])
@pytest.mark.parametrize("before", [b"JOIN log #logs\n", b"JOIN log #logs\nMSG first\nWHO\n"])
def test_nothing_of_a_log_is_lost(size: int, pipe: bytes, before: bytes) -> None:
    stream = before + pipe + b"\n" + LOG
    with MemoryServer() as server:
        alice = server.client("alice", "#logs")
        log = LineClient(server.flush)
        server.connect(log)
        for start in range(0, len(stream), size):
            log._stream.write(stream[start : start + size])
            if size > 7:
                server.flush()
        log.half_close()
        assert log.lines()[-1].startswith("BYE quit taken=all ")
        heard = [line.partition(" #logs ")[2] for line in alice.lines() if line.startswith("MSG log ")]
        assert [line for line in heard if line != "first"] == SAID


def test_utf_16_is_sent_away_with_what_to_do() -> None:
    with MemoryServer() as server:
        log = LineClient(server.flush)
        server.connect(log)
        log._stream.write(b"JOIN log #logs\nPIPE\n" + "hello there\nand more\n".encode("utf-16"))
        assert log.lines()[-1].startswith("BYE not-chatd the input is UTF-16, not UTF-8; convert it with iconv ")


def test_an_endless_line_without_a_pipe_is_still_one_error() -> None:
    with MemoryServer() as server:
        log = LineClient(server.flush)
        server.connect(log)
        log._stream.write(b"JOIN log #logs\nWHO\n" + b"x" * 20_000)
        assert log.lines()[-1].startswith("ERR too-long * ")
        log._stream.write(b"x" * 20_000 + b"\nPING\n")
        assert log.lines() == ["PONG"]


def test_a_line_that_goes_on_behind_a_pipe_that_waits_is_not_cut() -> None:
    with MemoryServer() as server:
        alice = server.client("alice", "#logs")
        log = LineClient(server.flush)
        server.connect(log)
        log._stream.write(b"JOIN log #logs\nPIPE\n" + BAR[:20_000])
        server.flush()
        log._stream.write(BAR[20_000:])
        assert [line for line in alice.lines() if "MSG" in line] == ["MSG log #logs done."]
