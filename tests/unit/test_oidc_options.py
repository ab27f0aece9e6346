"""The options about an OpenID provider and about groups."""

from __future__ import annotations

import os
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from chatd import oidc
from chatd.accounts.groups import GroupRules
from chatd.accounts.service import AccountService
from chatd.app.options import Options, makeService
from chatd.edges.web.sign_on import NO_SIGN_ON
from chatd.edges.web.site import WebFactory
from chatd.protocol import names
from chatd.runtime.extras import install_command

ISSUER = ("--oidc-issuer", "https://login.example.org/realms/x")
AGREED = (*ISSUER, "--oidc-client-id", "chat")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "lines").write_text("one\ntwo\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "long").write_text("a" * 4097)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "users").write_text("carol:correct-horse\n")
    return tmp_path


def options(*words: str) -> Options:
    parsed = Options()
    parsed.parseOptions(list(words))
    return parsed


def site(*words: str) -> Any:
    """Return the web edge that a command line makes."""
    service: Any = makeService(options("--port", "0", "--web", "0", *words))
    (found,) = [place.factory for place in service._places if isinstance(place.factory, WebFactory)]
    return found


def test_without_a_provider_there_is_nothing_to_log_in_with() -> None:
    assert site()._sign_on is NO_SIGN_ON


def test_a_provider_has_places_on_the_page_and_accounts_in_a_file() -> None:
    found = site(*AGREED, "--oidc-client-secret", "secret")
    assert 'data-label="login.example.org"' in found._sign_on.head
    assert [row.place for row in found._sign_on.rows] == ["/-/oidc", "/-/oidc/back", "/-/oidc/page/NAME"]
    accounts = found.gateway.hub.accounts
    assert isinstance(accounts, AccountService)
    accounts.start()
    assert accounts.store.is_there
    accounts.stop()


def test_the_secret_is_in_a_file_and_never_shown(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    parsed = options(*AGREED, "--oidc-client-secret", "secret")
    assert parsed["oidc-client-secret"] == str(folder / "secret")
    assert "s3cret" not in str(dict(parsed)) + caplog.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (ISSUER, "--oidc-issuer needs --oidc-client-id, the client ID of this server at the provider"),
        (["--oidc-client-id", "chat"], "--oidc-client-id works only with --oidc-issuer; add that option"),
        (["--oidc-client-secret", "secret"], "--oidc-client-secret works only with --oidc-issuer"),
        (["--oidc-issuer", "http://login.example.org"], "an address like https://login.example.org"),
        (["--oidc-issuer", "login\x1b[31m"], "login␛[31m"),
        (["--oidc-issuer", "https://login.example.org/?a"], "cannot have ? or #"),
        ([*AGREED, "--web", "off"], "--oidc-issuer needs the page, which is off"),
        ([*AGREED, "--port", "0"], "--oidc-issuer needs the page, which is off"),
        ([*AGREED, "--listen", "unix:a"], "--oidc-issuer needs the page, which is off"),
        ([*AGREED, "--oidc-client-secret", "nowhere"], "nowhere': no such file or directory"),
        ([*AGREED, "--oidc-client-secret", "."], "': is a directory"),
        ([*AGREED, "--oidc-client-secret", "empty"], "must contain the secret, on one line"),
        ([*AGREED, "--oidc-client-secret", "lines"], "must contain the secret, on one line"),
        ([*AGREED, "--oidc-client-secret", "long"], "long': it has more than 4096 bytes"),
        ([*AGREED, "--oidc-client-secret", "pipe"], "pipe': it is not a regular file"),
        ([*AGREED, "--oidc-client-secret", "binary"], "is not text"),
        ([*AGREED, "--oidc-name-claim", ""], "--oidc-name-claim needs the name of a claim"),
        ([*AGREED, "--oidc-groups-claim", ""], "--oidc-groups-claim needs the name of a claim"),
        ([*AGREED, "--operators-group", " "], "--operators-group needs the name of a group"),
        ([*AGREED, "--room-group", "staff"], "--room-group staff: write a group and a room, such as staff=#den"),
        ([*AGREED, "--room-group", "staff=#a b"], "--room-group staff=#a b: "),
        (["--operators-group", "ops"], "--operators-group needs a source of groups; add --oidc-issuer or --auth pam"),
        (["--auth", "file:users", "--operators-group", "ops"], "--operators-group needs a source of groups"),
        (["--room-group", "staff=#den"], "--room-group needs a source of groups"),
    ],
)
def test_a_wrong_option_is_one_line(words: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as stop:
        options(*words)
    assert str(stop.value).startswith("chatd: ")
    assert said in str(stop.value)
    assert "\n" not in str(stop.value) and "\x1b" not in str(stop.value)


def test_a_closed_site_may_be_that_of_a_provider() -> None:
    assert site(*AGREED, "--members-only", "--journal", "memory:").gateway.hub.accounts.members_only


def test_what_groups_are_good_for() -> None:
    words = ("--operators-group", "ops", "--operators-group", "root", "--room-group", "a=#x", "--room-group", "a=#Y")
    parsed = options(*AGREED, *words)
    assert parsed.group_rules == GroupRules(
        frozenset({"ops", "root"}), {"a": frozenset({names.room("#x"), names.room("#Y")})}
    )
    assert site(*AGREED, *words).gateway.hub.accounts.groups.settle is not None
    assert site(*AGREED).gateway.hub.accounts.groups.settle is None


@pytest.mark.parametrize("missing", ["joserfc", "OpenSSL"])
def test_without_what_verifies_signatures_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr(oidc, "find_spec", lambda name: None if name == missing else util.find_spec(name))
    with pytest.raises(SystemExit) as stop:
        site(*AGREED)
    said = str(stop.value)
    assert said.startswith("chatd: --oidc-issuer needs joserfc, which is not installed: ")
    assert said.endswith(install_command("oidc"))
