"""IRC clients that people use, beside nc, the page and the window, on a real daemon."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.certificates import write_certificate
from tests.support.daemon import BIN, DEADLINE, Daemon, environment, wait_until
from tests.support.irc_minimal import Ii, Sic
from tests.support.irc_programs import IrcProgram, Irssi, WeeChat
from tests.support.netcat import Netcat

pytestmark = pytest.mark.slow

PASSWORD = "correct-horse"
ALL: tuple[type[IrcProgram], ...] = (Irssi, WeeChat, Ii, Sic)


class IrssiWithAccount(Irssi):
    """irssi that comes over TLS, and logs in."""

    _CONFIG = Irssi._CONFIG.replace('port = "{port}";', 'port = "{port}"; use_tls = "yes"; tls_verify = "no";').replace(
        'nick = "{nick}";',
        f'nick = "{{nick}}"; sasl_mechanism = "PLAIN"; sasl_username = "{{nick}}"; sasl_password = "{PASSWORD}";',
    )


def make_account(folder: Path, nick: str) -> None:
    """Make a certificate, and an account."""
    (folder / "tls").mkdir()
    write_certificate(folder / "tls" / "key.pem", folder / "tls" / "cert.pem", "localhost")
    add = [str(BIN / "chatd"), "user", "add", nick, "--state-directory=."]
    subprocess.run(add, check=True, cwd=folder, env=environment(), input=f"{PASSWORD}\n", text=True, timeout=DEADLINE)


class Net:
    """A daemon that can be started again, and where it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.irc, self.lines = free_ports(2)
        self.daemon = self._start()

    def _start(self) -> Daemon:
        return Daemon(
            self.folder, "--listen", f"tcp:{self.lines}:interface=127.0.0.1", "--irc", str(self.irc),
            "--journal", "sqlite:chat.sqlite3",
        )  # fmt: skip

    def restart(self) -> None:
        """Stop the daemon, and start another one in its place."""
        assert self.daemon.terminate() == 0
        self.daemon = self._start()

    def run(self, kind: type[IrcProgram], nick: str = "ann", room: str = "#den") -> IrcProgram:
        """Return a client that is in a room."""
        return kind(self.folder / nick, self.irc, nick, room)

    def nc(self, nick: str, room: str = "#den") -> Netcat:
        """Return nc, with somebody in a room."""
        nc = Netcat(self.folder / f"nc-{nick}", self.lines)
        nc.join(nick, room)
        return nc


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    net = Net(tmp_path)
    try:
        yield net
        assert "Traceback" not in net.daemon.log()
    finally:
        net.daemon.kill()


@pytest.mark.parametrize("kind", ALL)
def test_a_client_and_nc_talk_both_ways(kind: type[IrcProgram], net: Net) -> None:
    with net.nc("carol") as carol, net.run(kind) as ann:
        carol.wait_for("JOIN ann #den")
        carol.type("MSG hello ann, smörgåsbord?")
        ann.wait_for(kind.SAID, nick="carol", text="hello ann, smörgåsbord?")
        ann.type("hello carol: smörgås :)")
        carol.wait_for("MSG ann #den hello carol: smörgås :)")
        carol.type("MSG /me waves")
        ann.wait_for(kind.ACTED, nick="carol", text="waves")
        ann.act("waves back")
        carol.wait_for("MSG ann #den * ann waves back")


@pytest.mark.parametrize("kind", ALL)
def test_a_client_and_nc_set_topics_change_names_and_leave(kind: type[IrcProgram], net: Net) -> None:
    with net.nc("carol") as carol, net.run(kind) as ann:
        carol.wait_for("JOIN ann #den")
        carol.type("TOPIC #den all about tea")
        ann.wait_for(kind.TOPIC, nick="carol", text="all about tea")
        ann.set_topic("all about coffee")
        carol.wait_for("TOPIC ann #den all about coffee")
        carol.type("NICK caroline")
        ann.wait_for(kind.RENAMED, nick="carol", new="caroline")
        ann.rename("anna")
        carol.wait_for("NICK ann anna")
        ann.part()
        wait_until(lambda: any(line.startswith("PART anna #den") for line in carol.shown()), lambda: f"{carol.shown()}")
        ann.come_in()
        carol.wait_for("JOIN anna #den")
        ann.quit()
        wait_until(lambda: ann.process.poll() is not None, lambda: "it ends")
        gone = re.compile("PART anna #den")
        wait_until(lambda: len(gone.findall("\n".join(carol.shown()))) == 2, lambda: f"{carol.shown()}")


@pytest.mark.parametrize("kind", ALL)
def test_a_client_that_comes_in_reads_what_was_said_before(kind: type[IrcProgram], net: Net) -> None:
    with net.nc("carol") as carol:
        carol.type("MSG early words", "MSG /me waves early", "PING said")
        carol.wait_for("PONG said")
        with net.run(kind) as ann:
            before = "" if kind.knows_times else r"\[\d{{4}}-\d\d-\d\d \d\d:\d\d\] "
            ann.wait_for(kind.SAID.replace("{text}", f"{before}{{text}}"), nick="carol", text="early words")
            ann.wait_for(kind.ACTED.replace("{text}", f"{before}{{text}}"), nick="carol", text="waves early")
            carol.type("MSG late words")
            ann.wait_for(kind.SAID, nick="carol", text="late words")


@pytest.mark.parametrize("kind", [Irssi, WeeChat])
def test_a_client_that_comes_in_again_is_where_it_was(kind: type[IrcProgram], net: Net) -> None:
    with net.nc("carol") as carol, net.run(kind) as ann:
        ann.type("before I go")
        carol.wait_for("MSG ann #den before I go")
        ann.part()
        ann.wait_for(kind.PARTED)
        carol.type("MSG while you are away", "PING said")
        carol.wait_for("PONG said")
        ann.come_in()
        ann.wait_for(kind.JOINED, times=2)
        ann.wait_for("while you are away")


def test_irssi_logs_in_over_tls_with_the_settings_that_are_documented(tmp_path: Path) -> None:
    make_account(tmp_path, "ann")
    with Daemon(tmp_path, "--irc", "tls:tls:port=0:interface=127.0.0.1", "--web", "off") as daemon:
        wait_until(lambda: len(daemon.places()) == 2, daemon.log)
        port = int(daemon.places()[1].rpartition(":")[2])
        with IrssiWithAccount(tmp_path / "ann", port, "ann", "#den") as ann:
            ann.type("here I am")  # nobody else gets this nick
            ann.wait_for(ann.SAID, text="here I am")


@pytest.mark.parametrize("kind", ALL)
def test_a_client_comes_back_after_the_server_was_away_or_ends(kind: type[IrcProgram], net: Net) -> None:
    with net.run(kind) as ann:
        net.restart()
        if not kind.reconnects:
            assert ann.process.wait(DEADLINE) == 1
            return
        ann.wait_for(kind.JOINED, times=2)
        with net.nc("carol") as carol:
            ann.type("here I am again")
            carol.wait_for("MSG ann #den here I am again")
