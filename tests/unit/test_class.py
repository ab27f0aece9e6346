"""``chatd class``: the addresses, the banner, the QR code, the options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import segno
from twisted.internet.address import IPv4Address as TCPAddress
from twisted.internet.address import UNIXAddress

from chatd.app import qr_code
from chatd.app.announcing import LINES, PAGES, Door, services
from chatd.app.class_banner import NO_NETWORK, Opened, banner
from chatd.app.class_command import ClassOptions
from chatd.protocol import names
from chatd.runtime.extras import install_command
from chatd.runtime.interfaces import Interface, interfaces, reachable

LOOPBACK = Interface("lo", IPv4Address("127.0.0.1"), is_device=False)
WIFI = Interface("wlan0", IPv4Address("192.168.1.20"), is_device=True)
CABLE = Interface("eth0", IPv4Address("10.0.0.5"), is_device=True)
UNGIVEN = Interface("eth1", IPv4Address("169.254.7.7"), is_device=True)
BRIDGE = Interface("docker0", IPv4Address("172.17.0.1"), is_device=False)
OPENED = Opened(
    room=names.room("#class"),
    nick="teacher",
    page=Door("0.0.0.0", 10380, is_page=True, tls=False),
    lines=Door("0.0.0.0", 10319, is_page=False, tls=False),
    addresses=[WIFI.address, CABLE.address],
    operator_code="secret",
    invitation="c0de",
    guests=True,
    kept="Messages are stored in /tmp/chatd.sqlite3.",
    log="/tmp/chatd-class.log",
    announced="chatd on laptop",
)


def addresses(*found: Interface, outgoing: Interface | None = None) -> Sequence[str]:
    return [str(each) for each in reachable(found, None if outgoing is None else outgoing.address)]


def shown(opened: Opened) -> str:
    return banner(opened, lambda link: f"<{link}>")


def test_the_address_is_that_of_hardware_and_of_the_way_out() -> None:
    assert addresses(LOOPBACK, BRIDGE, UNGIVEN, CABLE, WIFI, outgoing=WIFI) == [
        "192.168.1.20",
        "10.0.0.5",
        "169.254.7.7",
    ]
    assert addresses(LOOPBACK, BRIDGE, CABLE, outgoing=BRIDGE) == ["10.0.0.5"]
    assert addresses(LOOPBACK, BRIDGE) == ["172.17.0.1"]
    assert addresses(LOOPBACK) == []


def test_this_machine_has_a_loopback_interface() -> None:
    assert IPv4Address("127.0.0.1") in [each.address for each in interfaces()]


def test_the_banner_says_where_to_go_and_what_is_open() -> None:
    text = shown(OPENED)
    assert "The class opens:  http://192.168.1.20:10380/class\n" in text
    assert "<http://192.168.1.20:10380/class>" in text
    assert "http://10.0.0.5:10380/class" in text
    assert "http://127.0.0.1:10380/class#operator=secret\n" in text
    assert "port 10380 (the page) and port 10319 (nc, telnet, chatd-client)" in text
    assert "Everybody on the same network may join under any free nick" in text
    assert "Others on the network can read the traffic." in text
    assert "Stop with Ctrl-C." in text


def test_the_link_of_the_operator_is_for_nobody_else_to_see() -> None:
    """Neither in the code that everybody photographs nor, over plain HTTP, at an address of the network."""
    before, _, _ = shown(OPENED).partition("For you only")
    assert "secret" not in before
    assert "192.168.1.20:10380/class#operator" not in shown(OPENED)


def test_over_tls_links_are_for_the_network() -> None:
    text = shown(replace(OPENED, page=Door("0.0.0.0", 10380, is_page=True, tls=True)))
    assert "https://192.168.1.20:10380/class#operator=secret" in text
    assert "https://192.168.1.20:10380/#invite=c0de" in text
    assert "read the traffic" not in text


def test_an_invitation_over_plain_http_is_for_this_computer() -> None:
    assert "http://127.0.0.1:10380/#invite=c0de" in shown(OPENED)
    assert "192.168.1.20:10380/#invite" not in shown(OPENED)
    assert "nvitation" not in shown(replace(OPENED, invitation=None))


def test_without_a_network_the_banner_says_so() -> None:
    text = shown(replace(OPENED, addresses=[]))
    assert text.startswith(NO_NETWORK)
    assert "<" not in text
    assert "For now, only people at this computer" in text
    assert "Announced" not in text


def test_a_page_on_loopback_is_said_to_be_for_this_computer() -> None:
    text = shown(replace(OPENED, page=Door("127.0.0.1", 10380, is_page=True, tls=False), addresses=[]))
    assert text.startswith("Open to this computer only:  http://127.0.0.1:10380/class")


def test_a_room_of_other_letters_is_percent_encoded() -> None:
    assert "http://192.168.1.20:10380/%C3%BCbung-5" in shown(replace(OPENED, room=names.room("#übung-5")))


def test_the_qr_code_has_the_modules_of_the_address() -> None:
    link = "http://192.168.1.20:10380/class"
    text = qr_code.qr_code(link, colour=False)
    assert text is not None
    halves = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    read: list[list[int]] = []
    for line in text.split("\n"):
        for half in (0, 1):
            read.append([halves[each][half] for each in line])
    matrix = [list(row) for row in segno.make_qr(link).matrix]
    size, quiet = len(matrix), qr_code.QUIET
    assert [row[quiet:-quiet] for row in read[quiet : quiet + size]] == matrix
    assert not any(map(any, read[:quiet] + read[quiet + size :]))
    assert not any(any(row[:quiet] + row[-quiet:]) for row in read)
    coloured = qr_code.qr_code(link, colour=True)
    assert coloured is not None
    assert coloured.startswith("\x1b[97;40m")
    assert coloured.endswith("\x1b[0m")


def test_without_segno_the_banner_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qr_code, "find_spec", lambda _: None)
    assert qr_code.qr_code("http://x", colour=False) is None
    assert f"To show a QR code, run: {install_command('class')}" in banner(OPENED, lambda _: None)


def parsed(*arguments: str) -> ClassOptions:
    options = ClassOptions()
    options.parseOptions([*([] if "--announce" in arguments else ["--no-announce"]), *arguments])
    return options


def test_a_class_is_open_to_the_network_and_to_guests() -> None:
    options = parsed()
    assert options["interface"] == "0.0.0.0"
    assert options["web-guests"] == 1
    assert options["registration"] == "code"
    assert options.web_place is not None
    assert options.web_place.asked_for
    assert options.places[0].name == "port 10319 of 0.0.0.0"


def test_the_options_of_the_daemon_are_options_of_a_class() -> None:
    options = parsed("--interface", "127.0.0.1", "--journal", "memory:", "--port", "5000", "--room", "5b")
    assert options["interface"] == "127.0.0.1"
    assert options["room"] == "#5b"
    assert options.places[0].name == "port 5000 of 127.0.0.1"
    closed = parsed("--members-only")
    assert (closed["web-guests"], closed["registration"]) == (0, "off")


def test_a_class_that_is_not_announced_is_not_announced_by_a_file_either(tmp_path: Path) -> None:
    (tmp_path / "chatd.toml").write_text('[listen]\nannounce = "ours"\n')
    assert parsed("--config", str(tmp_path / "chatd.toml"))["announce"] is None
    with pytest.raises(SystemExit, match="--announce and --no-announce exclude each other; leave one out"):
        parsed("--announce", "ours", "--no-announce")


@pytest.mark.parametrize("arguments", [["--room", "a b"], ["--nick", "a b"], ["--web", "off"], ["more"]])
def test_a_wrong_option_is_one_line(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"^chatd: "):
        parsed(*arguments)


def test_a_name_to_announce_is_short_and_can_be_read() -> None:
    assert parsed("--announce", "Klasse 5b")["announce"] == "Klasse 5b"
    for name in ("", " ", "a\nb", "x" * 64, "ü" * 32):
        with pytest.raises(SystemExit, match="--announce takes a name"):
            parsed("--announce", name)


def test_what_listens_is_announced_where_it_is_open() -> None:
    page, lines = OPENED.page, OPENED.lines
    assert lines is not None
    own = [WIFI.address, CABLE.address]
    both = ("192.168.1.20", "10.0.0.5")
    found = services([lines, page], own)
    assert {each.kind: (each.port, each.addresses, each.properties) for each in found} == {
        LINES: (10319, both, {}),
        PAGES: (10380, both, {"path": "/"}),
    }
    assert services([page._replace(host="127.0.0.1"), lines._replace(host="::1")], own) == []
    assert services([lines._replace(host="10.0.0.5")], own)[0].addresses == ("10.0.0.5",)
    assert services([lines._replace(tls=True)], own)[0].properties == {"tls": "yes"}
    assert services([page._replace(tls=True)], own) == []


def test_a_door_is_a_tcp_port_and_no_proxys() -> None:
    address = TCPAddress("TCP", "0.0.0.0", 10380)
    assert Door.of(address, "tls:10380:privateKey=x", is_page=True) == Door("0.0.0.0", 10380, is_page=True, tls=True)
    assert Door.of(address, "haproxy:tcp:10380", is_page=True) is None
    assert Door.of(UNIXAddress("/run/chatd"), "unix:/run/chatd", is_page=False) is None
