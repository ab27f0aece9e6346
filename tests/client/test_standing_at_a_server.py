"""Replies, away, who is ignored and what holds in a room, with a real daemon on real sockets."""

from __future__ import annotations

from pytest_twisted import ensureDeferred

from chatd.client.model.lines import Kind
from chatd.client.model.standing import operates, to_refresh
from chatd.client.net.status import LinkState
from chatd.protocol import commands
from chatd.protocol import moderation_commands as orders
from chatd.protocol import reference_commands as about
from tests.client.test_moderation import Names
from tests.support.linked_users import Stage, port_of, until


@ensureDeferred
async def test_a_reply_arrives_as_one_also_when_it_had_to_wait(stage: Stage) -> None:
    service = stage.serve()
    ann, bob = stage.user("ann", port_of(service), "#r"), stage.user("bob", port_of(service), "#r")
    await ann.connected()
    await bob.connected()
    bob.link.send_message("#r", "tea?")
    await until(ann.said)
    id_ = next(line.id for line in ann.transcript.rooms["#r"].lines if line.kind is Kind.SAID)
    await ann.stop()
    ann.link.send_message("#r", "yes", id_)
    assert ann.transcript.rooms["#r"].lines[-1].answers == "bob"
    ann.link.start()
    await until(lambda: ("ann", "yes") in bob.said())
    assert [line.answers for line in bob.transcript.rooms["#r"].lines if line.kind is Kind.SAID] == ["", "bob"]


@ensureDeferred
async def test_what_one_may_do_and_what_holds_is_known(stage: Stage) -> None:
    service = stage.serve()
    service._hub.accounts.stop()
    service._hub.accounts = Names()
    bob, ann = stage.user("bob", port_of(service), "#r"), stage.user("ann", port_of(service), "#r")
    await bob.connected()
    await until(lambda: ann.state is LinkState.LOCKED)
    ann.link.send_command(orders.Login("ann", "s3cret"))
    await ann.connected()
    room, of_bob = ann.transcript.rooms["#r"], bob.transcript.rooms["#r"]
    ann.link.send_command(orders.Set("registered", "yes", "#r"), "#r")
    ann.link.send_command(orders.Set("slow", "1m", "#r"), "#r")
    bob.link.send_command(commands.Away("lunch"), "#r")
    await until(lambda: bob.transcript.away == "lunch")
    for user, place in ((ann, room), (bob, of_bob)):
        await until(lambda user=user, place=place: to_refresh(user.transcript, place))  # type: ignore[misc]
        assert not to_refresh(user.transcript, place)
        user.link.refresh("#r")
        await until(lambda place=place: place.rulings.known)  # type: ignore[misc]
        assert (place.rulings.setting("registered"), place.rulings.setting("slow")) == ("yes", "1m")
        assert place.members.facts("bob").why == "lunch"
        assert place.members.facts("ann").operator
    assert (operates(ann.transcript, room), operates(bob.transcript, of_bob)) == (True, False)
    # `private=yes` puts nobody out without a word of who does it.
    ann.link.send_command(orders.Set("private", "yes", "#r", "keep"), "#r")
    await until(lambda: of_bob.rulings.setting("private") == "yes")
    assert of_bob.joined
    assert [each.event.subject for each in room.rulings.holding(0) if each.event.verb == "INVITE"] == ["bob"]


@ensureDeferred
async def test_who_is_away_and_ignores_somebody_is_so_again_after_an_outage(stage: Stage) -> None:
    service = stage.serve()
    ann, bob = stage.user("ann", port_of(service), "#r"), stage.user("bob", port_of(service), "#r")
    await ann.connected()
    await bob.connected()
    ann.link.send_command(commands.Away("lunch"), "#r")
    ann.link.send_command(commands.Ignore("bob"), "#r")
    await until(lambda: ann.transcript.ignored)
    await ann.stop()
    ann.link.start()
    await ann.connected()
    await until(lambda: not ann.transcript.asked)
    bob.link.refresh("#r")
    facts = bob.transcript.rooms["#r"].members.facts
    await until(lambda: facts("ann").away)
    lines = len(ann.transcript.rooms["#r"].lines)
    bob.link.send_message("#r", "psst")
    await until(lambda: ("bob", "psst") in bob.said())
    ann.link.send_message("#r", "I am here")
    await until(lambda: ("ann", "I am here") in ann.said())
    assert ("bob", "psst") not in ann.said()
    assert len(ann.transcript.rooms["#r"].lines) == lines + 1


@ensureDeferred
async def test_changes_and_reactions_are_seen_by_all(stage: Stage) -> None:
    service = stage.serve()
    ann, bob = stage.user("ann", port_of(service), "#r"), stage.user("bob", port_of(service), "#r")
    await ann.connected()
    await bob.connected()
    ann.link.send_message("#r", "fist")
    await until(bob.said)
    (line,) = (line for line in bob.transcript.rooms["#r"].lines if line.kind is Kind.SAID)
    bob.link.send_command(about.React(line.id, "👍", "#r"), "#r")
    ann.link.send_command(about.Edit(line.id, "#r", "first"), "#r")
    await until(lambda: ("ann", "first") in bob.said())
    for user, reacted in ((bob, ("👍",)), (ann, ())):
        await until(lambda user=user: user.transcript.rooms["#r"].find_lines("first"))  # type: ignore[misc]
        (line,) = (line for line in user.transcript.rooms["#r"].lines if line.kind is Kind.SAID)
        assert (line.edited, line.reactions, line.reacted) == (True, (("👍", 1),), reacted)
    ann.link.send_command(about.Retract(line.id, "#r"), "#r")
    await until(lambda: Kind.RETRACTED in bob.kinds())
