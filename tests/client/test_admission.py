"""What a person is asked until a server lets them in: the password, and what to do about a connection in trouble."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from chatd.client.model.trust import CertificateQuestion, PresentedCertificate
from chatd.client.net.kept_passwords import Keyring
from chatd.client.net.status import LinkState, Status
from chatd.client.net.trouble import Trouble
from chatd.client.view.admission import PATIENCE
from chatd.client.view.certificate_question import ask_about_certificate
from chatd.client.view.question import Question
from chatd.client.view.sheet import Sheet
from chatd.client.view.troubles import Offer, advise, is_this_machine, usual_port
from chatd.protocol.moderation_commands import Login
from chatd.runtime.server_address import Address
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
with_window = pytest.mark.skipif(bool(MISSING), reason=MISSING)
THERE = Address("chat.example.org", 10319)
THERE_BY_TLS = Address("chat.example.org", 10320, tls=True)
NEEDED = Status(LinkState.LOCKED, "ann is somebody's own; LOGIN first", trouble=Trouble.PASSWORD_NEEDED)
WRONG = Status(LinkState.LOCKED, "the name or the password is wrong", trouble=Trouble.PASSWORD_WRONG)
IN = Status(LinkState.CONNECTED, "connected as ann", account="ann")
CONNECTING = Status(LinkState.CONNECTING, "connecting")


class Vault(Keyring):
    """A keyring that answers when the test says so."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.problem = ""
        self.late: list[Deferred[str]] | None = None
        self.gets = 0

    def look(self) -> Deferred[str]:
        return succeed(self.problem)

    def get(self, server: Address, nick: str) -> Deferred[str]:
        self.gets += 1
        if self.late is None:
            return succeed(self.kept.get((server.host, nick), ""))
        self.late.append(Deferred())
        return self.late[-1]

    def put(self, server: Address, nick: str, password: str) -> Deferred[str]:
        if not self.problem:
            self.kept[server.host, nick] = password
        return succeed(self.problem)

    def forget(self, server: Address, nick: str) -> Deferred[str]:
        self.kept.pop((server.host, nick), None)
        return succeed("")

    def stop(self) -> None:
        pass


