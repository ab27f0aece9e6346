"""Floods of everything that there is a limit for, against the real daemon."""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from chatd.chat.limits import Limits
from chatd.edges.accept_backoff import BACK_OFF_SECONDS, RESERVED_DESCRIPTORS
from chatd.edges.peer_connection import ABORT_SECONDS
from tests.support.certificates import write_certificate
from tests.support.daemon import DEADLINE, Client, Daemon, wait_until

pytestmark = pytest.mark.slow

LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"
"""The header of a proxy that speaks for itself."""
PROXIED = "haproxy:tcp:0:interface=127.0.0.1"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return what is closed at the end, the last first."""
    with ExitStack() as stack:
        yield stack


def cpu_seconds(daemon: Daemon) -> float:
    """Return how much of a processor's time a daemon has taken."""
    fields = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def taking(least: float, most: float) -> Iterator[None]:
    """Fail if what is inside takes less or more seconds."""
    began = time.monotonic()
    yield
    assert least <= time.monotonic() - began <= most


def is_greeted(client: Client) -> bool:
    """Return whether a connection came in; if it did not, it must be told so and closed."""
    first = client.line()
    if first.startswith("NOTE "):
        return True
    assert first.startswith("BYE refused ")
    assert client.rest() == []
    return False


def still_works(client: Client) -> None:
    client.send(b"PING still\n")
    client.until(lambda line: line == "PONG still")


def warnings(daemon: Daemon) -> list[str]:
    return [line for line in daemon.log().splitlines() if "[chatd.runtime.log_limiter#warn]" in line]


