"""``chatd hook``, as it is typed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatd import __main__
from chatd.app.options import Options, makeService
from chatd.hooks.signing import key_of
from chatd.hooks.store import MAX_HOOKS, Hook, open_hook_store
from chatd.runtime.extras import missing

Run = Callable[..., list[str]]
URL = "https://user:word@example.org/in?token=s3cret"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))

    def run(*words: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", ["chatd", "hook", *words])
        __main__.main()
        return capsys.readouterr().out.splitlines()

    return run


def kept(path: str = "chatd.hooks.sqlite3") -> list[Hook]:
    with open_hook_store(Path(path), make=False) as store:
        return store.all()


def test_a_secret_is_made_and_told_once(run: Run) -> None:
    (secret,) = run("add", "#Builds", URL)
    (hook,) = kept()
    assert hook.secret == key_of(secret)
    assert (str(hook.room), hook.url, hook.private, hook.position) == ("#Builds", URL, False, None)
    assert run("list") == ["1\t#Builds\thttps://example.org\tnew\t0\tworks\t-\t-"]
    assert run("remove", "1") == ["removed webhook 1"]
    assert run("list") == []


def test_a_secret_from_a_file_is_not_told(run: Run) -> None:
    Path("secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    assert run("add", "#builds", "http://127.0.0.1/", "--private", "--secret-file", "secret", "--from", "12") == []
    (hook,) = kept()
    assert (hook.secret[:2], hook.private, hook.position) == (b"1\xf2", True, 12)
    assert Path("chatd.hooks.sqlite3").stat().st_mode & 0o777 == 0o600


def test_the_list_says_what_fails(run: Run) -> None:
    run("add", "#builds", URL, "--from", "beginning")
    (hook,) = kept()
    hook.position, hook.behind, hook.missed, hook.why, hook.status, hook.next = (
        7,
        500,
        9,
        "answered 500",
        500,
        1_700_000_000,
    )
    with open_hook_store(Path("chatd.hooks.sqlite3"), make=False) as store:
        store.keep(hook)
    told = "7\t500+\tfails: answered 500 (deleted before it was sent: up to 9)\t500\t2023-11-14T22:13:20Z"
    assert run("list") == [f"1\t#builds\thttps://example.org\t{told}"]
    hook.disabled = True
    with open_hook_store(Path("chatd.hooks.sqlite3"), make=False) as store:
        store.keep(hook)
    assert "disabled: the receiver answered 410 Gone" in run("list")[0]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add", "builds", URL], "is not a room"),
        (["add", "#builds", "http://example.org/"], "http:// is not encrypted"),
        (["add", "#builds", "https://10.0.0.1/"], "is not a public address"),
        (["add", "#builds", URL, "--from", "yesterday"], "--from takes"),
        (["add", "#builds", URL, "--from", "-1"], "--from takes"),
        (["add", "#builds", URL, "--secret-file", "none"], "No such file"),
        (["add", "#builds", URL, "-j", "memory:"], "give --hooks FILE"),
        (["remove", "1"], "no such file"),
        (["list"], "no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line(run: Run, words: list[str], why: str) -> None:
    with pytest.raises(SystemExit, match=r"\Achatd: ") as refused:
        run(*words)
    assert why in str(refused.value) and "\n" not in str(refused.value)
    assert not Path("chatd.hooks.sqlite3").exists()


def test_https_without_tls_is_refused_with_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.hooks.target.find_spec", lambda _name: None)
    with pytest.raises(SystemExit, match=re.escape(f"https:// {missing('TLS', 'tls')}")):
        run("add", "#builds", URL)


def test_a_hook_of_another_journal_has_a_file_of_its_own(run: Run) -> None:
    run("add", "#builds", URL, "-j", "nats://127.0.0.1", "--hooks", "mine")
    assert len(kept("mine")) == 1


def test_there_is_an_end_to_them(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.hooks.store.MAX_HOOKS", 2)
    run("add", "#builds", URL)
    run("add", "#builds", URL)
    with pytest.raises(SystemExit, match="the most allowed"):
        run("add", "#builds", URL)
    assert MAX_HOOKS >= 2


@pytest.mark.parametrize(
    ("words", "file"), [([], "chatd.hooks.sqlite3"), (["-j", "memory:"], None), (["--hooks", "x"], "x")]
)
def test_where_the_daemon_looks(
    words: list[str], file: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    options = Options()
    options.parseOptions(["--port", "0", *words])
    hooks = makeService(options)._hooks
    assert (None if hooks is None else hooks._path) == (None if file is None else tmp_path / file)
