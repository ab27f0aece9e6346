"""How the log is written: one event a line for programs, levels for journald, and nothing that a peer could forge."""

from __future__ import annotations

import ast
import io
import json
import os
import re
from pathlib import Path
from typing import cast

import pytest
from twisted.logger import ILogObserver, LogEvent, Logger, LogLevel, globalLogPublisher
from twisted.python import log as old_log
from twisted.scripts.twistd import ServerOptions  # type: ignore[attr-defined]  # Twisted lists it nowhere

import chatd
from chatd.app.configuration.writing import effective_file
from chatd.app.log_formats import FIELDS, PARTS, LogFormat, as_journal_lines, as_json, format_of
from chatd.app.log_options import LEVELS
from chatd.app.log_output import Output, goes_to_journal
from chatd.app.options import Options, ReadOptions

ROOT = Path(chatd.__file__).parent
FORGED = "bob\n<0>all is lost\r\u2028\x85\x1b[2J\x7f"


def logged(level: str, text: str, **fields: object) -> LogEvent:
    """Return an event of chatd.example as the log would have it."""
    events: list[LogEvent] = []
    observer = cast(ILogObserver, events.append)
    getattr(Logger("chatd.example", observer=observer), level)(text, **fields)
    (event,) = events
    return event


def failed() -> LogEvent:
    try:
        raise ValueError(FORGED)
    except ValueError:
        return logged("failure", "it went wrong")


def written(event: LogEvent) -> dict[str, object]:
    """Return what one line of JSON says of an event."""
    line = as_json(event)
    assert line is not None and line.endswith("\n")
    assert line.isascii() and line[:-1].isprintable()
    fields: dict[str, object] = json.loads(line)
    return fields


def test_an_event_is_one_line_of_json() -> None:
    event = logged("info", "listening on {address}", address="127.0.0.1:10319", count=3, secret="none of your business")
    event["log_time"] = 1767225600.25
    assert written(event) == {
        "time": "2026-01-01T00:00:00.250000Z",
        "level": "info",
        "system": "chatd.example",
        "message": "listening on 127.0.0.1:10319",
        "address": "127.0.0.1:10319",
        "count": 3,
    }


def test_nothing_in_json_ends_the_line_or_is_for_a_terminal() -> None:
    fields = written(logged("warn", "{what}; {why}", what=FORGED, why=FORGED))
    assert fields["message"] == f"{FORGED}; {FORGED}"
    assert fields["why"] == FORGED
    assert "what" not in fields


def test_a_traceback_is_one_field() -> None:
    fields = written(failed())
    assert fields["level"] == "critical"
    assert fields["message"] == "it went wrong"
    assert str(fields["traceback"]).startswith("Traceback (most recent call last):\n")
    assert FORGED in str(fields["traceback"])


def test_what_cannot_be_shown_is_said() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    event = logged("error", "{nothing}")
    event["log_failure"] = Broken()
    assert written(event)["traceback"] == "its traceback cannot be shown: AttributeError"


@pytest.mark.parametrize(("level", "number"), [("critical", 2), ("error", 3), ("warn", 4), ("info", 6), ("debug", 7)])
def test_journald_is_told_the_level(level: str, number: int) -> None:
    assert as_journal_lines(logged(level, "so it is")) == f"<{number}>[chatd.example] so it is\n"


def test_each_line_for_journald_has_the_level_of_its_event() -> None:
    lines = (as_journal_lines(logged("warn", "{what}", what=FORGED)) or "").split("\n")
    assert lines[0] == "<4>[chatd.example] bob"
    assert lines[1] == "<4>\t<0>all is lost"
    assert lines.pop() == ""
    assert all(line.startswith("<4>") for line in lines)
    lines = (as_journal_lines(failed()) or "").splitlines()
    assert lines[1] == "<2>\tTraceback (most recent call last):"


def test_text_is_as_twistd_writes_it() -> None:
    line = format_of(LogFormat.TEXT)(logged("info", "one\ntwo"))
    assert line is not None
    assert re.fullmatch(r"\S+ \[chatd\.example#info\] one\n\ttwo\n", line)


def test_nothing_below_the_level_is_written() -> None:
    file = io.StringIO()
    output = Output(file, as_journal_lines)
    output.set_level(LogLevel.warn)
    for level in LEVELS:
        output(logged(level, level))
    assert [line.split()[-1] for line in file.getvalue().splitlines()] == ["critical", "error", "warn"]
    output.set_level(LogLevel.debug)
    output(logged("debug", "more"))
    assert file.getvalue().endswith("more\n")


def test_an_event_of_old_has_a_level_too() -> None:
    file = io.StringIO()
    output = Output(file, as_json)
    output.set_level(LogLevel.info)
    globalLogPublisher.addObserver(output)
    try:
        old_log.msg("as it was", system="old")
    finally:
        globalLogPublisher.removeObserver(output)
    (line,) = file.getvalue().splitlines()
    assert {"level": "info", "system": "old", "message": "as it was"}.items() <= json.loads(line).items()


def test_the_journal_is_known_by_device_and_inode(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        found = os.fstat(file.fileno())
        stream = f"{found.st_dev}:{found.st_ino}"
        assert goes_to_journal(file.fileno(), {"JOURNAL_STREAM": stream})
        assert not goes_to_journal(file.fileno(), {"JOURNAL_STREAM": f"{stream}0"})
        assert not goes_to_journal(file.fileno(), {})
    assert not goes_to_journal(9999, {"JOURNAL_STREAM": stream})


def fields_in_use() -> set[str]:
    """Return the names that the daemon gives to what it logs."""
    found: set[str] = set()
    for path in ROOT.rglob("*.py"):
        if any(path.is_relative_to(ROOT / each) for each in ("bot", "client")):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                names = [ast.unparse(each) for each in (node.func, *node.args)]
                if any(re.fullmatch(r"(self\.)?_log\.\w+", name) for name in names):
                    found |= {word.arg for word in node.keywords if word.arg is not None}
    return found


def test_the_list_of_fields_is_complete() -> None:
    assert fields_in_use() == FIELDS.keys() | PARTS
    assert not FIELDS.keys() & {"time", "level", "system", "message", "traceback"}


def test_every_field_is_documented() -> None:
    page = (ROOT.parent / "docs" / "daemon-log.rst").read_text()
    for name, about in FIELDS.items():
        assert f"``{name}``\n     - {about}\n" in page


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--log", "xml"], "--log takes one of text, json, journald, not 'xml'"),
        (["--log-level", "loud"], "--log-level takes one of critical, error, warn, info, debug, not 'loud'"),
    ],
)
def test_what_is_no_log_is_one_sentence(words: list[str], why: str) -> None:
    with pytest.raises(SystemExit) as ended:
        Options().parseOptions(words)
    assert str(ended.value) == f"chatd: {why}; see chatd --help"


@pytest.mark.parametrize("name", ["syslog", "logger"])
def test_a_file_may_give_a_level_where_twistd_writes_the_log(name: str, tmp_path: Path) -> None:
    for level in ("info", "warn"):
        (tmp_path / "chatd.toml").write_text(effective_file(_under_twistd("--log-level", level)))
        options = _under_twistd("--config", str(tmp_path / "chatd.toml"), **{name: "1"})
        assert options["log-level"] == level
    with pytest.raises(SystemExit, match=f"--log-level and twistd's --{name} exclude each other"):
        _under_twistd("--log-level", "warn", **{name: "1"})


def _under_twistd(*words: str, **given: str) -> ReadOptions:
    options = ReadOptions()
    twistd = ServerOptions()
    twistd.update(given)
    options.parent = twistd
    options.parseOptions(words)
    return options
