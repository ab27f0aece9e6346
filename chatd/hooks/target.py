"""Where a hook sends to: its URL, checked."""

from __future__ import annotations

import base64
import re
from importlib.util import find_spec
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from chatd.hooks.addresses import is_public
from chatd.runtime.extras import missing

MAX_URL = 2000
_URL = re.compile(r"[!-~]+")


class Target(NamedTuple):
    """A URL, taken apart."""

    url: str
    """Without user and password."""
    authorization: str | None
    """The header that says those, if the URL does."""


def parse(url: str, *, private: bool) -> Target:
    """Return a URL, taken apart. Raise `ValueError`, with a sentence for the user, if a hook cannot send to it."""
    if len(url) > MAX_URL or not _URL.fullmatch(url):
        raise ValueError(
            f"bad URL; use at most {MAX_URL} ASCII characters without spaces, and write others as %.. or xn--"
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("bad URL; use https://HOST[:PORT]/PATH") from None
    if parts.scheme not in ("https", "http") or not host or parts.fragment or port == 0:
        raise ValueError("bad URL; use https://HOST[:PORT]/PATH, or http:// with --private, without a #")
    if parts.scheme == "http" and not private:
        raise ValueError("http:// is not encrypted; use https://, or --private within your own network")
    if not private and _is_address(host) and not is_public(host):
        raise ValueError(f"{host} is not a public address; use --private to allow it")
    if parts.scheme == "https" and find_spec("OpenSSL") is None:
        raise ValueError(f"https:// {missing('TLS', 'tls')}")
    user, at, netloc = parts.netloc.rpartition("@")
    encoded = base64.b64encode(unquote_to_bytes(user)).decode()
    bare = parts._replace(netloc=netloc, path=parts.path or "/").geturl()
    return Target(bare, f"Basic {encoded}" if at else None)


def shown(url: str) -> str:
    """Return scheme, host and port of a URL. All else may be secret: it is neither logged nor listed."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
