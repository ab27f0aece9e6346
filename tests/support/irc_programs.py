"""IRC clients of other people, as Debian packages them: they are started, typed into, and what they show is read."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import termios
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Self

from typing_extensions import override

from tests.support.daemon import environment, wait_until
from tests.support.programs import program

HOST = "127.0.0.1"


class IrcProgram(ABC):
    """A client that runs in ``folder`` as ``nick``, and comes into ``room``.

    The patterns say how it shows something; they are formatted with what it is, each of that escaped.
    """

    SAID: ClassVar[str]
    ACTED: ClassVar[str]
    TOPIC: ClassVar[str]
    JOINED: ClassVar[str]
    PARTED: ClassVar[str]
    RENAMED: ClassVar[str]
    reconnects: ClassVar[bool]
    """Whether it comes back by itself after the server was away; the others end."""
    knows_times: ClassVar[bool] = False
    """Whether it shows itself when something was said; others are told that in the text."""

    def __init__(self, folder: Path, port: int, nick: str, room: str) -> None:
        self.folder, self.port, self.nick, self.room = folder, port, nick, room
        folder.mkdir(exist_ok=True)
        self.process = self._start()
        try:
            self.enter()
            self.wait_for(self.JOINED, nick=nick)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @abstractmethod
    def _start(self) -> subprocess.Popen[bytes]:
        """Start it, on its way into the room."""

    @abstractmethod
    def type(self, line: str) -> None:
        """Type a line where it is said in the room, or is a command if it begins with a slash."""

    @abstractmethod
    def shown(self) -> str:
        """Return all that it has shown of the room so far."""

    def wait_for(self, pattern: str, times: int = 1, **values: str) -> None:
        """Wait until it shows something of the room in its way, and so many times."""
        known = {"nick": self.nick, "room": self.room} | values
        found = re.compile(pattern.format(**{key: re.escape(value) for key, value in known.items()}))
        wait_until(lambda: len(found.findall(self.shown())) >= times, lambda: f"{found.pattern} in {self.shown()}")

    def enter(self) -> None:  # noqa: B027  # most need none
        """Come into the room for the first time, unless it is told at its start where to go."""

    def act(self, text: str) -> None:
        """Do something."""
        self.type(f"/me {text}")

    def set_topic(self, text: str) -> None:
        self.type(f"/topic {text}")

    def rename(self, nick: str) -> None:
        self.type(f"/nick {nick}")

    def part(self) -> None:
        self.type("/part")

    def quit(self) -> None:
        self.type("/quit")

    def come_in(self) -> None:
        """Come into the room again."""
        self.type(f"/join {self.room}")

    def popen(self, *command: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a command that reads nothing and prints nothing of interest."""
        surroundings = environment() | {"HOME": str(self.folder), "LC_ALL": "C.UTF-8"} | variables
        with (self.folder / "errors").open("ab") as errors:
            return subprocess.Popen(
                [program(command[0]), *command[1:]],
                cwd=self.folder, env=surroundings, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
            )  # fmt: skip


def read(*files: Path) -> str:
    """Return what stands in those of the files that there are."""
    return "".join(each.read_text(errors="replace") for each in files if each.exists())


def write(fifo: Path, line: str) -> None:
    """Write a line into a FIFO that a program reads, when it does."""
    opened: list[int] = []

    def is_read() -> bool:
        with suppress(OSError):
            opened.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return bool(opened)

    wait_until(is_read, lambda: f"somebody reads {fifo}")
    with os.fdopen(opened[0], "wb") as file:
        file.write(f"{line}\n".encode())


