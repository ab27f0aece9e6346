"""ii and sic: IRC clients that show lines as they come, one in files and one on its output."""

from __future__ import annotations

import subprocess
from contextlib import suppress

from typing_extensions import override

from tests.support.daemon import environment, wait_until
from tests.support.irc_programs import HOST, IrcProgram, read, write
from tests.support.programs import program


class Ii(IrcProgram):
    """ii, which makes a folder of each room, with a FIFO and a file in it."""

    SAID = r"<{nick}> {text}\n"
    ACTED = r"<{nick}> \x01?ACTION {text}\x01?\n"
    TOPIC = r"-!- {nick} changed topic to \"{text}\"\n"
    JOINED = r"-!- {nick}\(.*\) has joined {room}\n"
    PARTED = r"-!- {nick}\(.*\) has left {room}\n"
    RENAMED = r"-!- {nick} changed nick to {new}\n"
    reconnects = False

    @override
    def _start(self) -> subprocess.Popen[bytes]:
        self._place = self.folder / HOST
        return self.popen("ii", "-i", str(self.folder), "-s", HOST, "-p", str(self.port), "-n", self.nick)

    @override
    def enter(self) -> None:
        wait_until(lambda: "Welcome to " in read(self._place / "out"), lambda: read(self._place / "out"))
        self.come_in()

    @override
    def come_in(self) -> None:
        write(self._place / "in", f"/j {self.room}")

    @override
    def type(self, line: str) -> None:
        write(self._place / self.room / "in", line)

    @override
    def act(self, text: str) -> None:
        self.type(f"\x01ACTION {text}\x01")

    @override
    def set_topic(self, text: str) -> None:
        self.type(f"/t {text}")

    @override
    def rename(self, nick: str) -> None:
        self.type(f"/n {nick}")

    @override
    def part(self) -> None:
        self.type("/l")

    @override
    def quit(self) -> None:
        write(self._place / "in", "/q")

    @override
    def shown(self) -> str:
        # Names, and who has gone, it shows with what the server says.
        return read(self._place / self.room / "out", self._place / "out")


class Sic(IrcProgram):
    """sic, which reads its input and writes all to its output."""

    SAID = r"{room}\s*: .* <{nick}> {text}\n"
    ACTED = r"{room}\s*: .* <{nick}> \x01ACTION {text}\x01\n"
    TOPIC = r"{nick}\s*: .* >< TOPIC \({room}\): {text}\n"
    JOINED = r"{nick}\s*: .* >< JOIN \({room}\): \n"
    PARTED = r"{nick}\s*: .* >< PART \({room}\): .*\n"
    RENAMED = r"{nick}\s*: .* >< NICK \(\): {new}\n"
    reconnects = False

    @override
    def _start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "output").open("ab") as output:
            return subprocess.Popen(
                [program("sic"), "-h", HOST, "-p", str(self.port), "-n", self.nick],
                stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment(),
            )  # fmt: skip

    @override
    def enter(self) -> None:
        wait_until(lambda: "Welcome to " in self.shown(), self.shown)
        self.come_in()

    @override
    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()

    @override
    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    @override
    def come_in(self) -> None:
        self.type(f":j {self.room}")

    @override
    def act(self, text: str) -> None:
        self.type(f"\x01ACTION {text}\x01")

    @override
    def set_topic(self, text: str) -> None:
        self.type(f":TOPIC {self.room} :{text}")

    @override
    def rename(self, nick: str) -> None:
        self.type(f":NICK {nick}")

    @override
    def part(self) -> None:
        self.type(f":l {self.room}")

    @override
    def quit(self) -> None:
        self.type(":QUIT")

    @override
    def shown(self) -> str:
        return read(self.folder / "output")
