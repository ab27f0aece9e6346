"""What the command line turns into, and what is said of a wrong one."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from chatd import __version__
from chatd.app.option_fields import OptionField, from_options, option_fields
from chatd.app.options import Options, makeService
from chatd.chat.limits import Limits
from chatd.edges.irc.connection import IrcFactory
from chatd.edges.web.site import WebFactory
from chatd.journal import Retention
from chatd.runtime.option import Duration, Number, Switch


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
        (["--listen", "tcp6:5", "--listen", "unix:a", "--listen", "tcp6:5"], ["tcp6:5", "unix:a"]),
        (["--listen", "unix:a", "--port", "7"], ["tcp:7:interface=127.0.0.1:backlog=1024", "unix:a"]),
    ],
)
def test_where_it_listens(words: list[str], places: list[str]) -> None:
    assert [place.description for place in options(*words).places] == places


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
        (["--web", "99999"], "--web takes a whole number from 0 to 65535, not '99999'"),
        (
            ["--web", "nonsense"],
            "--web takes a port, an endpoint such as tls:DIRECTORY:port=443, or off, not 'nonsense'",
        ),
        (["--web", "-1"], "or off, not '-1'"),
        (["--irc-history", "1001"], "--irc-history takes a whole number from 0 to 1000, not '1001'"),
        (["--irc-history", "-1"], "from 0 to 1000, not '-1'"),
        (["--web-host", ""], "--web-host takes a host name without port or path"),
        (["--web-host", "http://a/"], "not 'http://a/'"),
        (["--web-host", "a:10380"], "not 'a:10380'"),
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


# Options that are fields.


ROWS = dict(
    re.findall(
        r"^``--([a-z-]+ [A-Z]+)``(.*)",
        (Path(__file__).parents[2] / "docs" / "options.rst").read_text(),
        re.MULTILINE,
    )
)
FIELDS = [(made_of, each) for made_of in (Limits, Retention) for each in option_fields(made_of)]


def test_every_number_of_the_limits_and_of_retention_is_an_option() -> None:
    for made_of in (Limits, Retention):
        assert [each.field for each in option_fields(made_of)] == [each.name for each in fields(made_of) if each.init]


@pytest.mark.parametrize(
    ("made_of", "each"), FIELDS, ids=lambda value: getattr(getattr(value, "option", None), "name", "")
)
def test_a_field_is_an_option_with_its_default_its_help_and_a_row_of_the_page(made_of: type, each: OptionField) -> None:
    name, written = each.option.name, {Number: "12", Duration: "12m", Switch: "yes"}[type(each.option)]
    assert getattr(from_options(made_of, options()), each.field) == each.default
    assert getattr(from_options(made_of, options(f"--{name}", written)), each.field) == each.option.parse(written)
    assert f"--{name}=" in options().getUsage()
    row = ROWS[f"{name} {each.option.unit}"]
    assert each.default is None or str(each.default) in row


@pytest.mark.parametrize(
    ("_made_of", "each"), FIELDS, ids=lambda value: getattr(getattr(value, "option", None), "name", "")
)
def test_what_is_out_of_bounds_is_refused_in_the_words_of_the_option(_made_of: type, each: OptionField) -> None:
    option = each.option
    least, most = (option.least, option.most) if isinstance(option, Number) else (1, 0)
    for wrong in ["", "x", "-1", "1.5", "٣", str(least - 1), str(most + 1), "9" * 5000]:
        with pytest.raises(SystemExit, match=f"^chatd: --{option.name}[: ]"):
            options(f"--{option.name}={wrong}")
    if isinstance(option, Number):
        for right in (option.least, option.most):
            assert options(f"--{option.name}={right}")[option.name] == right


@pytest.mark.parametrize(("words", "count"), [([], 20), (["--irc-history", "0"], 0), (["--irc-history", "1000"], 1000)])
def test_how_many_of_the_last_lines_irc_clients_are_told(words: list[str], count: int) -> None:
    service = makeService(options("--journal", "memory:", "--irc", "0", "--port", "0", *words))
    servers = [place.factory.server for place in service._places if isinstance(place.factory, IrcFactory)]
    assert [server.history for server in servers] == [count]


@pytest.mark.parametrize(
    ("words", "spoken"),
    [
        ([], ["chatd.v1"]),
        (["--irc", "0"], ["chatd.v1", "text.ircv3.net", "binary.ircv3.net"]),
    ],
)
def test_irc_is_spoken_over_websocket_where_it_is_spoken_at_all(words: list[str], spoken: list[str]) -> None:
    service = makeService(options("--journal", "memory:", "--port", "0", "--web", "0", *words))
    (site,) = [place.factory for place in service._places if isinstance(place.factory, WebFactory)]
    assert list(site.subprotocols) == spoken
