"""The examples, each as a process of its own, against the real daemon."""

from __future__ import annotations

import asyncio
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import BIN, DEADLINE, Client, Daemon, environment, staying, wait_until
from tests.support.programs import program

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
INTERPRETERS = {".py": sys.executable, ".sh": "/bin/bash"}
FILES = sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in INTERPRETERS)


def command(name: str, *arguments: str) -> list[str]:
    return [INTERPRETERS[Path(name).suffix], str(EXAMPLES / name), *arguments]


class Running:
    """An example at work, in a folder of its own."""

    def __init__(self, folder: Path, name: str, *arguments: str, **variables: str) -> None:
        self._output = folder / f"{name}.output"
        inherited = environment() | {"PATH": f"{BIN}:{os.environ['PATH']}", "XDG_STATE_HOME": str(folder)}
        with self._output.open("ab") as file:
            self.process = subprocess.Popen(
                command(name, *arguments),
                cwd=folder,
                env=inherited | variables,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def output(self) -> str:
        return self._output.read_text()

    def until(self, *lines: str) -> None:
        """Return when the end of each line of its output is as expected."""
        wait_until(lambda: all(f"{line}\n" in self.output() for line in lines), self.output)

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
        self.process.wait()

    def status(self) -> int:
        """Return the exit status; end what does not end by itself in time, and fail."""
        try:
            return self.process.wait(DEADLINE)
        finally:
            self.kill()


@contextmanager
def running(folder: Path, name: str, *arguments: str, **variables: str) -> Iterator[Running]:
    """Run an example, and see at the end that it is there and has not complained."""
    example = Running(folder, name, *arguments, **variables)
    try:
        yield example
        assert example.process.poll() is None, example.output()
    finally:
        example.kill()
    assert "Traceback" not in example.output()


def again(folder: Path, before: Daemon, *options: str) -> Daemon:
    """Return another daemon in the place of one that has ended."""
    return Daemon(folder, "--listen", f"tcp:{before.port}:interface=127.0.0.1", *options)


def endpoint(daemon: Daemon) -> str:
    return f"tcp:127.0.0.1:{daemon.port}"


def url(daemon: Daemon) -> str:
    """Return where a daemon that was started with ``--web 0`` has its page."""
    return f"http://127.0.0.1:{daemon.places()[1].rpartition(':')[2]}"


def until_inside(client: Client, nick: str, room: str) -> None:
    """Return when somebody is in a room."""

    def inside() -> bool:
        client.send(f"WHO {room}\n".encode())
        lines = client.until(lambda line: line.startswith("OK WHO"))
        return any(nick in line.split() for line in lines if line.startswith(f"WHO {room} "))

    wait_until(inside, lambda: f"{nick} in {room}")


def stored(daemon: Daemon, room: str) -> list[str]:
    """Return who said what in a room."""
    with daemon.member("reader", room) as reader:
        return told(reader, room)


def told(reader: Client, room: str) -> list[str]:
    """Return who said what in a room that somebody is in."""
    reader.send(f"HISTORY {room} 1000\n".encode())
    lines = reader.until(lambda line: line.startswith("OK HISTORY"))
    said = [line.split(" ", 5)[3:] for line in lines if line.startswith("OLD ")]
    return [f"{nick} {text}" for nick, _, text in said]


def until_stored(daemon: Daemon, room: str, *lines: str) -> None:
    """Return when so much was said in a room; it must be this and in this order."""
    # Over one connection: whoever comes and goes too often has to wait.
    with daemon.member("reader", room) as reader:
        wait_until(lambda: len(told(reader, room)) >= len(lines), lambda: f"{told(reader, room)}")
        assert told(reader, room) == list(lines)


def post(daemon: Daemon, *lines: str) -> None:
    """Say something in #builds without coming in."""
    with daemon.client() as client:
        for line in lines:
            client.send(f"POST alice #builds {line}\n".encode())
            client.until(lambda answer: answer.startswith("OK POST"))


def test_each_example_is_run_by_a_test() -> None:
    run = set(re.findall(r'(?:running|Running)\(\s*tmp_path, "([\w.]+)"', Path(__file__).read_text()))
    assert run == set(FILES)
    assert {path.name for path in EXAMPLES.iterdir()} - {"README.rst", "__pycache__", *FILES} == set()


@pytest.mark.parametrize("page", ["scripts.rst", "bots.rst", "hooks.rst", "http-reading.rst"])
def test_the_pages_start_the_examples_as_the_tests_do(page: str) -> None:
    text = (EXAMPLES.parent / "docs" / page).read_text()
    started = re.findall(r"^ +(?:\w+=\S+ )?(python|bash) examples/(\S+)(?: .+)?$", text, re.MULTILINE)
    assert started
    assert len(started) == len(re.findall("(?:python|bash) examples/", text))
    for interpreter, name in started:
        assert f"{interpreter} examples/{name}" in (EXAMPLES / name).read_text()


@pytest.mark.parametrize("name", FILES)
def test_each_example_is_short_and_listed(name: str) -> None:
    assert len((EXAMPLES / name).read_text().splitlines()) <= 60
    assert f"``{name}``" in (EXAMPLES / "README.rst").read_text()


def test_the_echo_bot_answers_each_question_once_whoever_is_killed(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, *staying())
    bot = Running(tmp_path, "echo_bot.py", endpoint(daemon))
    try:
        wait_until((tmp_path / "echo.json").exists, bot.output)  # it has begun
        questions = [f"!echo {number}" for number in range(40)]
        for round_ in range(4):
            post(daemon, *questions[round_ * 10 : round_ * 10 + 10])
            if round_ % 2:
                daemon.kill()
                daemon = again(tmp_path, daemon)
            else:
                bot.kill()
                bot = Running(tmp_path, "echo_bot.py", endpoint(daemon))
        wait_until(lambda: "echo alice: 39" in stored(daemon, "#builds"), bot.output)
        lines = stored(daemon, "#builds")
        assert [line for line in lines if line.startswith("echo")] == [f"echo alice: {number}" for number in range(40)]
        assert "Traceback" not in bot.output()
    finally:
        bot.kill()
        daemon.kill()


def test_a_bot_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "echo.json").write_text("{}")
    with Daemon(tmp_path, "--journal", "memory:") as daemon:
        bot = Running(tmp_path, "echo_bot.py", endpoint(daemon))
        assert bot.status() == 1
        assert bot.output().endswith(
            "the bot ended: echo.json is not a bot's state; remove it to start with new messages\n"
        )


