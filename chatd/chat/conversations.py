"""What is told in private and kept: which conversations there are, and the way of each line to its two parties."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from twisted.internet.interfaces import IReactorTime
from typing_extensions import override

from chatd.chat.client import Client
from chatd.chat.mailbox import Mailbox, Office, Told
from chatd.journal import Journal
from chatd.journal.read_markers import Marker
from chatd.model.conversation import GUESTS, account_of, parties
from chatd.model.entry import Entry, Reader, StoredEvent
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Said
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.timers import TimerWheel

MAX_OF_ONE = 1000
"""How many conversations one account may have."""
MAX_CONVERSATIONS = 50_000
"""How many there may be in all."""
MAX_WAITING = 1000
"""How many lines of one conversation may wait for somebody who has not been told any of them."""


class Waiting(NamedTuple):
    """Lines that were stored, and that nobody was there for."""

    after: int
    """Up to which id the one they are for had been told by then."""
    lines: int


class Markers(Told):
    """Keeps who was told what among the read markers of the journal, where a party is an account of its own."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @override
    def told(self, party: str, conversation: str) -> int:
        return self._journal.markers.of(party, 0).get(conversation, 0)

    @override
    def note_told(self, party: str, conversation: str, id_: int) -> None:
        self._journal.markers.note(Marker(party, 0, conversation, id_))


class Conversations:
    """All conversations of the journal, by their parties, and the mailboxes of those who are connected here."""

    def __init__(
        self,
        journal: Journal,
        clock: IReactorTime,
        timers: TimerWheel,
        name_of: Callable[[str], str],
        log_limiter: LogLimiter,
    ) -> None:
        self._office = Office(journal, clock, timers, Markers(journal), name_of, log_limiter)
        self._keys: dict[str, dict[str, None]] = {}
        self._mailboxes: dict[str, dict[Client, Mailbox]] = {}
        self._waiting: dict[tuple[str, str], Waiting] = {}
        self._all: dict[str, int] = {}  # by key, the id of what was delivered last, 0 if that was before the start

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._all)

    def read_journal(self) -> None:
        """Learn from the journal which conversations there are."""
        for key in self._office.journal.known_rooms.conversations():
            self._note(key)

    def of(self, party: str) -> Collection[str]:
        """Return the conversations of a party."""
        return self._keys.get(party, {})

    def last_id(self, key: str) -> int:
        """Return the id of the last line of a conversation that was delivered, 0 if there is none."""
        # The journal notes it only when the whole batch was.
        room_state = self._office.journal.room_state(key)
        return max(self._all.get(key, 0), 0 if room_state is None else room_state.last_id)

    def forget(self, keys: Iterable[str]) -> None:
        """Know no more of conversations of which nothing is left, and of which there may be more later."""
        for key in [key for key in keys if key in self._all]:
            del self._all[key]
            for party in parties(key):
                self._keys.get(party, {}).pop(key, None)
                self._waiting.pop((key, party), None)

    # Who is here.

    def arrive(self, client: Client) -> None:
        """Tell one who is logged in what it missed, and then what comes; nothing changes for one who is here."""
        party = client.party
        if party is not None and client not in (mailboxes := self._mailboxes.setdefault(party, {})):
            mailbox = mailboxes[client] = Mailbox(self._office, client, party, self._keys.setdefault(party, {}))
            mailbox.open()

    def leave(self, client: Client) -> None:
        """Tell somebody nothing more."""
        mailboxes = self._mailboxes.get(client.party or "", {})
        mailbox = mailboxes.pop(client, None)
        if mailbox is not None:
            mailbox.close()
        if not mailboxes:
            self._mailboxes.pop(client.party or "", None)

    def listeners(self, party: str) -> Collection[Client]:
        """Return the connections to this node that are told what is told to a party."""
        return self._mailboxes.get(party, {})

    # What is told.

    def refusal(self, key: str, to: str) -> ChatError | None:
        """Return why nothing more can be kept in a conversation for one of its parties."""
        is_told = any(not mailbox.is_behind for mailbox in self._mailboxes.get(to, {}).values())
        if is_told or self._waiting_for(key, to).lines < MAX_WAITING:
            return None
        return ChatError(Code.FULL, f"{MAX_WAITING} of your messages are still unread there; send it again later")

    def has_room_for(self, key: str) -> bool:
        """Return whether there may be a conversation, because it is there or there are not too many."""
        if key in self._all:
            return True
        most = max(len(self.of(party)) for party in parties(key))
        return most < MAX_OF_ONE and len(self._all) < MAX_CONVERSATIONS

    def deliver(self, entries: Sequence[Entry]) -> list[tuple[Reader, bytes]]:
        """Tell what was stored to those whom it is for; return the replies to those who said it."""
        replies: list[tuple[Reader, bytes]] = []
        for entry in entries:
            author = entry.author
            reply = b"" if author is None else author.took_effect(entry, None)
            if entry.stored and entry.refused is None and isinstance(entry.event, Said):
                self._note(entry.room)
                self._all[entry.room] = entry.id
                self._tell(entry.room, StoredEvent(entry.id, entry.time, entry.event), author)
            if author is not None and reply:
                replies.append((author, reply))
        return replies

    def _tell(self, key: str, kept: StoredEvent, author: Reader | None) -> None:
        by = names.key(kept.event.nick)
        one, other = parties(key)
        for party in dict.fromkeys(each for each in (one, other) if each != GUESTS):
            mailboxes = self._mailboxes.get(party, {}).values()
            if account_of(party) == by and one != other:
                for mailbox in mailboxes:
                    mailbox.take_own(key, kept, author)
                continue
            for mailbox in mailboxes:
                mailbox.take(key, kept)
            if all(mailbox.is_behind for mailbox in mailboxes):
                after, lines = self._waiting_for(key, party)
                self._waiting[key, party] = Waiting(after, lines + 1)
            else:
                self._waiting.pop((key, party), None)

    def _waiting_for(self, key: str, party: str) -> Waiting:
        told = self._office.told.told(party, key)
        waiting = self._waiting.get((key, party))
        # If anything was told since, here or on another node, what waits is counted anew.
        return Waiting(told, 0) if waiting is None or waiting.after != told else waiting

    def _note(self, key: str) -> None:
        if key not in self._all:
            self._all[key] = 0
            for party in parties(key):
                if party != GUESTS:
                    self._keys.setdefault(party, {})[key] = None
