"""The account sheet: registering, logging in and out, and what it says of all that."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred

from chatd.client.model.changes import RegisterAnswered
from chatd.client.model.lines import Kind
from chatd.client.net.link import NOT_CONNECTED
from chatd.client.net.session import NOT_PRIVATE
from chatd.client.net.status import LinkState, Status
from chatd.client.view.account_sheet import Part
from chatd.client.view.accounts import NO_NEWCOMERS, check_new_password, shown_of
from chatd.protocol.errors import NO_REGISTRATION
from chatd.protocol.moderation_commands import Login
from chatd.runtime.server_address import Address
from tests.client.test_admission import Vault
from tests.client.test_link import HELLO, NOTE, Rig, label
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
with_window = pytest.mark.skipif(bool(MISSING), reason=MISSING)
HERE, THERE = Address(), Address("chat.example.org")
GUEST = Status(LinkState.CONNECTED, "connected as ann")
OWNER = Status(LinkState.CONNECTED, "connected as ann", account="ann")
PASSWORD = "s3cret-enough"


class Office:
    """Somebody who looks at their account."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.vault = Vault()
        window: Any = desk.window
        window.admission._keyring = window.accounts._keyring = self.vault
        desk.join()
        self.sheet: Any = window.account_sheet
        self.desk.key("<Control-Shift-A>")

    def tell(self, status: Status) -> None:
        self.desk.window.status(status)
        self.desk.turn()

    def answer(self, problem: str = "") -> None:
        self.desk.window.changed([RegisterAnswered(problem)])
        self.desk.turn()

    def register(self, password: str = PASSWORD, again: str = PASSWORD, code: str = "") -> None:
        self.sheet.own_password.insert(0, password)
        self.sheet.own_again.insert(0, again)
        self.sheet.own_code.insert(0, code)
        self.desk.key("<Return>", self.sheet.own_again)

    def sees(self, widget: Any) -> bool:
        self.desk.turn()
        return bool(widget.winfo_viewable())

    @property
    def focus(self) -> Any:
        return self.desk.root.focus_get()

    @property
    def said(self) -> tuple[str, str]:
        return self.sheet.note.cget("text"), self.sheet.problem.cget("text")


@pytest.fixture
def office(desk: Desk) -> Office:
    return Office(desk)


@with_window
def test_a_name_is_made_ones_own_by_key_and_the_password_is_remembered(office: Office) -> None:
    assert office.sees(office.sheet)
    assert office.sheet.who.cget("text") == "You are connected to 127.0.0.1 as the guest ann."
    assert office.focus is office.sheet.own_password
    assert not office.sees(office.sheet.logout_button)
    office.sheet.remember.set(True)
    office.register(code="c0de")
    assert office.desk.link.did[-1] == ("register", PASSWORD, "c0de")
    assert office.said[0] == "Registering …"
    office.answer()
    office.tell(OWNER)
    assert office.said == ("The nick ann is now registered to you. It needs this password from now on.", "")
    assert office.vault.kept == {("127.0.0.1", "ann"): PASSWORD}
    assert office.sees(office.sheet.logout_button)
    assert not office.sees(office.sheet.own_password)
    assert office.sheet.own_password.get() == ""
    assert "chatd user passwd ann" in office.sheet.hint.cget("text")


@with_window
def test_what_the_server_says_against_it_stands_in_the_sheet_and_the_password_stays_in_it(office: Office) -> None:
    office.sheet.remember.set(True)
    office.register()
    office.answer("registration is off here")
    assert office.said == ("", "! Registration is off here")
    assert office.sheet.own_password.get() == PASSWORD
    assert office.vault.kept == {}


@with_window
@pytest.mark.parametrize(
    ("password", "again", "said"),
    [("short", "short", "at least 8"), ("two words here", "", "no spaces"), (PASSWORD, "else", "do not match")],
)
def test_a_password_that_cannot_be_one_is_not_sent(office: Office, password: str, again: str, said: str) -> None:
    office.register(password, again)
    assert said in office.said[1]
    assert not [did for did in office.desk.link.did if did[0] == "register"]


@with_window
def test_one_logs_in_to_an_account(office: Office) -> None:
    office.sheet.name.replace_all("Bob")
    office.sheet.password.insert(0, PASSWORD)
    office.sheet.remember.set(True)
    office.desk.key("<Return>", office.sheet.password)
    assert not office.sheet.is_open
    assert ("send", Login("Bob", PASSWORD), None) in office.desk.link.did
    office.tell(OWNER)
    assert office.vault.kept == {("127.0.0.1", "Bob"): PASSWORD}
    assert office.desk.root.focus_get() is office.desk.window.field.text


@with_window
def test_one_logs_out_and_the_password_is_forgotten(office: Office) -> None:
    office.vault.kept = {("127.0.0.1", "ann"): PASSWORD}
    office.tell(OWNER)
    office.sheet.forget_button.invoke()
    assert office.vault.kept == {}
    assert office.said[0] == "The keyring has forgotten the password of ann."
    office.vault.kept = {("127.0.0.1", "ann"): PASSWORD}
    office.sheet.logout_button.invoke()
    assert office.desk.link.did[-1] == ("log out",)
    assert (office.vault.kept, office.sheet.is_open) == ({}, False)


@with_window
def test_without_a_keyring_the_reason_stands_in_the_sheet(office: Office) -> None:
    office.desk.key("<Escape>", office.sheet.own_password)
    assert not office.sheet.is_open
    office.vault.problem = "there is none here"
    office.desk.window.show_account()
    assert not office.sees(office.sheet.remember_box)
    assert office.sheet.keyring_hint.cget("text") == "Passwords cannot be remembered: there is none here."


