"""Runs of the client one after the other, with a link each: what the next one asks the server for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest_twisted

from chatd.client.model.kept_state import KeptState
from chatd.client.model.lines import Kind
from chatd.client.net.link import fresh_label
from chatd.protocol.moderation_commands import Login, Register
from tests.client.test_link import label
from tests.client.test_login import PASSWORD, PrivateRig
from tests.support.linked_users import Stage, User, port_of, until

SERVER = "127.0.0.1:10319"


def keep(user: User | PrivateRig, folder: Path) -> KeptState:
    """Let what was kept be there, and be kept from here on."""
    kept = KeptState(folder, fresh_label(), lambda _: None, lambda save: save())
    user.transcript.nick = "me"
    kept.restore(user.transcript, SERVER)
    return kept


@contextmanager
def run(folder: Path) -> Iterator[PrivateRig]:
    rig = PrivateRig("#a")
    kept = keep(rig, folder)
    rig.start()
    yield rig
    kept.close()
    rig.link.stop()
    assert rig.wire is not None
    rig.wire.drop()


def asked(lines: list[str], verb: str) -> list[str]:
    return [line.partition(" ")[2] for line in lines if f" {verb} " in line]


def test_the_next_run_asks_since_what_was_read_and_for_what_an_account_was_told(tmp_path: Path) -> None:
    with run(tmp_path) as rig:
        rig.link.send_command(Login("me", PASSWORD))
        join = rig.log_in()
        rig.transcript.set_front("#a")
        sent = rig.hears(f"@label={label(join)} OK JOIN #a 1 last=5 resume=s seen=5 recovered=yes")
        assert asked(sent, "HISTORY") == []
        rig.hears("@id=7;time=2026-01-01T00:00:00.000Z TELL bob hello")
    with run(tmp_path) as rig:
        rig.link.send_command(Login("me", PASSWORD))
        join = rig.log_in()
        assert join.endswith("JOIN me #a since=5 epoch=e1")
        sent = rig.hears(f"@label={label(join)} OK JOIN #a 1 last=5 resume=s seen=5 recovered=yes")
        # The room would be empty: nothing was missed.
        assert asked(sent, "HISTORY") == ["HISTORY with=bob 100", "HISTORY #a 100"]
        of_bob = next(line for line in sent if "with=bob" in line)
        rig.hears(
            "@id=7;time=2026-01-01T00:00:00.000Z;old TELL bob hello",
            "@id=8;time=2026-01-01T00:00:01.000Z;old TELL me hello yourself",
            f"@label={label(of_bob)} OK HISTORY bob 2",
        )
        room = rig.transcript.rooms["bob"]
        assert [line.text for line in room.lines] == ["hello", "hello yourself"]
        assert room.unread == 1
        assert not room.is_stored


def test_what_was_read_is_asked_for_where_little_was_missed(tmp_path: Path) -> None:
    for missed, history in ((None, []), (1, ["HISTORY #a 100"]), (60, [])):
        with run(tmp_path) as rig:
            rig.link.send_command(Login("me", PASSWORD))
            join = rig.log_in()
            rig.transcript.set_front("#a")
            old = [
                f"@id={id_};time=2026-01-01T00:00:00.000Z;old MSG bob #a m{id_}" for id_ in range(6, 6 + (missed or 0))
            ]
            rig.hears(*old)
            last = 5 + (missed or 0)
            sent = rig.hears(f"@label={label(join)} OK JOIN #a 1 last={last} resume=s seen=5 recovered=yes")
            assert asked(sent, "HISTORY") == history
            rig.transcript.rooms["#a"].seen_id = 5


def test_what_is_refused_to_one_who_has_no_account_any_more_is_not_shown(tmp_path: Path) -> None:
    with run(tmp_path) as rig:
        rig.link.send_command(Login("me", PASSWORD))
        join = rig.log_in()
        rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s seen=0 recovered=yes")
        rig.hears("@id=7;time=2026-01-01T00:00:00.000Z TELL bob hello")
    with run(tmp_path) as rig:
        rig.link.send_command(Login("me", PASSWORD))
        join = rig.log_in()
        sent = rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s seen=0 recovered=yes")
        of_bob = next(line for line in sent if "with=bob" in line)
        rig.hears(f"@label={label(of_bob)} ERR not-allowed HISTORY log in first")
        assert list(rig.transcript.rooms["bob"].lines) == []
        assert label(of_bob) not in rig.transcript.asked


@pytest_twisted.ensureDeferred
async def test_with_a_real_server_private_lines_and_what_was_read_are_there_again(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    port = port_of(stage.serve(0, "--registration", "open"))
    bob = stage.user("bob", port, "#a")
    await bob.connected()
    bob.link.send_command(Register("bobs-own-secret"), "#a")
    me = stage.user("me", port, "#a")
    first = keep(me, folder)
    await me.connected()
    me.link.send_command(Register(PASSWORD + "-long-enough"), "#a")
    await until(lambda: any("now registered" in line.text for line in me.transcript.rooms["#a"].lines))
    me.link.send_command(Login("me", PASSWORD + "-long-enough"), "#a")
    await until(lambda: me.transcript.has_account)
    me.transcript.set_front("#a")
    bob.link.send_message("#a", "read")
    bob.link.send_message("me", "in private")
    await until(lambda: "me" in bob.transcript.rooms and "bob" in me.transcript.rooms and me.said("#a"))
    first.close()
    await me.stop()
    for text in ("missed", "me: missed too"):
        bob.link.send_message("#a", text)
    bob.link.send_message("me", "told later")
    await until(lambda: not list(bob.transcript.waiting()))
    again = stage.user("me", port, "#a")
    second = keep(again, folder)
    again.link.send_command(Login("me", PASSWORD + "-long-enough"), "#a")
    await until(lambda: len(again.said("bob")) == 2 and len(again.said("#a")) == 3)
    rooms = again.transcript.rooms
    assert again.said("bob") == [("bob", "in private"), ("bob", "told later")]
    assert (rooms["#a"].unread, rooms["#a"].mentions, rooms["bob"].unread) == (2, 1, 2)
    assert Kind.GAP not in again.kinds("#a")
    second.close()
