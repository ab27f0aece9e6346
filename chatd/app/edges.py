"""The edges of the daemon, made from its options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any
from weakref import WeakSet

from twisted.internet.interfaces import IProtocolFactory

from chatd.app.doors import Listening, Spoken, Wish
from chatd.app.endpoints import endpoint_from
from chatd.app.wanted import Wanted
from chatd.edges.gateway import EdgeFactory, Gateway
from chatd.edges.irc.connection import IrcFactory
from chatd.edges.line import LineFactory
from chatd.edges.proxy import THIS_MACHINE, IPNetwork, ProxiedFactory
from chatd.edges.web.sign_on import Pages
from chatd.edges.web.site import WebFactory
from chatd.runtime.extras import missing


class Edges:
    """What speaks with peers, behind all doors of one daemon; it stays the same while the doors change."""

    def __init__(self, reactor: Any, gateway: Gateway, wanted: Wanted, sign_on: Pages) -> None:
        self._reactor = reactor
        self._gateway = gateway
        self._proxied: WeakSet[ProxiedFactory] = WeakSet()
        self._trusted: Sequence[IPNetwork] = ()
        self._lines = LineFactory(gateway)
        self._irc = IrcFactory(gateway, wanted["irc-name"])
        self._web = WebFactory(gateway, sign_on=sign_on)
        self.follow(wanted)

    def follow(self, wanted: Wanted) -> None:
        """Do as the options want from here on."""
        self._trusted = wanted["trusted-proxy"] or THIS_MACHINE
        for proxied in self._proxied:
            self._trust(proxied)
        self._irc.server.history = wanted["irc-history"]
        self._web.set_policy(
            guests=bool(wanted["web-guests"]),
            hosts=wanted["web-host"],
            irc=self._irc.speech if wanted["irc"] else None,
        )

    def listening(self, wish: Wish) -> Listening:
        """Return what listens on a place, once it is opened. Raise `SystemExit`, with one line for the user."""
        description = wish.description
        if re.match(r"(haproxy:)?(ssl|tls):", description, re.IGNORECASE) and find_spec("OpenSSL") is None:
            raise SystemExit(f"chatd: {description!r} {missing('TLS', 'tls')}")
        try:
            endpoint = endpoint_from(self._reactor, description, self._behind_proxy)
        except Exception as error:  # endpoints are plugins: each has its own way to refuse its arguments
            why = f"{type(error).__name__}: {error}" if not isinstance(error, ValueError) else str(error)
            why = " ".join(why.split())
            raise SystemExit(f"chatd: --{wish.option}: invalid endpoint {description!r}: {why}") from None
        return Listening(wish, endpoint, self._factory(wish.spoken))

    def _factory(self, spoken: Spoken) -> EdgeFactory:
        match spoken:
            case Spoken.LINES:
                return self._lines
            case Spoken.IRC:
                return self._irc
            case Spoken.HTTP:
                return self._web

    def _behind_proxy(self, factory: IProtocolFactory) -> ProxiedFactory:
        hub = self._gateway.hub
        proxied = ProxiedFactory(factory, self._trusted, hub.timers, hub.limits.join_seconds, hub.log_limiter)
        self._proxied.add(proxied)
        return proxied

    def _trust(self, proxied: ProxiedFactory) -> None:
        proxied.trusted = self._trusted
        proxied.header_seconds = self._gateway.hub.limits.join_seconds
