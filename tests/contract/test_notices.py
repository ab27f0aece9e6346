"""What every journal keeps of a message that no program is to answer: that it is one."""

from __future__ import annotations

from dataclasses import replace

from chatd.journal import EVERYTHING
from chatd.model.entry import Entry, StoredEvent
from chatd.protocol.errors import Code
from chatd.protocol.events import Said
from chatd.protocol.references import Edited, Original
from tests.contract.test_journal import Kit, kit, result, server

__all__ = ["kit", "server"]
ANN = "account=ann"
NOTICE = Said("ann", "#a", "build done", notice=True)


def do(kit: Kit, event: Said | Edited, label: str | None = None) -> Entry:
    entry = Entry("#a", event, None, label, by=ANN, seen=True)
    kit.journal.append(entry)
    kit.turn()
    return entry


def notices(kit: Kit) -> list[tuple[str, bool, int]]:
    """Return, of all messages, the text, whether it is a notice, and the id of what it answers."""
    found: list[StoredEvent] = kit.read(said_only=True)
    return [(e.text, e.notice, e.reply) for e in (kept.event for kept in found) if isinstance(e, Said)]


def test_it_is_read_and_found_as_it_was_said_also_after_a_restart(kit: Kit) -> None:
    first = do(kit, Said("ann", "#a", "done?"))
    do(kit, NOTICE)
    do(kit, replace(NOTICE, text="yes", reply=first.id))
    if kit.description != "memory:":
        kit.close()
        kit.open()
    assert notices(kit) == [("done?", False, 0), ("build done", True, 0), ("yes", True, first.id)]
    found = result(kit.journal.search("#a", ["build"], 2**62, 50, EVERYTHING))
    assert [kept.event for kept in found] == [NOTICE]


def test_it_stays_one_when_its_text_is_changed(kit: Kit) -> None:
    said = do(kit, NOTICE)
    assert do(kit, Edited("ann", "#a", said.id, "built", Original("ann", said.time, ANN, notice=True))).refused is None
    assert notices(kit) == [("built", True, 0)]


def test_the_same_text_as_a_notice_is_something_else_under_a_label(kit: Kit) -> None:
    said, again = do(kit, NOTICE, "l1"), do(kit, replace(NOTICE), "l1")
    assert (again.id, again.duplicate) == (said.id, True)
    plain = do(kit, replace(NOTICE, notice=False), "l1")
    assert plain.refused is not None
    assert plain.refused.code is Code.LABEL_REUSED
    do(kit, replace(NOTICE, notice=False), "l2")
    assert do(kit, NOTICE, "l2").refused is not None
    assert notices(kit) == [("build done", True, 0), ("build done", False, 0)]
