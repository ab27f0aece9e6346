"""What all IRC connections to a node have in common: its name, and what is known of people and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b

from chatd.chat.hub import Hub
from chatd.edges.gateway import Gateway
from chatd.edges.irc.composition import Piece
from chatd.edges.irc.departures import Departures
from chatd.edges.irc.message import NO_TAGS
from chatd.edges.irc.person import Person
from chatd.edges.irc.remembered import Remembered
from chatd.edges.irc.session import IrcSession
from chatd.edges.irc.translations import Translations
from chatd.model.entry import Member
from chatd.protocol.names import Nick

DEFAULT_NAME = "irc.local"
DEFAULT_LAST_LINES = 20
MAX_REALNAME = 150
"""How many characters a real name may have."""


class IrcServer:
    """One for each node; ``created`` is in milliseconds since 1970."""

    def __init__(self, gateway: Gateway, name: str = DEFAULT_NAME, history: int = DEFAULT_LAST_LINES) -> None:
        self.gateway = gateway
        self.name = name
        self.history = history
        """How many of the last lines of a room a client is told that enters it and cannot ask for them."""
        self.created = gateway.hub.now
        self.most_users = 0
        """How many people there were at most at a time."""
        self.translations = Translations()
        self.pieces: Remembered[str, Sequence[Piece]] = Remembered(())
        """How the senders of texts have put them into several messages, by msgid, so that others read them in these."""
        self.departures = Departures()
        self.notice: tuple[object, dict[frozenset[str], bytes]] = (None, {})
        """What many were told last unasked: what it is about, and its bytes by the capabilities of its readers."""
        self.client_tags: Remembered[str, Mapping[str, str]] = Remembered(NO_TAGS)
        """The client-only tags of messages, by their msgids: they are passed on and not kept."""
        self.redacted: Remembered[tuple[str, str, str], str] = Remembered("")
        """The msgids of reactions that are being taken back by REDACT, by what they are to, themselves, and whose."""
        self.reasons: Remembered[tuple[str, str], str] = Remembered("")
        """Why messages were taken back, by their msgids and the key of who did it: the same holds for that."""

    @property
    def hub(self) -> Hub:
        """The hub of the node."""
        return self.gateway.hub

    def msgid(self, id_: int | str) -> str:
        """Return what a message is called by on IRC: ids begin again in another journal."""
        return f"{self.hub.journal.epoch.partition('.')[0]}-{id_}"

    def id_of(self, msgid: str) -> int | None:
        """Return the id of a message, None if no message of this journal can be called that."""
        epoch, _, number = msgid.rpartition("-")
        is_id = number.isascii() and number.isdigit() and len(number) <= 19
        return int(number) if is_id and epoch == self.hub.journal.epoch.partition(".")[0] else None

    def person(self, member: Member) -> Person:
        """Return how somebody who is here, over whatever edge, is shown."""
        if isinstance(member, IrcSession) and member.user is not None:
            return member.user.person
        return self.make_person(member, "~u")

    def make_person(self, member: Member, ident: str) -> Person:
        """Return how somebody is shown who gave that name of a user."""
        account = None if member.account is None else self.hub.name_of(member.account)
        return Person(member.nick, ident, host_of(member), member.realname or member.nick, account, member.bot)

    def person_called(self, nick: str) -> Person:
        """Return how somebody is shown who goes by a nick, or went by it when what they said was said."""
        holder = self.hub.holder(Nick.of(nick))
        if holder is None:
            return self.departures.last(nick) or Person(nick, "~u", "gone.guest", nick)
        person = self.person(holder)
        return person if person.nick == nick else person._replace(nick=nick)

    @staticmethod
    def date(time: int) -> str:
        """Return a time, in milliseconds since 1970, as people read it."""
        return f"{datetime.fromtimestamp(time // 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"

    def note_users(self) -> None:
        """Count how many people there are."""
        self.most_users = max(self.most_users, self.hub.nick_count)


def host_of(member: Member) -> str:
    """Return the host of somebody: the same for all connections of an account, and for one guest's connection."""
    identity, _ = member.judged_as
    return host_of_account(identity.account) if identity.account else _host("guest", identity.connection)


def host_of_account(account: str) -> str:
    """Return the host of whoever is logged in to an account, given its key."""
    return _host("account", account)


@lru_cache(maxsize=4096)  # asked for with every text of somebody who is connected over another edge
def _host(kind: str, what: object) -> str:
    return f"{blake2b(f'{kind} {what}'.encode(), digest_size=5).hexdigest()}.{kind}"
