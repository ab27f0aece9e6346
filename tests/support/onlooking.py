"""An onlooker that notes what it is told of people, as a line for each."""

from __future__ import annotations

from chatd.chat.onlookers import Onlooker
from chatd.chat.private_lines import PrivateLine
from chatd.model.entry import Member
from chatd.protocol.names import Nick
from tests.support.in_memory_chat import ChatClient


class Recorder(Onlooker):
    """Hears of those who share a room with a person, and of ``nicks``."""

    def __init__(self, person: ChatClient, *nicks: str) -> None:
        self.person = person
        self._heard: list[str] = []
        onlookers = person.session.hub.onlookers
        onlookers.add(person.session, self)
        for nick in nicks:
            onlookers.watch(person.session, Nick(nick))

    def came(self, nick: Nick) -> None:
        self._heard.append(f"+{nick}")

    def went(self, nick: Nick) -> None:
        self._heard.append(f"-{nick}")

    def away_changed(self, member: Member, text: str | None) -> None:
        self._heard.append(f"{member.nick} is back" if text is None else f"{member.nick} is away: {text}")

    def account_changed(self, member: Member) -> None:
        self._heard.append(f"{member.nick} is {member.account}")

    def realname_changed(self, member: Member) -> None:
        self._heard.append(f"{member.nick} is called {member.realname}")

    def invited(self, line: PrivateLine) -> None:
        self._heard.append(f"{line.nick} invites you to {line.room}")

    def other_invited(self, room: str, by: str, nick: str) -> None:
        self._heard.append(f"{by} invites {nick} to {room}")

    def heard(self) -> list[str]:
        """Return what it was told since the last time."""
        heard, self._heard = self._heard, []
        return heard
