"""The Containerfile names what there is and ends as a user without rights; ``packaging/try container`` runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatd.app.options import Options
from tools.run_containerfile import read

ROOT = Path(__file__).parents[2]
STAGES = read((ROOT / "Containerfile").read_text())


def test_what_it_copies_is_in_the_checkout_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for word, rest in [step for stage in STAGES for step in stage.steps]:
        if word == "COPY" and "--from=" not in rest:
            for name in rest.split()[:-1]:
                assert (ROOT / name).exists()
                assert f"!{name}" in ignored


def test_the_daemon_is_nobody_special_and_keeps_its_state_in_the_volume() -> None:
    last = STAGES[-1]
    assert last.last("USER") == "chatd"
    assert last.last("WORKDIR") == last.last("VOLUME") == "/var/lib/chatd"
    words = [word for word, _ in last.steps]
    assert words.index("USER") > max(at for at, word in enumerate(words) if word in ("RUN", "COPY"))


def test_it_starts_with_options_that_there_are_and_opens_those_ports() -> None:
    options = Options()
    options.parseOptions(json.loads(STAGES[-1].last("CMD")))
    assert options["interface"] == "0.0.0.0"
    assert options.web_place is not None
    assert STAGES[-1].last("EXPOSE") == "10319 10380"


def test_all_stages_are_of_one_debian() -> None:
    assert len({stage.base for stage in STAGES}) == 1


def test_lines_that_it_cannot_run_are_refused() -> None:
    with pytest.raises(ValueError, match="this line is not known: ADD x /y"):
        read("FROM debian:trixie-slim\nADD x /y\n")
