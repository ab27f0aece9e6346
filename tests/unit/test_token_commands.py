"""``chatd user token``, ``tokens``, ``revoke`` and ``logout``, as they are typed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from chatd.accounts.login_store import LoginStore
from chatd.accounts.store import open_account_store
from chatd.accounts.token_store import TokenStore
from chatd.app.user_commands import main

DAY = 86_400


class Do:
    """Does what is typed after ``chatd user`` and returns the lines that it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.errors = ""

    def __call__(self, *words: str) -> list[str]:
        main(words)
        printed, self.errors = self._capsys.readouterr()
        return printed.splitlines()


@pytest.fixture
def do(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Do:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr("time.time", lambda: 10.0 * DAY)
    do = Do(capsys)
    do("add", "CI", "--no-password")
    do("add", "ann", "--no-password")
    return do


def kept(secret: str) -> object:
    with open_account_store(Path("chatd.accounts.sqlite3"), make=False) as store:
        return TokenStore(store).find(secret, int(time.time()))


def test_a_token_is_printed_once_and_can_be_named(do: Do) -> None:
    (secret,) = do("token", "ci", "--room", "#builds", "--room", "#Ops", "--room", "#BUILDS", "--post-only")
    assert kept(secret) is not None
    id_ = secret.split("_")[1]
    assert f"chatd user revoke {id_}" in do.errors
    assert secret not in do.errors
    assert do("tokens") == [f"{id_}\tCI\t#BUILDS #Ops\tpost-only\t1970-01-11\tnever\tunused"]


def test_the_list_says_when_a_token_ends_and_was_used(do: Do) -> None:
    (first,) = do("token", "ci", "--expires", "90d")
    (second,) = do("token", "ann")
    one, other = first.split("_")[1], second.split("_")[1]
    with open_account_store(Path("chatd.accounts.sqlite3"), make=False) as store:
        TokenStore(store).note_use(one, 12 * DAY)
    assert do("tokens", "Ci") == [f"{one}\tCI\tany\t-\t1970-01-11\t1970-04-11\t1970-01-13"]
    assert [line.split("\t")[0] for line in do("tokens")] == [other, one]


def test_a_token_is_revoked_by_its_id_or_by_all_of_it(do: Do) -> None:
    (one,), (other,), (third,) = do("token", "ci"), do("token", "ci"), do("token", "ci")
    id_ = one.split("_")[1]
    assert do("revoke", id_) == [f"revoked token {id_}"]
    (said,) = do("revoke", other)
    assert other not in said
    assert [kept(secret) is not None for secret in (one, other, third)] == [False, False, True]


def test_logout_ends_the_logins_of_an_account(do: Do) -> None:
    (secret,) = do("token", "ci")
    with open_account_store(Path("chatd.accounts.sqlite3"), make=False) as store:
        ci, ann = store.find("ci"), store.find("ann")
        assert ci is not None
        assert ann is not None
        ours, theirs = LoginStore(store).open(ci, 0), LoginStore(store).open(ann, 0)
        assert do("logout", "Ci") == ["logged Ci out of the page; logins ended: 1"]
        assert LoginStore(store).find(ours, 1) is None
        assert LoginStore(store).find(theirs, 1) is not None
    assert kept(secret) is not None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["token", "bob"], "bob has no account; create one with chatd user add bob --no-password"),
        (["token", "ci", "--room", "builds"], "rooms begin with #"),
        (["token", "ci", "--expires", "soon"], "duration"),
        (["token", "ci", "--accounts", "nowhere"], "no such file"),
        (["tokens", "bob"], "bob has no account"),
        (["revoke", "12345678"], "no such token; see chatd user tokens"),
        (["revoke", "chatd_12345678_" + "0" * 40], "no such token"),
        (["logout", "bob"], "bob has no account"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(do: Do, words: list[str], why: str) -> None:
    with pytest.raises(SystemExit) as stop:
        do(*words)
    message = str(stop.value.code)
    assert message.startswith("chatd: ")
    assert why in message
    assert "\n" not in message
    assert "0" * 40 not in message
    assert do("tokens") == []
