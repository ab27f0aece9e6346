"""The programs that `tools.client_table` tries: how each is started, and the line of a script that works with it."""

from __future__ import annotations

from typing import NamedTuple

SCRIPT = r"JOIN ci #builds\nMSG passed\n"
QUITTING = SCRIPT + r"QUIT\n"
EXPECT = (
    r'expect "NOTE"; send "JOIN ci #builds\r"; expect "OK JOIN"; send "MSG passed\rQUIT\r"; expect "BYE"; expect eof'
)


class Client(NamedTuple):
    """One way to connect. In its words HOST, PORT and, for TLS, TLSPORT stand for the address."""

    name: str
    package: str
    """Debian's."""
    typed: str
    """What somebody starts who wants to type; empty if that is not what it is for."""
    piped: str
    """What takes its input from a pipe; empty if it cannot."""
    recipe: str
    """A line for sh or bash that says something and prints ``BYE``; empty if there is none."""


def _printf(script: str, command: str) -> str:
    return f"printf '{script}' | {command}"


def _slowly(command: str) -> str:
    return f"{{ printf '{QUITTING}'; sleep 5; }} | {command}"


_TELNET = "telnet HOST PORT"
_PLINK = "plink -telnet -batch -P PORT HOST"
_RAW = "plink -raw -batch -P PORT HOST"
_OPENSSL = "openssl s_client -quiet -verify_return_error -connect HOST:TLSPORT"
_SOCAT_TLS = "OPENSSL:HOST:TLSPORT"
_NCAT_TLS = "ncat --no-shutdown --ssl-verify HOST TLSPORT"

PLAIN = (
    Client("telnet", "inetutils-telnet", _TELNET, _TELNET, _slowly(_TELNET)),
    Client("busybox telnet", "busybox", f"busybox {_TELNET}", f"busybox {_TELNET}", _slowly(f"busybox {_TELNET}")),
    Client("plink -telnet", "putty-tools", _PLINK, _PLINK, _printf(QUITTING, _PLINK)),
    Client("plink -raw", "putty-tools", _RAW, _RAW, _printf(SCRIPT, _RAW)),
    Client(
        "nc (OpenBSD)",
        "netcat-openbsd",
        "nc.openbsd HOST PORT",
        "nc.openbsd HOST PORT",
        _printf(QUITTING, "nc.openbsd HOST PORT"),
    ),
    Client(
        "nc -N (OpenBSD)", "netcat-openbsd", "", "nc.openbsd -N HOST PORT", _printf(SCRIPT, "nc.openbsd -N HOST PORT")
    ),
    Client(
        "nc (traditional)",
        "netcat-traditional",
        "nc.traditional HOST PORT",
        "nc.traditional HOST PORT",
        _printf(QUITTING, "nc.traditional HOST PORT"),
    ),
    Client("nc -q 0 (traditional)", "netcat-traditional", "", "nc.traditional -q 0 HOST PORT", ""),
    Client("ncat", "ncat", "ncat HOST PORT", "ncat HOST PORT", _printf(SCRIPT, "ncat HOST PORT")),
    Client(
        "busybox nc", "busybox", "busybox nc HOST PORT", "busybox nc HOST PORT", _printf(SCRIPT, "busybox nc HOST PORT")
    ),
    Client(
        "socat",
        "socat",
        "socat - TCP:HOST:PORT",
        "socat - TCP:HOST:PORT",
        _printf(SCRIPT, "socat -t60 - TCP:HOST:PORT"),
    ),
    Client(
        "curl",
        "curl",
        "curl -sN telnet://HOST:PORT",
        "curl -sN telnet://HOST:PORT",
        _printf(QUITTING, "curl -sN telnet://HOST:PORT"),
    ),
    Client("expect", "expect", "", "", f"expect -c 'spawn telnet HOST PORT; {EXPECT}'"),
    Client("bash", "bash", "", "", f"exec 3<>/dev/tcp/HOST/PORT; printf '{QUITTING}' >&3; cat <&3"),
)

TLS = (
    Client("openssl s_client", "openssl", "", "openssl s_client -connect HOST:TLSPORT", ""),
    Client("openssl s_client -quiet", "openssl", "", _OPENSSL, _printf(QUITTING, _OPENSSL)),
    Client(
        "gnutls-cli",
        "gnutls-bin",
        "",
        "gnutls-cli --port TLSPORT HOST",
        _printf(SCRIPT, "gnutls-cli --port TLSPORT HOST"),
    ),
    Client("socat", "socat", "", f"socat - {_SOCAT_TLS}", ""),
    Client("socat -t60", "socat", "", f"socat -t60 - {_SOCAT_TLS}", _printf(SCRIPT, f"socat -t60 - {_SOCAT_TLS}")),
    Client("ncat --ssl", "ncat", "", "ncat --ssl-verify HOST TLSPORT", ""),
    Client("ncat --ssl --no-shutdown", "ncat", "", _NCAT_TLS, _printf(QUITTING, _NCAT_TLS)),
)
