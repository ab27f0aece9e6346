"""Posts with keys while the daemon is killed again and again: whether each is there, and there once."""

from __future__ import annotations

import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from itertools import pairwise
from threading import Event
from time import monotonic, sleep
from typing import Any, NamedTuple

from benchmarks.posts.server import HOST, Server
from benchmarks.report import show_progress

POSTERS = 8
ROOM = "builds"
DEADLINE = 60.0
"""After how many seconds a post that is tried again and again is given up."""
_AGAIN_SECONDS = 0.02


class Outcome(NamedTuple):
    """What came of it."""

    acknowledged: int
    lost: int
    """Acknowledged and not there, or there under another id."""
    doubled: int
    repeated: int
    """How many answers said that it was there before: those whose first answer the killed daemon took along."""
    reordered: int
    """How many of somebody's are not behind the one before."""


class _Poster:
    """One who says one thing after the other, each until it is known to be stored."""

    def __init__(self, server: Server, nick: str, count: int, stop: Event) -> None:
        self.ids: dict[str, int] = {}
        self.repeated = 0
        self._server = server
        self._nick = nick
        self._count = count
        self._stop = stop

    def run(self) -> None:
        connection = HTTPConnection(HOST, self._server.web_port, timeout=DEADLINE)
        try:
            for number in range(self._count):
                text = f"{self._nick}-{number}"
                self._say(connection, text)
                if self._stop.is_set():
                    return
        finally:
            connection.close()

    def _say(self, connection: HTTPConnection, text: str) -> None:
        end = monotonic() + DEADLINE
        while not self._stop.is_set():
            if monotonic() > end:
                raise RuntimeError(f"{text} could not be said within {DEADLINE:.0f} seconds")
            try:
                connection.request("POST", f"/{ROOM}?nick={self._nick}", text, {"Idempotency-Key": text})
                response = connection.getresponse()
                answer = json.loads(response.read())
            except (OSError, HTTPException, ValueError):
                connection.close()
            else:
                if response.status in (200, 201):
                    self.ids[text] = answer["id"]
                    self.repeated += response.status == 200
                    return
                if response.status not in (429, 503):
                    raise RuntimeError(f"{text} was answered {response.status}: {answer}")
            sleep(_AGAIN_SECONDS)


def run(server: Server, posts: int, kills: int) -> Outcome:
    """Post so many, killing the daemon so often meanwhile; return what is there in the end.

    The daemon runs afterwards.
    """
    stop, chance = Event(), random.Random(posts)
    posters = [_Poster(server, f"p{number}", posts // POSTERS, stop) for number in range(POSTERS)]
    total = posts // POSTERS * POSTERS
    server.start()
    with ThreadPoolExecutor(POSTERS) as pool:
        running = [pool.submit(poster.run) for poster in posters]
        try:
            for number in range(1, kills + 1):
                _wait_for(running, posters, total * number // (kills + 1))
                sleep(chance.uniform(0, 0.02))
                server.kill()
                server.start()
                show_progress(number, kills, "kills")
            for each in running:
                each.result()
        finally:
            stop.set()
    return _judged(posters, _kept(server))


def _wait_for(running: list[Any], posters: list[_Poster], count: int) -> None:
    while sum(len(poster.ids) for poster in posters) < count:
        for each in running:
            if each.done():
                each.result()
        sleep(0.002)


def _kept(server: Server) -> list[tuple[int, str]]:
    """Return the ids and texts of what is in the room."""
    kept: list[tuple[int, str]] = []
    connection = HTTPConnection(HOST, server.web_port, timeout=DEADLINE)
    try:
        while True:
            since = kept[-1][0] if kept else 0
            connection.request("GET", f"/{ROOM}/json?since={since}&poll=yes")
            lines = [json.loads(line) for line in connection.getresponse().read().splitlines()]
            more = [(line["id"], line["text"]) for line in lines if line.get("event") == "message"]
            if not more:
                return kept
            kept += more
    finally:
        connection.close()


def _judged(posters: list[_Poster], kept: list[tuple[int, str]]) -> Outcome:
    times = Counter(text for _, text in kept)
    at = {text: id_ for id_, text in kept}
    ids = {text: id_ for poster in posters for text, id_ in poster.ids.items()}
    reordered = 0
    for poster in posters:
        order = [poster.ids[text] for text in poster.ids]
        reordered += sum(later <= earlier for earlier, later in pairwise(order))
    return Outcome(
        acknowledged=len(ids),
        lost=sum(at.get(text) != id_ for text, id_ in ids.items()),
        doubled=sum(count - 1 for count in times.values()),
        repeated=sum(poster.repeated for poster in posters),
        reordered=reordered,
    )
