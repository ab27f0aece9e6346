"""Saying something by a request: what is said once, what is refused and how, and what the room sees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chatd.chat.limits import Limits
from chatd.edges.web.say import MAX_LINES
from chatd.journal.factory import from_string
from tests.support.in_memory_chat import ChatClient, InMemoryChat, journal_environment
from tests.support.web import ELSEWHERE, Answer, Web, WebConnection, parsed, written
from tests.unit.test_moderation import Names


@pytest.fixture
def web() -> Web:
    web = Web()
    web.hub.accounts = Names("ann", "bob", operators=("root",))
    return web


def posted(web: Web, target: str, body: str | bytes, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.request("POST", target, body, sent)


def logged_in(web: Web, account: str) -> WebConnection:
    connection = web.connect()
    connection.channel.visitor.account = account
    return connection


def eve(web: Web, room: str = "#builds") -> ChatClient:
    person: ChatClient = web.chat.person(f"JOIN eve {room}")
    person.take()
    return person


def test_it_is_said_and_nobody_comes_or_goes(web: Web) -> None:
    reader = eve(web)
    answer = posted(web, "/builds?nick=ci", "passed")
    assert answer.status == 201
    assert answer.json == {"id": answer.json["id"], "time": "1970-01-12T13:46:40.000Z", "room": "#builds", "nick": "ci"}
    assert answer.headers["location"] == f"/builds/{answer.json['id']}"
    assert reader.take() == ["MSG ci #builds passed"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_end_of_a_file_is_no_line_of_its_own(web: Web, method: str) -> None:
    for body in ("passed", "passed\n", "passed\r\n"):
        assert web.request(method, "/builds", body).status == 201
    assert len(web.hub.journal.known_rooms) == 1


def test_a_room_is_found_by_its_name_in_utf8(web: Web) -> None:
    reader = eve(web, "#café")
    assert posted(web, "/caf%C3%A9", "passed").json["room"] == "#café"
    assert reader.take() == ["MSG guest #café passed"]


@pytest.mark.parametrize(
    ("path", "room", "place"),
    [
        ("/%23c%2B%2B", "##c++", "/%23c%2B%2B"),
        ("/c++", "#c++", "/c%2B%2B"),
        ("/c%2b%2b", "#c++", "/c%2B%2B"),
        ("/%23", "##", "/%23"),
        ("/[b]`{c}^|", "#[b]`{c}^|", "/%5Bb%5D%60%7Bc%7D%5E%7C"),
        ("/_", "#_", "/_"),
    ],
)
def test_a_room_of_irc_has_an_address(web: Web, path: str, room: str, place: str) -> None:
    reader = eve(web, room)
    answer = posted(web, f"{path}?nick=%5Bbob%5D", "passed", Nick="a%5Cb")
    assert (answer.status, answer.json["room"], answer.json["nick"]) == (201, room, "[bob]")
    assert answer.headers["location"] == f"{place}/{answer.json['id']}"
    assert reader.take() == [f"MSG [bob] {room} passed"]
    assert posted(web, path, "passed", Nick="a%5Cb").json["nick"] == "a\\b"


@pytest.mark.parametrize(
    "path", ["/a%2Fb", "/a%5Cb", "/a%2Cb", "/a%3Ab", "/a%3Fb", "/%2A", "/..%2F", "/%2E%2E", "/-x", "/a%25"]
)
def test_what_would_lead_elsewhere_is_no_room(web: Web, path: str) -> None:
    answer = posted(web, path, "x")
    assert (answer.status, answer.json["error"]) == (404, "bad-room")


def test_a_nick_comes_in_a_header_too(web: Web) -> None:
    assert posted(web, "/builds", "x", Nick="ci").json["nick"] == "ci"
    assert posted(web, "/builds", "x", Nick="Zo%C3%AB").json["nick"] == "Zoë"
    assert posted(web, "/builds?nick=a", "x", Nick="b").json["nick"] == "a"


def test_who_names_none_is_a_guest_whose_name_nobody_has(web: Web) -> None:
    assert posted(web, "/builds", "x").json["nick"] == "guest"
    web.chat.person("JOIN guest #other")
    assert posted(web, "/builds", "x").json["nick"] == "guest-2"
    web.hub.accounts = Names("guest-2")
    assert posted(web, "/builds", "x").json["nick"] == "guest-3"


def test_an_account_speaks_under_its_own_name(web: Web) -> None:
    assert logged_in(web, "ann").request("POST", "/builds", "x").json["nick"] == "ann"


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/builds?nick=ann", 403, "not-allowed"),  # somebody's own
        ("/builds?nick=eve", 409, "name-taken"),  # who is there
        ("/builds?nick=a%20b", 400, "bad-nick"),
        ("/builds?nick=%ff", 400, "bad-syntax"),
        ("/bad%20room", 404, "bad-room"),
        ("/a%0Ab", 404, "bad-room"),
    ],
)
def test_names_are_judged_as_join_would(web: Web, target: str, status: int, code: str) -> None:
    eve(web)
    answer = posted(web, target, "x")
    assert (answer.status, answer.json["error"]) == (status, code)
    assert answer.json["text"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad-syntax"),
        (b"\n", 400, "bad-syntax"),
        (b"  \n", 400, "bad-syntax"),
        (b"\xff", 400, "not-utf8"),
        (b"a\nb", 422, "bad-syntax"),
        (b"\na", 422, "bad-syntax"),
        (b"x" * 9000, 413, "too-long"),
        (b"x" * 300_000, 413, "too-long"),
    ],
)
def test_what_is_no_message_is_refused(web: Web, body: bytes, status: int, code: str) -> None:
    reader = eve(web)
    answer = posted(web, "/builds", body)
    assert (answer.status, answer.json["error"]) == (status, code)
    assert reader.take() == []


def test_control_characters_come_as_on_the_line_edge(web: Web) -> None:
    reader = eve(web)
    posted(web, "/builds?nick=ci", "a\x1b[31mred\x00\x07\rb\u202e")
    web.chat.person().says("POST tv #builds a\x1b[31mred\x00\x07\rb\u202e")
    web.chat.turn()
    by_http, by_line = reader.take()
    assert by_http.removeprefix("MSG ci ") == by_line.removeprefix("MSG tv ")
    assert "\x1b" not in by_http


def test_lines_are_messages_if_that_is_asked_for(web: Web) -> None:
    reader = eve(web)
    answer = posted(web, "/builds?nick=ci&lines=yes", "one\r\n\n  two\n", Idempotency_Key="k")
    assert answer.status == 201
    assert [each["nick"] for each in answer.json["messages"]] == ["ci", "ci"]
    assert reader.take() == ["MSG ci #builds one", "MSG ci #builds   two"]
    again = posted(web, "/builds?nick=ci&lines=yes", "one\r\n\n  two\n", Idempotency_Key="k")
    assert (again.status, again.json) == (200, answer.json)
    assert reader.take() == []
    assert posted(web, "/builds?lines=yes", "x\n" * (MAX_LINES + 1)).status == 413


def test_each_of_several_lines_waits_for_the_line_rate() -> None:
    web = Web(Limits(lines_per_second=1, line_burst=3))
    reader, connection = eve(web), web.connect()
    connection.send(written("POST", "/builds?nick=ci&lines=yes", "x\n" * 10))
    assert 1 <= len(reader.take()) <= 4
    assert connection.received() == b""
    web.chat.clock.pump([0.1] * 80)
    web.chat.turn()
    answer = parsed(connection.received())
    assert (answer.status, len(answer.json["messages"])) == (201, 10)


def test_lines_of_a_connection_that_is_lost_are_said_no_more() -> None:
    web = Web(Limits(lines_per_second=1, line_burst=3))
    reader, connection = eve(web), web.connect()
    connection.send(written("POST", "/builds?nick=ci&lines=yes", "x\n" * 10))
    reader.take()
    connection.lose()
    web.chat.clock.pump([0.1] * 120)
    assert reader.take() == []


def test_a_key_without_a_nick_is_never_said_again_under_another(web: Web) -> None:
    reader = eve(web)
    assert posted(web, "/builds", "passed", Idempotency_Key="k").json["nick"] == "guest"
    web.chat.person("JOIN guest #other")
    answer = posted(web, "/builds", "passed", Idempotency_Key="k")
    assert (answer.status, answer.json["error"]) == (409, "name-taken")
    assert reader.take() == ["MSG guest #builds passed"]


def test_a_form_with_files_is_told_what_to_send(web: Web) -> None:
    assert posted(web, "/builds", "--x", Content_Type="multipart/form-data; boundary=x").status == 415


def test_the_same_key_says_it_once(web: Web) -> None:
    reader = eve(web)
    first = posted(web, "/builds?nick=ci", "passed", Idempotency_Key="abc")
    again = posted(web, "/builds?nick=ci", "passed", Idempotency_Key='"abc"')
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    assert reader.take() == ["MSG ci #builds passed"]
    other = posted(web, "/builds?nick=ci", "failed", Idempotency_Key="abc")
    assert (other.status, other.json["error"]) == (409, "label-reused")


@pytest.mark.parametrize("key", ["", "a b", "a;id=1", "x" * 65, "é", "a\tb"])
def test_a_key_that_is_no_label_is_refused(web: Web, key: str) -> None:
    reader = eve(web)
    answer = posted(web, "/builds?nick=ci", "passed", Idempotency_Key=key)
    assert (answer.status, answer.json["error"]) == (400, "bad-tags")
    assert reader.take() == []


def test_the_same_key_says_it_once_after_a_restart_too(tmp_path: Path) -> None:
    answers = []
    for _ in range(2):
        chat = InMemoryChat(journal=lambda clock: from_string(f"sqlite:{tmp_path}/j", journal_environment(clock)))
        answers.append(posted(Web(chat=chat), "/builds?nick=ci", "passed", Idempotency_Key="abc"))
        chat.journal.stop()
    assert [answer.status for answer in answers] == [201, 200]
    assert answers[0].json == answers[1].json


def test_bans_mutes_and_slow_rooms_hold(web: Web) -> None:
    ann = web.chat.person()
    ann.session.account = "root"
    ann.says("JOIN root #builds", "SET registered=yes", "MUTE ci", "BAN tv")
    web.chat.turn()
    ann.take()
    for nick, code in (("ci", "muted"), ("tv", "banned")):
        answer = posted(web, f"/builds?nick={nick}", "x")
        assert (answer.status, answer.json["error"]) == (403, code)
    ann.says("SET slow=60s")
    web.chat.turn()
    assert posted(web, "/builds?nick=kim", "x").status == 201
    slow = posted(web, "/builds?nick=kim", "x")
    assert (slow.status, slow.json["error"]) == (429, "slow-down")
    assert slow.headers["retry-after"] == "60"
    ann.says("SET private=yes")
    web.chat.turn()
    assert posted(web, "/builds?nick=lee", "x").status == 403


def test_who_comes_from_elsewhere_needs_a_token_or_guests_to_be_allowed(web: Web) -> None:
    answer = web.request("POST", "/builds", "x", address=ELSEWHERE)
    assert (answer.status, answer.json["error"]) == (401, "token-needed")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert Web(guests=True).request("POST", "/builds", "x", address=ELSEWHERE).status == 201


def test_what_an_account_posted_it_may_change_and_take_back(web: Web) -> None:
    reader = web.chat.program("HELLO 1", "JOIN zoe #builds")
    reader.take()
    id_ = logged_in(web, "ann").request("POST", "/builds", "pased").json["id"]
    assert logged_in(web, "bob").request("PATCH", f"/builds/{id_}", "passed").status == 403
    assert web.request("DELETE", f"/builds/{id_}").status == 403
    changed = logged_in(web, "ann").request("PATCH", f"/builds/{id_}", "passed\n")
    assert (changed.status, changed.json["text"]) == (200, "passed")
    assert logged_in(web, "ann").request("DELETE", f"/builds/{id_}").status == 200
    assert [line.split(" ", 1)[1] for line in reader.take()] == [
        "MSG ann #builds pased",
        f"EDIT ann #builds {id_} passed",
        f"RETRACT ann #builds {id_}",
    ]
    assert logged_in(web, "ann").request("DELETE", f"/builds/{id_}").status == 404


def test_an_operator_takes_back_what_anybody_posted(web: Web) -> None:
    id_ = posted(web, "/builds?nick=ci", "passed").json["id"]
    assert logged_in(web, "root").request("PATCH", f"/builds/{id_}", "x").status == 403
    assert logged_in(web, "root").request("DELETE", f"/builds/{id_}").status == 200


def test_a_guest_changes_what_came_over_the_same_connection(web: Web) -> None:
    connection = web.connect()
    id_ = connection.request("POST", "/builds?nick=ci", "pased").json["id"]
    assert posted(web, f"/builds/{id_}?nick=ci", "x").status == 405
    assert web.request("PATCH", f"/builds/{id_}?nick=ci", "x").status == 403
    assert connection.request("PATCH", f"/builds/{id_}?nick=ci", "a\nb").status == 422
    assert connection.request("PATCH", f"/builds/{id_}?nick=ci", "passed").status == 200


def test_what_is_not_there_is_a_404(web: Web) -> None:
    for target in ("/builds/7", "/nobody/1", "/builds/99999999999999999999999999"):
        assert logged_in(web, "ann").request("DELETE", target).status == 404
    assert logged_in(web, "ann").request("DELETE", "/builds/x").status == 404


def test_a_new_room_each_time_is_held_to_the_limits() -> None:
    web = Web(replace(Limits(), rooms=3))
    answers = [posted(web, f"/r{number}", "x") for number in range(5)]
    assert [answer.status for answer in answers] == [201] * 3 + [503] * 2
    assert answers[-1].json["error"] == "full"


def test_what_other_programs_send_is_said_as_a_line(web: Web) -> None:
    reader = eve(web)
    answer = posted(web, "/builds?from=slack", '{"text": "build passed"}', Content_Type="application/json")
    assert (answer.status, answer.body) == (200, b"ok")
    form = "payload=%7B%22text%22%3A%22from+a+form%22%7D"
    posted(web, "/builds?from=slack&nick=ci", form, Content_Type="application/x-www-form-urlencoded")
    posted(web, "/builds?from=github", '{"zen": "z"}', X_GitHub_Event="ping")
    assert reader.take() == [
        "MSG slack #builds build passed",
        "MSG ci #builds from a form",
        "MSG github #builds the webhook is set up: z",
    ]
    for target, body in (("/builds?from=slack", "{"), ("/builds?from=teams", "{}"), ("/builds?from=slack", "{}")):
        answer = posted(web, target, body)
        assert (answer.status, answer.json["error"]) == (400, "bad-syntax")


def test_what_ntfy_sends_is_said_as_a_line(web: Web) -> None:
    reader = eve(web)
    posted(web, "/builds?priority=high", "disk full", Title="db1", Tags="warning")
    assert web.request("PUT", "/builds?message=hello&t=Greeting", "").status == 201
    assert reader.take() == ["MSG guest #builds [high] db1: disk full #warning", "MSG guest #builds Greeting: hello"]
    assert posted(web, "/builds", "later", Delay="30m").status == 400


def test_what_ntfy_publishes_as_json_is_said_in_the_room_of_its_topic(web: Web) -> None:
    reader = eve(web, "#café")
    sent = '{"topic": "café", "message": "disk full", "title": "db1", "tags": ["warning", 7], "priority": 4}'
    answer = posted(web, "/", sent, Content_Type="application/json", Idempotency_Key="k", Nick="ci")
    assert (answer.status, answer.json["room"]) == (201, "#café")
    assert answer.headers["location"] == f"/caf%C3%A9/{answer.json['id']}"
    assert posted(web, "/", sent, Idempotency_Key="k", Nick="ci").status == 200
    assert reader.take() == ["MSG ci #café [high] db1: disk full #warning"]
    for body, status in (
        ("", 400), ("{", 400), ("[]", 400), ("passed", 400), ('{"message": "x"}', 400), ('{"topic": "caf\u00e9"}', 400),
        ('{"topic": "a b", "message": "x"}', 404), ('{"topic": "-", "message": "x"}', 404), ("[" * 100_000, 400),
        ('{"topic": "café", "message": "a\\nb"}', 422), ('{"topic": "café", "message": "x", "delay": "30m"}', 400),
        ('{"topic": "café", "message": "x", "actions": [{}]}', 400),
    ):  # fmt: skip
        assert posted(web, "/", body).status == status, body
    assert reader.take() == []


def test_half_a_character_in_json_is_replaced(web: Web) -> None:
    reader = eve(web)
    assert posted(web, "/builds?from=slack", '{"text": "a \\ud800 b"}').status == 200
    assert reader.take() == ["MSG slack #builds a ? b"]
    answer = posted(web, "/", '{"topic": "a\\ud800b", "message": "x"}')
    assert (answer.status, answer.json["error"]) == (404, "bad-room")
