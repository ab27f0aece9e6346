"""The options of an OpenID provider, and the pages for logging in with it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet.interfaces import IReactorTime
from twisted.python import usage

from chatd import oidc
from chatd.app.group_options import GroupOptions
from chatd.chat.hub import Hub
from chatd.edges.web.sign_on import NO_SIGN_ON, Pages, pages_for
from chatd.oidc.addresses import check_issuer
from chatd.protocol.text import clean
from chatd.runtime.extras import missing
from chatd.runtime.files import read_whole

MAX_SECRET_BYTES = 4096


class OidcOptions(GroupOptions):
    """The options of the provider; they are mixed into others, those of the web edge among them."""

    optParameters: ClassVar[list[list[object]]] = [
        ["oidc-issuer", None, None, "OpenID provider for logging in on the page: https://HOST/..."],
        ["oidc-client-id", None, None, "client ID of this server at the provider"],
        ["oidc-client-secret", None, None, "file with the client secret, if the provider requires one"],
        ["oidc-name-claim", None, "preferred_username", "claim that becomes the nick"],
        ["oidc-groups-claim", None, "groups", "claim that lists the groups of a user"],
    ]

    def postOptions(self) -> None:
        """Check what was given."""
        super().postOptions()
        issuer = self["oidc-issuer"]
        for name in ("oidc-name-claim", "oidc-groups-claim"):
            if not self[name]:
                raise usage.UsageError(f"--{name} needs the name of a claim")
        if issuer is None:
            return
        try:
            check_issuer(issuer)
        except ValueError as error:
            raise usage.UsageError(f"--oidc-issuer {clean(issuer)!r}: {error}") from None
        if not self["oidc-client-id"]:
            raise usage.UsageError("--oidc-issuer needs --oidc-client-id, the client ID of this server at the provider")
        if self["oidc-client-secret"] is not None:
            self["oidc-client-secret"] = str(Path(self["oidc-client-secret"]).resolve())
            _secret_in(self["oidc-client-secret"])

    def make_sign_on(self, reactor: Any, hub: Hub) -> Pages:
        """Return the pages for logging in with the provider; none if there is no provider.

        Raise `SystemExit`, with one line for the user, if something is not installed that they need.
        """
        if self["oidc-issuer"] is None:
            return NO_SIGN_ON
        if not oidc.is_installed():
            raise SystemExit(f"chatd: --oidc-issuer {missing('joserfc', 'oidc')}")
        # These need what is not always installed.
        from chatd.oidc.fetching import HTTPFetcher
        from chatd.oidc.provider import Provider, ProviderSettings
        from chatd.oidc.sign_on import ProviderSignOn

        file, rules = self["oidc-client-secret"], self.group_rules
        settings = ProviderSettings(
            self["oidc-issuer"],
            self["oidc-client-id"],
            None if file is None else _secret_in(file),
            self["oidc-name-claim"],
            self["oidc-groups-claim"],
            wants_groups=bool(rules.operators or rules.rooms),
        )
        clock = IReactorTime(reactor)
        provider = Provider(settings, HTTPFetcher(reactor), clock, time.time)
        accounts, log = hub.accounts, hub.log_limiter

        def note(what: str) -> None:
            log.note(what, "logins with the provider")

        return pages_for(ProviderSignOn(settings.issuer, provider, accounts.log_in_vouched, clock, time.time, note))


def _secret_in(file: str) -> str:
    """Return the secret that is in a file. Raise `usage.UsageError` if there is none."""
    try:
        text = read_whole(Path(file), MAX_SECRET_BYTES).decode().strip("\r\n")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise usage.UsageError(f"--oidc-client-secret: cannot read {file!r}: {why}") from None
    except UnicodeDecodeError:
        raise usage.UsageError(f"--oidc-client-secret: {file!r} is not text") from None
    if not text or not text.isprintable():
        raise usage.UsageError(f"--oidc-client-secret: {file!r} must contain the secret, on one line")
    return text
