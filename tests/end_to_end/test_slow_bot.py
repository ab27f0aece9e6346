"""A bot that handles messages more slowly than they come, as a process of its own, against the real daemon."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatd.bot.catching_up import ASKED_FOR
from chatd.bot.connection import MAX_WAITING
from tests.support.daemon import DEADLINE, Client, Daemon, environment, wait_until

pytestmark = pytest.mark.slow

MESSAGES = 3000
AT_ONCE = 500
SLOW = 300
"""How many messages a handler blocks for, together for longer than the server waits for PING's answer."""
FILLING = {"waits": "x" * 800, "blocks": "x" * 200}
"""All messages together are twice what the server keeps for one who does not read, or some parts of it."""
BOT = """
import sys, time
from pathlib import Path
from twisted.internet import reactor
from twisted.internet.task import deferLater
from chatd.bot import Bot

bot, go = Bot("slow", "#builds"), Path("go")

@bot.on_message
async def answer(message):
    while sys.argv[2] == "waits" and not go.exists():
        await deferLater(reactor, 0.05)
    if sys.argv[2] == "blocks" and not go.exists():
        time.sleep(0.04)
    with open("handled", "a") as file:
        file.write(f"{message.text.split()[0]} {bot._life.waiting} {message.old}\\n")
    if sys.argv[2] == "waits" or message.text.split()[0].endswith("999"):
        message.answer(message.text.split()[0])

bot.run(sys.argv[1])
"""


def until(reader: Client, beginning: str) -> list[str]:
    return reader.until(lambda line: line.startswith(beginning))


def post(alice: Client, first: int, how: str) -> None:
    alice.send("".join(f"TELL #builds {number} {FILLING[how]}\n" for number in range(first, first + AT_ONCE)).encode())


@pytest.mark.parametrize("how", ["waits", "blocks"])
def test_nothing_is_lost_and_the_connection_stays(tmp_path: Path, how: str) -> None:
    def handled() -> list[list[str]]:
        file = tmp_path / "handled"
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []

    (tmp_path / "bot.py").write_text(BOT)
    with (
        Daemon(tmp_path, "--ping-interval", "3", "--tell-rate", "0") as daemon,
        daemon.member("alice", "#builds") as alice,
        daemon.member("reader", "#builds") as reader,
    ):
        command = [sys.executable, "bot.py", f"tcp:127.0.0.1:{daemon.port}", how]
        with (tmp_path / "bot.log").open("w") as log:
            bot = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=log)
        try:
            until(reader, "JOIN slow")
            lines: list[str] = []
            for first in range(0, MESSAGES, AT_ONCE):
                post(alice, first, how)
                lines += until(reader, f"MSG alice #builds {first + AT_ONCE - 1} ")
            if how == "blocks":
                wait_until(lambda: len(handled()) >= SLOW, lambda: f"{len(handled())} messages are handled")
            (tmp_path / "go").touch()
            for last in range(999, MESSAGES, 1000):
                lines += until(reader, f"MSG slow #builds {last}")
            bot.terminate()
            assert bot.wait(DEADLINE) == 0
        finally:
            bot.kill()
            bot.wait()
    expected = [str(number) for number in range(MESSAGES)]
    assert [text for text, _, _ in handled()] == expected
    answers = [line.removeprefix("MSG slow #builds ") for line in lines if line.startswith("MSG slow ")]
    assert answers == (expected if how == "waits" else expected[999::1000])
    assert MAX_WAITING - 1 <= max(int(waiting) for _, waiting, _ in handled()) <= MAX_WAITING + ASKED_FOR
    assert {old for _, _, old in handled()} == {"False"}
    said = (tmp_path / "bot.log").read_text()
    assert "connecting again" not in said
    assert "Traceback" not in said