class Irssi(IrcProgram):
    """irssi on a terminal, which writes what it shows into files."""

    SAID = r"<[ @+]?{nick}> {text}\n"
    ACTED = r" \* {nick} {text}\n"
    TOPIC = r"{nick} changed the topic of {room} to: {text}\n"
    JOINED = r"-!- {nick} \[.*\] has joined {room}\n"
    PARTED = r"-!- {nick} \[.*\] has left {room}"
    RENAMED = r"-!- ({nick} is|You're) now known as {new}\n"
    reconnects = True
    knows_times = True
    _CONFIG = """
        servers = ( {{ address = "{host}"; port = "{port}"; chatnet = "here"; autoconnect = "yes"; }} );
        chatnets = {{ here = {{ type = "IRC"; nick = "{nick}"; username = "{nick}"; realname = "{nick}"; }}; }};
        channels = ( {{ name = "{room}"; chatnet = "here"; autojoin = "yes"; }} );
        settings = {{
          "irc/core" = {{ cmd_queue_speed = "10msec"; cmds_max_at_once = "100"; }};
          core = {{ server_reconnect_time = "1sec"; }};
          "fe-common/core" = {{ autolog = "yes"; autolog_path = "{folder}/$0.log"; autolog_level = "ALL"; }};
        }};
    """

    @override
    def _start(self) -> subprocess.Popen[bytes]:
        values = {"host": HOST, "port": self.port, "nick": self.nick, "room": self.room, "folder": self.folder}
        (self.folder / "config").write_text(self._CONFIG.format(**values))
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, 160))
        command = [program("setsid"), "--ctty", program("irssi"), "--home", str(self.folder)]
        surroundings = environment() | {"TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings)
        os.close(theirs)
        # Nobody looks at the screen, but what is not read of it stops the program.
        self._screen = threading.Thread(target=self._drain)
        self._screen.start()
        return process

    def _drain(self) -> None:
        with suppress(OSError):  # that is how a terminal ends
            while os.read(self._ours, 1 << 16):
                pass

    @override
    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        self._screen.join()
        os.close(self._ours)

    @override
    def type(self, line: str) -> None:
        # The room may have got another window meanwhile, and none has the keys by itself.
        os.write(self._ours, f"/window goto {self.room}\r{line}\r".encode())

    @override
    def shown(self) -> str:
        return read(self.folder / f"{self.room}.log")


class WeeChat(IrcProgram):
    """weechat-headless, which reads a FIFO and writes what it shows into files."""

    SAID = r"\t[@+]?{nick}\t{text}\n"
    ACTED = r"\t \*\t[@+]?{nick} {text}\n"
    TOPIC = r"\t{nick} has changed topic for {room} (from .*)?to \"{text}\"\n"
    JOINED = r"\t-->\t{nick} .*has joined {room}\n"
    PARTED = r"\t<--\t{nick} .*has left {room}"
    RENAMED = r"\t({nick} is|You are) now known as {new}\n"
    reconnects = True
    knows_times = True
    _COMMANDS = (
        "/set logger.file.flush_delay 0",
        "/set irc.server_default.autoreconnect_delay 1",
        # Off by default in some versions and on in others, which have other names for it, too.
        "/set irc.server_default.ssl off",
        "/set irc.server_default.tls off",
        "/set irc.server_default.anti_flood 0",
        "/set irc.server_default.anti_flood_prio_high 0",
        "/set irc.server_default.anti_flood_prio_low 0",
        "/set fifo.file.path {fifo}",
        "/server add here {host}/{port} -nicks={nick} -username={nick} -realname={nick} -autojoin={room}",
        "/connect here",
    )

    @override
    def _start(self) -> subprocess.Popen[bytes]:
        self._fifo = self.folder / "fifo"
        values = {"host": HOST, "port": self.port, "nick": self.nick, "room": self.room, "fifo": self._fifo}
        commands = ";".join(self._COMMANDS).format(**values)
        return self.popen("weechat-headless", "--dir", str(self.folder), "--run-command", commands)

    @override
    def type(self, line: str) -> None:
        write(self._fifo, f"irc.here.{self.room} *{line}")

    @override
    def shown(self) -> str:
        return read(self.folder / "logs" / f"irc.here.{self.room}.weechatlog")
