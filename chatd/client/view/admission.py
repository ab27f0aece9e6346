"""What a person is asked until a server lets them in: what to do about the connection, and the password."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

from chatd.client.net.kept_passwords import Keyring
from chatd.client.net.port import LinkPort, NoLink
from chatd.client.net.status import LinkState, Status
from chatd.client.net.trouble import Trouble
from chatd.client.view.connect_sheet import ConnectSheet, Entered
from chatd.client.view.question import Question
from chatd.client.view.troubles import Advice, Offer, advise, usual_port
from chatd.protocol.moderation_commands import Login
from chatd.runtime.server_address import Address

PATIENCE = 2.0
"""Seconds that the keyring has until its owner is asked; what it says later still counts."""

_OUTAGES = frozenset({Trouble.NOTHING_LISTENS, Trouble.NO_ANSWER, Trouble.NO_HOST, Trouble.NO_ROUTE, Trouble.SILENT})
"""What the status line says well enough, with its countdown, of a server that was reached before."""


class Visit(NamedTuple):
    """A server that somebody connects to."""

    address: Address
    nick: str
    room: str
    """Where they are or want to be, empty for nowhere."""
    link: LinkPort
    front: bool
    """Whether it is the one on the screen."""


class Guide(Protocol):
    """What leads from one server to another: a window."""

    @property
    def connect_sheet(self) -> ConnectSheet:
        """The sheet that asks where to go, made when it is first needed."""

    def ask_server(self) -> None:
        """Ask where to go."""

    def connect_elsewhere(self, address: Address, nick: str, room: str, password: str = "") -> None:
        """Connect to a server, or log in or take another name where one is."""

    def move_server(self, old: Address, new: Address, nick: str, password: str = "") -> None:
        """Reach a server at another address than the one at which it was tried."""

    def write(self) -> None:
        """Let what is typed go to the message field."""


@dataclass(slots=True)
class _Case:
    """One server, and what has been said and asked about it."""

    visit: Visit
    status: Status | None = None
    told: tuple[LinkState, Trouble | None, str] | None = None
    """What was told last, so that it is not told again with every try."""
    reached: bool = False
    """Whether it has let one in."""
    shown: str = ""
    """The text of the question about it, until it is let in."""
    asked: bool = False
    """Whether a password or something else was asked for, so that the focus is to go back to the message field."""
    looked: bool = False
    """Whether the keyring was asked since one was let in."""
    from_keyring: bool = False
    """Whether the password that was sent last is the keyring's."""
    given: Entered | None = None
    """What was entered last, until it is known whether it is right."""
    delay: Any = None
    """The call that asks for the password if the keyring does not."""

    @property
    def locked(self) -> bool:
        return self.status is not None and self.status.state is LinkState.LOCKED


