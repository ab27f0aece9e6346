"""What ``--help`` lists, and what is said of words that are no option and no command."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from chatd.app.class_command import ClassOptions
from chatd.app.command_table import COMMANDS, TASKS
from chatd.app.configuration.sections import SECTIONS
from chatd.app.options import Options, ReadOptions
from chatd.app.reference.entries import groups_of
from chatd.app.reference.help_text import ABOUT, EXAMPLES, help_text
from chatd.app.reference.output import MAX_WIDTH

COMMAND = [sys.executable, "-m", "chatd"]


def chatd(*words: str, columns: str = "80") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": columns}
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, env=environment, timeout=60, check=False)


def test_the_help_begins_with_what_it_is_and_how_to_start_and_to_connect() -> None:
    about, _, *first = help_text(ReadOptions(), 80).splitlines()[:5]
    assert about == f"A {ABOUT}."
    assert [line.partition(":")[0] for line in first] == ["To start a server", "To connect to it", "To do more with it"]


def test_the_help_has_every_command_by_task() -> None:
    text = help_text(ReadOptions(), 80)
    for task in TASKS:
        part = text.partition(f"Commands: {task.title}\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in part.splitlines() if line[2] != " "] == [
            each.name for each in task.commands
        ]


def test_the_help_has_every_option_by_section_with_its_default() -> None:
    options = ReadOptions()
    text = help_text(options, 80)
    for section in SECTIONS:
        part = text.partition(f"[{section.name}]\n")[2].partition("\n\n")[0]
        names = [
            line.split(" --")[1].split()[0]
            for line in part.splitlines()
            if line.lstrip().startswith("-") and line[2] == "-"
        ]
        assert names == [row.name for row in section.rows]
    words = " ".join(text.split())
    for name, default in options.defaults.items():
        if default and name in options.settings:
            assert f"(default: {default})" in words, name
    assert "-c, --config FILE" in text and "-h, --help" in text


@pytest.mark.parametrize("width", [60, 80, MAX_WIDTH])
def test_the_help_is_as_wide_as_the_terminal(width: int) -> None:
    lines = help_text(ReadOptions(), width).splitlines()
    options = lines[lines.index("Options:") :]
    assert max(len(line) for line in options) <= width
    assert max(len(line) for line in options) > width - 12


def test_a_value_is_called_as_on_the_page_of_options() -> None:
    page = (Path(__file__).parents[2] / "docs" / "options.rst").read_text()
    for group in groups_of(ReadOptions()):
        for entry in group.entries:
            if entry.unit is not None and group.section is not None:
                assert f"``{entry.names[-1]} {entry.unit}``" in page


@pytest.mark.parametrize("example", [command for command, _ in EXAMPLES])
def test_the_examples_can_be_typed(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(example.partition(" > ")[0])
    assert words.pop(0) in ("chatd", "twistd")
    if words[0] == "chatd":
        words.pop(0)
    if words[0] not in COMMANDS:
        if "--config" not in words:
            ReadOptions().parseOptions(words)
        else:
            assert set(words[::2]) == {"--config"}
        return
    module = __import__(COMMANDS[words[0]].module, fromlist=["main"])
    if words[0] == "config":
        module.main(words[1:])
        assert "[listen]" in capsys.readouterr().out
        return
    parser = module.make_parser()
    parser.parse_args(words if COMMANDS[words[0]].shares_parser else words[1:])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["exprot"], "chatd: unknown command: exprot; did you mean export?"),
        (["USER"], "chatd: unknown command: USER; did you mean user?"),
        (["--port", "0", "export"], "chatd: put the command before the options: chatd export ...; "),
        (["nonsense"], "chatd: unknown command: nonsense; see chatd --help"),
        (["--max-romes", "3"], "chatd: unknown option: --max-romes; did you mean --max-rooms?"),
        (["--max"], "chatd: option --max not a unique prefix; see chatd --help"),
        (["--zzz"], "chatd: unknown option: --zzz; see chatd --help"),
    ],
)
def test_a_misspelled_word_is_answered_with_what_may_be_meant(words: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as stop:
        Options().parseOptions(words)
    assert str(stop.value).startswith(said)


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_the_help_of_a_class_begins_with_its_own_options(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        ClassOptions().parseOptions([word])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith("Usage: chatd class [options]\n")
    assert text.index("--no-announce") < text.index("--port PORT")
    assert "To start a server" not in text


@pytest.mark.slow
@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_help_is_as_wide_as_asked_for_and_no_failure(word: str) -> None:
    done = chatd(word, columns="60")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == help_text(ReadOptions(), 60)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"help"}))
def test_every_command_has_a_help(name: str) -> None:
    short, long = chatd(name, "-h"), chatd(name, "--help")
    assert (short.returncode, short.stderr) == (0, "")
    assert short.stdout == long.stdout
    assert f"chatd {name}" in short.stdout


@pytest.mark.slow
def test_twistd_has_the_same_help() -> None:
    code = "from twisted.scripts.twistd import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, "chatd", "--help"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"A {ABOUT}.\n")


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["user", "--help"], ["class", "-h"], ["config", "--default"]])
def test_a_reader_that_has_had_enough_is_no_failure(words: list[str]) -> None:
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, b"")


PRINTING = [["help"], ["man"], ["unit"], ["config"], ["config", "--default"], ["completion", "zsh"]]


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    chatd("user", "add", "ann", "--no-password", "--accounts", str(tmp_path / "accounts")).check_returncode()
    return tmp_path / "accounts"


@pytest.mark.slow
@pytest.mark.parametrize("words", [*PRINTING, ["user", "list"], ["check", "--journal", "memory:"]])
def test_output_that_cannot_be_written_is_one_line(words: list[str], accounts: Path) -> None:
    command = [*COMMAND, *words, *(["--accounts", str(accounts)] if words[0] == "user" else [])]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"chatd: (cannot write to standard output: )?No space left on device\n", done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("words", PRINTING)
def test_a_closed_standard_output_is_no_failure(words: list[str]) -> None:
    command = ["sh", "-c", f"exec {shlex.join([*COMMAND, *words])} >&-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["list", "invite"])
def test_a_reader_of_accounts_that_has_had_enough_is_no_failure(command: str, accounts: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    words = [*COMMAND, "user", command, "--accounts", str(accounts)]
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
