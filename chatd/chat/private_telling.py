"""TELL to one person: kept if that person has an account, and else passed on to whoever is there."""

from __future__ import annotations

from chatd.chat import permissions, quotas
from chatd.chat.client import NickHolder
from chatd.chat.command_rows import Work, need_nick
from chatd.chat.hub import Hub
from chatd.chat.member_details import note_away
from chatd.chat.participant import Addressee, Participant
from chatd.chat.private_lines import PrivateLine
from chatd.model.conversation import GUESTS, conversation
from chatd.model.member_facts import MemberFacts
from chatd.protocol import commands, events
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done
from chatd.protocol.names import Nick


def tell(participant: Participant, command: commands.Tell, label: str | None) -> Work | None:
    """Tell a person something. Raise `ChatError` if that cannot be."""
    need_nick(participant)
    hub, to = participant.hub, Nick.of(command.to)
    holder = hub.holder(to)
    party = party_of(hub, to, holder)
    if holder is None and party is None:
        raise ChatError(Code.NO_SUCH_NICK, f"nobody here uses the nick {to}")
    check_telling(participant)
    if party is not None:
        key = conversation(participant.party or GUESTS, party)
        if hub.conversations.has_room_for(key):
            return _keep(participant, key, party, holder, command, label)
        if holder is None:
            raise ChatError(
                Code.FULL,
                f"the server has too many conversations to store another; write to {to} while they are connected",
            )
    assert holder is not None
    return _pass_on(participant, holder, command, label)


def check_telling(participant: Participant) -> None:
    """Note that a participant tells a person something. Raise `ChatError` if it may tell nobody, or not yet."""
    if participant.hub.server_policy.may_silence:
        permissions.check_voice(participant, None)
    quotas.check_tell(participant)


def party_of(hub: Hub, nick: Nick, holder: NickHolder | None) -> str | None:
    """Return what the owner of a nick is in conversations, given who goes by it; None if that is no account's.

    Raise `ChatError` if that cannot be found out now.
    """
    if holder is not None and holder.here:
        client = hub.client(nick)
        return None if client is None else client.party
    account = nick.key if holder is None else holder.account
    return None if account is None else hub.accounts.party(account)


def _keep(
    participant: Participant, key: str, party: str, holder: NickHolder | None, command: commands.Tell, label: str | None
) -> Work | None:
    """Have a line stored; `chatd.chat.conversations` tells it."""
    hub = participant.hub
    listeners = hub.conversations.listeners(party)
    shown = hub.accounts.name(Nick.of(command.to).key) if holder is None else holder.nick
    by = {participant.nick.key, participant.account}
    if listeners and all(not by.isdisjoint(client.ignored) for client in listeners):
        raise ignored_by(shown)
    if (why := hub.conversations.refusal(key, party)) is not None:
        raise why
    to = Addressee(shown, here=holder is not None or bool(listeners))
    if holder is not None and not holder.here:
        return _keep_elsewhere(participant, key, holder, to, command, label)
    if holder is not None and note_away(participant, to.nick, holder.facts):
        to = to._replace(away=True)
    _submit(participant, key, to, command, label)
    return None


async def _keep_elsewhere(
    participant: Participant,
    key: str,
    holder: NickHolder,
    to: Addressee,
    command: commands.Tell,
    label: str | None,
) -> None:
    """Have a line stored for one who is connected to another node, unless that one ignores the participant."""
    nodes = participant.hub.nodes
    party = await nodes.ask_party(holder, participant)
    if party is not None:  # that node may have accounts of its own
        key = conversation(participant.party or GUESTS, party)
    known = await nodes.ask_facts([holder])
    if not participant.ended:
        if note_away(participant, to.nick, known.get(holder.member_id)):
            to = to._replace(away=True)
        _submit(participant, key, to, command, label)


def _submit(participant: Participant, key: str, to: Addressee, command: commands.Tell, label: str | None) -> None:
    account = participant.account
    participant.telling = to
    # By the name of the account, whatever it goes by now: so it is known for its owner's as long as it is kept.
    author = participant.nick if account is None else participant.hub.accounts.name(account)
    said = events.Said(author, key, command.text, notice=command.notice and participant.tagged)
    participant.submit(key, said, label, "TELL")


def _pass_on(participant: Participant, holder: NickHolder, command: commands.Tell, label: str | None) -> Work | None:
    """Tell one who is there something that is kept nowhere."""
    hub = participant.hub
    ref = label or "" if participant.labels_are_unique else ""
    line = PrivateLine(participant.nick, command.text, hub.now, command.notice and participant.tagged, ref=ref)
    if not holder.here:
        return _pass_on_to_node(participant, holder, line, label)
    client = hub.client(holder.nick)
    assert client is not None
    hub.persons.tell(client, line, participant.account)
    _answer(participant, client.nick, client.facts, label)
    return None


async def _pass_on_to_node(participant: Participant, remote: NickHolder, line: PrivateLine, label: str | None) -> None:
    """Tell one who is connected to another node, and answer when that one has it."""
    nick, facts = await participant.hub.nodes.tell_remote(remote, participant, line)
    _answer(participant, nick, facts, label)


def _answer(participant: Participant, nick: str, facts: MemberFacts | None, label: str | None) -> None:
    away = note_away(participant, nick, facts)
    participant.send_event(Done("TELL", (nick,), {"stored": "no", **away}), label)


def ignored_by(nick: str) -> ChatError:
    """Return why somebody is told nothing."""
    return ChatError(Code.NOT_ALLOWED, f"{nick} accepts no private messages from you")
