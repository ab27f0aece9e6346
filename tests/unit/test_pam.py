"""Linux-PAM, with rules of our own: a real library, no real password."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.strcred import makeChecker

from chatd.accounts import pam
from chatd.accounts.checkers import Credentials, GroupMember
from chatd.accounts.pam import PamChecker, PamError, machine_groups
from tests.support.in_memory_accounts import PASSWORD

SCRIPT = f"""#!/bin/sh
[ "$PAM_USER" = carol -o "$1" = anybody ] && [ "$(tr -d '\\000')" = {PASSWORD} ]
"""


def _is_missing() -> bool:
    try:
        return not hasattr(PamChecker()._pam, "pam_start_confdir")
    except PamError:
        return True


needs_pam = pytest.mark.skipif(_is_missing(), reason="there is no Linux-PAM of 1.4 or newer here")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder of services; that of ``chatd`` asks for a password, and a script whether it is the right one."""
    assert shutil.which("sh")
    script = tmp_path / "check"
    script.write_text(SCRIPT)
    script.chmod(0o700)
    folder = tmp_path / "rules"
    folder.mkdir()
    asks = f"auth [success=1 default=ignore] pam_exec.so quiet expose_authtok {script}\n"
    asks += "auth requisite pam_deny.so\nauth required pam_permit.so\n"
    (folder / "chatd").write_text(asks + "account required pam_permit.so\n")
    (folder / "anybody").write_text(asks.replace(str(script), f"{script} anybody") + "account required pam_permit.so\n")
    (folder / "expired").write_text(asks + "account required pam_deny.so\n")
    (folder / "broken").write_text("auth required /nowhere/pam_nothing.so\n")
    return folder


@needs_pam
def test_the_right_password_of_the_right_name(rules: Path) -> None:
    checker = PamChecker(rules=rules)
    assert checker.check(b"carol", PASSWORD.encode()) == b"carol"
    for name, password in ((b"carol", b"wrong-horse"), (b"dave", PASSWORD.encode()), (b"carol", b"")):
        with pytest.raises(UnauthorizedLogin):
            checker.check(name, password)


@needs_pam
def test_an_account_that_may_not_be_used(rules: Path) -> None:
    with pytest.raises(UnauthorizedLogin):
        PamChecker("expired", rules).check(b"carol", PASSWORD.encode())


@needs_pam
@pytest.mark.parametrize("service", ["broken", "nothing"])
def test_rules_that_do_not_work_let_nobody_in(rules: Path, service: str) -> None:
    with pytest.raises((PamError, UnauthorizedLogin)) as refused:
        PamChecker(service, rules).check(b"carol", PASSWORD.encode())
    assert PASSWORD not in str(refused.value)


@needs_pam
@ensureDeferred
async def test_it_is_asked_in_a_thread(rules: Path) -> None:
    asked = PamChecker(rules=rules).requestAvatarId(Credentials(b"carol", PASSWORD.encode()))
    assert not asked.called
    assert await asked == b"carol"


@needs_pam
@ensureDeferred
async def test_it_knows_the_groups_of_whom_the_machine_knows(rules: Path) -> None:
    me = pwd.getpwuid(os.getuid()).pw_name
    for service, name, groups in (("anybody", me, machine_groups(me)), ("chatd", "carol", frozenset())):
        accepted = await PamChecker(service, rules).requestAvatarId(Credentials(name.encode(), PASSWORD.encode()))
        assert isinstance(accepted, GroupMember)
        assert accepted.groups == groups
    assert machine_groups(me)


@needs_pam
def test_it_is_a_method_of_auth() -> None:
    assert isinstance(makeChecker("pam"), PamChecker)
    assert makeChecker("pam:login").service == "login"


def test_where_there_is_none_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pam, "_LIBRARY", "libpam-of-nowhere.so")
    with pytest.raises(PamError, match="Linux-PAM is not available"):
        PamChecker()


@pytest.mark.parametrize("service", ["", "../shadow", "é"])
def test_what_is_no_service(service: str) -> None:
    with pytest.raises(PamError, match="not a PAM service"):
        PamChecker(service)
