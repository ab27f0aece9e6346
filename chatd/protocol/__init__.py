"""The protocol on the wire, without Twisted, clock or socket.

The following modules, and of them these names, are public, for bots and clients; ``docs/bots.rst`` shows how to use
them:

- `chatd.protocol.wire`: `parse_event`, `parse_command`, `render` and `encode`, which turn lines into values and back;
  `Request`, `Mode`, `Tags`, `NO_TAGS`, `PROTOCOL_VERSION`, `EOL`; `MAX_TAGS`, `MAX_LINE_BYTES` and
  `MAX_SERVER_LINE_BYTES`;
- `chatd.protocol.commands`: what a client sends, a class for each verb and their union `Command`; `LOBBY`,
  `MAX_HISTORY`, `DEFAULT_HISTORY`, `MAX_SEARCH_WORDS`;
- `chatd.protocol.moderation_commands`: the same for accounts and moderation, and their union `ModerationCommand`;
  `SERVER`, `SETTINGS`, `LENGTHS`, `COUNTS`;
- `chatd.protocol.reference_commands`: the same for commands about a message, and their union `ReferenceCommand`;
- `chatd.protocol.references`: what a server sends about that: `Retracted`, `Edited`, `Reacted`, `Unreacted`,
  `ReactionCounts`;
- `chatd.protocol.events`: what a server sends, a class for each kind of line and their union `Event`; `DurableEvent`;
- `chatd.protocol.errors`: `ChatError`; `Code` and `DisconnectReason`, the codes of ``ERR`` and ``BYE``; `ANY_VERB`;
- `chatd.protocol.names`: `nick` and `room`, which check a name, `BadNameError`; `key`, which is the same for two
  spellings of one name, and `skeleton`, which is the same for two names that look alike;
- `chatd.protocol.framing`: `LineDecoder`, which cuts a stream into lines, and `FramingError`;
- `chatd.protocol.text`: `clean`, which replaces control characters.

Everything else belongs to the server and may change. Import the modules by name::

    from chatd.protocol import commands, events, wire

This package does not export their names again: ``commands.Nick`` and ``names.Nick`` are two things, and a program that
needs names alone would import all the rest, which takes as long as starting Python does.
"""

__all__ = [
    "commands",
    "errors",
    "events",
    "framing",
    "moderation_commands",
    "names",
    "reference_commands",
    "references",
    "text",
    "wire",
]
