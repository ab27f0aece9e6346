"""What matterbridge sends, in its order, as its IRC bridge and the library under that (girc) do."""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass
from typing import Self

from tests.support.daemon import DEADLINE
from tests.support.irc import Told, read

WANTED = (
    "account-notify", "account-tag", "away-notify", "batch", "cap-notify", "chghost", "extended-join", "invite-notify",
    "message-tags", "msgid", "multi-prefix", "server-time", "userhost-in-names",
)  # fmt: skip
"""What girc asks for of what it is offered."""


@dataclass(frozen=True)
class Settings:
    """What stands in ``matterbridge.toml``."""

    nick: str = "bridge"
    password: str = ""
    """``Password``, which is sent with PASS."""
    nickserv_nick: str = ""
    nickserv_password: str = ""
    use_sasl: bool = False
    tls: bool = True


class Bridge:
    """A bridge that has read the end of the message of the day, and done what it does then."""

    def __init__(self, port: int, settings: Settings) -> None:
        self.settings = settings
        self.told: list[Told] = []
        self._connection = socket.create_connection(("127.0.0.1", port), DEADLINE)
        if settings.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # SkipTLSVerify
            self._connection = context.wrap_socket(self._connection)
        self._lines = self._connection.makefile("r", encoding="utf-8", newline="\r\n")
        self._come_in()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._connection.close()

    def send(self, *lines: str) -> None:
        """Send lines; girc cuts off what is over the 510 bytes of a message."""
        self._connection.sendall(b"".join(line.encode()[:510] + b"\r\n" for line in lines))

    def hear(self, *commands: str) -> Told:
        """Return the next message that is one of some commands, or else fail; answer what girc answers."""
        for line in self._lines:
            told = read(line.removesuffix("\r\n"))
            self.told.append(told)
            self._react(told)
            if told.command in commands:
                return told
        raise AssertionError(f"the connection ended before {commands}: {self.told[-3:]}")

    def join(self, room: str) -> None:
        """Enter a room, and have learnt who is in it."""
        self.send(f"JOIN {room}")
        self.hear("366")
        self.hear("315")
        self.hear("324")

    def _come_in(self) -> None:
        settings = self.settings
        self.send("CAP LS 302")
        if settings.password:
            self.send(f"PASS {settings.password}")
        self.send(f"NICK {settings.nick}", f"USER {settings.nick} * * :{settings.nick}")
        self.hear("376", "422")
        if settings.nickserv_password and not settings.use_sasl:
            self.send(f"PRIVMSG {settings.nickserv_nick} :IDENTIFY {settings.nickserv_password}")

    def _react(self, told: Told) -> None:
        settings = self.settings
        match told.command, told.params:
            case "PING", _:
                self.send(f"PONG {told.text}")
            case "CAP", [_, "LS", offered]:
                known = [word.partition("=")[0] for word in offered.split()]
                wanted = (*WANTED, *(["sasl"] if settings.use_sasl else []))
                self.send(f"CAP REQ :{' '.join(word for word in known if word in wanted)}")
            case "CAP", [_, "ACK", _] if settings.use_sasl:
                self.send("AUTHENTICATE PLAIN")
            case "CAP", [_, "ACK" | "NAK", *_]:
                self.send("CAP END")
            case "AUTHENTICATE", ["+"]:
                login = f"{settings.nickserv_nick}\0{settings.nickserv_nick}\0{settings.nickserv_password}"
                self.send(f"AUTHENTICATE {b64encode(login.encode()).decode()}")
            case "903", _:
                self.send("CAP END")
            case "JOIN", [room, *_] if told.nick == settings.nick:
                self.send(f"WHO {room} %tacuhnr,1", f"MODE {room}")
            case "JOIN", _:
                self.send(f"WHO {told.nick} %tacuhnr,1")
            case _:
                pass
