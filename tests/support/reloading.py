"""A daemon in the process of the test, with a configuration file that can be written anew and reloaded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from twisted.application.service import Application

from chatd.app.options import Options, makeService
from chatd.app.service import ChatService
from chatd.edges.gateway import Gateway

QUIET: Mapping[str, Mapping[str, str]] = {"listen": {"port": "0"}, "storage": {"journal": '"memory:"'}}
"""A configuration that opens no more than it has to."""


class Reloadable:
    """A daemon that runs; ``said`` is what its last reload answered."""

    def __init__(self, file: Path, *words: str, log: Path | None = None) -> None:
        self._file = file
        options = Options()
        options.parseOptions(["--config", str(file), *words])
        if log is not None:
            options.twistd = {"pidfile": "", "nodaemon": True, "debug": False, "logfile": str(log)}
        self.service: ChatService = makeService(options)
        if log is not None:
            self.service.setServiceParent(Application("chatd"))
        self.said: list[str] = []

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens first."""
        address: Any = self.service.ports[0].getHost()
        return address.host, address.port

    @property
    def gateway(self) -> Gateway:
        """What its edges share."""
        assert self.service.reloader is not None
        return self.service.reloader._applying._gateway

    def write(self, text: str) -> None:
        """Write the file anew."""
        self._file.write_text(text)

    async def reload(self, text: str | None = None) -> int:
        """Reload, if so what the file says by now; return the exit status."""
        if text is not None:
            self.write(text)
        assert self.service.reloader is not None
        self.said = []
        return await self.service.reloader.reload(self.said.append)


def toml(*tables: Mapping[str, Mapping[str, str]]) -> str:
    """Return a file of several configurations, of which later ones go before."""
    merged: dict[str, dict[str, str]] = {}
    for table in tables:
        for section, values in table.items():
            merged.setdefault(section, {}).update(values)
    return "".join(
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())
        for section, values in merged.items()
    )


@asynccontextmanager
async def running(
    folder: Path, text: str = toml(QUIET), *words: str, log: Path | None = None
) -> AsyncIterator[Reloadable]:
    """Run a daemon with a file that says ``text``."""
    file = folder / "chatd.toml"
    file.write_text(text)
    daemon = Reloadable(file, *words, log=log)
    daemon.service.privilegedStartService()
    daemon.service.startService()
    try:
        yield daemon
    finally:
        if daemon.service.running:
            await daemon.service.stopService()
