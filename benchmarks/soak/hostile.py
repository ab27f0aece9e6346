"""The hostile clients: ``python -m benchmarks.soak.hostile PLACES SCALE ONLY``.

Of every kind there are always some; each has its time, is killed in the middle of what it does, and replaced. The end
of standard input ends it; on standard output comes the report, the verdicts by kind.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
from dataclasses import dataclass
from math import ceil

from benchmarks.fanout.process import raise_file_limit
from benchmarks.soak import crowds, floods, impostors, irc, malformed, readers
from benchmarks.soak.daemon import Places
from benchmarks.soak.visitor import Attack, Gang, Tally


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of hostile client."""

    name: str
    attack: Attack
    at_once: int = 2
    """How many there are, at a scale of 1."""
    seconds: float = 8.0
    """How long one lives at most."""
    pause: float = 0.2
    """Seconds until it is replaced."""


KINDS = (
    Kind("endless line", malformed.endless_line, 4),
    Kind("lines at the limit", malformed.lines_at_the_limit, 2),
    Kind("one byte a second", malformed.one_byte_a_second, 50, 40),
    Kind("never joins", crowds.never_joins, 300, 60),
    Kind("TLS or HTTP on plain", malformed.wrong_protocol, 4),
    Kind("endless TLS handshake", malformed.endless_handshake, 40, 20),
    Kind("telnet rubbish", malformed.telnet_rubbish, 2),
    Kind("noise in every field", malformed.noise_in_every_field, 3),
    Kind("noise before joining", malformed.noise_before_joining, 3),
    Kind("oversized", malformed.oversized, 3),
    Kind("flood: MSG", floods.messages, 4, 20),
    Kind("flood: MSG, open room", floods.messages_to_those_who_behave, 2),
    Kind("flood: comings, open room", floods.one_at_a_time, 2),
    Kind("flood: JOIN, PART", floods.comings),
    Kind("flood: JOIN, QUIT", floods.reconnecting),
    Kind("flood: rooms left behind", floods.rooms_left_behind),
    Kind("flood: TELL", floods.private_lines),
    Kind("flood: NICK", floods.nicks),
    Kind("flood: unknown verbs", floods.unknown_verbs),
    Kind("flood: HELP", floods.helps),
    Kind("flood: bad tags", floods.bad_tags),
    Kind("flood: PING", floods.pings),
    Kind("flood: WHO, ROOMS", floods.questions),
    Kind("flood: KICK, BAN, SET", floods.moderation_commands),
    Kind("slow in a flood", readers.slow_in_a_flood, 20, 40),
    Kind("slow in the open room", readers.slow_among_those_who_behave, 10, 60),
    Kind("slow historian", readers.slow_historian, 30, 30),
    Kind("historian", readers.historian, 2),
    Kind("since=0 again and again", readers.from_the_beginning, 2),
    Kind("quits and stays", readers.quits_and_stays, 10, 30),
    Kind("connect and close", crowds.connect_and_close, 2, 8, 0.5),
    Kind("half-open", crowds.half_open, 20),
    Kind("rush of 1,200", crowds.rush, 1, 20, 20),
    Kind("150 of one address", crowds.from_one_address, 1, 10, 5),
    Kind("100 rooms each", crowds.a_hundred_rooms, 10, 30, 5),
    Kind("fifty for one nick", impostors.fifty_for_one_nick, 1, 8, 2),
    Kind("look-alikes", impostors.look_alike, 2),
    Kind("password guessing", impostors.password_guesser, 3),
    Kind("REGISTER", impostors.registrant, 2),
    Kind("PROXY on plain", impostors.forged_proxy_header, 2),
    Kind("malformed PROXY", impostors.malformed_proxy_header, 5),
    Kind("resume= of others", impostors.resumer, 2),
    Kind("IRC: random bytes", irc.random_bytes, 2),
    Kind("IRC: TLS or HTTP on plain", irc.wrong_protocol, 2),
    Kind("IRC: endless line", irc.endless_line, 2),
    Kind("IRC: lines at the limit", irc.lines_at_the_limit, 2),
    Kind("IRC: noise in every field", irc.noise_in_every_field, 2),
    Kind("IRC: noise before coming in", irc.noise_before_coming_in, 2),
    Kind("IRC flood: tags", irc.tags),
    Kind("IRC flood: labels", irc.labels),
    Kind("IRC flood: BATCH", irc.batches),
    Kind("IRC flood: CAP", irc.capabilities),
    Kind("IRC flood: AUTHENTICATE", irc.logins),
    Kind("IRC flood: NickServ, OPER", irc.services, 1),
    Kind("IRC flood: NICK", irc.nicks),
    Kind("IRC flood: masks", irc.masks),
    Kind("IRC flood: JOIN of lists", irc.lists_of_rooms),
    Kind("IRC flood: MONITOR", irc.onlookers),
    Kind("IRC flood: PRIVMSG, open room", irc.messages_to_those_who_behave, 1),
    Kind("IRC: never reads", irc.never_reads, 10, 30),
    Kind("IRC: historian", irc.historian, 1),
    Kind("IRC: half-open", irc.half_open, 5),
    Kind("IRC: never comes in", irc.never_comes_in, 20, 60),
)


async def keep_up(kind: Kind, places: Places, tally: Tally, chance: random.Random) -> None:
    """Attack again and again, each time for a while."""
    await asyncio.sleep(chance.random() * min(kind.seconds, 2))
    while True:
        gang = Gang(places, tally, chance)
        try:
            async with asyncio.timeout(kind.seconds * chance.uniform(0.3, 1)):
                await kind.attack(gang)
        except TimeoutError:
            pass
        except OSError as error:
            tally[f"gave up: {type(error).__name__}"] += 1
        finally:
            await gang.leave()
        await asyncio.sleep(kind.pause * chance.uniform(0.5, 1.5))


async def main(places: Places, scale: float, only: str) -> None:
    """Attack until standard input ends, with the kinds whose names ``only`` matches, and print the verdicts."""
    kinds = [kind for kind in KINDS if re.search(only, kind.name, re.IGNORECASE)]
    tallies = {kind.name: Tally() for kind in kinds}
    attacks = [
        asyncio.create_task(keep_up(kind, places, tallies[kind.name], random.Random(f"{kind.name} {number}")))
        for kind in kinds
        for number in range(ceil(kind.at_once * scale))
    ]
    await asyncio.to_thread(sys.stdin.read)
    faults = [f"{task.exception()!r}" for task in attacks if task.done() and not task.cancelled()]
    for task in attacks:
        task.cancel()
    await asyncio.gather(*attacks, return_exceptions=True)
    print(json.dumps({"tallies": tallies, "broken": faults}), flush=True)


if __name__ == "__main__":
    os.nice(5)  # the well-behaved must not wait for a processor because of these
    raise_file_limit()
    asyncio.run(main(Places.from_text(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
