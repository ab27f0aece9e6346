"""``chatd class`` as a teacher starts it: from the command to thirty pages that talk, and the operator's link."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.sync.client import connect as sync_connect
from websockets.typing import Subprotocol

from chatd.app.announcing import NOTHING
from tests.support.daemon import BIN, DEADLINE, environment, wait_until

pytestmark = pytest.mark.slow

PUPILS = 30
TALK_SECONDS = 120
"""After which nobody waits any more; how long it took is printed."""


class Class:
    """A class that was started in a folder, on free ports of loopback."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._output = folder / "screen"
        where = ("--interface", "127.0.0.1", "--port", "0", "--web", "0")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [str(BIN / "chatd"), "class", *where, *options],
                cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    def screen(self) -> str:
        """Return what is on the terminal."""
        return self._output.read_text()

    def link(self, pattern: str) -> str:
        """Return the first thing on the terminal that matches, once it is there."""
        wait_until(lambda: "Ctrl-C" in self.screen() or self.process.poll() is not None, self.screen)
        match = re.search(pattern, self.screen())
        assert match is not None, self.screen()
        return match[0]


@contextmanager
def opened(folder: Path, *options: str) -> Iterator[Class]:
    started = Class(folder, *options)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.process.wait()


def ask(link: str, method: str, path: str, body: object = None, cookie: str = "") -> tuple[int, dict[str, object], str]:
    """Return the status, the object and the cookie that a request is answered with."""
    place = urlsplit(link)
    with closing(HTTPConnection(place.hostname or "", place.port, timeout=DEADLINE)) as http:
        headers = {"Content-Type": "application/json", **({"Cookie": cookie} if cookie else {})}
        http.request(method, path, None if body is None else json.dumps(body), headers)
        answer = http.getresponse()
        return answer.status, json.loads(answer.read()), (answer.getheader("Set-Cookie") or "").partition(";")[0]


async def talk(link: str) -> None:
    """Let each pupil come in, say something, and hear what each has said."""
    address = f"ws://{urlsplit(link).netloc}/-/ws"

    async def pupil(number: int, socket: ClientConnection) -> None:
        await socket.send(f"JOIN pupil{number} #class\n")
        while "OK JOIN" not in str(await socket.recv()):
            pass
        await all_are_here.wait()
        await socket.send(f"MSG #class here is {number}.\n")
        missing = {f"here is {each}." for each in range(PUPILS)} - {f"here is {number}."}
        while missing:
            text = str(await socket.recv())
            missing = {each for each in missing if each not in text}

    all_are_here = asyncio.Barrier(PUPILS)
    sockets = [await connect(address, subprotocols=[Subprotocol("chatd.v1")], proxy=None) for _ in range(PUPILS)]
    try:
        async with asyncio.timeout(TALK_SECONDS):
            await asyncio.gather(*(pupil(number, socket) for number, socket in enumerate(sockets)))
    finally:
        await asyncio.gather(*(socket.close() for socket in sockets))


def test_from_the_command_to_thirty_who_talk(tmp_path: Path) -> None:
    begun = time.monotonic()
    with opened(tmp_path) as school:
        link = school.link(r"http://127\.0\.0\.1:\d+/class\b")
        asyncio.run(talk(link))
        print(f"\nfrom the command to {PUPILS} who talk: {time.monotonic() - begun:.1f} s")
        school.process.send_signal(signal.SIGINT)
        assert school.process.wait(DEADLINE) in (0, -signal.SIGINT, 128 + signal.SIGINT)
        kept = tmp_path / "chatd.sqlite3"
        assert school.screen().rstrip().endswith(f"Stopped. Messages are stored in {os.path.realpath(kept)}.")
        assert kept.exists()


def test_the_operators_link_works_once(tmp_path: Path) -> None:
    with opened(tmp_path, "--nick", "Frau-Ott") as school:
        link = school.link(r"http://127\.0\.0\.1:\d+/class#operator=\w+")
        code = link.partition("=")[2]
        status, who, cookie = ask(link, "POST", "/-/redeem", {"code": code})
        assert (status, who) == (200, {"nick": "Frau-Ott", "account": "frau-ott", "operator": True})
        assert ask(link, "GET", "/-/me", cookie=cookie)[1] == who
        status, refused, _ = ask(link, "POST", "/-/redeem", {"code": code})
        assert (status, refused["error"]) == (401, "bad-password")
        headers = {"Cookie": cookie}
        address = f"ws://{urlsplit(link).netloc}/-/ws"
        with sync_connect(address, subprotocols=[Subprotocol("chatd.v1")], additional_headers=headers) as socket:
            socket.send("JOIN Frau-Ott #class\n")
            while "OK JOIN" not in (text := str(socket.recv(DEADLINE))):
                assert "ERR" not in text
        invitation = school.link(r"#invite=\w+").partition("=")[2]
        for nick in ("ann", "bob"):
            fields = {"nick": nick, "password": "correct-horse", "code": invitation}
            assert ask(link, "POST", "/-/register", fields)[0] == 201
        log = (tmp_path / "chatd-class.log").read_text()
        assert "listening on" in log
        assert NOTHING in log
        assert code not in log
        assert invitation not in log


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--nick", "ann"], "the account ann is not a server operator's; choose another --nick"),
        (["--web", "unix:page"], "a class needs a page with a port; give one with --web instead of unix:page"),
    ],
)
def test_what_cannot_be_opened_is_one_line(tmp_path: Path, options: list[str], why: str) -> None:
    add = [str(BIN / "chatd"), "user", "add", "ann", "--no-password", "--state-directory=."]
    subprocess.run(add, check=True, cwd=tmp_path, env=environment(), capture_output=True, timeout=DEADLINE)
    with opened(tmp_path, *options) as school:
        assert school.process.wait(DEADLINE) == 1
        assert school.screen().strip() == f"chatd: {why}"
