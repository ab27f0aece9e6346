"""Reloads that are refused, in part or all of them, and the order of several."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred, gatherResults

from chatd.chat.limits import Limits
from tests.support.linked_users import until
from tests.support.reloading import QUIET, Reloadable, running, toml

NOT_THERE = os.strerror(errno.ENOENT)
ANOTHER = {"limits": {"max-rooms": "77"}}


def is_untouched(daemon: Reloadable, ports: object) -> bool:
    return daemon.service.ports == ports and daemon.service._hub.limits == Limits(room_founders=False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "[limits]\nmax-rooms = 77\nmax-romes = 3\n",
            "line 3: unknown option: max-romes; did you mean max-rooms?",
        ),
        ("[limits]\nmax-rooms = 77\nline-rate = -1\n", "line 3: line-rate takes a whole number from 0 to"),
        ("[limits]\nmax-rooms = 77\n[log\n", "line 3: "),
        ('[limits]\nmax-rooms = 77\n[listen]\nlisten = ["moon:1"]\n', "line 4: listen: invalid endpoint 'moon:1'"),
        ('[limits]\nmax-rooms = 77\n[listen]\nlisten = ["tls:none:port=0"]\n', "no such directory: "),
        ('[limits]\nmax-rooms = 77\n[groups]\noperators-group = ["ops"]\n', "line 4: operators-group needs a source"),
        ('[limits]\nmax-rooms = 77\n[accounts]\nregistration = "open"\n', "line 4: registration needs accounts"),
        (
            '[limits]\nmax-rooms = 77\n[accounts]\nregistration = "open"\nmembers-only = true\n',
            "line 5: members-only and registration exclude each other",
        ),
    ],
)
@ensureDeferred
async def test_what_is_wrong_changes_nothing(tmp_path: Path, text: str, why: str) -> None:
    async with running(tmp_path) as daemon:
        ports = daemon.service.ports
        head = toml(QUIET).replace("[listen]\nport = 0\n", "") if "[listen]" in text else toml(QUIET)
        assert await daemon.reload(text + head) == 1
        assert len(daemon.said) == 1
        assert daemon.said[0].startswith("nothing was changed: ")
        assert why in daemon.said[0]
        assert is_untouched(daemon, ports)
        (tmp_path / "chatd.toml").unlink()
        assert await daemon.reload() == 1
        assert daemon.said == [f"nothing was changed: cannot read the configuration {tmp_path}/chatd.toml: {NOT_THERE}"]
        assert await daemon.reload(toml(QUIET)) == 0


@ensureDeferred
async def test_what_needs_a_restart_is_named_until_it_is_as_it_was(tmp_path: Path) -> None:
    quiet = {**QUIET, "irc": {"irc": '["tcp:0:interface=127.0.0.5"]'}}
    async with running(tmp_path, toml(quiet)) as daemon:
        irc = {**quiet["irc"], "irc-name": '"irc.example.org"'}
        changed = toml(QUIET, ANOTHER, {"accounts": {"scram": "false"}, "irc": irc})
        line = changed.splitlines().index('irc-name = "irc.example.org"') + 1
        for first in (f"max-rooms = 77 ({tmp_path}/chatd.toml, line 6)", "nothing was changed"):
            assert await daemon.reload(changed) == 0
            name = f"irc-name was changed in {tmp_path}/chatd.toml, line {line}: restart to apply it"
            assert daemon.said == [first, name]
        assert await daemon.reload(toml(quiet, ANOTHER)) == 0
        assert daemon.said == ["nothing was changed"]
        assert await daemon.reload(toml(quiet)) == 0
        assert daemon.said == ["max-rooms = 10000, the default"]


@ensureDeferred
async def test_a_secret_is_in_no_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        assert await daemon.reload(toml(QUIET, {"storage": {"journal": '"nats://chat:hunter2@10.0.0.1/talk"'}})) == 0
        assert "journal was changed in " in daemon.said[1]
        assert "hunter2" not in "".join(daemon.said)


@ensureDeferred
async def test_the_command_line_goes_before_the_file_at_a_reload_too(tmp_path: Path) -> None:
    async with running(tmp_path, toml(QUIET), "--max-rooms", "5") as daemon:
        assert await daemon.reload(toml(QUIET, ANOTHER)) == 0
        assert daemon.said == ["nothing was changed"]
        assert daemon.service._hub.limits.rooms == 5


# The order of reloads.


@ensureDeferred
async def test_reloads_are_done_one_after_the_other_and_each_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        reloader = daemon.service.reloader
        assert reloader is not None
        answers: list[list[str]] = [[], [], []]
        daemon.write(toml(QUIET, ANOTHER))
        reloads = [Deferred.fromCoroutine(reloader.reload(each.append)) for each in answers]
        assert await gatherResults(reloads) == [0, 0, 0]
        assert ["max-rooms = 77" in " ".join(each) for each in answers] == [True, False, False]
        assert answers[1:] == [["nothing was changed"]] * 2


@ensureDeferred
async def test_while_it_stops_nothing_is_changed_and_that_is_answered(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        reloader = daemon.service.reloader
        assert reloader is not None
        daemon.write(toml(QUIET, ANOTHER, {"listen": {"listen": '["tcp:0"]'}}))
        said: list[str] = []
        under_way = Deferred.fromCoroutine(reloader.reload(said.append))
        await daemon.service.stopService()
        assert await under_way == 1
        assert said == ["nothing was changed: the server is stopping"]
        assert await daemon.reload() == 1
        assert daemon.said == said
        assert daemon.service.ports == []


@ensureDeferred
async def test_while_it_drains_nothing_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as daemon:
        draining, ended = daemon.service.draining, list[bool]()
        monkeypatch.setattr(draining, "_end", lambda: ended.append(True))  # it would end the reactor of the tests
        drained = draining.drain()
        assert await daemon.reload(toml(QUIET, ANOTHER, {"listen": {"listen": '["tcp:0"]'}})) == 1
        assert daemon.said == ["nothing was changed: the server is draining"]
        await drained
        await until(lambda: ended)
