"""Makes logs and exports of other chat programs, of any size, with invented talk: for ``chatd import`` to be tried on.

``python -m tools.make_chat_logs mattermost 470000 /tmp/export.jsonl``: the format, how many messages, and the file or,
for ``znc`` and ``slack``, the folder to make. The same call makes the same files.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PEOPLE = ("ann", "bob", "cem", "dora", "emil", "fatma", "gil", "hana", "ines", "jan", "kofi", "lea", "mio", "nils")
ROOMS = ("builds", "general", "help", "random", "releases", "ops", "design", "lunch")
TALK = (
    "the build is green again after that change to the parser and nobody knows why it was red before please look at my"
    " branch when you have a minute tests pass here on both machines but slow ones time out under load let us wait for"
    " the release until Monday lunch at noon as usual who has the key of the small room coffee is out Grüße ありがとう"
)


class Said(NamedTuple):
    """One message."""

    time: datetime
    room: str
    nick: str
    text: str
    is_action: bool


def talk(count: int) -> Iterator[Said]:
    """Yield so many messages, in order."""
    chance = random.Random(count)
    words = TALK.split()
    time = BEGIN
    for _ in range(count):
        time += timedelta(milliseconds=chance.randrange(50, 20_000))
        text = " ".join(chance.choices(words, k=chance.randrange(2, 24)))
        yield Said(time, chance.choice(ROOMS), chance.choice(PEOPLE), text, chance.random() < 0.02)


def weechat(count: int, path: Path) -> None:
    """Write a log of WeeChat, with people who come and go."""
    with path.open("w") as file:
        for number, said in enumerate(talk(count)):
            at = f"{said.time:%Y-%m-%d %H:%M:%S}"
            if number % 50 == 0:
                file.write(f"{at}\t-->\t{said.nick} (~{said.nick}@host.example) has joined #{ROOMS[0]}\n")
            if number % 997 == 0:
                file.write(f'{at}\t--\t{said.nick} has changed topic for #{ROOMS[0]} from "a" to "{said.text}"\n')
            file.write(
                f"{at}\t *\t{said.nick} {said.text}\n" if said.is_action else f"{at}\t@{said.nick}\t{said.text}\n"
            )


def irssi(count: int, path: Path) -> None:
    """Write a log of irssi."""
    day = BEGIN.date()
    with path.open("w") as file:
        file.write(f"--- Log opened {BEGIN:%a %b %d %H:%M:%S %Y}\n")
        for number, said in enumerate(talk(count)):
            if said.time.date() != day:
                day = said.time.date()
                file.write(f"--- Day changed {said.time:%a %b %d %Y}\n")
            at = f"{said.time:%H:%M}"
            if number % 50 == 0:
                file.write(f"{at} -!- {said.nick} [~{said.nick}@host.example] has joined #{ROOMS[0]}\n")
            file.write(f"{at}  * {said.nick} {said.text}\n" if said.is_action else f"{at} <@{said.nick}> {said.text}\n")
        file.write(f"--- Log closed {said.time:%a %b %d %H:%M:%S %Y}\n")


def znc(count: int, path: Path) -> None:
    """Write the logs of ZNC: a folder for each channel, a file for each day."""
    texts: dict[Path, list[str]] = {}
    for number, said in enumerate(talk(count)):
        lines = texts.setdefault(path / f"#{said.room}" / f"{said.time:%Y-%m-%d}.log", [])
        at = f"[{said.time:%H:%M:%S}]"
        if number % 50 == 0:
            lines.append(f"{at} *** Joins: {said.nick} (~{said.nick}@host.example)")
        if number % 100 == 0:
            lines.append(f"{at} <{said.nick}> \x02bold\x02 and \x0304,01red\x03 {said.text}")
        else:
            lines.append(f"{at} * {said.nick} {said.text}" if said.is_action else f"{at} <{said.nick}> {said.text}")
    for file, lines in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([*lines, ""]))


def ii(count: int, path: Path) -> None:
    """Write a file ``out`` of ii."""
    with path.open("w") as file:
        for number, said in enumerate(talk(count)):
            at = int(said.time.timestamp())
            if number % 50 == 0:
                file.write(f"{at} -!- {said.nick}(~{said.nick}@host.example) has joined #{ROOMS[0]}\n")
            text = f"\x01ACTION {said.text}\x01" if said.is_action else said.text
            file.write(f"{at} <{said.nick}> {text}\n")


def slack(count: int, path: Path) -> None:
    """Write the folder of an export of Slack."""
    ids = {nick: f"U{number:08}" for number, nick in enumerate(PEOPLE)}
    users = [
        {"id": each, "name": nick, "profile": {"real_name": nick.title(), "display_name": nick}}
        for nick, each in ids.items()
    ]
    channels = [{"id": f"C{number:08}", "name": room, "is_archived": False} for number, room in enumerate(ROOMS)]
    days: dict[Path, list[dict[str, object]]] = {}
    for said in talk(count):
        message: dict[str, object] = {
            "client_msg_id": f"{said.time.timestamp():.6f}",
            "type": "message",
            "user": ids[said.nick],
            "text": said.text.replace("&", "&amp;") + f" <@{ids['ann']}>",
            "ts": f"{said.time.timestamp():.6f}",
            "team": "T00000001",
        }
        if said.is_action:
            message["subtype"] = "me_message"
        days.setdefault(path / said.room / f"{said.time:%Y-%m-%d}.json", []).append(message)
    path.mkdir(parents=True, exist_ok=True)
    (path / "users.json").write_text(json.dumps(users))
    (path / "channels.json").write_text(json.dumps(channels))
    for file, messages in days.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(messages, indent=4))


def mattermost(count: int, path: Path) -> None:
    """Write a bulk export of Mattermost."""
    with path.open("w") as file:

        def write(kind: str, value: object) -> None:
            file.write(json.dumps({"type": kind, kind: value}) + "\n")

        write("version", 1)
        write("team", {"name": "team", "display_name": "Team", "type": "O"})
        for room in ROOMS:
            write("channel", {"team": "team", "name": room, "display_name": room.title(), "type": "O", "header": ""})
        write("channel", {"team": "team", "name": "secret", "display_name": "Secret", "type": "P"})
        for nick in PEOPLE:
            write("user", {"username": nick, "email": f"{nick}@host.example", "auth_service": ""})
        for number, said in enumerate(talk(count)):
            post: dict[str, object] = {
                "team": "team",
                "channel": said.room,
                "user": said.nick,
                "type": "me" if said.is_action else "",
                "message": f"*{said.text}*" if said.is_action else said.text,
                "props": {},
                "create_at": round(said.time.timestamp() * 1000),
                "edit_at": 0,
                "reactions": [],
                "replies": [],
                "attachments": [],
            }
            write("post", post)
            if number % 1000 == 0:
                write("post", post | {"channel": "secret"})
                told = {"channel_members": ["ann", "bob"], "user": "ann", "message": "psst", "create_at": 1}
                write("direct_post", told)


def discord(count: int, path: Path) -> None:
    """Write a channel as DiscordChatExporter does."""
    with path.open("w") as file:
        guild = {"id": "1", "name": "Guild", "iconUrl": ""}
        channel = {
            "id": "2",
            "type": "GuildTextChat",
            "categoryId": "3",
            "category": "Text",
            "name": ROOMS[0],
            "topic": None,
        }
        head = {"guild": guild, "channel": channel, "dateRange": {"after": None, "before": None}}
        file.write(json.dumps(head, indent=2)[:-2] + ',\n  "messages": [\n')
        for number, said in enumerate(talk(count)):
            author: dict[str, object] = {
                "id": str(PEOPLE.index(said.nick)),
                "name": said.nick,
                "discriminator": "0000",
                "nickname": said.nick.title(),
                "color": None,
                "isBot": False,
                "roles": [],
                "avatarUrl": "https://cdn.example/a.png",
            }
            message: dict[str, object] = {
                "id": str(number),
                "type": "Default",
                "timestamp": said.time.isoformat(timespec="milliseconds"),
                "timestampEdited": None,
                "callEndedTimestamp": None,
                "isPinned": False,
                "content": said.text,
                "author": author,
                "attachments": [],
                "embeds": [],
                "stickers": [],
                "reactions": [],
                "mentions": [],
            }
            file.write((",\n" if number else "") + json.dumps(message, indent=2, ensure_ascii=False))
        file.write(f'\n  ],\n  "messageCount": {count}\n}}\n')


def journal(count: int, path: Path) -> None:
    """Write what ``journalctl -o json`` prints."""
    with path.open("w") as file:
        for number, said in enumerate(talk(count)):
            text: object = said.text
            if number % 50 == 0:
                text = list(f"\x1b[31mFAIL\x1b[0m {said.text}".encode())
            entry = {
                "__CURSOR": f"s=0;i={number:x}",
                "__REALTIME_TIMESTAMP": str(round(said.time.timestamp() * 1_000_000)),
                "__MONOTONIC_TIMESTAMP": str(number),
                "_BOOT_ID": "0",
                "_HOSTNAME": "host",
                "PRIORITY": "6",
                "SYSLOG_IDENTIFIER": said.nick,
                "_PID": "1",
                "MESSAGE": text,
            }
            file.write(json.dumps(entry) + "\n")


MAKERS: dict[str, Callable[[int, Path], None]] = {
    each.__name__: each for each in (weechat, irssi, znc, ii, slack, mattermost, discord, journal)
}


def main() -> None:
    """Make what the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format", choices=MAKERS)
    parser.add_argument("count", type=int, help="how many messages")
    parser.add_argument("path", type=Path, help="the file, or for znc and slack the folder, to make")
    options = parser.parse_args()
    MAKERS[options.format](options.count, options.path)


if __name__ == "__main__":
    main()
