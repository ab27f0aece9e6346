"""How the log names the ends of a connection."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress

from chatd.runtime.sockets import address_name, network_address


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (IPv4Address("TCP", "192.0.2.1", 7), "192.0.2.1:7"),
        (IPv6Address("TCP", "2001:db8::1", 7), "[2001:db8::1]:7"),
        (UNIXAddress("/run/chatd"), "/run/chatd"),
        (UNIXAddress("/run/a\nb"), "/run/a\u240ab"),
        (UNIXAddress(None), "a local socket"),
        (None, "a local socket"),
    ],
)
def test_names(address: IAddress | None, name: str) -> None:
    assert address_name(address) == name


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (IPv4Address("TCP", "192.0.2.1", 7), "192.0.2.1"),
        (IPv6Address("TCP", "2001:db8::1", 7), "2001:db8::1"),
        (IPv6Address("TCP", "::ffff:192.0.2.1", 7), "192.0.2.1"),
        (IPv6Address("TCP", "fe80::1%eth0", 7), "fe80::1"),
        (UNIXAddress("/run/chatd"), "None"),
        (None, "None"),
    ],
)
def test_the_address_of_a_machine(address: IAddress | None, found: str) -> None:
    assert str(network_address(address)) == found
