"""Which addresses a provider may have: those of TLS and, of plain HTTP, those of this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from chatd.oidc import ProviderError
from chatd.protocol.text import clean, excerpt


def check_issuer(url: str) -> str:
    """Return what identifies a provider, as it was given. Raise `ValueError` if it is no address of one."""
    if not _is_secure(url):
        raise ValueError("write an address like https://login.example.org; plain http:// is for this machine only")
    parts = urlsplit(url)
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError("the address cannot have ? or #")
    return url


def endpoint(document: dict[str, object], name: str) -> str:
    """Return an address out of what a provider says of itself. Raise `ProviderError` if that is none to be used."""
    url = document.get(name)
    if not isinstance(url, str) or not _is_secure(url) or "#" in url:
        said = "nothing" if not isinstance(url, str) else clean(excerpt(url, 100))
        raise ProviderError(f"the provider says {said} for its {name}, which must be an https:// address")
    return url


def discovery_url(issuer: str) -> str:
    """Return where a provider describes itself (OpenID Connect Discovery 1.0, section 4)."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def host_of(url: str) -> str:
    """Return what people know a provider by: its host."""
    return urlsplit(url).hostname or ""


def is_loopback(address: str) -> bool:
    """Return whether an address that a name stands for is of this machine."""
    return ip_address(address).is_loopback


def _is_secure(url: str) -> bool:
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return is_loopback(host)
    except ValueError:
        return False