def test_connections_in_all(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--max-connections", "5"))
    clients = [stack.enter_context(daemon.client()) for _ in range(40)]
    inside = [client for client in clients if is_greeted(client)]
    assert len(inside) == 5
    for client in inside:
        still_works(client)
    assert len(warnings(daemon)) == 1
    assert "was disconnected" not in daemon.log()
    inside[0].send(b"QUIT\n")
    inside[0].rest()
    inside[0].close()
    wait_until(lambda: is_greeted(stack.enter_context(daemon.client())), daemon.log)


def test_connections_that_have_not_come_in(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--max-waiting", "3"))
    for number in range(10):
        stack.enter_context(daemon.member(f"member{number}", "#a"))
    inside = [client for _ in range(10) if is_greeted(client := stack.enter_context(daemon.client()))]
    assert len(inside) == 3
    inside[0].join("late", "#a")
    assert is_greeted(stack.enter_context(daemon.client()))
    assert not is_greeted(stack.enter_context(daemon.client()))


def proxied(daemon: Daemon, header: bytes) -> Client:
    client = daemon.client()
    client.send(header)
    return client


@pytest.mark.parametrize(
    ("header", "other"),
    [
        ("PROXY TCP4 192.0.2.1 127.0.0.1 {} 10319\r\n", "PROXY TCP4 192.0.2.2 127.0.0.1 {} 10319\r\n"),
        ("PROXY TCP6 2001:db8::{:x} ::1 7 10319\r\n", "PROXY TCP6 2001:db8:0:1::{:x} ::1 7 10319\r\n"),
        ("PROXY TCP6 ::ffff:192.0.2.1 ::1 {} 10319\r\n", "PROXY TCP6 ::ffff:192.0.2.2 ::1 {} 10319\r\n"),
    ],
)
def test_connections_from_one_address(tmp_path: Path, stack: ExitStack, header: str, other: str) -> None:
    daemon = stack.enter_context(
        Daemon(tmp_path, "--journal", "memory:", "--listen", PROXIED, "--max-per-address", "3")
    )
    clients = [stack.enter_context(proxied(daemon, header.format(number + 1).encode())) for number in range(10)]
    inside = [client for client in clients if is_greeted(client)]
    assert len(inside) == 3
    assert is_greeted(stack.enter_context(proxied(daemon, other.format(1).encode())))
    still_works(inside[0])
    inside[0].close()
    wait_until(lambda: is_greeted(stack.enter_context(proxied(daemon, header.format(99).encode()))), daemon.log)


def test_this_machine_may_have_more(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--max-per-address", "3"))
    assert all(is_greeted(stack.enter_context(daemon.client())) for _ in range(20))


@pytest.mark.serial
def test_lines_over_the_rate_are_read_later_and_none_is_lost(tmp_path: Path, stack: ExitStack) -> None:
    rate = ("--line-rate", "400", "--line-burst", "100")
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", *rate))
    flooder, other = stack.enter_context(daemon.client()), stack.enter_context(daemon.member("other", "#a"))
    flooder.send(b"JOIN flooder #a\n")
    with taking(2.1, 3.6):
        # Blank lines count as well.
        flooder.send(b"".join(b"MSG %d\n\n" % number for number in range(500)) + b"PING end\n")
        with taking(0, 1):
            still_works(other)
        flooder.until(lambda line: line == "PONG end")
    said = other.until(lambda line: line == "MSG flooder #a 499")
    assert [line.split()[-1] for line in said if line.startswith("MSG ")] == [str(n) for n in range(500)][-len(said) :]


def test_a_line_rate_of_none(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--line-rate", "0"))
    client = stack.enter_context(daemon.client())
    with taking(0, 15), ThreadPoolExecutor(1) as pool:
        pool.submit(client.send, b"PING\n" * 30_000 + b"PING end\n")
        client.until(lambda line: line == "PONG end")


@pytest.mark.serial
def test_by_default_a_script_may_send_two_thousand_lines_at_once(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(
        Daemon(tmp_path, "--journal", "memory:", "--line-rate", str(Limits().lines_per_second))
    )
    client = stack.enter_context(daemon.client())
    with taking(0, 1):
        client.send(b"PING\n" * 1990 + b"PING end\n")
        client.until(lambda line: line == "PONG end")
    with taking(1.6, 2.6):
        client.send(b"PING\n" * 210 + b"PING end\n")
        client.until(lambda line: line == "PONG end")


def test_a_program_that_is_not_read_from_is_not_taken_for_dead(tmp_path: Path, stack: ExitStack) -> None:
    options = ("--line-rate", "16", "--line-burst", "10", "--ping-interval", "1")
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", *options))
    client = stack.enter_context(daemon.client())
    with taking(3, 12):
        client.send(b"HELLO 1\nJOIN alice\n" + b"PING\n" * 60 + b"PING end\n")
        client.until(lambda line: line == "PONG end")


def test_connections_that_leave_lines_behind_keep_their_places(tmp_path: Path, stack: ExitStack) -> None:
    options = ("--line-rate", "20", "--line-burst", "10", "--max-connections", "3")
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", *options))
    for _ in range(3):
        with daemon.client() as client:
            assert is_greeted(client)
            client.send(b"PING\n" * 50)
            client.until(lambda line: line == "PONG")
    with taking(1, 12):
        assert not is_greeted(stack.enter_context(daemon.client()))
        wait_until(lambda: is_greeted(stack.enter_context(daemon.client())), daemon.log)


def test_joins_nicks_and_rooms(tmp_path: Path, stack: ExitStack) -> None:
    options = ("--name-rate", "60", "--max-rooms-per-connection", "5", "--max-rooms", "7")
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", *options))
    alice, bob = stack.enter_context(daemon.member("alice", "#a0")), stack.enter_context(daemon.member("bob", "#b0"))
    for client, room, expected in (
        (alice, "a", ["JOIN"] * 4 + ["full"] * 3),
        (bob, "b", ["JOIN"] + ["full"] * 6),
    ):
        client.send("".join(f"JOIN #{room}{number}\n" for number in range(1, 8)).encode() + b"PING end\n")
        answers = client.until(lambda line: line == "PONG end")
        assert [line.split()[1] for line in answers if line.startswith(("OK JOIN", "ERR"))] == expected
    bob.send(b"".join(b"NICK bob%d\n" % number for number in range(100)) + b"PING end\n")
    answers = [line.split()[1] for line in bob.until(lambda line: line == "PONG end")]
    assert answers.count("slow-down") in range(38, 44)
    still_works(bob)


HELLO = b"\x16\x03\x01\x02\x00\x01\x00"  # the beginning of one
TLS = ["ssl:0:interface=127.0.0.1:privateKey=tls/key.pem:certKey=tls/cert.pem", "tls:tls:port=0:interface=127.0.0.1"]


def write_tls(folder: Path) -> None:
    (folder / "tls").mkdir()
    write_certificate(folder / "tls" / "key.pem", folder / "tls" / "cert.pem", "localhost")


@pytest.mark.parametrize(
    ("endpoint", "sent"),
    [(TLS[0], b""), (TLS[0], HELLO), (TLS[1], HELLO), *((f"haproxy:{each}", LOCAL + HELLO) for each in TLS)],
)
def test_a_tls_handshake_that_never_ends(tmp_path: Path, stack: ExitStack, endpoint: str, sent: bytes) -> None:
    write_tls(tmp_path)
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--listen", endpoint, "--join-timeout", "1"))
    client = stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port), DEADLINE))
    client.sendall(sent)
    with taking(0.5, ABORT_SECONDS + 4):
        assert_ends(client)


@pytest.mark.serial
@pytest.mark.parametrize("endpoint", TLS)
def test_one_too_many_over_tls_is_closed_at_once(tmp_path: Path, stack: ExitStack, endpoint: str) -> None:
    write_tls(tmp_path)
    limit = ("--max-connections", "1")
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--listen", endpoint, *limit))
    first, second = (
        stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)) for _ in range(2)
    )
    with taking(0, 1):
        assert_ends(second)
    first.settimeout(0.5)
    with pytest.raises(TimeoutError):
        first.recv(1)
    assert "Traceback" not in daemon.log()


