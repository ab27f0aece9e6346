"""What the command line turns into, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from chatd import __version__
from chatd.app.options import Options, makeService


def options(*words: str) -> Options:
    parsed = Options()
    parsed.parseOptions(list(words))
    return parsed


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ([], ["tcp:10319:interface=127.0.0.1:backlog=1024"]),
        (["--port", "7"], ["tcp:7:interface=127.0.0.1:backlog=1024"]),
        (["-p", "7", "-i", "::1"], [r"tcp:7:interface=\:\:1:backlog=1024"]),
        (["--listen", "unix:a"], ["unix:a"]),
        (["--listen", "unix:a", "--listen", "tcp6:5"], ["unix:a", "tcp6:5"]),
        (["--listen", "unix:a", "--port", "7"], ["tcp:7:interface=127.0.0.1:backlog=1024", "unix:a"]),
    ],
)
def test_where_it_listens(words: list[str], places: list[str]) -> None:
    assert list(options(*words).places.values()) == places


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "many"], "port"),
        (["--port", "65536"], "port"),
        (["--port", "-1"], "port"),
        (["--ping-interval", "0"], "ping-interval"),
        (["--join-timeout", "soon"], "join-timeout"),
        (["--send-queue", "-5"], "send-queue"),
        (["--speed", "11"], "speed"),
        (["more"], "more"),
    ],
)
def test_a_wrong_option_is_one_line(words: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as stop:
        options(*words)
    message = str(stop.value)
    assert message.startswith("chatd: ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--listen", "carrier-pigeon:7"], "carrier-pigeon"),
        (["--listen", "tcp:x"], "tcp:x"),
        (["--listen", "unix"], "unix"),
        (["--listen", "ssl:1:privateKey=/nowhere"], "ssl:1"),
        (["--journal", "tape:"], "tape:"),
    ],
)
def test_what_is_no_endpoint_and_no_journal_is_one_line(words: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as stop:
        makeService(options(*words))
    message = str(stop.value)
    assert message.startswith("chatd: ")
    assert said in message
    assert "\n" not in message


def test_the_version_is_ours(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        options("--version")
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"chatd {__version__}\n"


def test_making_the_service_opens_nothing() -> None:
    service = makeService(options("--port", "0"))
    assert service.ports == []
    assert not service.running