class Door:
    """Somebody at a server that does not let them in yet."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.vault = Vault()
        window: Any = desk.window
        window.admission._keyring = self.vault
        window.connect(THERE, "ann", ("#r",))
        desk.root.focus_force()
        desk.turn()

    def tell(self, *told: Status) -> None:
        for each in told:
            self.desk.window.status(each)
        self.desk.turn()

    @property
    def sheet(self) -> Any:
        return self.desk.window.connect_sheet

    @property
    def question(self) -> Any:
        return self.desk.window.question

    def enter(self, password: str, remember: bool | None = None) -> None:
        self.sheet.password.insert(0, password)
        if remember is not None:
            self.sheet.remember.set(remember)
        self.desk.key("<Return>", self.sheet.password)

    def answer(self, text: str) -> None:
        """Press a button of the question."""
        buttons = {str(each.cget("text")): each for each in self.question._buttons.winfo_children()}
        buttons[text].invoke()
        self.desk.turn()

    @property
    def logins(self) -> list[str]:
        return [
            did[1].password for link in self.desk.links for did in link.did
            if did[0] == "send" and isinstance(did[1], Login)
        ]  # fmt: skip

    def reds(self) -> list[str]:
        """Return what is seen in the colour of an error."""
        return [str(each.cget("text")) for each in _seen(self.desk.root) if str(_style(each)) == "Alert.TLabel"]

    @property
    def focus(self) -> Any:
        return self.desk.root.focus_get()


def _seen(widget: tk.Misc) -> Iterator[tk.Misc]:
    for child in widget.winfo_children():
        if child.winfo_viewable() or isinstance(child, Sheet):
            yield child
            yield from _seen(child)


def _style(widget: tk.Misc) -> object:
    return widget.cget("style") if widget.winfo_class() == "TLabel" and widget.winfo_viewable() else ""


@pytest.fixture
def door(desk: Desk) -> Door:
    return Door(desk)


# The password.


@with_window
def test_a_password_that_is_needed_is_asked_for_beside_the_name_and_nothing_is_red(door: Door) -> None:
    door.tell(CONNECTING, NEEDED)
    assert door.sheet.is_open
    assert (door.sheet.host.get(), door.sheet.name.get(), door.sheet.room.get()) == (THERE.host, "ann", "#r")
    assert door.sheet.note.cget("text").startswith("chat.example.org asks for the password of ann.")
    assert door.reds() == []
    assert door.sheet.name.grid_info()["row"] == door.sheet.password.grid_info()["row"]
    assert door.focus is door.sheet.password
    door.enter("s3cret")
    assert (door.logins, door.sheet.is_open) == (["s3cret"], False)
    door.tell(CONNECTING, IN)
    assert (door.reds(), door.question.is_open) == ([], False)
    assert door.focus is door.desk.window.field.text


@with_window
def test_only_a_wrong_password_is_an_error_and_nothing_of_it_stays(door: Door) -> None:
    door.tell(NEEDED)
    door.enter("wrong")
    door.tell(CONNECTING, WRONG)
    assert door.sheet.is_open
    assert door.reds() == ["! The name or the password is wrong"]
    assert door.focus is door.sheet.password
    door.enter("again wrong".replace(" ", "-"))
    door.tell(CONNECTING, WRONG)
    assert door.sheet.is_open
    door.enter("s3cret")
    door.tell(CONNECTING, IN)
    assert (door.reds(), door.logins) == ([], ["wrong", "again-wrong", "s3cret"])
    assert door.focus is door.desk.window.field.text


@with_window
def test_a_password_is_remembered_when_it_was_right_and_used_without_a_word(door: Door) -> None:
    door.tell(NEEDED)
    assert door.sheet.remember_box.winfo_viewable()
    assert not door.sheet.remember.get()
    door.enter("wrong", remember=True)
    assert door.vault.kept == {}
    door.tell(CONNECTING, WRONG)
    assert door.sheet.remember.get()
    door.enter("s3cret")
    door.tell(CONNECTING, IN)
    assert door.vault.kept == {(THERE.host, "ann"): "s3cret"}
    door.tell(CONNECTING, NEEDED)  # as at the next start
    assert not door.sheet.is_open
    assert door.logins == ["wrong", "s3cret", "s3cret"]
    door.tell(CONNECTING, IN)
    assert door.vault.kept == {(THERE.host, "ann"): "s3cret"}
    assert door.focus is door.desk.window.field.text


@with_window
def test_a_remembered_password_that_is_wrong_is_asked_for_calmly_and_replaced(door: Door) -> None:
    door.vault.kept = {(THERE.host, "ann"): "old"}
    door.tell(NEEDED, CONNECTING, WRONG)
    assert door.logins == ["old"]
    assert door.sheet.is_open
    assert "in your keyring is wrong" in door.sheet.note.cget("text")
    assert door.reds() == []
    assert door.sheet.remember.get()
    door.enter("new")
    door.tell(CONNECTING, IN)
    assert (door.logins, door.vault.kept) == (["old", "new"], {(THERE.host, "ann"): "new"})


@with_window
def test_who_does_not_want_it_remembered_any_more_is_heard(door: Door) -> None:
    door.vault.kept = {(THERE.host, "ann"): "old"}
    door.tell(NEEDED, CONNECTING, WRONG)
    door.enter("new", remember=False)
    door.tell(CONNECTING, IN)
    assert door.vault.kept == {}


@with_window
def test_a_keyring_that_hangs_stops_nobody(door: Door) -> None:
    door.vault.late = []
    door.tell(NEEDED)
    assert not door.sheet.is_open
    door.desk.clock.advance(PATIENCE)
    door.desk.turn()
    assert door.sheet.is_open
    door.enter("s3cret")
    door.tell(CONNECTING, IN)
    door.vault.late[0].callback("late")
    assert door.logins == ["s3cret"]


@with_window
@pytest.mark.parametrize("typed", ["", "half"])
def test_a_late_answer_counts_unless_somebody_types(door: Door, typed: str) -> None:
    door.vault.late = []
    door.tell(NEEDED)
    door.desk.clock.advance(PATIENCE)
    door.sheet.password.insert(0, typed)
    door.vault.late[0].callback("s3cret")
    door.desk.turn()
    assert (door.logins, door.sheet.is_open) == (([], True) if typed else (["s3cret"], False))


@with_window
def test_an_answer_that_comes_at_once_leaves_no_call_behind(door: Door) -> None:
    door.vault.late = []
    door.tell(NEEDED)
    door.vault.late[0].callback("")
    assert door.sheet.is_open
    door.sheet.close()
    door.desk.clock.advance(PATIENCE)
    assert not door.sheet.is_open


@with_window
@pytest.mark.parametrize("what", ["remove the server", "quit", "stop"])
def test_a_password_that_is_found_too_late_lets_nobody_in_any_more(door: Door, what: str) -> None:
    window, (link,) = door.desk.window, door.desk.links
    door.vault.late = []
    door.tell(NEEDED)
    match what:
        case "remove the server":
            window.remove_server(window.servers.front)
        case "quit":
            window.quit()
        case "stop":  # as a signal has it
            window.disconnect()
    assert link.did[-1] == ("stop", None)
    door.vault.late[0].callback("s3cret")
    door.desk.turn()
    assert door.logins == []
    assert door.desk.clock.getDelayedCalls() == []


@with_window
def test_without_a_keyring_nothing_is_offered(door: Door) -> None:
    door.vault.problem = "there is none"
    door.tell(NEEDED)
    door.desk.turn()
    assert not door.sheet.remember_box.winfo_viewable()
    door.enter("s3cret", remember=True)
    door.tell(CONNECTING, IN)
    assert door.vault.kept == {}


@with_window
def test_a_keyring_that_cannot_keep_it_says_so(door: Door) -> None:
    door.tell(NEEDED)
    door.enter("s3cret", remember=True)
    door.vault.problem = "it is locked"
    door.tell(CONNECTING, IN)
    assert door.question.text == "The keyring did not store the password: it is locked."


@with_window
def test_a_sheet_that_is_closed_leaves_a_way_back(door: Door) -> None:
    door.tell(NEEDED)
    door.desk.key("<Escape>", door.sheet.password)
    assert not door.sheet.is_open
    assert door.question.text == "chat.example.org asks for the password of ann."
    door.answer("Enter password …")
    assert door.sheet.is_open
    door.enter("s3cret")
    door.tell(CONNECTING, IN)
    assert not door.question.is_open
    assert door.logins == ["s3cret"]


@with_window
def test_to_try_again_is_to_be_asked_again(door: Door) -> None:
    door.tell(NEEDED)
    door.desk.key("<Escape>", door.sheet.password)
    door.question.escape()
    door.desk.window.reconnect()
    door.tell(CONNECTING, NEEDED)
    assert door.sheet.is_open


@with_window
def test_a_password_that_others_could_hear_goes_by_tls(door: Door) -> None:
    door.tell(Status(LinkState.LOCKED, "no", trouble=Trouble.PASSWORD_UNSAFE))
    assert door.sheet.tls.get()
    assert "over TLS only" in door.sheet.note.cget("text")
    assert door.reds() == []
    door.sheet.port.replace_all("10320")
    door.enter("s3cret", remember=True)
    assert door.desk.dialled == [THERE, THERE_BY_TLS]
    assert [each.address for each in door.desk.window.servers] == [THERE_BY_TLS]
    assert door.desk.links[0].did[-1] == ("stop", None)
    assert door.desk.link.did == [("send", Login("ann", "s3cret"), None), ("start",)]
    door.tell(CONNECTING, IN)
    assert door.vault.kept == {(THERE.host, "ann"): "s3cret"}
    assert [room.name for room in door.desk.transcript.rooms.values() if room.wanted] == ["#r"]


@with_window
def test_a_server_takes_no_password_now(door: Door) -> None:
    door.tell(NEEDED)
    door.enter("wrong")
    door.tell(CONNECTING, Status(LinkState.LOCKED, "wait 60 seconds", trouble=Trouble.LOGIN_REFUSED))
    assert door.reds() == ["! Wait 60 seconds"]


@with_window
def test_another_name_needs_no_password(door: Door) -> None:
    door.tell(NEEDED)
    door.sheet.name.replace_all("guest")
    door.desk.key("<Return>", door.sheet.name)
    assert door.desk.transcript.nick == "guest"
    assert door.logins == []
    door.tell(Status(LinkState.CONNECTED, "connected as guest"))
    assert door.focus is door.desk.window.field.text


# Trouble with the connection.


def waiting(trouble: Trouble, detail: str = "why") -> Status:
    return Status(LinkState.WAITING, detail, 5.0, trouble=trouble)


@with_window
def test_a_trouble_is_told_once_and_taken_back_when_it_is_over(door: Door) -> None:
    door.tell(waiting(Trouble.NOTHING_LISTENS))
    assert door.question.text.startswith("No server answers on port 10319 of chat.example.org")
    assert door.reds() == []
    assert door.focus is not door.question._buttons
    door.question.escape()
    door.tell(CONNECTING, waiting(Trouble.NOTHING_LISTENS))
    assert not door.question.is_open
    door.tell(waiting(Trouble.NO_ROUTE))
    assert door.question.is_open
    door.tell(CONNECTING, IN)
    assert not door.question.is_open
    door.tell(waiting(Trouble.NOTHING_LISTENS))  # an outage: the status line says it
    assert not door.question.is_open
    assert "Reconnecting in" in door.desk.window.status_line.label.cget("text")


@with_window
def test_the_buttons_are_reached_by_key(door: Door) -> None:
    door.tell(waiting(Trouble.NO_HOST))
    field: Any = door.desk.window.field.text
    door.desk.key("<F6>")
    door.desk.key("<Return>", door.focus)
    assert door.desk.link.did[-1] == ("reconnect",)
    assert door.focus is field
    door.desk.key("<F6>")
    assert door.focus is door.desk.window.members.tree  # there is no question: it is the next part


@with_window
def test_a_question_of_another_kind_is_not_taken_back(door: Door) -> None:
    door.tell(waiting(Trouble.NOTHING_LISTENS))
    door.desk.window.ask_quit()
    door.tell(CONNECTING, IN)
    assert door.question.text == "Quit chatd?"


@with_window
@pytest.mark.parametrize(
    ("trouble", "button", "where"),
    [
        (Trouble.SPEAKS_TLS, "Connect with TLS", Address(THERE.host, 10319, tls=True)),
        (Trouble.NOTHING_LISTENS, "Try port 10319", Address(THERE.host, 10319)),
    ],
)
def test_a_button_mends_it(desk: Desk, trouble: Trouble, button: str, where: Address) -> None:
    door = Door(desk)
    start = Address(THERE.host, 10319 if trouble is Trouble.SPEAKS_TLS else 7)
    if start != THERE:
        desk.window.move_server(THERE, start, "ann")
    desk.turn()
    door.tell(waiting(trouble))
    door.answer(button)
    assert desk.dialled[-1] == where
    assert [each.address for each in desk.window.servers] == [where]
    assert desk.link.did == [("start",)]
    assert desk.transcript.nick == "ann"
    desk.window.store()
    assert [each.address for each in desk.settings.servers] == [str(where)]
    door.tell(CONNECTING, waiting(trouble))
    assert door.question.is_open


@with_window
def test_try_again_now_and_another_server(door: Door) -> None:
    door.tell(waiting(Trouble.NO_HOST))
    door.answer("Try now")
    assert door.desk.link.did[-1] == ("reconnect",)
    door.tell(CONNECTING, waiting(Trouble.NO_HOST))
    door.answer("Another server …")
    assert door.sheet.is_open
    door.desk.key("<Escape>", door.sheet.host)
    assert not door.sheet.is_open
    assert not door.question.is_open


@with_window
def test_a_name_that_is_taken_can_be_another(door: Door) -> None:
    door.tell(Status(LinkState.REFUSED, "ann is taken", 5.0, trouble=Trouble.NAME))
    assert door.question.text == "chat.example.org does not accept that nick: ann is taken."
    door.answer("Another nick …")
    assert door.focus is door.sheet.name


@with_window
def test_a_trouble_waits_until_what_is_there_was_answered(door: Door) -> None:
    done: list[str] = []
    door.question.ask("Paste 3 lines?", [("Paste", lambda: done.append("pasted")), ("Do not paste", done.clear)])
    door.tell(waiting(Trouble.NO_HOST), waiting(Trouble.NO_ROUTE))
    assert door.question.text == "Paste 3 lines?"
    door.answer("Paste")
    assert done == ["pasted"]
    assert door.question.text.startswith("There is no route to chat.example.org")
    door.answer("Close")
    assert not door.question.is_open


@with_window
def test_a_trouble_that_is_over_does_not_wait_any_more(door: Door) -> None:
    door.desk.window.ask_quit()
    door.tell(waiting(Trouble.NO_HOST), CONNECTING, IN)
    door.answer("Cancel")
    assert not door.question.is_open


@with_window
@pytest.mark.parametrize("width", [260, 420, 700, 1200])
def test_a_question_has_its_place_however_wide_it_is(desk: Desk, width: int) -> None:
    top = tk.Toplevel(desk.root)
    top.geometry(f"{width}x300")
    top.columnconfigure(0, weight=1)
    question: Any = Question(top)
    question.grid(sticky="ew")
    desk.turn()
    offers = [("Try port 10319", list), ("Try now", list), ("Another server …", list), ("Close", list)]
    question.ask("No server answers on port 7 of chat.example.org. " * 2, offers, focus=False)
    desk.turn()
    desk.turn()
    places = []
    for each in (question._label, *question._buttons.winfo_children()):
        x, y = each.winfo_rootx() - top.winfo_rootx(), each.winfo_rooty() - top.winfo_rooty()
        assert x >= 0
        assert x + each.winfo_width() <= width
        assert each.winfo_width() >= min(120, each.winfo_reqwidth())
        places.append((x, y, x + each.winfo_width(), y + each.winfo_height()))
    for number, (left, top_, right, bottom) in enumerate(places):
        for other in places[number + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top_


@with_window
def test_each_of_two_certificates_is_asked_about(door: Door) -> None:
    answers: list[tuple[int, bool]] = []

    def note(number: int, answer: bool) -> None:
        answers.append((number, answer))

    asked: list[Deferred[bool]] = []
    for number in (1, 2, 3):
        shown = PresentedCertificate(f"{number}" * 64, ("it is self-signed",))
        certificate_question = CertificateQuestion(f"host{number}:10320", shown, None, "")
        asked.append(ask_about_certificate(door.question, certificate_question))
        asked[-1].addCallback(partial(note, number))
    asked[1].cancel()
    assert "host1" in door.question.text
    door.answer("Connect and remember")
    assert "host3" in door.question.text
    door.answer("Do not connect")
    assert answers == [(2, False), (1, True), (3, False)]
    assert not door.question.is_open


def test_the_sentence_says_what_is_there_and_the_buttons_what_helps() -> None:
    for trouble in (None, *Trouble):
        for address in (THERE, THERE_BY_TLS, Address("127.0.0.1", 7)):
            text, offers = advise(trouble, address, "the reason.", secret=False)
            assert text[-1] == "."
            assert ".." not in text
            assert offers[-1] is Offer.CLOSE
            assert (Offer.USUAL_PORT in offers) <= (address.port != usual_port(address))


def test_what_is_never_sent_without_tls_is_not_offered_so() -> None:
    by_tls = Address("chat.example.org", 10319, tls=True)
    warned = advise(Trouble.SPEAKS_PLAIN, by_tls, "", secret=False)
    assert Offer.WITHOUT_TLS in warned.offers
    assert "can read and change" in warned.text
    secret = advise(Trouble.SPEAKS_PLAIN, by_tls, "", secret=True)
    assert Offer.WITHOUT_TLS not in secret.offers
    assert "password is sent over TLS only" in secret.text
    here = advise(Trouble.SPEAKS_PLAIN, Address("127.0.0.1", 10319, tls=True), "", secret=True)
    assert Offer.WITHOUT_TLS in here.offers


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("LOCALHOST", True), ("10.0.0.1", False), ("localhost.example", False)],
)
def test_this_machine(host: str, here: bool) -> None:
    assert is_this_machine(host) is here
