#!/usr/bin/env python3
"""Check the first lines of a commit message: ``check_subject.py FILE``, as git's commit-msg hook calls it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

MAX_SUBJECT = 72
FORM = re.compile(r"[a-z][a-z0-9_./-]*(, [a-z][a-z0-9_./-]*)*: \S.*[^.\s]")
FROM_GIT = ("Merge ", "Revert ", "fixup! ", "squash! ", "amend! ")
"""Subjects that git itself writes."""


def complaints(message: str) -> list[str]:
    """Return what is wrong with a commit message."""
    subject, *rest = message.split("\n")
    if subject.startswith(FROM_GIT):
        return []
    found = []
    if not FORM.fullmatch(subject):
        found.append("the subject has the form 'area: imperative', without a full stop")
    if len(subject) > MAX_SUBJECT:
        found.append(f"the subject has {len(subject)} characters; the limit is {MAX_SUBJECT}")
    if rest and rest[0].strip() and not rest[0].startswith("#"):
        found.append("the second line is empty")
    return found


def main() -> int:
    """Print what is wrong; return the exit status."""
    found = complaints(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for complaint in found:
        print(f"commit message: {complaint}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
