"""Which options work only beside another one: whoever gives one alone is told so, and what to add."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from chatd.accounts.pam import PamChecker
from chatd.app.configuration.layers import COMMAND_LINE, LayeredOptions


class Need(NamedTuple):
    """What some options need."""

    options: tuple[str, ...]
    is_met: Callable[[Any], bool]
    """Called with all options."""
    sentence: str
    """What is said after the name of the option."""
    only_typed: bool = True
    """Whether a file and the environment may give it all the same, for one of those that share them to switch off what
    it is for."""


def _has_issuer(options: Any) -> bool:
    return options["oidc-issuer"] is not None


def _has_groups(options: Any) -> bool:
    return _has_issuer(options) or any(isinstance(each, PamChecker) for each in options.checkers)


def _has_page(options: Any) -> bool:
    return options.web_place is not None


def _speaks_irc(options: Any) -> bool:
    return bool(options["irc"])


def _is_behind_proxy(options: Any) -> bool:
    return any(wish.description.lower().startswith("haproxy:") for wish in options.wishes)


def _has_port(options: Any) -> bool:
    places = [*options.places, *options.irc_places, *filter(None, [options.web_place])]
    return any(place.name != place.description for place in places)  # an endpoint goes by its own description


def _has_line_rate(options: Any) -> bool:
    return bool(options["line-rate"])


NEEDS = (
    Need(
        ("oidc-client-id", "oidc-client-secret"),
        _has_issuer,
        "works only with --oidc-issuer; add that option",
        only_typed=False,
    ),
    Need(
        ("oidc-name-claim", "oidc-groups-claim"),
        _has_issuer,
        "works only with --oidc-issuer; add that option",
    ),
    Need(
        ("operators-group", "room-group"),
        _has_groups,
        "needs a source of groups; add --oidc-issuer or --auth pam",
        only_typed=False,
    ),
    Need(
        ("oidc-issuer",),
        _has_page,
        "needs the page, which is off; add --web with a port",
        only_typed=False,
    ),
    Need(
        ("web-host", "web-guests"),
        _has_page,
        "needs the page, which is off; add --web with a port",
    ),
    Need(("irc-name", "irc-history"), _speaks_irc, "works only with --irc; add that option"),
    Need(
        ("trusted-proxy",),
        _is_behind_proxy,
        "works only with haproxy: endpoints; add one with --listen, --web or --irc",
    ),
    Need(
        ("interface",),
        _has_port,
        "applies to ports, and only endpoints are given; write interface=ADDRESS into the endpoint, add --port",
    ),
    Need(
        ("line-burst",),
        _has_line_rate,
        "works only with a --line-rate above 0; change that option",
    ),
)
"""All of them. An option that is not here works by itself, or is refused where it is read."""


def unmet(options: LayeredOptions) -> str | None:
    """Return a sentence about an option that was given without what it needs; None if there is none."""
    for need in NEEDS:
        asked_for = (each for each in need.options if _asks_for_something(options, each, only_typed=need.only_typed))
        name = next(asked_for, None)
        if name is not None and not need.is_met(options):
            return f"--{name} {need.sentence}, or remove --{name}"
    return None


def _asks_for_something(options: LayeredOptions, name: str, *, only_typed: bool) -> bool:
    """Return whether an option was given; a file may also spell out that it asks for nothing."""
    if name not in options.given:
        return False
    words, origin, _ = options.given[name]
    return origin == COMMAND_LINE or (bool(words) and not only_typed)
