"""A node that stands still and wakes, real processes all of it: who says what under which name meanwhile.

``python -m tests.support.stop_and_wake FOLDER [SEEDS]`` does it for so many seeds, and says what was told and refused.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

from tests.support.daemon import BIN, DEADLINE, environment
from tests.support.nats_servers import nats_server
from tests.support.node_processes import Node, NodeClient, eventually, nodes, person
from tests.support.tagged_clients import body

OPERATOR = "olga"
PASSWORD = "correct-horse"
GIVEN_UP_SECONDS = (18, 22)
SHORT_SECONDS = (3, 9)
"""How long a node stands still: longer than a lease, or not so long."""


def make_accounts(file: Path) -> None:
    """Make an account that is a server operator's."""
    command = [str(BIN / "chatd"), "user", "add", OPERATOR, "--operator", "--accounts", str(file)]
    subprocess.run(command, input=f"{PASSWORD}\n", text=True, env=environment(), check=True, timeout=60)


class Speaker:
    """A connection that goes by one name; what it says bears its number, so that it is known whoever it seems to be."""

    def __init__(self, story: Story, node: Node, nick: str) -> None:
        self.number = next(story.numbers)
        self.nick = nick
        # Each from an address of its own: what is ruled of one holds for who comes from there later.
        self.client = NodeClient(node.port, f"127.{story.seed + 1}.0.{self.number}")
        self.said = 0
        story.names[self.number] = nick
        try:
            self.client.enter(nick, story.room)
        except BaseException:
            self.client.close()
            raise

    def speak(self, room: str) -> None:
        """Say something and wait for nothing."""
        self.said += 1
        label = f"{self.number}.{self.said}"
        with suppress(OSError):
            self.client.send(f"@label={label} TELL {room} by {label}\n".encode())


