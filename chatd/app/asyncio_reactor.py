"""The reactor that the journal of a cluster needs: one that runs on asyncio."""

from __future__ import annotations

import asyncio
import sys


def use_asyncio() -> None:
    """Install the reactor that runs on asyncio, unless it is there.

    Raises `ValueError`, with a sentence for the user, if there is another.
    """
    from twisted.internet.asyncioreactor import AsyncioSelectorReactor, install

    there = sys.modules.get("twisted.internet.reactor")
    if there is None:
        loop = asyncio.new_event_loop()
        install(loop)
    elif isinstance(there, AsyncioSelectorReactor):
        loop = there._asyncioEventloop
    else:
        raise ValueError(f"needs the asyncio reactor, not {type(there).__name__}; leave out --reactor of twistd")
    asyncio.set_event_loop(loop)  # or what is started before the reactor runs would wait in another one for ever
