"""Which requests are looked at: none that a page of another site makes a browser send."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from chatd.edges.web.errors import HTTPError

_HOST = re.compile(r"(\[[0-9a-fA-F:.%]+\]|[^\[\]:/@?#\s]+)(?::(\d{1,5}))?", re.ASCII)
_PORTS = {"http": "80", "https": "443", "": ""}
_SAME = ("same-origin", "none")


class Trust:
    """Looks at what browsers say of a request: the name that it was sent to, and the page that had it sent.

    A name that somebody else may have pointed at this machine is not taken: only addresses, localhost, this machine's
    own names, and ``hosts``, which are those that whoever runs the server has named.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        own = socket.gethostname().lower()
        self._hosts = {own, own.partition(".")[0], f"{own.partition('.')[0]}.local", *(each.lower() for each in hosts)}

    def check(self, host: str | None, origin: str | None, site: str | None, *, navigates: bool) -> None:
        """Raise `HTTPError` if another site may be behind a request.

        ``host``, ``origin`` and ``site`` are its headers Host, Origin and Sec-Fetch-Site, None where it has none.
        ``navigates`` says that somebody follows a link, which may be on any page.
        """
        if host is not None and not self.is_ours(host):
            text = f"{host[:100]} is not a known name of this server; add it with --web-host"
            raise HTTPError(403, "foreign-host", text)
        if origin is not None and not _is_same(origin, host):
            raise HTTPError(403, "foreign-origin", "pages of other sites may not do this")
        if site is not None and site not in _SAME and not navigates:
            raise HTTPError(403, "foreign-origin", "pages of other sites may not do this")

    def is_ours(self, host: str) -> bool:
        """Return whether a Host header names this machine, and not what somebody else may point at it."""
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].strip("[]").lower().rstrip(".")
        if name in self._hosts or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            ip_address(name.partition("%")[0])
        except ValueError:
            return False
        return True


def _is_same(origin: str, host: str | None) -> bool:
    """Return whether a page of ``origin`` is of the server that was asked; a proxy in front may have added TLS."""
    try:
        page = urlsplit(origin)
        port = page.port
    except ValueError:
        return False
    if page.scheme not in ("http", "https") or page.hostname is None or host is None:
        return False
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    default = _PORTS[page.scheme]
    asked = match[2] or default
    return page.hostname == match[1].strip("[]").lower() and (str(port) if port else default) == asked
