"""The chat, put together."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from chatd.accounts import Accounts, NoAccounts
from chatd.chat import read_markers
from chatd.chat.hub import Hub
from chatd.chat.limits import Limits
from chatd.chat.presence.presence import Presence
from chatd.chat.server_policy import ServerModeration
from chatd.chat.verdicts import Verdicts
from chatd.journal import Journal
from chatd.runtime.clocks import WallClock


def make_hub(
    journal: Journal,
    clock: IReactorTime,
    limits: Limits | None = None,
    make_secret: Callable[[], str] = secrets.token_urlsafe,
    accounts: Accounts | None = None,
    wall: WallClock | None = None,
) -> Hub:
    """Return a hub that follows a journal, over several nodes if the journal is that of a cluster.

    ``clock`` is a reactor or a stand-in, for how long things take, ``wall`` the time of day, if that is another;
    ``make_secret`` returns a new unguessable word.
    """
    accounts = accounts or NoAccounts()
    hub = Hub(journal, clock, limits or Limits(), make_secret, accounts, ServerModeration(), wall or clock.seconds)
    if journal.cluster is not None:
        hub.nodes = Presence(hub, journal.cluster)
    journal.follow(hub.deliver, Verdicts(hub))
    read_markers.follow(hub)
    return hub
