"""What a bridge of the kind of matterbridge does, on a real daemon: coming in, logging in, and passing on both ways."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.certificates import write_certificate
from tests.support.daemon import BIN, DEADLINE, Daemon, environment
from tests.support.irc_bridge import Bridge, Settings
from tests.support.netcat import Netcat
from tests.support.pages import ROOT, blocks_of

pytestmark = pytest.mark.slow

PASSWORD = "correct-horse"
ROOM = "#builds"


class Server:
    """A daemon with an account for the bridge, and carol in a room with nc."""

    def __init__(self, folder: Path) -> None:
        (folder / "tls").mkdir()
        write_certificate(folder / "tls" / "key.pem", folder / "tls" / "cert.pem", "localhost")
        add = [str(BIN / "chatd"), "user", "add", "bridge", "--state-directory=."]
        said = f"{PASSWORD}\n"
        subprocess.run(add, check=True, cwd=folder, env=environment(), input=said, text=True, timeout=DEADLINE)
        self.lines, self.irc, self.plain = free_ports(3)
        self.daemon = Daemon(
            folder, "--listen", f"tcp:{self.lines}:interface=127.0.0.1", "--irc", str(self.plain),
            "--irc", f"tls:tls:port={self.irc}:interface=127.0.0.1",
        )  # fmt: skip
        self.carol = Netcat(folder / "nc", self.lines)
        self.carol.join("carol", ROOM)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    with server.carol, server.daemon:
        yield server
        assert server.daemon.terminate() == 0
        assert "Traceback" not in server.daemon.log() and PASSWORD not in server.daemon.log()


SASL = Settings(nickserv_nick="bridge", nickserv_password=PASSWORD, use_sasl=True)
BY_PASS = Settings(password=f"bridge:{PASSWORD}")
NICKSERV = Settings(nick="relay", nickserv_nick="NickServ", nickserv_password=f"bridge {PASSWORD}")


def test_the_settings_on_the_page_are_those_that_are_tried() -> None:
    (block,) = (each for each in blocks_of(ROOT / "docs" / "irc.rst") if each.kind == "toml")
    page = tomllib.loads(block.text)
    ours = page["irc"]["ours"]
    assert (
        Settings(
            nick=ours["Nick"],
            nickserv_nick=ours["NickServNick"],
            nickserv_password=ours["NickServPassword"].replace("PASSWORD", PASSWORD),
            use_sasl=ours["UseSASL"],
            tls=ours["UseTLS"],
        )
        == SASL
    )
    (inout,) = page["gateway"][0]["inout"]
    assert inout == {"account": "irc.ours", "channel": ROOM}


@pytest.mark.parametrize("settings", [SASL, BY_PASS, NICKSERV], ids=["SASL", "PASS", "NickServ"])
def test_it_logs_in_in_each_way_that_it_has(settings: Settings, server: Server) -> None:
    with Bridge(server.irc, settings) as bridge:
        if settings.use_sasl:
            assert [told.text for told in bridge.told if told.command == "900"] == ["you are logged in as bridge"]
        if settings is NICKSERV:
            assert bridge.hear("NOTICE").text == "you have logged in"
        bridge.join(ROOM)
        (own,) = [told for told in bridge.told if told.command == "354" and told.params[5] == settings.nick]
        assert own.params[6] == "bridge", "its account, as WHO has it"
        server.carol.wait_for(f"JOIN {settings.nick} {ROOM}")


def test_without_an_account_it_is_a_guest(server: Server) -> None:
    with Bridge(server.plain, Settings(nick="relay", tls=False)) as bridge:
        bridge.join(ROOM)
        bridge.send(f"PRIVMSG {ROOM} :[slack] <dora> hello")
        server.carol.wait_for(f"MSG relay {ROOM} [slack] <dora> hello")


def test_it_passes_on_what_is_said_here_and_what_is_said_elsewhere(server: Server) -> None:
    with Bridge(server.irc, SASL) as bridge:
        bridge.join(ROOM)
        long = "wörds " * 55
        bridge.send(
            f"PRIVMSG {ROOM} :[slack] <dora> {long.strip()}",
            f"PRIVMSG {ROOM} :\x01ACTION dora waves\x01",
            f"NOTICE {ROOM} :dora has joined",
            f"PRIVMSG {ROOM} :\x0304dora\x0f: in colour",
        )
        server.carol.wait_for(f"MSG bridge {ROOM} [slack] <dora> {long.strip()}")
        server.carol.wait_for(f"MSG bridge {ROOM} * bridge dora waves")
        server.carol.wait_for(f"MSG bridge {ROOM} dora: in colour")
        server.carol.type("MSG grüße an dora")
        said = bridge.hear("PRIVMSG")
        assert (said.nick, said.params) == ("carol", [ROOM, "grüße an dora"])
        server.carol.type("MSG /me waves back")
        assert bridge.hear("PRIVMSG").text == "\x01ACTION waves back\x01"
        server.carol.type(f"TOPIC {ROOM} all about tea")
        assert bridge.hear("TOPIC").params == [ROOM, "all about tea"]
        server.carol.type("QUIT")
        assert bridge.hear("PART", "QUIT").nick == "carol"


def test_what_it_asks_is_answered_in_the_form_that_it_reads(server: Server) -> None:
    with Bridge(server.irc, SASL) as bridge:
        bridge.join(ROOM)
        assert {told.params[5] for told in bridge.told if told.command == "354"} == {"bridge", "carol"}
        assert all(len(told.params) == 8 for told in bridge.told if told.command == "354")
        assert all(told.text.endswith("this server") for told in bridge.told if told.command == "005")
        bridge.send("PING 1764418983123456789")
        assert bridge.hear("PONG").text == "1764418983123456789"
        bridge.send(f"NAMES {ROOM}")  # what !users is turned into
        names = bridge.hear("353")
        assert names.params[2] == ROOM
        assert {name.partition("!")[0].lstrip("@+") for name in names.text.split()} == {"bridge", "carol"}


def test_a_text_that_is_too_long_is_refused_and_not_cut_off(server: Server) -> None:
    with Bridge(server.irc, SASL) as bridge:
        bridge.join(ROOM)
        bridge.send(f"PRIVMSG {ROOM} :{'x' * 800}", f"PRIVMSG {ROOM} :after it")
        assert "too long" in bridge.hear("417").text
        server.carol.wait_for(f"MSG bridge {ROOM} after it")
        assert "xxx" not in "\n".join(server.carol.shown())
