"""Certificates of the places that speak TLS: dates, names, keys and what leads to an authority."""

from __future__ import annotations

import re
import socket
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from chatd.app.checks.endpoints import arguments, kind, try_out
from chatd.app.checks.question import Configured, Place, Question, all_places
from chatd.app.checks.result import Result, good, warning, wrong
from chatd.edges.irc.server import DEFAULT_NAME
from chatd.tls import place as tls_place

if TYPE_CHECKING:
    from chatd.tls.pem import Pair

SOON = timedelta(days=30)
"""How long before a certificate expires somebody is told."""
_LEAST_RSA_BITS = 2048
_TLS = ("tls", "ssl")


def check(question: Question) -> Iterator[Result]:
    """Yield what is found of the certificates of each place."""
    for place in all_places(question.options):
        if kind(place.description) in _TLS and find_spec("OpenSSL") is not None:
            yield from _place(question.options, place, datetime.now(UTC))


def _place(options: Configured, place: Place, now: datetime) -> Iterator[Result]:
    where = place.description
    try:
        pairs, files = _read(where)
        try_out(where)
    except PermissionError as error:
        yield wrong(
            "certificates.files", f"this user cannot read {error.filename}", "let the user of the server read it"
        )
        return
    except FileNotFoundError as error:
        found = f"{where}: no such file or directory: {error.filename}"
        yield wrong("certificates.files", found, "correct it, or create it with chatd certificate")
        return
    except Exception as error:  # ssl: is Twisted's, and says in its own ways what it cannot use
        yield wrong("certificates.files", f"{where}: {error}", "correct it, or create a new one with chatd certificate")
        return
    yield good("certificates.files", f"{where}: every key has its certificate")
    for file in files:
        yield from _secrecy(file)
    for pair in pairs:
        yield from dates(pair, now)
        yield from strength(pair)
        yield from _chain(pair)
    yield _names(options, place, [name for pair in pairs for name in pair.names])


def _read(description: str) -> tuple[list[Pair], list[Path]]:
    """Return the pairs of an endpoint, and the files that keys may be in. Raise `OSError` or `ValueError`."""
    from chatd.tls import pem

    plain = re.sub(r"^haproxy:", "", description, flags=re.IGNORECASE)
    if kind(description) == "tls":
        directory, _ = tls_place.split(plain)
        return pem.read(directory), list(pem.files(directory))
    given = arguments(plain)
    key = Path(given.get("privateKey", "server.pem"))
    certificate = Path(given.get("certKey", key))
    more = [Path(given["extraCertChain"])] if "extraCertChain" in given else []
    return pem.read_files(key.parent, dict.fromkeys([key, certificate, *more])), [key]


def _secrecy(file: Path) -> Iterator[Result]:
    try:
        mode, content = file.stat().st_mode, file.read_bytes()
    except OSError:
        return
    if b"PRIVATE KEY-----" in content and mode & (stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH):
        yield warning("certificates.secrecy", f"other users can read or change the key in {file}", f"chmod 600 {file}")


def dates(pair: Pair, now: datetime) -> Iterator[Result]:
    """Yield what the dates of a certificate say at a time."""
    name, begins, until = "certificates.dates", pair.certificate.not_valid_before_utc, pair.until
    if until <= now:
        yield warning(
            name, f"{pair.path} expired on {until:%Y-%m-%d}, so clients refuse it", "renew it; no restart is needed"
        )
    elif begins > now:
        yield warning(
            name, f"{pair.path} is valid only from {begins:%Y-%m-%d %H:%M} UTC on", "check this machine's clock"
        )
    elif until - now <= SOON:
        days = (until - now).days
        what = f"{pair.path} expires in {days} day{'s' * (days != 1)}, on {until:%Y-%m-%d}"
        yield warning(name, what, "renew it; no restart is needed")
    else:
        yield good(name, f"{pair.path} is valid until {until:%Y-%m-%d}")


def strength(pair: Pair) -> Iterator[Result]:
    """Yield what is weak of a key and its certificate."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    name, hashed = "certificates.strength", pair.certificate.signature_hash_algorithm
    if isinstance(pair.key, RSAPrivateKey) and pair.key.key_size < _LEAST_RSA_BITS:
        what = f"{pair.path} has an RSA key of {pair.key.key_size} bits, which clients refuse"
        yield warning(name, what, f"create one of at least {_LEAST_RSA_BITS} bits, or an EC key")
    if hashed is not None and hashed.name in ("md5", "sha1"):
        yield warning(name, f"{pair.path} is signed with {hashed.name.upper()}, which clients refuse", "renew it")


def _chain(pair: Pair) -> Iterator[Result]:
    """Say if the certificates in between are missing, which some clients get elsewhere and most do not."""
    last = pair.chain[-1] if pair.chain else pair.certificate
    if pair.chain or last.issuer == last.subject:
        return
    what = f"{pair.path} has no intermediate certificate, and was signed by {last.issuer.rfc4514_string()}"
    do = "add the intermediate certificates, unless people have installed that authority themselves"
    yield warning("certificates.chain", what, do)


def _names(options: Configured, place: Place, names: Sequence[str]) -> Result:
    for_whom = ", ".join(dict.fromkeys(names)) or "no name"
    option, wanted = _wanted(options, place)
    missing = [each for each in wanted if not _covers(names, each)]
    if missing:
        what = f"{place.description} is for {for_whom}, but not for {', '.join(missing)}, which {option} names"
        return warning("certificates.names", what, f"get a certificate for that name, or change {option}")
    if not names:
        return warning(
            "certificates.names", f"{place.description} is for no name", "get a certificate with subjectAltName"
        )
    own = socket.gethostname().lower()
    if wanted or _covers(names, own) or _covers(names, socket.getfqdn().lower()):
        return good("certificates.names", f"{place.description} is for {for_whom}")
    return good("certificates.names", f"{place.description} is for {for_whom}; this machine is named {own}")


def _wanted(options: Configured, place: Place) -> tuple[str, list[str]]:
    """Return the option that says under which names people reach a place, and the names."""
    page = options.web_place
    if page is not None and place.description == page.description:
        return "--web-host", list(options["web-host"])
    if any(place.description == each.description for each in options.irc_places):
        name = options["irc-name"]
        return "--irc-name", [] if name == DEFAULT_NAME else [name]
    return "", []


def _covers(names: Sequence[str], host: str) -> bool:
    host = host.lower().removesuffix(".")
    return any(each == host or (each.startswith("*.") and each[2:] == host.partition(".")[2]) for each in names)
