"""Runs the blocks of a page, and tells where the page is not what happened."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.page_commands import CommandError, commands_of, goes_on, is_daemon, whole_commands
from tests.support.page_output import matches, refreshed
from tests.support.page_sessions import Company, Person, Session
from tests.support.page_shell import Background, Shell
from tests.support.page_world import World
from tests.support.pages import STEERING, Block

RUN = ("console", "sh", "bash", "text", "python", "toml", "json")
"""The kinds of blocks that are run; others are tested by a test that they name, or written to a file."""
_ASKS = re.compile(r"\b(?:10319|10380|6667)\b|\bchatd (?:backup|drain|export|hook|reload|user)\b(?!.* --help)")
_ALONE = re.compile(r"\bchatd (?:compact|erase|import|restore)\b|^\s*(?:\S*/)?twistd (?!-n).*chatd\b")
"""What needs the files, or the ports, for itself."""
_SESSION = re.compile(r"^(?:\S*/)?nc (?:-\S+ )*\S+ \d+$")


@dataclass(frozen=True)
class Difference:
    """Lines of a page that have to be others."""

    block: Block
    lines: list[str]
    """All lines of the block, as they should be."""

    def __str__(self) -> str:
        right = "\n".join(f"    {line}" for line in self.lines)
        return f"{self.block.place}: the page shows\n{self.block.text}but this is what happened:\n{right}"


class Page:
    """The blocks of a page run in one folder, in their order; those that go on are stopped at the end."""

    def __init__(self, root: Path) -> None:
        self.world = World(root)
        self._shell = Shell(self.world)
        self._company = Company(self.world)
        self._background: list[Background] = []
        self._session: Session | None = None
        self._options = ""
        self._statuses: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._company.close()
        if self._session is not None:
            self._session.person.close()
        for each in reversed(self._background):
            each.stop()
        self._shell.stop()

    def run(self, block: Block) -> Difference | None:
        """Run a block; return how it differs from what happened. Raises `CommandError` if something fails."""
        if unknown := block.steering.keys() - set(STEERING):
            raise CommandError(f"{block.place}: {unknown} is none of {STEERING}")
        if "tested by" in block.steering or "not run" in block.steering:
            return None
        self._statuses = {0}
        difference = self._run(block)
        if _exit_status(block) not in self._statuses:
            raise CommandError(f"{block.place}: nothing ended with {_exit_status(block)}")
        return difference

    def _run(self, block: Block) -> Difference | None:
        if "daemon" in block.steering:
            self._start_with(block.steering["daemon"])
        for command in block.steering.get("before", "").splitlines():
            self._succeed(command, block)
        if name := block.steering.get("file"):
            self._write(name, block)
            return None
        if block.steering.get("output of") == "the server":
            self._need_daemon()
            self._daemons()[-1].wait_until_shown(partial(matches, block.lines, goes_on=True))
            return None
        if "output of" in block.steering:
            printed, _ = self._call(block.steering["output of"], block)
            return self._compare(block, list(block.lines), printed)
        match block.kind:
            case "console":
                return self._run_console(block)
            case "sh" | "bash":
                self._run_script(block)
            case "text":
                return self._play(block, list(block.lines))
            case "python":
                self._run_python(block)
            case "toml":
                self._write("page.toml", block)
            case "json":
                _check_json(block)
            case other:
                raise CommandError(
                    f"{block.place}: a block of {other or 'no kind'} needs a comment that says what tests it"
                )
        return None

    def finish(self) -> None:
        """Wait for what the commands show that go on. Raises `CommandError` if it does not come."""
        for each in self._background:
            _wait_until_shown(each)

    def _run_console(self, block: Block) -> Difference | None:
        lines: list[str] = []
        for command, prompted, shown in commands_of(block):
            lines += prompted
            if _SESSION.match(command):
                self._need_daemon()
                difference = self._play(block, shown, anew=True)
                lines += shown if difference is None else difference.lines
            elif self._goes_on(command, block):
                self._start(command, shown, block)
                lines += shown
            else:
                printed, _ = self._call(command, block)
                lines += refreshed(shown, printed)
        return None if lines == list(block.lines) else Difference(block, lines)

    def _run_script(self, block: Block) -> None:
        if "keeps running" in block.steering:
            self._start(block.text, [], block)
            return
        for command in whole_commands(block.lines):
            if self._goes_on(command, block):
                self._start(command, [], block)
            else:
                self._succeed(command, block)

    def _goes_on(self, command: str, block: Block) -> bool:
        return "keeps running" in block.steering or goes_on(command)

    def _run_python(self, block: Block) -> None:
        self._write("page.py", block)
        if "keeps running" in block.steering:
            self._start("python page.py", [], block)
        else:
            self._need_daemon_for(block.text)
            self._succeed("python page.py", block)

    def _write(self, name: str, block: Block) -> None:
        """Write a block to a file, which has to be well formed."""
        path = Path(self.world.inward(name))
        path = path if path.is_absolute() else self.world.cwd / path
        path.parent.mkdir(parents=True, exist_ok=True)
        given = "".join(f"{line}\n" for line in block.steering.get("given", "").splitlines())
        path.write_text(self.world.inward(given + block.text))
        if block.kind == "toml":
            self._succeed(f"chatd config --config {path}", block)
        elif block.kind == "json":
            _check_json(block)
        elif block.kind == "python":
            compile(block.text, block.place, "exec")
        elif block.text.startswith("#!"):
            path.chmod(0o755)

    def _start(self, command: str, shown: list[str], block: Block) -> None:
        """Start what goes on, and wait until it is at work. A daemon takes the place of those of earlier blocks."""
        if is_daemon(command) and "chatd drain" not in command:
            self._stop_daemons(except_of=block.place)
        else:
            self._need_daemon_for(command)
        self._background.append(
            Background(self.world, self._shell.next_number(), self.world.inward(command), shown, block.place)
        )
        self._background[-1].wait_until_ready()

    def _daemons(self) -> list[Background]:
        return [each for each in self._background if each.is_daemon]

    def _stop_daemons(self, except_of: str = "") -> None:
        for each in [each for each in self._daemons() if each.place != except_of]:
            _wait_until_shown(each)
            self._background.remove(each)
            each.stop()
        self._company.close()
        if self._session is not None:
            self._session.person.close()
            self._session = None

    def _start_with(self, options: str) -> None:
        self._options = options
        self._stop_daemons()
        self._need_daemon()

    def _need_daemon_for(self, text: str) -> None:
        if _ASKS.search(text) and not re.match(r"\s*(?:\S*/)?chatd (?:check|config)\b", text):
            self._need_daemon()

    def _need_daemon(self) -> None:
        """Start the daemon of the page, if it has started none itself."""
        if all(each.process.poll() is not None for each in self._daemons()):
            command = f"chatd --port 10319 --web 10380 --irc 6667 {self._options}".rstrip()
            inward = self.world.inward(command)
            self._background.append(Background(self.world, self._shell.next_number(), inward, [], "the page's daemon"))
            self._background[-1].wait_until_ready()

    def _call(self, command: str, block: Block) -> tuple[list[str], int]:
        """Run a command to its end. Raises `CommandError` if its exit status is another than it should be."""
        if _ALONE.search(command):
            self._stop_daemons(except_of=block.place)
        else:
            self._need_daemon_for(command)
        typed = "".join(f"{line}\n" for line in block.steering.get("typed", "").split())
        printed, status = self._shell.run(self.world.inward(command), typed)
        self._statuses.add(status)
        if status not in {0, _exit_status(block)}:
            raise CommandError(f"{block.place}: {command!r} ended with {status}: " + "\n".join(printed))
        return printed, status

    def _succeed(self, command: str, block: Block) -> None:
        self._call(command, block)

    def _compare(self, block: Block, shown: list[str], printed: list[str]) -> Difference | None:
        return None if matches(shown, printed) else Difference(block, refreshed(shown, printed))

    def _play(self, block: Block, lines: list[str], *, anew: bool = False) -> Difference | None:
        """Play a session, in the connection of the one before it unless it begins with its own."""
        self._need_daemon()
        for each in block.list_of("earlier"):
            nick, _, line = each.partition(" ")
            self._company.do(nick, line)
        if self._session is None or anew or "as" in block.steering:
            if self._session is not None:
                self._session.person.close()
            self._session = Session(Person(self.world), self._company)
            if not anew:
                self._session.person.unread.clear()
        person = self._session.person
        for line in block.list_of("as"):
            person.type(line)
        if "as" in block.steering:
            _refuse_errors(block, person.unread)
            person.unread.clear()
        if block.steering.get("answers") == "left out":
            self._type_all(block, lines, person)
            return None
        played = self._session.play(lines, block.list_of("others"))
        return None if played == lines else Difference(block, played)

    def _type_all(self, block: Block, lines: list[str], person: Person) -> None:
        """Type lines whose answers the page does not show; none may be refused."""
        for line in lines:
            person.type(line)
            _refuse_errors(block, person.unread, line)
            person.unread.clear()


def _wait_until_shown(command: Background) -> None:
    if command.shown:
        command.wait_until_shown(partial(matches, command.shown, goes_on=True))


def _exit_status(block: Block) -> int:
    return int(block.steering.get("exit status", 0))


def _refuse_errors(block: Block, answers: list[str], line: str = "") -> None:
    if refused := [each for each in answers if re.match(r"(?:@\S+ )?ERR ", each)]:
        raise CommandError(f"{block.place}: {line!r} was answered {refused}")


def _check_json(block: Block) -> None:
    """See that a block is JSON, or has an object in each of its lines."""
    with suppress(ValueError):
        json.loads(block.text)
        return
    try:
        for line in block.lines:
            json.loads(line)
    except ValueError as problem:
        raise CommandError(f"{block.place}: {problem}") from problem
