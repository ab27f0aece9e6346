"""JOIN with any=yes: jobs that run at the same time get names beside one another."""

from __future__ import annotations

import pytest

from chatd.chat.any_name import MOST, candidates
from chatd.protocol import names
from chatd.protocol.names import MAX_NICK_LENGTH, Nick
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.support.in_memory_cluster import InMemoryCluster, bodies
from tests.unit.test_moderation import Names, ask, owner


@pytest.fixture
def chat() -> InMemoryChat:
    chat = InMemoryChat()
    chat.hub.accounts = Names("ann", "ci-3", operators=("root",))  # type: ignore[assignment]
    return chat


def test_each_gets_the_next_that_is_free(chat: InMemoryChat) -> None:
    jobs = [chat.person() for _ in range(4)]
    assert [ask(chat, job, "JOIN ci #builds any=yes")[-1] for job in jobs] == [
        "OK JOIN #builds 1 nick=ci",
        "OK JOIN #builds 2 nick=ci-2",
        "OK JOIN #builds 3 nick=ci-4",  # ci-3 is somebody's own
        "OK JOIN #builds 4 nick=ci-5",
    ]
    jobs[1].lose()
    chat.turn()
    (done,) = ask(chat, chat.program(), "@label=j JOIN CI #builds any=yes")
    assert done == "@label=j OK JOIN #builds 4 last=0 resume=secret1 nick=CI-2"


def test_what_looks_like_a_name_in_use_is_not_free(chat: InMemoryChat) -> None:
    chat.person("JOIN modern")
    assert ask(chat, chat.person(), "JOIN modem any=yes") == ["OK JOIN #lobby 2 nick=modem-2"]


def test_only_who_asks_is_told_the_nick(chat: InMemoryChat) -> None:
    job = chat.person()
    assert ask(chat, job, "JOIN ci #a any=yes", "JOIN #b") == ["OK JOIN #a 1 nick=ci", "OK JOIN #b 1"]
    assert ask(chat, chat.person(), "JOIN ci", "JOIN ci2") == [
        "ERR name-taken JOIN nick ci is in use; choose another nick: JOIN <another nick>",
        "OK JOIN #lobby 1",
    ]


def test_one_that_failed_leaves_nothing_behind(chat: InMemoryChat) -> None:
    people = [chat.person(f"JOIN {nick}") for nick in candidates(Nick("x")) if nick != "ci-3"]
    assert len(people) == MOST
    job = chat.person()
    (refused,) = ask(chat, job, "JOIN x any=yes")
    why = f"all {MOST} nicks tried are taken; choose another nick: JOIN <another nick>"
    assert refused == f"ERR name-taken JOIN {why}"
    assert ask(chat, job, "JOIN job") == [f"OK JOIN #lobby {MOST + 1}"]


@pytest.mark.parametrize("line", ["JOIN #a any=yes", "JOIN ci any=no", "JOIN ci any=yes any=yes", "JOIN ci any"])
def test_what_does_not_belong_there(chat: InMemoryChat, line: str) -> None:
    assert ask(chat, chat.person("JOIN eve"), line)[0].startswith("ERR bad-syntax JOIN ")


def test_an_owner_throws_nobody_out(chat: InMemoryChat) -> None:
    first = owner(chat, "ann", "JOIN ann any=yes")
    second = ChatClient(chat.hub)
    second.session.account = "ann"
    assert ask(chat, second, "JOIN ann any=yes") == ["OK JOIN #lobby 2 nick=ann-2"]
    assert first.take() == ["JOIN ann-2 #lobby"]


def test_a_ban_is_not_evaded(chat: InMemoryChat) -> None:
    ann = owner(chat, "ann", "JOIN ann #den", "SET registered=yes", "BAN ci")
    assert ask(chat, chat.person(), "JOIN ci #den any=yes")[0].startswith("ERR banned JOIN ")
    ask(chat, ann, "UNBAN ci", "BAN ci-2")
    chat.person("JOIN ci")
    assert ask(chat, chat.person(), "JOIN ci #den any=yes")[0].startswith("ERR banned JOIN ")


def test_members_only_says_so(chat: InMemoryChat) -> None:
    chat.hub.accounts.members_only = True  # type: ignore[misc]
    assert ask(chat, chat.person(), "JOIN ci any=yes")[0].startswith("ERR not-allowed JOIN only registered users ")


def test_who_comes_back_has_the_same_name(chat: InMemoryChat) -> None:
    chat.person("JOIN ci #builds")
    job = chat.program("JOIN ci #builds any=yes")
    again = chat.program()
    assert ask(chat, again, "JOIN ci #builds any=yes resume=secret1")[-1].endswith(" resume=secret2 nick=ci-2")
    assert job.take()[-1].startswith("BYE replaced ")


def test_names_are_no_longer_than_names_may_be() -> None:
    for nick in ("ci", "x" * MAX_NICK_LENGTH, "\u05d0" * MAX_NICK_LENGTH, "e\u0323\u0308" * 10 + "ab"):
        tried = list(candidates(Nick(names.nick(nick))))
        assert all(names.nick(each) == each for each in tried)
        assert len({each.key for each in tried}) == len(tried)
        assert len(tried) > MOST / 2
    assert list(candidates(Nick("x" * MAX_NICK_LENGTH)))[-1] == "x" * (MAX_NICK_LENGTH - 4) + "-100"


@pytest.mark.parametrize("words", ["", " since=0 epoch=e1"])
def test_of_two_nodes_the_one_that_is_later_tries_on(words: str) -> None:
    cluster = InMemoryCluster(3)
    jobs = [ChatClient(node.hub) for node in cluster.nodes for _ in range(3)]
    for job in jobs:
        job.says("HELLO 1")
        job.take()
    for job in jobs:
        job.says(f"@label=j JOIN ci #builds any=yes{words}", "MSG here")
    cluster.settle()
    lines = [[line for line in job.take() if line.startswith("@label=j ")] for job in jobs]
    assert all(len(each) == 1 for each in lines), lines
    got = [each[0].split(" nick=")[1].split()[0] for each in lines]
    assert sorted(got) == ["ci", *(f"ci-{number}" for number in range(2, 10))]
    eve = ChatClient(cluster.nodes[0].hub)
    eve.says("JOIN eve #builds", "WHO", "HISTORY")
    cluster.settle()
    told = bodies(eve.take())
    assert sorted(next(line for line in told if line.startswith("WHO ")).split()[2:]) == sorted([*got, "eve"])
    assert sorted(line.split()[3] for line in told if line.startswith("OLD ")) == sorted(got)
    assert cluster.states() == [cluster.states()[0]] * 3


def test_a_name_that_was_lost_is_not_tried_again_without_any() -> None:
    cluster = InMemoryCluster(2)
    jobs = [ChatClient(node.hub) for node in cluster.nodes]
    for job in jobs:
        job.says("JOIN ci #builds")
    cluster.settle()
    assert sorted(job.take()[0].split()[0] for job in jobs) == ["ERR", "OK"]
