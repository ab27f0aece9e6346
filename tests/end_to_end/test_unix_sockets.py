"""Local sockets: a place that was left without tidying up is taken over, one that is in use is not."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from chatd.app import unix_sockets
from chatd.app.unix_sockets import binding
from tests.support.daemon import BIN, Client, Daemon, environment

pytestmark = pytest.mark.slow

OPTIONS = ("--journal", "memory:", "--listen", "unix:chat.sock")


def test_what_a_killed_daemon_left_is_taken_over_whatever_number_its_lock_has(tmp_path: Path) -> None:
    place = tmp_path / "chat.sock"
    with Daemon(tmp_path, *OPTIONS) as daemon:
        daemon.kill()
    assert place.is_socket()
    # As Twisted leaves it: the number is that of some process, as 1 is in every container.
    place.with_name("chat.sock.lock").symlink_to(str(os.getpid()))
    with Daemon(tmp_path, *OPTIONS) as daemon:
        with Client(place) as client:
            client.join("ann", "#den")
        assert daemon.terminate() == 0
    assert sorted(each.name for each in tmp_path.iterdir() if "chat.sock" in each.name) == []


def test_a_place_in_use_is_one_line_and_its_daemon_goes_on(tmp_path: Path) -> None:
    with Daemon(tmp_path, *OPTIONS), Client(tmp_path / "chat.sock") as client:
        client.join("ann", "#den")
        assert refusal(tmp_path) == "another program listens there; stop it or choose another path"
        with Client(tmp_path / "chat.sock") as other:
            other.join("bob", "#den")
        client.until(lambda line: line == "JOIN bob #den")


def test_a_file_that_is_no_socket_is_one_line_and_stays(tmp_path: Path) -> None:
    for made in (lambda path: path.write_text("my diary"), lambda path: path.symlink_to("elsewhere")):
        place = tmp_path / "chat.sock"
        made(place)
        assert refusal(tmp_path) == "the file is not a socket; remove it or choose another path"
        assert place.is_symlink() or place.read_text() == "my diary"
        place.unlink()


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, "unix:no/chat.sock") == "No such file or directory"


def refusal(folder: Path, place: str = "unix:chat.sock") -> str:
    """Return why a daemon does not start."""
    command = [str(BIN / "chatd"), "--journal", "memory:", "--listen", place]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("chatd: ")]
    before, _, why = line.partition(f"cannot listen on {place}: ")
    assert before == "chatd: "
    return why


# In this process.


def test_a_queue_that_is_full_is_somebody_listening(tmp_path: Path) -> None:
    place = str(tmp_path / "full")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(place)
        server.listen(0)
        client.connect(place)
        with pytest.raises(ValueError, match="another program listens there"), binding(place):
            pass


def test_of_two_who_begin_at_once_the_slower_finds_the_other_there(tmp_path: Path) -> None:
    place = str(tmp_path / "both")
    with socket.socket(socket.AF_UNIX) as deserted:
        deserted.bind(place)
    found: list[str] = []

    def begin() -> None:
        try:
            with binding(place):
                found.append("bound")
        except ValueError as error:
            found.append(str(error))

    with socket.socket(socket.AF_UNIX) as first:
        with binding(place):
            other = threading.Thread(target=begin)
            other.start()  # waits for the lock, or has found nobody there
            other.join(0.3)
            first.bind(place)
            first.listen()
        other.join(30)
    assert found == ["another program listens there; stop it or choose another path"]


def test_a_folder_that_somebody_has_locked_for_good_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unix_sockets, "LOCK_TRIES", 2)
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        with pytest.raises(ValueError, match="another program has locked"), binding(str(tmp_path / "chat")):
            pass
    finally:
        os.close(folder)