@with_window
def test_nothing_is_offered_until_it_is_known_whether_there_is_a_keyring(desk: Desk) -> None:
    window: Any = desk.window
    asked: Deferred[str] = Deferred()
    window.accounts._keyring.look = lambda: asked
    desk.join()
    window.show_account()
    desk.turn()
    assert not window.account_sheet.remember_box.winfo_viewable()
    asked.callback("")
    desk.turn()
    assert window.account_sheet.remember_box.winfo_viewable()


@with_window
def test_the_sheet_keeps_no_password_when_it_is_closed(office: Office) -> None:
    office.sheet.own_password.insert(0, PASSWORD)
    office.sheet.password.insert(0, PASSWORD)
    office.desk.key("<Escape>", office.sheet.password)
    office.desk.window.show_account()
    assert (office.sheet.own_password.get(), office.sheet.password.get()) == ("", "")


@with_window
def test_the_tab_key_goes_from_field_to_field(office: Office) -> None:
    sheet = office.sheet
    for widget in (sheet.own_password, sheet.own_again, sheet.own_code, sheet.register_button, sheet.name):
        assert office.focus is widget
        office.desk.key("<Tab>", widget)


@with_window
def test_it_is_in_the_menu(desk: Desk) -> None:
    menu: Any = desk.window.menu
    labels = [menu.entrycget(index, "label") for index in range(menu.index("end") + 1) if menu.type(index) == "command"]
    desk.join()
    menu.invoke(menu.index("Account …"))
    assert "Account …" in labels
    assert desk.window.account_sheet.is_open


def test_where_others_could_listen_in_no_password_is_asked_for() -> None:
    shown = shown_of(THERE, "ann", GUEST)
    assert shown.parts == frozenset()
    assert "over TLS only" in shown.hint
    assert shown_of(Address(THERE.host, 10320, tls=True), "ann", GUEST).parts == {Part.REGISTER, Part.LOG_IN}


@pytest.mark.parametrize(("told", "may"), [("", True), (" register=yes", True), (" register=no", False)])
def test_to_register_is_offered_unless_the_server_says_that_nobody_can(told: str, *, may: bool) -> None:
    rig = Rig()
    rig.start()
    rig.connect()
    rig.hears(HELLO + told, NOTE)
    rig.hears("OK JOIN #lobby 1 nick=me last=0 resume=r")
    assert rig.told[-1].state is LinkState.CONNECTED
    shown = shown_of(HERE, "me", rig.told[-1])
    assert (Part.REGISTER in shown.parts, Part.LOG_IN in shown.parts) == (may, True)
    assert (NO_NEWCOMERS in shown.hint) is not may
    assert NO_REGISTRATION not in shown.hint  # over another connection, people may


def test_as_whom_one_is_there() -> None:
    assert shown_of(HERE, "ann", OWNER).who == "You are logged in to the account ann on 127.0.0.1."
    assert shown_of(HERE, "annie", OWNER).who.endswith("ann on 127.0.0.1 and use the nick annie.")
    assert shown_of(HERE, "ann", None).parts == {Part.LOG_IN}
    assert "not connected" in shown_of(HERE, "ann", Status(LinkState.WAITING, "why")).who


def test_new_passwords() -> None:
    check_new_password("päßwort", "päßwort")  # nine bytes
    for password in ("", "1234567"):
        with pytest.raises(ValueError, match="at least"):
            check_new_password(password, password)


# What the link does.


def arrive(rig: Rig, *, private: bool = True) -> None:
    rig.start()
    rig.connect()
    assert rig.wire is not None
    rig.wire.peerAddr = IPv4Address("TCP", "127.0.0.1" if private else "192.0.2.1", 10319)
    (join,) = rig.hears(NOTE, HELLO)
    rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s1")


@pytest.mark.parametrize(
    ("answer", "problem", "account"), [("OK REGISTER me", "", "me"), ("ERR not-allowed REGISTER no", "no", "")]
)
def test_the_answer_belongs_in_no_room(answer: str, problem: str, account: str) -> None:
    rig = Rig("#a")
    arrive(rig)
    rig.link.register(PASSWORD, "c0de")
    (line,) = rig.said()
    assert line.endswith(f"REGISTER {PASSWORD} c0de")
    rig.hears(f"@label={label(line)} {answer}")
    assert RegisterAnswered(problem) in rig.changes
    assert rig.lines("#a", Kind.NOTE) == rig.lines("#a", Kind.ERROR) == []
    assert rig.told[-1].account == account
    assert PASSWORD not in repr((rig.transcript.asked, rig.link._memory, rig.told))
    rig.link.log_out()
    assert rig.said() == ["QUIT"]
    rig.drop()
    assert rig.now[0] is LinkState.STOPPED
    rig.link.start()
    rig.clock.advance(0)
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    assert join.split()[1] == "JOIN"  # and no LOGIN before
    rig.link.stop()
    rig.drop()


def test_a_name_cannot_be_registered_without_a_connection_or_where_others_listen_in() -> None:
    rig = Rig("#a")
    with pytest.raises(ValueError, match=NOT_CONNECTED[:20]):
        rig.link.register(PASSWORD)
    arrive(rig, private=False)
    with pytest.raises(ValueError, match=NOT_PRIVATE[:20]):
        rig.link.register(PASSWORD)
    assert rig.said() == []
    rig.link.stop()
    rig.drop()