def test_a_bot_whose_server_is_none_says_why(tmp_path: Path) -> None:
    bot = Running(tmp_path, "echo_bot.py", "chat.example.org")
    assert bot.status() == 1
    assert re.fullmatch("bad server chat.example.org: .*; use tcp:HOST:PORT, .*\n", bot.output())


def test_a_bot_that_is_told_to_stop_ends_well(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--journal", "memory:") as daemon:
        bot = Running(tmp_path, "echo_bot.py", endpoint(daemon))
        with daemon.member("alice", "#builds") as alice:
            bot.until("in #builds as echo")
            bot.process.terminate()
            alice.until(lambda line: line.startswith("PART echo"))
        bot.status()
        assert (tmp_path / "echo.json").exists()
        assert "Traceback" not in bot.output()


def test_the_greeter_welcomes_those_who_join(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path, "--journal", "memory:") as daemon,
        running(tmp_path, "greeter.py", endpoint(daemon)),
        daemon.member("alice", "#lobby") as alice,
    ):
        until_inside(alice, "greeter", "#lobby")
        with daemon.member("bob", "#lobby") as bob:
            bob.until(lambda line: line == "MSG greeter #lobby welcome, bob")


def test_the_deploy_bot_waits_for_its_command_and_declines_what_was_interrupted(tmp_path: Path) -> None:
    script = tmp_path / "deploy"
    script.write_text(
        "test -e dies && kill -9 $$\n"
        "test -e fails && { echo no disk >&2; exit 3; }; touch began; while test -e wait; do sleep 0.1; done; echo v7\n"
    )
    (tmp_path / "wait").touch()
    with Daemon(tmp_path) as daemon, daemon.member("alice", "#ops") as alice:
        with running(tmp_path, "deploy_bot.py", f"sh {script}", endpoint(daemon)):
            wait_until((tmp_path / "deploy.json").exists, lambda: "the bot has begun")
            alice.send(b"MSG !deploy\n")
            wait_until((tmp_path / "began").exists, lambda: "the command has begun")
        (tmp_path / "wait").unlink()
        with running(tmp_path, "deploy_bot.py", f"sh {script}", endpoint(daemon)):
            alice.until(lambda line: line.endswith("alice: I was away; write !deploy again if you still want it"))
            alice.send(b"MSG !deploy\n")
            alice.until(lambda line: line == "MSG deploy #ops alice: deployed: v7")
            (tmp_path / "fails").touch()
            alice.send(b"MSG !deploy\n")
            alice.until(lambda line: line == "MSG deploy #ops alice: failed, status 3: no disk")
            (tmp_path / "dies").touch()
            alice.send(b"MSG !deploy\n")
            alice.until(lambda line: line.startswith("MSG deploy #ops alice: failed, status -9:"))


