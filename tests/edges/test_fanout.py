"""What everybody in a room reads, over real connections of every kind: the same lines in the same order."""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.certificates import write_certificate
from tests.support.daemon import DEADLINE, Client, Daemon, rss, wait_until

MIB = 1 << 20
END = "that is all"


def talk(client: Client, lines: Sequence[str]) -> None:
    """Send lines while somebody else reads what comes back."""
    client.send("".join(f"{line}\n" for line in lines).encode())


def said_in(lines: Sequence[str], room: str) -> list[str]:
    return [line for line in lines if line.startswith("MSG ") and line.split(" ")[2] == room]


def read_on(client: Client, ends: int) -> list[str]:
    """Read up to so many last messages."""
    lines: list[str] = []
    while ends:
        lines += client.until(lambda line: line.endswith(END))
        ends -= 1
    return [line for line in lines if line.startswith("MSG ")]


def test_a_reader_in_two_rooms_that_stalls_and_comes_back_reads_what_the_others_read(tmp_path: Path) -> None:
    chance = random.Random(5)
    with ExitStack() as stack:
        daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--send-queue", str(64 * MIB)))
        fast = stack.enter_context(daemon.member("fast", "#a"))
        slow = stack.enter_context(daemon.member("slow", "#a", receive_buffer=4096))
        speakers = [stack.enter_context(daemon.member(f"speaker{number}", "#a")) for number in range(3)]
        for client in (fast, slow, *speakers):
            client.send(b"JOIN #b\n")
            client.until(lambda line: line.startswith("OK JOIN #b "))
        texts = [f"{number} {'x' * chance.choice([10, 500, 8000])}" for number in range(1200)]
        pool = stack.enter_context(ThreadPoolExecutor(8))
        for speaker in speakers:
            lines = [f"TELL {chance.choice(['#a', '#b'])} {text}" for text in texts]
            pool.submit(talk, speaker, [*lines, f"TELL #a {END}"])
        early = pool.submit(read_on, fast, 3)
        stalled = threading.Event()

        def stall_and_read() -> list[str]:
            # Until all that the others heard is said: more than the kernel holds for one who does not read.
            stalled.wait(DEADLINE)
            return read_on(slow, 3)

        late = pool.submit(stall_and_read)
        others = [pool.submit(read_on, speaker, 2) for speaker in speakers]
        heard = early.result(DEADLINE)
        stalled.set()
        assert sum(map(len, heard)) > 8 * MIB
        assert late.result(DEADLINE) == heard
        for number, other in enumerate(others):
            assert other.result(DEADLINE) == [line for line in heard if not line.startswith(f"MSG speaker{number} ")]


def test_readers_that_do_not_read_cost_what_may_wait_for_them_and_no_more(tmp_path: Path) -> None:
    deaf, queue = 10, 2 * MIB
    with ExitStack() as stack:
        daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--send-queue", str(queue)))
        hearer = stack.enter_context(daemon.member("hearer", "#den"))
        speakers = [stack.enter_context(daemon.member(f"speaker{number}", f"#{number}")) for number in range(deaf)]
        for number in range(deaf):
            stack.enter_context(daemon.member(f"deaf{number}", f"#{number}", receive_buffer=4096))
        talk(hearer, ["PING warm"])
        hearer.until(lambda line: line == "PONG warm")
        before = most = rss(daemon.pid)
        # Each in a room of its own, so that nothing that waits is shared.
        for round_ in range(20 * MIB // 8000 // 32):
            for number, speaker in enumerate(speakers):
                talk(speaker, [f"MSG {round_}.{number} {'x' * 8000}"] * 32)
            most = max(most, rss(daemon.pid))
        talk(hearer, ["PING done"])
        hearer.until(lambda line: line == "PONG done")
        kept = 32 * MIB  # what the journal in memory may keep of it
        assert most - before < kept * 2 + deaf * (queue + MIB)
        for number, speaker in enumerate(speakers):
            speaker.until(lambda line, number=number: line.startswith(f"PART deaf{number} "))  # type: ignore[misc]
        daemon.terminate()
        assert f"was disconnected: slow; {deaf - 1} such in a minute" in daemon.log()


@contextmanager
def secure(port: int, nick: str, room: str) -> Iterator[Client]:
    """Come into a room over TLS."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with Client(("127.0.0.1", port)) as client:
        client.socket = context.wrap_socket(client.socket)
        client.join(nick, room)
        yield client


def untagged(lines: Sequence[str]) -> list[str]:
    return [line.partition(" ")[2] if line.startswith("@") else line for line in lines]


@pytest.mark.parametrize("journal", ["memory:", "sqlite:chat.sqlite3"])
def test_members_over_tls_a_local_socket_and_plainly_read_the_same_lines_in_the_same_order(
    tmp_path: Path, journal: str
) -> None:
    write_certificate(tmp_path / "key.pem", tmp_path / "certificate.pem", "localhost")
    (port,) = free_ports(1)
    tls = f"ssl:{port}:privateKey=key.pem:certKey=certificate.pem:interface=127.0.0.1"
    with ExitStack() as stack:
        daemon = stack.enter_context(
            Daemon(tmp_path, "--port", "0", "--listen", tls, "--listen", "unix:chat", "--journal", journal)
        )
        wait_until(lambda: daemon.log().count("listening on") >= 3, daemon.log)
        local = stack.enter_context(Client(tmp_path / "chat"))
        local.join("local", "#den")
        tagged = stack.enter_context(daemon.client())
        talk(tagged, ["HELLO 1"])
        tagged.join("tagged", "#den")
        members = {
            "plain": stack.enter_context(daemon.member("plain", "#den")),
            "secure": stack.enter_context(secure(port, "secure", "#den")),
            "local": local,
            "tagged": tagged,
        }
        pool = stack.enter_context(ThreadPoolExecutor(8))
        ends = {nick: len(members) if nick == "tagged" else len(members) - 1 for nick in members}
        heard = {nick: pool.submit(read_all, client, ends[nick]) for nick, client in members.items()}
        for nick, client in members.items():
            lines = [f"MSG {number} {nick}" for number in range(1500)]
            pool.submit(talk, client, [*lines, f"MSG {nick}: {END}"])
        whole = untagged(heard["tagged"].result(DEADLINE))
        assert len(whole) == 4 * 1501
        for nick in ("plain", "secure", "local"):
            assert heard[nick].result(DEADLINE) == [line for line in whole if not line.startswith(f"MSG {nick} ")]


def read_all(client: Client, ends: int) -> list[str]:
    """Read messages up to so many last ones, with their tags if they have any."""
    lines: list[str] = []
    while ends:
        lines += client.until(lambda line: line.endswith(END))
        ends -= 1
    return [line for line in lines if untagged([line])[0].startswith("MSG ")]
