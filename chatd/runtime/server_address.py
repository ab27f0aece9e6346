"""Where a server is, as a person writes it: ``HOST[:PORT]``, with ``tls://`` before it if it is to be reached so."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 10319
_TLS = "tls://"


@dataclass(frozen=True, slots=True)
class Address:
    """A host, a port, and whether the way there is TLS."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{_TLS if self.tls else ''}{host}:{self.port}"


def parse(text: str, *, tls: bool = False) -> Address:
    """Return what ``HOST``, ``HOST:PORT``, ``[IPV6]`` or ``[IPV6]:PORT`` says. Raise `ValueError` with a sentence."""
    text = text.strip()
    if text.lower().startswith(_TLS):
        text, tls = text[len(_TLS) :], True
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"not a server address: {text!r}; write [ADDRESS]:PORT")
        port = rest[1:]
    elif text.count(":") > 1:
        raise ValueError(f"not a server address: {text!r}; write an IPv6 address in brackets, as in [::1]:10319")
    else:
        host, _, port = text.partition(":")
    return Address(check_host(host or DEFAULT_HOST), check_port(port) if port else DEFAULT_PORT, tls)


def check_host(text: str) -> str:
    """Return a host's name or address. Raise `ValueError` with a sentence if it can be neither."""
    host = text.strip().removeprefix("[").removesuffix("]")
    if not host or not host.isprintable() or any(c.isspace() or c in "/@[]" for c in host) or len(host) > 253:
        raise ValueError(f"not a host: {text!r}")
    return host


def check_port(text: str) -> int:
    """Return a port. Raise `ValueError` with a sentence if it is none."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise ValueError(f"not a port: {text!r}; a port is a number from 1 to 65535")
    return int(text)