def assert_ends(client: socket.socket) -> None:
    """Return when a connection is closed, whatever comes before."""
    try:
        while client.recv(4096):
            pass
    except ConnectionResetError:
        pass


# Private lines.


def test_private_lines_of_a_stranger_do_not_send_a_slow_reader_away(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--tell-rate", "0"))
    victim = stack.enter_context(daemon.member("victim", "#a", receive_buffer=4096))
    friend = stack.enter_context(daemon.member("friend", "#a"))
    stranger = stack.enter_context(daemon.member("stranger", "#b"))
    tells = f"TELL victim {'x' * 8000}\n".encode() * 2000
    stranger.send(tells + b"PING done\n")
    answers = stranger.until(lambda line: line == "PONG done")[:-1]
    assert len(answers) == 2000
    refused = [line for line in answers if line != "OK TELL victim stored=no"]
    assert 1000 < len(refused) < 2000
    assert set(refused) == {"ERR full TELL victim has too many unread messages; send it again later"}
    friend.send(b"MSG are you there\n")
    heard = victim.until(lambda line: line == "MSG friend #a are you there")
    assert len([line for line in heard if line.startswith("FROM stranger ")]) == 2000 - len(refused)
    still_works(victim)


# What comes through a proxy.


@pytest.mark.parametrize(
    "header",
    [
        b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 10319\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes([192, 0, 2, 1, 127, 0, 0, 1]) + b"\x0f\xa0\x28\x4f",
    ],
)
def test_an_address_in_a_header_is_the_real_one(tmp_path: Path, stack: ExitStack, header: bytes) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--listen", PROXIED))
    client = stack.enter_context(proxied(daemon, header))
    assert is_greeted(client)
    client.send(b"GET / HTTP/1.1\r\n")
    assert client.rest()[0].startswith("BYE not-chatd ")
    assert "192.0.2.1:4000 was disconnected" in daemon.log()
    client = stack.enter_context(proxied(daemon, header + b"PING 1\nQUIT\n"))
    assert is_greeted(client)
    assert client.line() == "PONG 1"
    client.half_close()
    assert client.rest()[-1].startswith("BYE quit ")


def test_a_half_close_gets_its_verdict_through_a_proxy(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--listen", PROXIED))
    client = stack.enter_context(proxied(daemon, b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\nJOIN ci #a\nMSG passed\n"))
    client.half_close()
    assert client.rest()[-1].startswith("BYE quit ")


def from_address(number: int) -> bytes:
    return f"PROXY TCP4 192.0.2.{number} 127.0.0.1 4000 10319\r\n".encode()


def test_a_class_behind_one_router_comes_in_at_once(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--line-rate", "100", "--listen", PROXIED))
    pupils = [stack.enter_context(proxied(daemon, from_address(1))) for _ in range(40)]
    for number, pupil in enumerate(pupils):
        group = f"#group{number // 4}"
        pupil.send(f"JOIN pupil{number} #class\nJOIN {group}\nTELL #class hello\nTELL pupil0 hello\nPING 1\n".encode())
    for pupil in pupils:
        assert not [line for line in pupil.until(lambda line: line == "PONG 1") if line.startswith(("ERR", "BYE"))]


def test_who_connects_again_and_again_through_a_proxy_is_held_to_his_own_address(
    tmp_path: Path, stack: ExitStack
) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--name-rate", "20", "--listen", PROXIED))
    let_in = 0
    for number in range(700):
        with proxied(daemon, from_address(1) + f"JOIN m{number}\nQUIT look at me\n".encode()) as client:
            let_in += any(line.startswith("OK JOIN #lobby 1 ") for line in client.rest())
    assert 500 <= let_in < 600
    with proxied(daemon, from_address(2) + b"JOIN alice\nQUIT\n") as client:
        assert any(line.startswith("OK JOIN #lobby 1 ") for line in client.rest())


def test_a_header_from_anywhere_else_does_not_count(tmp_path: Path, stack: ExitStack) -> None:
    options = ("--listen", PROXIED, "--trusted-proxy", "192.0.2.0/24", "--trusted-proxy", "2001:db8::1")
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", *options))
    for _ in range(20):
        client = stack.enter_context(proxied(daemon, b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\nJOIN evil\n"))
        assert not is_greeted(client)
    assert len(warnings(daemon)) == 1
    assert "127.0.0.1" in warnings(daemon)[0]


@pytest.mark.serial
@pytest.mark.parametrize("sent", [b"", b"PROXY TCP4 192.0.2.1", b"PROXY TCP4 " + b"1" * 90])
def test_a_header_that_never_comes(tmp_path: Path, stack: ExitStack, sent: bytes) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--listen", PROXIED, "--join-timeout", "1"))
    client = stack.enter_context(proxied(daemon, sent))
    with taking(0.5, 4):
        assert client.rest() == []
    (line,) = warnings(daemon)
    assert "no PROXY header arrived within 1 second" in line


@pytest.mark.serial
@pytest.mark.parametrize(
    "sent",
    [
        b"JOIN alice #lobby\n",
        b"PROXY TCP4 192.0.2.1 127.0.0.1 many 10319\r\n",
        b"PROXY TCP4 not-an-address 127.0.0.1 4000 10319\r\nJOIN alice\n",
        b"PROXY TCP4 192.0.2.1" + b" " * 200,
    ],
)
def test_what_is_no_header_is_closed_without_a_traceback(tmp_path: Path, stack: ExitStack, sent: bytes) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--listen", PROXIED))
    client = stack.enter_context(proxied(daemon, sent))
    with taking(0, 2):
        assert client.rest() == []
    for _ in range(20):
        assert stack.enter_context(proxied(daemon, sent)).rest() == []
    assert "Traceback" not in daemon.log()
    (line,) = warnings(daemon)
    assert "was disconnected" in line
    assert daemon.terminate() == 0
    assert "; 20 such in a minute" in daemon.log()  # what was counted is said at the end


def test_a_header_that_is_cut_is_logged_and_a_look_whether_somebody_listens_is_not(
    tmp_path: Path, stack: ExitStack
) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--listen", PROXIED))
    for sent in (b"", LOCAL[:7]):
        assert warnings(daemon) == []
        client = stack.enter_context(proxied(daemon, sent))
        client.half_close()
        assert client.rest() == []
    (line,) = warnings(daemon)
    assert "the PROXY header was incomplete" in line


# When file descriptors run out.


def limited(files: int) -> tuple[str, ...]:
    return ("sh", "-c", f'ulimit -n {files}; exec "$@"', "sh")


def test_as_many_files_are_allowed_as_may_be(tmp_path: Path) -> None:
    inside = ("sh", "-c", 'ulimit -Sn 100; exec "$@"', "sh")
    with Daemon(tmp_path, inside=inside) as daemon, daemon.member("ann", "#den"):
        soft, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    assert soft == hard > 100


def flood(daemon: Daemon, stack: ExitStack, count: int) -> list[Client]:
    """Return so many connections, of which the kernel keeps some waiting."""
    return [stack.enter_context(daemon.client()) for _ in range(count)]


def greeted(clients: list[Client], seconds: float) -> list[Client]:
    """Return those that have come in after some time, or at once if that is all."""
    end = time.monotonic() + seconds
    inside: list[Client] = []
    waiting = list(clients)
    while waiting and time.monotonic() < end:
        for client in list(waiting):
            client.socket.settimeout(0.01)
            try:
                came_in = bool(client.socket.recv(1, socket.MSG_PEEK))
            except TimeoutError:
                continue
            finally:
                client.socket.settimeout(DEADLINE)
            waiting.remove(client)
            assert came_in, "somebody who waits is not to be turned away"
            inside.append(client)
    return inside


@pytest.mark.serial
def test_when_no_file_can_be_opened_those_inside_notice_nothing(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, inside=limited(80)))
    alice, bob = stack.enter_context(daemon.member("alice", "#a")), stack.enter_context(daemon.member("bob", "#a"))
    clients = flood(daemon, stack, 150)
    inside = greeted(clients, 2.5)
    assert 10 < len(inside) < 80 - RESERVED_DESCRIPTORS
    before, began = cpu_seconds(daemon), time.monotonic()
    while time.monotonic() - began < 2.5:
        alice.send(b"MSG hello\nHISTORY\nSEARCH hello\nPING end\n")
        alice.until(lambda line: line == "PONG end")
        bob.until(lambda line: line == "MSG alice #a hello")
        time.sleep(0.2)
    assert cpu_seconds(daemon) - before < 0.1 * 2.5
    log = daemon.log()
    assert len(warnings(daemon)) == 1, log
    assert "no connections are accepted" in log
    assert log.count("EMFILE") == 0, log
    assert "Traceback" not in log
    # Those who wait come in as soon as others leave.
    waiting = [client for client in clients if client not in inside]
    for client in inside:
        client.close()
    came = greeted(waiting, BACK_OFF_SECONDS + 3)
    assert len(came) >= len(inside) - 2


def test_some_files_are_left_for_those_inside(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, inside=limited(80)))
    greeted(flood(daemon, stack, 100), 2)
    opened = [int(name) for name in os.listdir(f"/proc/{daemon.pid}/fd")]
    assert 80 - RESERVED_DESCRIPTORS - 1 <= len(opened) <= 80 - RESERVED_DESCRIPTORS + 1


def test_who_waits_outside_does_not_hold_up_the_stop(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, inside=limited(80)))
    greeted(flood(daemon, stack, 100), 2)
    with taking(0, 8):
        assert daemon.terminate() == 0
    assert "Traceback" not in daemon.log()


def test_connections_come_and_go_and_leave_nothing(tmp_path: Path, stack: ExitStack) -> None:
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--max-connections", "50"))
    files: Callable[[], int] = lambda: len(os.listdir(f"/proc/{daemon.pid}/fd"))  # noqa: E731  # named for what it is
    still_works(stack.enter_context(daemon.client()))
    before = files()
    for _ in range(2000):
        socket.create_connection(("127.0.0.1", daemon.port)).close()
    wait_until(lambda: files() == before, lambda: f"{files()} files are open, and {before} were")
    assert all(is_greeted(client) for client in flood(daemon, stack, 49))
    assert not is_greeted(stack.enter_context(daemon.client()))
