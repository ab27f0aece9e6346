"""Whether ``--auth pam`` can tell who is who."""

from __future__ import annotations

import grp
import os
import re
from collections.abc import Iterator
from pathlib import Path

from chatd.accounts.pam import PamChecker
from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, good, warning

RULES = Path("/etc/pam.d")
_UNIX = re.compile(r"^[^#]*\b(pam_unix\.so|common-auth|system-auth|password-auth)\b", re.MULTILINE)
"""What asks for the passwords of the machine itself: the module, or what distributions include for it."""


def check(question: Question) -> Iterator[Result]:
    """Yield what is found of each PAM service that is asked."""
    groups = {os.getegid(), *os.getgroups()}
    for checker in question.options.checkers:
        if isinstance(checker, PamChecker):
            yield from service(checker.service, RULES, os.geteuid(), groups)


def service(name: str, rules: Path, user: int, groups: set[int]) -> Iterator[Result]:
    """Yield what is found of a service whose rules are in a folder, for a user in some groups, by number."""
    file = rules / name
    if not file.is_file():
        what = (
            f"there is no {file}, so the rules of {rules / 'other'} apply, which on Debian let in the accounts of this"
            " machine and elsewhere usually refuse everybody"
        )
        yield warning("pam.service", what, f"write {file}, with auth and account lines; see pam.d(5)")
        return
    try:
        text = file.read_text(errors="replace")
    except OSError as error:
        yield warning("pam.service", f"{file} cannot be read: {error.strerror}", "chmod 644 it")
        return
    yield good("pam.service", f"{file} decides who may log in")
    if not _UNIX.search(text) or user == 0:
        return
    if _shadow() in groups:
        yield good("pam.passwords", "this user is in the group shadow and can check the machine's passwords")
    else:
        do = "run the server in the group shadow (SupplementaryGroups=shadow) or as root"
        yield warning("pam.passwords", f"{file} uses the machine's passwords, which this user cannot check", do)


def _shadow() -> int | None:
    try:
        return grp.getgrnam("shadow").gr_gid
    except KeyError:
        return None
