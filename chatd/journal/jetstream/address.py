"""The servers of a cluster, and how a node logs in to them: what ``--journal nats://...`` says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import IPv6Address
from pathlib import Path
from typing import NoReturn
from urllib.parse import parse_qsl, unquote

from chatd.journal.jetstream.messages import STREAM_NAME
from chatd.runtime.extras import missing

DEFAULT_STREAM = "chatd"
DEFAULT_INDEX = "chatd-index.sqlite3"
DEFAULT_PORT = 4222
_FILES = ("credentials", "ca", "certificate", "key")
_SERVER = re.compile(r"(?:\[(?P<ipv6>[^\[\]]+)\]|(?P<name>[^\[\]:\s]+))(?::(?P<port>[0-9]{0,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a cluster. Its ``repr`` leaves out what is secret."""

    servers: tuple[str, ...]
    """Each as ``nats://HOST:PORT`` or ``tls://HOST:PORT``."""
    stream: str = DEFAULT_STREAM
    index: Path = Path(DEFAULT_INDEX)
    """The file in which a node keeps what it has read from the stream."""
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credentials: Path | None = None
    """A file with a JWT and a seed, as ``nsc`` makes it."""
    ca: Path | None = None
    """A file with the CA certificates that the servers are verified by; None for the system's."""
    certificate: Path | None = None
    key: Path | None = None

    @property
    def encrypted(self) -> bool:
        """Whether connections use TLS, always."""
        return self.servers[0].startswith("tls:") or self.ca is not None or self.certificate is not None


def parse(description: str) -> Address:
    """Return what ``nats://a:4222,b:4222/STREAM?index=FILE`` names.

    Raise `ValueError`, with a sentence for the user that holds no password, if it is wrong.
    """
    # Not urlsplit: it knows one host, and of a list takes or refuses brackets depending on the version of Python.
    scheme, separator, rest = description.partition("://")
    if not separator:
        _wrong("it does not start with nats:// or tls://")
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, _, path = rest.partition("/")
    if fragment or "@" in path or "@" in query:
        _wrong("in a user, password or token write / ? # @ as %2F %3F %23 %40")
    try:
        options = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        _wrong("the part after ? is invalid")
    login, _, hosts = authority.rpartition("@")
    user, colon, password = login.partition(":")
    stream = path.strip("/") or DEFAULT_STREAM
    if not STREAM_NAME.fullmatch(stream):
        _wrong(f"the stream {stream!r} must have up to 64 letters, digits, - and _")
    files: dict[str, Path] = {}
    for name, value in options:
        if name not in (*_FILES, "index") or name in files or not value:
            _wrong(f"it takes index=, {'=, '.join(_FILES)}=, each once with a file, and nothing else")
        files[name] = Path(value).resolve()
        if name in _FILES and not files[name].is_file():
            _wrong(f"{name}= names a file that does not exist: {files[name]}")
    if "credentials" in files and find_spec("nkeys") is None:
        _wrong(f"credentials= {missing('nkeys', 'cluster')}")
    if ("certificate" in files) != ("key" in files):
        _wrong("certificate= and key= need each other")
    return Address(
        tuple(f"{scheme}://{_server(host)}" for host in hosts.split(",")),
        stream,
        files.get("index", Path(DEFAULT_INDEX).resolve()),
        unquote(user) if colon else None,
        unquote(password) if colon else None,
        unquote(user) if user and not colon else None,
        **{name: path for name, path in files.items() if name != "index"},
    )


def _server(host: str) -> str:
    """Return ``HOST:PORT``, with the usual port if none is given."""
    found = _SERVER.fullmatch(host)
    port = int(found["port"] or DEFAULT_PORT) if found else 0
    if found is None or not 0 < port < 1 << 16 or not _is_ipv6(found["ipv6"] or "::"):
        _wrong(f"{host!r} is not HOST, HOST:PORT or [IPV6]:PORT")
    name = found["name"] or f"[{found['ipv6']}]"
    return f"{name.lower()}:{port}"


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _wrong(why: str) -> NoReturn:
    raise ValueError(
        f"invalid address of a cluster: {why}; write"
        " nats://[USER:PASSWORD@]HOST[:PORT],HOST...[/STREAM][?index=FILE], or tls:// in the same form"
    ) from None