def test_the_clock_bot_says_each_time_once(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--journal", "memory:") as daemon, daemon.member("alice", "#lobby") as alice:
        for _ in range(2):
            with running(tmp_path, "clock_bot.py", endpoint(daemon), "1"):
                for _ in range(2):
                    alice.until(lambda line: line.startswith("MSG clock #lobby it is "))
        said = stored(daemon, "#lobby")
    assert len(said) == len(set(said)) >= 4


def test_what_follows_a_room_prints_each_message_once(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, *staying())
    try:
        with running(tmp_path, "follow.py", "127.0.0.1", str(daemon.port), "#builds") as follower:
            with daemon.member("alice", "#builds") as alice:
                until_inside(alice, "follow", "#builds")
            post(daemon, "one")
            follower.until("alice: one")
            daemon.kill()
            daemon = again(tmp_path, daemon)
            post(daemon, "two")
            follower.until("alice: two")
            post(daemon, "three")
            follower.until("alice: three")
            printed = [line.rpartition(" ")[2] for line in follower.output().splitlines() if "alice: " in line]
            assert printed == ["one", "two", "three"]
    finally:
        daemon.kill()


def test_what_follows_a_room_by_http_prints_each_message_once(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, *staying(), "--web", str(*free_ports(1)))
    try:
        with running(tmp_path, "follow.sh", "#builds", CHATD_URL=url(daemon)) as follower:
            place = url(daemon).removeprefix("http://127.0.0.1:")
            wait_until(lambda: _follows(daemon, follower), follower.output)
            post(daemon, "one")
            follower.until("alice: one")
            daemon.kill()
            daemon = again(tmp_path, daemon, "--web", place)
            post(daemon, "two")
            follower.until("alice: two")
            post(daemon, "three")
            follower.until("alice: three")
            lines = [line for line in follower.output().splitlines() if not line.startswith("curl: (")]
            printed = [line.partition(" ")[2] for line in lines]
            assert printed == [line.replace(" ", ": ", 1) for line in stored(daemon, "#builds")][-len(printed) :]
    finally:
        daemon.kill()


def test_what_follows_a_room_says_why_it_is_not_let_in(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--members-only") as daemon:
        follower = Running(tmp_path, "follow.py", "127.0.0.1", str(daemon.port), "#builds")
        try:
            wait_until(lambda: "only registered users may join" in follower.output(), follower.output)
        finally:
            follower.kill()


def test_what_follows_a_room_says_that_the_server_is_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class OverError(Exception):
        pass

    async def sleep(_: float) -> None:
        raise OverError

    wait_for = asyncio.wait_for
    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(asyncio, "wait_for", lambda read, _: wait_for(read, 0))
    follow = runpy.run_path(str(EXAMPLES / "follow.py"))
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OverError):
        asyncio.run(follow["main"]("127.0.0.1", str(silent.getsockname()[1])))
    assert capsys.readouterr().err == "disconnected: the server has not answered\n"


def test_what_follows_a_room_by_http_keeps_its_place_over_errors(tmp_path: Path) -> None:
    asked: list[str] = []
    (port,) = free_ports(1)

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path.partition("?")[2])
            answers = [
                '{"event":"message","id":7,"epoch":"e1","time":"t","nick":"alice","text":"one"}\n',
                '{"error":"unavailable","text":"not now"}\n',
                "<html>502 Bad Gateway</html>",
            ]
            self.send_response(200 if len(asked) == 1 else 503)
            self.end_headers()
            self.wfile.write(answers[(len(asked) - 1) % 3].encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", port), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with running(tmp_path, "follow.sh", "#builds", CHATD_URL=f"http://127.0.0.1:{port}") as follower:
            wait_until(lambda: len(asked) > 3, follower.output)
        server.shutdown()
    assert asked[:4] == ["since=latest&epoch=", *["since=7&epoch=e1"] * 3]
    assert '{"error":"unavailable","text":"not now"}\n<html>502 Bad Gateway</html>\n' in follower.output()


def _follows(daemon: Daemon, follower: Running) -> bool:
    """Say something, and return whether it is printed by now."""
    post(daemon, "hello")
    return "alice: hello" in follower.output()


@pytest.mark.parametrize("way", ["TERM", "KILL"])
def test_the_bot_in_bash_answers_and_ends_with_the_server(tmp_path: Path, way: str) -> None:
    with Daemon(tmp_path, "--journal", "memory:") as daemon:
        bot = Running(tmp_path, "clock.sh", "127.0.0.1", str(daemon.port))
        try:
            with daemon.member("alice", "#builds") as alice:
                until_inside(alice, "clock", "#builds")
                alice.send(b"MSG !time\n")
                (*_, answer) = alice.until(lambda line: line.startswith("MSG clock "))
                assert re.fullmatch(r"MSG clock #builds alice: it is \d\d:\d\d", answer)
            if way == "TERM":
                daemon.terminate()
            else:
                daemon.kill()
            bot.status()
        finally:
            bot.kill()


def test_the_notice_is_posted_or_fails(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--web", "0") as daemon:
        notice = Running(tmp_path, "ci_notice.sh", "#builds", "@17 passed", CHATD_URL=url(daemon))
        assert notice.status() == 0, notice.output()
        assert stored(daemon, "#builds") == ["ci @17 passed"]
        refused = Running(tmp_path, "ci_notice.sh", "#two words", "passed", CHATD_URL=url(daemon))
        assert refused.status() == 1
        assert '"error":"bad-room"' in refused.output()
        token = Running(tmp_path, "ci_notice.sh", "#builds", "passed", CHATD_URL=url(daemon), CHATD_TOKEN="chatd_0")
        assert token.status() == 1
        place = url(daemon)
    waits = Running(tmp_path, "ci_notice.sh", "#builds", "passed", CHATD_URL=place)
    wait_until(lambda: waits.output().count("curl: (7)") >= 1, waits.output)
    with Daemon(tmp_path, "--web", place.rpartition(":")[2]) as daemon:
        assert waits.status() == 0, waits.output()
        assert stored(daemon, "#builds")[1:] == ["ci passed"]


@pytest.mark.parametrize("shows", ["nc", "ncat"])
def test_the_output_of_a_command_is_said_and_its_status_kept(tmp_path: Path, shows: str) -> None:
    program(shows)
    with Daemon(tmp_path) as daemon:
        chosen = {} if shows == "nc" else {"NC": "ncat"}
        said = r"printf '\033[31mred\033[0m\n10%%\r100%%\n'; echo bad >&2; exit 3"
        job = Running(tmp_path, "run_in_room.sh", "#builds", "sh", "-c", said, PORT=str(daemon.port), **chosen)
        assert job.status() == 3, job.output()
        assert stored(daemon, "#builds") == ["ci red", "ci 100%", "ci bad"]
    job = Running(tmp_path, "run_in_room.sh", "#builds", "true", PORT=str(daemon.port), **chosen)
    assert job.status() == 1
    assert "not all of the output is in the room" in job.output()


def test_the_log_of_a_job_is_said_once_though_the_server_was_away(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, *staying())
    try:
        daemon.kill()
        go = "echo one; while ! test -e go; do sleep 0.1; done; echo two; exit 4"
        server = f"127.0.0.1:{daemon.port}"
        job = Running(tmp_path, "job_log.sh", "#logs", "job.log", "sh", "-c", go, SERVER=server)
        wait_until(lambda: "cannot reach the server" in job.output(), job.output)
        daemon = again(tmp_path, daemon)
        until_stored(daemon, "#logs", "job one")
        (tmp_path / "go").touch()
        assert job.status() == 4, job.output()
        assert stored(daemon, "#logs") == ["job one", "job two"]
    finally:
        job.kill()
        daemon.kill()


def test_a_job_that_is_interrupted_leaves_no_feeder_behind(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        server = f"127.0.0.1:{daemon.port}"
        job = Running(tmp_path, "job_log.sh", "#logs", "job.log", "sh", "-c", "echo one; sleep 1000", SERVER=server)
        try:
            until_stored(daemon, "#logs", "job one")
            os.killpg(job.process.pid, signal.SIGINT)
            job.process.wait(DEADLINE)
            with daemon.member("alice", "#logs") as alice:
                alice.send(b"WHO #logs\n")
                if " job" in "".join(alice.until(lambda line: line.startswith("OK WHO"))):
                    alice.until(lambda line: line.startswith("PART job"))
        finally:
            job.kill()
            with suppress(ProcessLookupError):
                os.killpg(job.process.pid, signal.SIGKILL)


def test_the_receiver_takes_signed_messages_and_no_others(tmp_path: Path) -> None:
    (free_port,) = free_ports(1)
    receives = f"http://127.0.0.1:{free_port}/"
    with Daemon(tmp_path) as daemon:
        add = [str(BIN / "chatd"), "hook", "add", "#builds", receives, "--private"]
        added = subprocess.run(add, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
        secret = added.stdout.strip()
        with running(tmp_path, "webhook_receiver.py", str(free_port), CHATD_SECRET=secret) as receiver:
            post(daemon, "one", "two")
            receiver.until("#builds alice: one", "#builds alice: two")
            headers = {"Webhook-Id": "1-1", "Webhook-Timestamp": "1", "Webhook-Signature": "v1,Zm9yZ2Vk"}
            forged = urllib.request.Request(receives, b'{"text":"forged"}', headers)
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(forged, timeout=DEADLINE)
            for head in ("Content-Length: -1", "Content-Length: seven", "Transfer-Encoding: chunked"):
                assert answered(free_port, head) == "411"
            for length in ("65537", "100000", "9" * 5000):
                assert answered(free_port, f"Content-Length: {length}") == "413"
            assert answered(free_port, "Content-Length: 0\r\nWebhook-Signature: v1,\xe9") == "401"
            with ExitStack() as stack:
                for _ in range(4):  # each of which is given up after ten seconds
                    stack.enter_context(socket.create_connection(("127.0.0.1", free_port), DEADLINE))
                post(daemon, "three")
                receiver.until("#builds alice: three")
            assert "forged" not in receiver.output()


def answered(port: int, head: str) -> str:
    """Return the status with which a request without a body is answered, whose sender goes on waiting."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        connection.sendall(f"POST / HTTP/1.1\r\n{head}\r\n\r\n".encode("latin-1"))
        return connection.makefile("rb").read().decode().split(" ")[1]
