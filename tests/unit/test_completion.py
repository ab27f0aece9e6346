"""What bash and zsh complete: typed into the shells themselves, on a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatd.app.command_table import COMMANDS
from chatd.app.configuration.sections import ROWS
from chatd.app.reference import completion_command
from chatd.app.reference.bash import bash_script
from chatd.app.reference.completion import places
from chatd.app.reference.zsh import zsh_script

PLACES = list(places())
SCRIPTS = {"bash": bash_script(PLACES), "zsh": zsh_script(PLACES)}
SHELLS = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
SETUP = {
    "bash": "bind 'set show-all-if-ambiguous on'; bind 'set completion-query-items 0'; bind 'set page-completions off';"
    " bind 'set enable-bracketed-paste off'; PS1='> '; source ./script; cd files;"
    " show() { echo \"<$READLINE_LINE>\"; }; bind -x '\"\\C-g\": show'; echo rea''dy",
    "zsh": "unset zle_bracketed_paste; PS1='> '; LISTMAX=1000; setopt no_list_beep no_list_ambiguous;"
    " autoload -U compinit; compinit -D -u; source ./script; cd files;"
    " show() { print -rn \"<$BUFFER>\"; }; zle -N show; bindkey '^G' show; echo rea''dy",
}
MAX_SECONDS = 30
SHOW, CLEAR = "\x07", "\x15"
"""Control-G writes the line between angle brackets, see `SETUP`; Control-U empties it."""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, shell: str, folder: Path) -> None:
        (folder / "script").write_text(SCRIPTS[shell])
        (folder / "files").mkdir()
        for name in ("notes.log", "other.log"):
            (folder / "files" / name).touch()
        (folder / "files" / "state dir").mkdir()
        self._master, slave = pty.openpty()
        environment = {**os.environ, "TERM": "vt100", "INPUTRC": "/dev/null", "HOME": str(folder), "COLUMNS": "100"}
        self._process = subprocess.Popen(
            SHELLS[shell], stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment, start_new_session=True
        )
        os.close(slave)
        self.type(f"{SETUP[shell]}\r", "\nready")

    def type(self, keys: str, *expected: str) -> str:
        """Press keys; return what is shown as soon as all that is expected is there."""
        os.write(self._master, keys.encode())
        shown, end = "", time.monotonic() + MAX_SECONDS
        while not all(each in shown for each in expected):
            if not select.select([self._master], [], [], max(0.0, end - time.monotonic()))[0]:
                raise AssertionError(f"expected {expected}, and saw: {shown}")
            shown = ESCAPES.sub("", shown + os.read(self._master, 65536).decode(errors="replace"))
        return shown

    def completes(self, typed: str, line: str) -> None:
        """Press the tabulator after what is typed; the line begins as given then."""
        self.type(f"{typed}\t{SHOW}", f"<{line}")
        self.type(f"{CLEAR}{SHOW}", "<>")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@contextmanager
def terminal(shell: str, folder: Path) -> Iterator[Terminal]:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    opened = Terminal(shell, folder)
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("chatd --ma\t\t", ("--max-rooms-per-connection", "--max-per-address", "--max-waiting")),
        ("chatd user \t\t", ("passwd", "forget-scram", "tokens")),
        ("chatd --registration \t\t", ("off", "open", "code")),
    ],
)
def test_a_shell_lists(shell: str, keys: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    with terminal(shell, tmp_path) as shown:
        shown.type(keys, *expected)


LINES = {
    "chatd exp": "chatd export ",
    "chatd user in": "chatd user invite ",
    "chatd user add --no": "chatd user add --no-password ",
    "chatd --registration=co": "chatd --registration=code",
    "chatd --room-founders y": "chatd --room-founders yes ",
    "chatd --logfile no": "chatd --logfile notes.log ",
    "chatd --logfile=no": "chatd --logfile=notes.log",
    "chatd --state-directory st": "chatd --state-directory state\\ dir/",
    "chatd --port 1 --web-g": "chatd --port 1 --web-guests ",
    "chatd tail no": "chatd tail notes.log ",
    "chatd tail notes.log oth": "chatd tail notes.log other.log ",
    "chatd import --format sl": "chatd import --format slack ",
    "chatd class --no-a": "chatd class --no-announce ",
    "chatd config --def": "chatd config --default ",
    "chatd help back": "chatd help backup ",
    "chatd completion z": "chatd completion zsh ",
    "chatd man chatd-cli": "chatd man chatd-client ",
    "chatd-client --tl": "chatd-client --tls ",
}


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes(shell: str, tmp_path: Path) -> None:
    with terminal(shell, tmp_path) as shown:
        for typed, line in LINES.items():
            shown.completes(typed, line)


@pytest.mark.slow
def test_bash_takes_no_value_for_a_command(tmp_path: Path) -> None:
    """Bash parts words at colons and at equals signs."""
    with terminal("bash", tmp_path) as shown:
        shown.completes("chatd --journal sqlite:user --web-g", "chatd --journal sqlite:user --web-guests ")
        shown.completes("chatd --accounts user --web-g", "chatd --accounts user --web-guests ")
        shown.completes("chatd --auth file:no", "chatd --auth file:notes.log ")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_has_every_command_and_option(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    completion_command.main([shell])
    script = capsys.readouterr().out
    assert script == SCRIPTS[shell]
    words = set(re.findall(r"[\w-]+", script))
    assert words >= {*COMMANDS, *(f"--{name}" for name in ROWS), "--no-announce", "--default", "chatd-client"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_can_read_its_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    done = subprocess.run([shell, "-n"], input=SCRIPTS[shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
