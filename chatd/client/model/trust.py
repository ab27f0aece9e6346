"""Which certificates are accepted: those that authorities vouch for, and those that a person has accepted by hand.

What a person accepts is remembered by its fingerprint, for one host and port, and from then on stands for that server:
no other certificate there is accepted without a question, but one that an authority vouches for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from chatd.client.model.settings import read_file, write_file
from chatd.protocol.text import clean

FILE_NAME = "known-servers.json"
MAX_SHOWN_NAMES, MAX_NAME = 5, 80
"""How many names of a certificate are shown, and how many characters of each."""
_FINGERPRINT = re.compile(r"([0-9A-F]{2}:){31}[0-9A-F]{2}")


class NotAcceptedError(Exception):
    """A person did not accept a server's certificate; the argument is a sentence without its capital."""


@dataclass(frozen=True, slots=True)
class PresentedCertificate:
    """A certificate as a server has shown it."""

    fingerprint: str
    """Its SHA-256, ``AB:CD:...``."""
    problems: tuple[str, ...] = ()
    """Why it does not prove whose it is, in clauses; none if an authority vouches for it and for this host's name."""


class Verdict(Enum):
    """What is done about a certificate."""

    ACCEPT = "it is the remembered one, or there is none and authorities vouch for this one"
    ACCEPT_NEW = "another one is remembered, but authorities vouch for this one"
    ASK = "only a person can say"


@dataclass(frozen=True, slots=True)
class CertificateQuestion:
    """What a person is to decide: whether this is the server's certificate."""

    server: str
    """The host and the port."""
    shown: PresentedCertificate
    known: str | None = None
    """The fingerprint of the one that was accepted before."""
    problem: str = ""
    """Why it cannot be said whether one was; empty if it can."""

    @property
    def changed(self) -> bool:
        """Whether another one was accepted before."""
        return self.known is not None

    @property
    def text(self) -> str:
        """What the person is asked, in a few lines."""
        why = "; ".join(self.shown.problems)
        now = in_two_lines(self.shown.fingerprint)
        if self.known is not None:
            return (
                f"Warning: the certificate of {self.server} has changed. Either the server has a new one, or"
                " somebody is intercepting the connection. Accept the new one only if the operator of the server"
                f" confirms this fingerprint (SHA-256):\n{now}\nThe old fingerprint was:\n{in_two_lines(self.known)}\n"
                f"The new certificate is not trusted: {why}."
            )
        return (
            f"The certificate of {self.server} is not trusted: {why}.{self.problem and ' '}{self.problem}"
            " Ask the operator of the server to confirm this fingerprint (SHA-256). If you connect, it is remembered,"
            f" and you are warned when it changes.\n{now}"
        )


def changed_notice(server: str) -> str:
    """Return what is said when the remembered certificate gave way to one that authorities vouch for."""
    return (
        f"The certificate of {server} has changed. The new one was accepted because a certificate"
        " authority that this computer trusts issued it."
    )


def in_two_lines(fingerprint: str) -> str:
    """Return a fingerprint as it can be read out."""
    return f"{fingerprint[:47]}\n{fingerprint[48:]}"


def other_names(names: list[str], host: str) -> str:
    """Return the clause about a certificate that was issued for others. ``names`` are what the peer says."""
    more = ["..."] if len(names) > MAX_SHOWN_NAMES else []
    shown = ", ".join([*(clean(name[:MAX_NAME]) for name in names[:MAX_SHOWN_NAMES]), *more])
    return f"it was issued for {shown or 'no name'}, not for {host}"


class KnownServers:
    """What was accepted by hand, in a small JSON file of its user's alone: fingerprints by ``host:port``.

    It is read anew for each question, so that of two clients each knows what the other was told.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._noted: dict[str, str] = {}
        """What was accepted in this run, which holds also if the file cannot be written."""

    def look_up(self, server: str) -> tuple[str | None, str]:
        """Return the fingerprint for a server, None if there is none, and a sentence if that cannot be known."""
        if server in self._noted:
            return self._noted[server], ""
        try:
            return self._read().get(server), ""
        except (OSError, ValueError, RecursionError) as error:
            return (
                None,
                f"{self.path} cannot be used ({_reason(error)}), so it is unknown whether this certificate is new.",
            )

    def remember(self, server: str, fingerprint: str) -> str:
        """Accept a certificate, and no other, from now on; return a sentence if it cannot be kept. Never raises."""
        self._noted[server] = fingerprint
        try:
            try:
                known = self._read()
            except (ValueError, RecursionError):
                known = {}
                with suppress(FileNotFoundError):
                    self.path.replace(self.path.with_name(self.path.name + ".broken"))
            write_file(self.path, json.dumps(known | {server: fingerprint}, indent=2).encode())
        except OSError as error:
            return f"{self.path} cannot be written ({_reason(error)}): the certificate is accepted this time only."
        return ""

    def _read(self) -> dict[str, str]:
        try:
            data = read_file(self.path)
        except FileNotFoundError:
            return {}
        if not all(isinstance(each, str) and _FINGERPRINT.fullmatch(each) for each in data.values()):
            raise ValueError("not fingerprints")
        return data


@dataclass(frozen=True, slots=True)
class Trust:
    """Who decides about certificates.

    ``ask`` is asked about one at a time; its answer is whether to connect and remember, and if it is a Deferred it is
    cancelled when nobody waits for it any more. ``tell`` is told a sentence that needs no answer. ``authorities`` are
    those of the system if there are none; see `twisted.internet.ssl.optionsForClientTLS`.
    """

    known: KnownServers
    ask: Callable[[CertificateQuestion], Awaitable[bool]]
    notify: Callable[[str], None]
    authorities: Any = None


def judge(shown: PresentedCertificate, known: str | None) -> Verdict:
    """Return what to do about a certificate, where ``known`` is the fingerprint that is remembered."""
    if known == shown.fingerprint or (known is None and not shown.problems):
        return Verdict.ACCEPT
    return Verdict.ASK if shown.problems else Verdict.ACCEPT_NEW


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else "it is not a file that chatd wrote"
