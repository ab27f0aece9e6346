"""Local sockets that others have bound: their mode is left alone, and so is the file that others keep."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as installed
from twisted.internet.defer import maybeDeferred
from twisted.internet.protocol import Factory, Protocol

from chatd.app.adopted_unix import AdoptedUNIXEndpoint, adopt

reactor: Any = installed


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
@pytest_twisted.ensureDeferred
async def test_a_socket_of_somebodys_keeps_its_mode_and_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("place")
        os.chmod("place", mode)
        bound.listen()
        port = await AdoptedUNIXEndpoint(reactor, bound.fileno()).listen(Factory.forProtocol(Protocol))
        assert stat.S_IMODE(os.stat("place").st_mode) == mode
        await maybeDeferred(port.stopListening)
        assert stat.S_IMODE(os.stat("place").st_mode) == mode
        with socket.socket(socket.AF_UNIX) as later:  # it waits for the next process
            later.connect("place")
        port.socket.close()  # type: ignore[attr-defined]  # as the end of the process does


@pytest_twisted.ensureDeferred
async def test_one_of_our_own_goes_with_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("place")
        os.chmod("place", 0o600)
        bound.listen()
        port = adopt(reactor, bound.fileno(), Factory.forProtocol(Protocol), keep=False)
        assert stat.S_IMODE(os.stat("place").st_mode) == 0o600
        await maybeDeferred(port.stopListening)
    assert not Path("place").exists()
