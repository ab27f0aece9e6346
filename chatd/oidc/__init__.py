"""Logging in on the page with an OpenID provider (OpenID Connect Core 1.0): the authorization code flow with PKCE."""

from __future__ import annotations

from importlib.util import find_spec


class ProviderError(Exception):
    """Logging in did not work, through the provider's fault or its will.

    Its argument is a sentence without a full stop, for whoever wanted to log in and for the log.
    """


def is_installed() -> bool:
    """Return whether what verifies a provider's signatures is installed, and TLS."""
    return find_spec("joserfc") is not None and find_spec("OpenSSL") is not None
