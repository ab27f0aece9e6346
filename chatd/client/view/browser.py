"""Opening a link in the browser, whose start can take a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.threads import deferToThreadPool


def open_link(reactor: Any, open_browser: Callable[[str], bool], url: str, tell: Callable[[str], None]) -> None:
    """Open a link without waiting for it; ``tell`` is told if there is no browser."""
    opened = deferToThreadPool(reactor, reactor.getThreadPool(), open_browser, url)

    def told(done: bool) -> None:  # noqa: FBT001  # as webbrowser tells it
        if not done:
            tell(f"No browser opened {url}")

    opened.addCallbacks(told, lambda _: None)
