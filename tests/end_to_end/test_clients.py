"""The lines of docs/connecting.rst, for the programs that `tests/run` installs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.pages import ROOT, blocks_of
from tests.support.programs import program
from tools.client_table import Bench, bench
from tools.clients import PLAIN, TLS, Client

pytestmark = pytest.mark.slow

TYPED = blocks_of(ROOT / "docs" / "connecting.rst")[0].lines
INSTALLED = {"inetutils-telnet", "netcat-openbsd", "ncat", "socat", "bash", "openssl", "gnutls-bin"}


@pytest.fixture(scope="module")
def server() -> Iterator[Bench]:
    with bench() as made:
        yield made


@pytest.mark.parametrize(
    "client",
    [each for each in (*PLAIN, *TLS) if each.recipe and each.package in INSTALLED],
    ids=lambda client: client.name,
)
def test_the_line_says_something_and_prints_the_verdict_though_the_server_is_slow(
    server: Bench, client: Client
) -> None:
    if client.piped:
        program(client.piped.split()[0])
    assert server.recipe(client) == "works"


@pytest.mark.parametrize("line", TYPED)
def test_a_program_to_type_in_shows_the_greeting(server: Bench, line: str) -> None:
    placed = line.replace("10320", "TLSPORT").replace("10319", "PORT")
    assert "NOTE" in server.greeting(placed.replace("127.0.0.1", "HOST").replace("chat.example.org", "HOST"))
