"""The manual pages: all that there is stands in them, and what shows them has nothing to say against them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatd import __version__
from chatd.app.command_table import COMMANDS
from chatd.app.configuration.sections import ROWS
from chatd.app.reference import man_command, roff
from chatd.app.reference.commands import describe, describe_client
from chatd.app.reference.pages import pages

PAGES = pages()
LINTERS: dict[str, Sequence[str]] = {
    "groff": ("groff", "-ww", "-man", "-Tutf8", "-z"),
    "man": ("man", "--warnings", "-l"),
    "mandoc": ("mandoc", "-T", "lint"),
}
UNDATED = re.compile(r'WARNING: missing date, using "": TH$')
"""A date would be another at every build."""


def rendered(name: str) -> str:
    """Return a page as plain text."""
    if shutil.which("groff") is None:
        pytest.skip("there is no groff here")
    command = ["groff", "-man", "-Tascii", "-P-c", "-P-b", "-P-u", "-rLL=100n"]
    return subprocess.run(command, input=PAGES[name].text(), capture_output=True, text=True, check=True).stdout


def test_there_is_a_page_of_every_command_of_the_window_and_of_the_file() -> None:
    assert PAGES.keys() == {"chatd", "chatd-client", "chatd.toml", *(f"chatd-{name}" for name in COMMANDS)}
    assert {page.path for page in PAGES.values()} >= {"man1/chatd.1", "man1/chatd-user.1", "man5/chatd.toml.5"}


@pytest.mark.parametrize("linter", LINTERS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wrong_with_a_page(name: str, linter: str, tmp_path: Path) -> None:
    if shutil.which(linter) is None:
        pytest.skip(f"there is no {linter} here")
    path = tmp_path / "page"
    path.write_text(PAGES[name].text())
    done = subprocess.run([*LINTERS[linter], path], capture_output=True, text=True, check=False)
    said = done.stderr if linter != "mandoc" else done.stdout + done.stderr
    assert [line for line in said.splitlines() if not UNDATED.search(line)] == []


def test_the_page_of_the_daemon_has_all_options_and_commands_as_they_are_typed() -> None:
    text = rendered("chatd")
    for name in ROWS:
        assert re.search(rf"^ +(-\w, )?--{name}\b", text, re.MULTILINE), name
    for name in COMMANDS:
        assert re.search(rf"^ +chatd {name}$", text, re.MULTILINE), name
        assert f"chatd-{name}(1)" in text
    headings = re.findall(r"^[A-Z][A-Z ]+$", text, re.MULTILINE)
    assert headings == [
        *("NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "FILES", "ENVIRONMENT", "SIGNALS"),
        *("EXIT STATUS", "EXAMPLES", "SEE ALSO"),
    ]
    assert "chatd export '#builds' > builds.jsonl" in text
    assert f"chatd {__version__}" in text


def test_the_page_of_the_file_has_all_that_can_stand_there() -> None:
    text = rendered("chatd.toml")
    for name in ROWS:
        assert re.search(rf"^ +{name} = \S", text, re.MULTILINE), name


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_of_a_command_has_what_it_takes(name: str) -> None:
    command, text = describe(COMMANDS[name]), rendered(f"chatd-{name}")
    assert command.about and command.about.split()[0] in text
    for part in command.commands or (command,):
        assert f"chatd {part.name}" in text
        for entry in part.entries:
            assert entry.names[-1] in text


def test_the_page_of_the_window_has_its_options() -> None:
    text = rendered("chatd-client")
    assert "chatd-client [options] [HOST[:PORT]]" in text
    for entry in describe_client().entries:
        assert entry.names[-1] in text


def test_text_is_no_macro_and_is_copied_as_it_was() -> None:
    awkward = [".so /etc/passwd", "'quoted' \\n `and` ~ ^ -x", ""]
    page = roff.page(
        [roff.title("x", 1, "0"), roff.heading("a"), roff.example(awkward), roff.paragraph(".PP in words")]
    )
    if shutil.which("groff") is None:
        pytest.skip("there is no groff here")
    command = ["groff", "-ww", "-man", "-Tascii", "-P-c", "-P-b", "-P-u"]
    done = subprocess.run(command, input=page, capture_output=True, text=True, check=True)
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert done.stderr == ""
    assert {".so /etc/passwd", "'quoted' \\n `and` ~ ^ -x", ".PP in words"} <= set(lines)


@pytest.mark.parametrize(("given", "name"), [([], "chatd"), (["user"], "chatd-user"), (["chatd.toml"], "chatd.toml")])
def test_a_page_is_printed(given: list[str], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    man_command.main(given)
    assert capsys.readouterr().out == PAGES[name].text()


def test_all_pages_are_written_and_are_the_same_every_time(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        man_command.main(["--directory", str(tmp_path / folder)])
    for page in PAGES.values():
        first, second = ((tmp_path / folder / page.path).read_bytes() for folder in ("a", "b"))
        assert first == second == page.text().encode()


def test_a_full_disk_is_told_from_a_standard_output_that_fails(tmp_path: Path) -> None:
    full = tmp_path / PAGES["chatd"].path
    full.parent.mkdir()
    full.symlink_to("/dev/full")
    with pytest.raises(SystemExit, match=f"^chatd: cannot write {full}: No space left on device$"):
        man_command.main(["--directory", str(tmp_path)])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["exprot"], "chatd: unknown page: exprot; did you mean export?"),
        (["zzzz"], "chatd: unknown page: zzzz; choose one of chatd, chatd-client, "),
        (["user", "--directory", "."], "chatd: PAGE and --directory exclude each other; "),
        (["--directory", "/dev/null/x"], "chatd: cannot write /dev/null/x/man1: "),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(given: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as stop:
        man_command.main(given)
    assert str(stop.value).startswith(said)
    assert "\n" not in str(stop.value)