class Admission:
    """Listens to how the connections are, and asks in the window's question and its connect sheet."""

    def __init__(self, clock: Any, guide: Guide, question: Question, keyring: Keyring) -> None:
        self._clock = clock
        self._guide = guide
        self._question = question
        self._keyring = keyring
        self._cases: dict[Address, _Case] = {}
        self._asking: _Case | None = None
        """The one whose password the sheet asks for."""

    def listen_to(self, sheet: ConnectSheet) -> None:
        """Take what is entered in a sheet that was made."""
        sheet.connect = self.entered
        sheet.given_up = self._given_up
        sheet.reached_password = self._offer_keyring

    def take(self, visit: Visit, status: Status) -> None:
        """Take how the connection to a server is."""
        case = self._cases.setdefault(visit.address, _Case(visit))
        case.visit, case.status = visit, status
        if status.state is LinkState.CONNECTED:
            self._let_in(case, status)
        elif status.state is not LinkState.CONNECTING:
            self._kept_out(case, status)

    def forget(self, address: Address) -> None:
        """Ask nothing more about a server that was left."""
        if (case := self._cases.pop(address, None)) is not None:
            self._give_up(case)
            self._take_back(case)

    def stop(self) -> None:
        """Wait for nothing any more."""
        for case in self._cases.values():
            self._give_up(case)

    def entered(self, entered: Entered) -> None:
        """Do what was entered into the sheet."""
        case, self._asking = self._asking, None
        new, nick, password = entered.address, entered.nick, entered.password
        kept = self._cases.setdefault(new, _Case(Visit(new, nick, entered.room, NoLink(lambda _: None), front=False)))
        kept.given, kept.from_keyring, kept.asked = (entered if password else None), False, True
        kept.told = None
        if case is not None and not case.reached and case.visit.address != new:
            self._guide.move_server(case.visit.address, new, nick, password)
        else:
            self._guide.connect_elsewhere(new, nick, entered.room, password)

    # Let in.

    def _let_in(self, case: _Case, status: Status) -> None:
        case.reached, case.told, case.looked = True, None, False
        self._stop_waiting(case)
        self._take_back(case)
        given, case.given = case.given, None
        if given is not None and status.account:
            if given.remember:
                self._keyring.put(given.address, given.nick, given.password).addCallback(self._kept)
            elif given.offered:
                self._keyring.forget(given.address, given.nick)
        if case.asked:
            case.asked = False
            self._guide.write()

    def _kept(self, problem: str) -> None:
        if problem:
            text = f"The keyring did not store the password: {problem}."
            self._question.ask(text, [("Close", lambda: None)], focus=False, wait=True)

    def _take_back(self, case: _Case) -> None:
        """Take away what is still asked about a server."""
        shown, case.shown = case.shown, ""
        if shown:
            self._question.withdraw(shown)
        if self._asking is case:
            self._asking = None
            self._guide.connect_sheet.close()

    # Kept out.

    def _kept_out(self, case: _Case, status: Status) -> None:
        what = status.state, status.trouble, case.visit.nick
        again = case.told == what and status.state in (LinkState.WAITING, LinkState.REFUSED)
        if again or (case.reached and status.trouble in _OUTAGES):
            return
        if status.trouble is None and status.state in (LinkState.WAITING, LinkState.STOPPED):
            return
        case.told = what
        if status.state is LinkState.LOCKED and status.trouble is not Trouble.NAME:
            self._need_password(case, status)
        else:
            self._advise(case, status)

    def _advise(self, case: _Case, status: Status) -> None:
        secret = case.given is not None or case.from_keyring
        self._ask(case, advise(status.trouble, case.visit.address, status.detail, secret=secret))

    def _ask(self, case: _Case, advice: Advice) -> None:
        port = usual_port(case.visit.address)
        answers = [(offer.value.format(port=port), partial(self._do, case, offer)) for offer in advice.offers]
        if case.shown:
            self._question.withdraw(case.shown)
        case.shown = advice.text
        self._question.ask(advice.text, answers, focus=False, wait=True)

    def _do(self, case: _Case, offer: Offer) -> None:
        visit = case.visit
        match offer:
            case Offer.WITH_TLS:
                self._move(case, replace(visit.address, tls=True))
            case Offer.WITHOUT_TLS:
                self._move(case, replace(visit.address, tls=False))
            case Offer.USUAL_PORT:
                self._move(case, replace(visit.address, port=usual_port(visit.address)))
            case Offer.AGAIN:
                case.told = None
                visit.link.reconnect()
            case Offer.ELSEWHERE:
                self._guide.ask_server()
            case Offer.NAME:
                self._asking = case
                self._guide.connect_sheet.ask(visit.address, visit.nick, visit.room, focus="name")
            case Offer.PASSWORD:
                self._open_sheet(case)
            case Offer.CLOSE:
                pass

    def _move(self, case: _Case, new: Address) -> None:
        password = case.given.password if case.given is not None else ""
        if case.given is not None:
            given = replace(case.given, address=new)
            self._cases[new] = _Case(case.visit._replace(address=new), given=given, asked=True)
        self._guide.move_server(case.visit.address, new, case.visit.nick, password)

    # The password.

    def _need_password(self, case: _Case, status: Status) -> None:
        """Ask the keyring, and the person if that has none or takes long."""
        if status.trouble is not Trouble.PASSWORD_NEEDED or case.looked:
            self._ask_password(case)
            return
        case.looked = True
        nick = case.visit.nick

        def found(password: str) -> None:
            waited = case.delay is None
            self._stop_waiting(case)
            if not case.locked or case.visit.nick != nick or case.given is not None:
                return
            if password and not (self._asking is case and self._guide.connect_sheet.password.get()):
                case.from_keyring, case.told, case.asked = True, None, True
                self._take_back(case)
                case.visit.link.send_command(Login(nick, password))
            elif not waited:
                self._ask_password(case)

        case.delay = self._clock.callLater(PATIENCE, self._ask_late, case)
        self._keyring.get(case.visit.address, nick).addCallback(found)

    def _ask_late(self, case: _Case) -> None:
        case.delay = None
        self._ask_password(case)

    def _ask_password(self, case: _Case) -> None:
        if not case.locked:
            return
        if not case.visit.front or (self._guide.connect_sheet.is_open and self._asking is not case):
            self._offer_password(case)  # somebody does something else
        else:
            self._open_sheet(case)

    def _open_sheet(self, case: _Case) -> None:
        visit, status = case.visit, case.status
        if status is None or not case.locked:
            return
        self._asking, case.asked = case, True
        note, problem = _wording(case, status)
        address = replace(visit.address, tls=True) if status.trouble is Trouble.PASSWORD_UNSAFE else visit.address
        kept = case.from_keyring or (case.given is not None and case.given.remember)
        self._guide.connect_sheet.ask(
            address, visit.nick, visit.room, note, problem=problem, focus="password", remember=kept
        )

    def _offer_password(self, case: _Case) -> None:
        host, nick = case.visit.address.host, case.visit.nick
        text = f"{host} asks for the password of {nick}."
        self._ask(case, Advice(text, (Offer.PASSWORD, Offer.ELSEWHERE, Offer.CLOSE)))

    def _given_up(self) -> None:
        """Leave a way back to a question that was closed without an answer."""
        case, self._asking = self._asking, None
        if case is not None and case.locked:
            self._offer_password(case)

    def _offer_keyring(self) -> None:
        self._keyring.look().addCallback(lambda problem: self._guide.connect_sheet.offer_keyring(not problem))

    def _give_up(self, case: _Case) -> None:
        """Let a password that the keyring finds from here on go nowhere: it would connect again."""
        self._stop_waiting(case)
        case.status = None

    def _stop_waiting(self, case: _Case) -> None:
        if case.delay is not None:
            case.delay.cancel()
            case.delay = None


def _wording(case: _Case, status: Status) -> tuple[str, str]:
    """Return what the sheet says when it asks for a password: calmly, unless a wrong one was entered."""
    host, nick = case.visit.address.host, case.visit.nick
    asks = f"{host} asks for the password of {nick}"
    match status.trouble:
        case Trouble.PASSWORD_NEEDED:
            return f"{asks}. If you have none, choose another nick.", ""
        case Trouble.PASSWORD_UNSAFE:
            return f"{asks}, which is sent over TLS only. Enter the TLS port of the server, or choose another nick.", ""
        case Trouble.PASSWORD_WRONG if case.from_keyring:
            return f"The password of {nick} in your keyring is wrong. Enter the new one.", ""
        case _:
            return "", status.detail[:1].upper() + status.detail[1:]