class Story:
    """What happens by one seed, in a room of its own."""

    def __init__(self, seed: int, cluster: Sequence[Node]) -> None:
        self.chance = random.Random(seed)
        self.seed = seed
        self.room = f"#story{seed}"
        self.names: dict[int, str] = {}
        self.numbers: Iterator[int] = count(1)
        self.asleep = self.chance.choice(cluster)
        self.awake = [node for node in cluster if node is not self.asleep]
        self.nodes = cluster
        self.refused = 0
        self.kept: list[str] = []

    def nick(self, name: str) -> str:
        """Return a name that nobody has in another story."""
        return f"{name}{self.seed}"

    def play(self) -> None:
        """Let it all happen, and check what everybody was told and what all nodes keep."""
        with ExitStack() as stack:
            witnesses = [
                stack.enter_context(self._witness(node, self.nick(f"w{n}-"))) for n, node in enumerate(self.awake)
            ]
            operator = stack.enter_context(self._operator())
            sleepers = [Speaker(self, self.asleep, self.nick(name)) for name in ("zed", "mallory", "yan", "mia")]
            others = [Speaker(self, self.chance.choice(self.awake), self.nick(f"o{n}-")) for n in range(3)]
            for speaker in (*sleepers, *others):
                stack.callback(speaker.client.close)
            for witness in witnesses:
                witness.sees(*(f"JOIN {speaker.nick} {self.room}" for speaker in sleepers))
            others += self._while_it_sleeps(witnesses, operator, sleepers, others)
            for speaker in others[3:]:
                stack.callback(speaker.client.close)
            self._check(witnesses, [*sleepers, *others])

    def _while_it_sleeps(
        self, witnesses: Sequence[NodeClient], operator: NodeClient, sleepers: Sequence[Speaker], others: list[Speaker]
    ) -> list[Speaker]:
        """Let the node stand still, others take names and rule meanwhile, and it wake; return who came."""
        chance, came = self.chance, list[Speaker]()
        long = chance.random() < 0.7
        with self._talk(others):
            for sleeper in sleepers:  # so that something is on its way when it stops
                sleeper.speak(self.room)
            self.asleep.stand_still()
            try:
                began = time.monotonic()
                for sleeper in sleepers:
                    for _ in range(chance.randrange(1, 4)):
                        sleeper.speak(self.room)
                assert operator.ask(f"BAN {self.nick('mallory')} {self.room}").startswith("OK BAN ")
                assert operator.ask(f"MUTE {self.nick('mia')} {self.room}").startswith("OK MUTE ")
                if long:
                    for witness in witnesses:
                        witness.sees(*(f"PART {self.nick(name)} {self.room}" for name in ("zed", "yan")))
                    came = [Speaker(self, chance.choice(self.awake), self.nick("zed"))]
                    came[0].speak(self.room)
                for sleeper in sleepers:
                    sleeper.speak(self.room)
                wanted = chance.uniform(*(GIVEN_UP_SECONDS if long else SHORT_SECONDS))
                time.sleep(max(0.0, wanted - (time.monotonic() - began)))
            finally:
                self.asleep.go_on()
            for sleeper in sleepers:
                sleeper.speak(self.room)
            for speaker in came:
                speaker.speak(self.room)
            if long:
                assert any(line.startswith("BYE replaced ") for line in sleepers[0].client.rest())
            self.asleep.wait_until_ready()
            time.sleep(1)
        return came

    @contextmanager
    def _talk(self, speakers: Sequence[Speaker]) -> Iterator[None]:
        """Let people say something all the time."""
        enough = threading.Event()

        def go_on() -> None:
            while not enough.wait(0.1):
                for speaker in speakers:
                    speaker.speak(self.room)

        thread = threading.Thread(target=go_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join(DEADLINE)

    @contextmanager
    def _witness(self, node: Node, nick: str) -> Iterator[NodeClient]:
        with person(node, nick, self.room) as client:
            yield client

    @contextmanager
    def _operator(self) -> Iterator[NodeClient]:
        with NodeClient(self.chance.choice(self.awake).port) as client:
            assert client.ask(f"LOGIN {OPERATOR} {PASSWORD}").startswith("OK LOGIN ")
            client.enter(OPERATOR, self.room)
            yield client

    def _check(self, witnesses: Sequence[NodeClient], speakers: Sequence[Speaker]) -> None:
        for witness in witnesses:
            assert witness.ask("MSG the end").startswith("MSG ")
        for witness in witnesses:
            witness.sees(*(f"MSG {self.nick(f'w{n}-')} {self.room} the end" for n in range(len(witnesses))))
            self.check_names(witness.lines)
        self.kept = self.history(self.nodes[0])
        for node in self.nodes[1:]:
            eventually(lambda node=node: self.history(node), self.kept)  # type: ignore[misc]  # bound at once
        said = sum(speaker.said for speaker in speakers)
        self.refused = said - len([line for line in self.kept if " by " in line])

    def check_names(self, lines: Sequence[str]) -> None:
        """Fail if a witness was told something of one who had left, was muted, or had not the name by then."""
        there: dict[str, int] = {}
        muted: set[str] = set()
        for line in lines:
            match line.split(" "):
                case ["JOIN", nick, _]:
                    # Whoever comes later under the same name is another, but who comes back with a node.
                    numbers = [number for number, name in self.names.items() if name == nick]
                    there[nick] = numbers[-1] if nick in there else numbers[0] if numbers else 0
                case ["PART", nick, *_] | ["KICK", _, _, nick, *_]:
                    there[nick] = 0
                case ["MUTE", _, _, nick]:
                    muted.add(nick)
                case ["MSG", nick, _, "by", label]:
                    assert nick not in muted, line
                    assert there[nick] == int(label.split(".")[0]), f"{line}, but it is {there[nick]}'s"

    def history(self, node: Node) -> list[str]:
        """Return all that a node keeps of the room, with ids and times."""
        with person(node, self.nick(f"h{next(self.numbers)}-"), self.room) as reader:
            return [line for line in reader.history(self.room) if body(line).startswith("MSG ")]


def play(folder: Path, seeds: Sequence[int]) -> Iterator[Story]:
    """Play stories on three nodes; at the end a node that makes its index anew keeps what the others keep."""
    accounts = folder / "accounts.sqlite3"
    make_accounts(accounts)
    options = ("--accounts", str(accounts), "--line-rate", "0")
    with nats_server(folder / "nats") as nats, nodes(folder, nats.url, 3, *options) as cluster:
        stories = [Story(seed, cluster) for seed in seeds]
        for story in stories:
            story.play()
            yield story
        with nodes(folder / "late", nats.url, 1, *options) as (late,):
            for story in stories:
                assert story.history(late) == story.kept


def main() -> None:
    """Play as many stories as the command line says."""
    folder, seeds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 20
    for story in play(folder, range(seeds)):
        print(f"seed {story.seed}: {len(story.kept)} kept, {story.refused} refused or never sent", flush=True)
    print("no entry was under a name that was another's at its place")


if __name__ == "__main__":
    main()
