"""``python -m benchmarks.client``: a real ``chatd-client``, a room of 2,000 members, and somebody who types.

On a display of its own it starts the client, lets it take 20,000 lines, and then 200 messages a second come in while
keys are pressed: how long it takes from the key to the letter on the screen, what share of a core the client needs,
and how long it takes to start. It needs Xvfb, libXtst and Linux, and fails for no number that it finds.
"""

from __future__ import annotations

import os
import platform
import random
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TypeVar

from benchmarks.client.screen import Area, NoScreenError, Screen, some_display
from benchmarks.client.server import MEMBERS, ROOM

Found = TypeVar("Found")
LINES = 20_000
RATE = 200
COMINGS = 10
SECONDS_TO_WAIT = 60
GAP = (0.06, 0.18)
"""How many seconds lie between two keys of somebody who types fast."""
WIDE = 4
"""How many columns of pixels a letter changes at least; the cursor, which blinks, has fewer."""


class Room:
    """The server, in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "benchmarks.client.server"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.read())

    def read(self) -> str:
        """Return the next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def do(self, command: str) -> None:
        """Let it do something."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def client(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``chatd-client`` with a home of its own, and compiled, as one that is installed is after its first start."""
    places = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_STATE_HOME": str(home / "state")}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-m", "chatd.client", f"127.0.0.1:{port}", "--name", "reader", "--room", ROOM]
    with subprocess.Popen(command, env=environment | places) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(what: Callable[[], Found | None], name: str) -> Found:
    """Return what is there as soon as it is there."""
    end = monotonic() + SECONDS_TO_WAIT
    while monotonic() < end:
        if (found := what()) is not None:
            return found
        sleep(0.002)
    raise NoScreenError(f"{name} was not there within {SECONDS_TO_WAIT} seconds")


def cpu_seconds(pid: int) -> float:
    """Return how much of a core a process has used until now, in user and system time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def painted(screen: Screen) -> int | None:
    """Return the client's window if something is to be seen in it."""
    window = screen.find("chatd")
    if window is None:
        return None
    data, _ = screen.pixels(screen.area(window))
    return window if len({data[at : at + 4] for at in range(0, len(data), 4)}) > 1 else None


def columns(before: bytes, after: bytes, row: int) -> list[int]:
    """Return which columns of pixels are others."""
    changed: set[int] = set()
    for top in range(0, len(before), row):
        old, new = before[top : top + row], after[top : top + row]
        if old != new:
            changed.update(x for x in range(row // 4) if old[4 * x : 4 * x + 4] != new[4 * x : 4 * x + 4])
    return sorted(changed)


def time_letter(screen: Screen, area: Area, key: str) -> float:
    """Press a key; return how many milliseconds later its letter stands in an area."""
    before, row = screen.pixels(area)
    begin = monotonic()
    screen.press(key)

    def letter() -> float | None:
        after, _ = screen.pixels(area)
        seen = monotonic()
        return seen if after != before and len(columns(before, after, row)) >= WIDE else None

    return (wait_for(letter, "the letter") - begin) * 1000


def find_field(screen: Screen, window: int) -> Area:
    """Return where letters appear: press one and look what is another in the lower half of the window."""
    x, y, width, height = screen.area(window)
    lower = Area(x, y + height // 2, width, height - height // 2)
    before, row = screen.pixels(lower)
    screen.press("m")

    def place() -> Area | None:
        after, _ = screen.pixels(lower)
        found = columns(before, after, row)
        if len(found) < WIDE:
            return None
        rows = [top // row for top in range(0, len(before), row) if before[top : top + row] != after[top : top + row]]
        return Area(x + found[0] - 2, lower.y + rows[0], min(600, width - found[0] - 100), rows[-1] - rows[0] + 1)

    return wait_for(place, "the field")


def percentiles(values: list[float]) -> str:
    """Return the middle of some times, and what 99 of 100 are below."""
    return f"p50 {median(values):.1f} ms, p99 {quantiles(values, n=100)[98]:.1f} ms"


def type_and_measure(screen: Screen, area: Area, pid: int, keys: int) -> str:
    """Type so many letters; return how long they took to appear, and what share of a core the client has used.

    And how much later than it had to the machine woke this process up, which is no better for the client.
    """
    chance, times, late = random.Random(1), [], []
    cpu, begin = cpu_seconds(pid), monotonic()
    for number in range(1, keys + 1):
        times.append(time_letter(screen, area, chance.choice("mwoaen")))
        asleep, gap = monotonic(), chance.uniform(*GAP)
        sleep(gap)
        late.append((monotonic() - asleep - gap) * 1000)
        if number % 40 == 0:
            screen.press("Return")
            sleep(GAP[1])
    share = (cpu_seconds(pid) - cpu) / (monotonic() - begin)
    return f"key to glyph {percentiles(times)}; {share:.1%} of a core; wakes late by {percentiles(late)}"


def measure_start(screen: Screen, room: Room, home: Path) -> str:
    """Start the client and kill it; return how long it took until something was to be seen, and until it was in."""
    begin = monotonic()
    with client(home, room.port) as process:
        wait_for(lambda: painted(screen), "the window")
        shown, used = monotonic() - begin, cpu_seconds(process.pid)
        while room.read() != "joined":
            pass
        joined = monotonic() - begin
    wait_for(lambda: True if screen.find("chatd") is None else None, "the end")
    return f"window {shown * 1000:.0f} ms ({used * 1000:.0f} of a core), in the room {joined * 1000:.0f} ms"


def measure(screen: Screen, room: Room, home: Path, keys: int) -> None:
    """Measure and print all there is."""
    starts = [measure_start(screen, room, home) for _ in range(4)]
    print("start:", "; ".join(starts[1:]), flush=True)
    with client(home, room.port) as process:
        window = wait_for(lambda: painted(screen), "the window")
        while room.read() != "joined":
            pass
        screen.focus(window)
        sleep(1)
        begin, cpu = monotonic(), cpu_seconds(process.pid)
        room.do(f"say {LINES}")
        while room.read() != "taken":
            pass
        seconds, used = monotonic() - begin, cpu_seconds(process.pid) - cpu
        print(f"{LINES:,} lines: taken in {seconds:.1f} s, for {used:.1f} s of a core", flush=True)
        sleep(1)
        area = find_field(screen, window)
        for what, rate, comings in (
            ("quiet", 0, 0),
            (f"{RATE} messages a second", RATE, 0),
            (f"and {COMINGS} join or leave", RATE, COMINGS),
        ):
            room.do(f"rate {rate} {comings}")
            sleep(2)
            print(f"{what}:", type_and_measure(screen, area, process.pid, keys), flush=True)


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser(prog="python -m benchmarks.client", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="for a first impression")
    keys = 80 if parser.parse_args().quick else 400
    print(
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}; {MEMBERS:,} members"
    )
    room = Room()
    try:
        with some_display(), TemporaryDirectory() as home:
            measure(Screen(), room, Path(home), keys)
    except NoScreenError as error:
        sys.exit(f"not measured: {error}")
    finally:
        room.stop()


if __name__ == "__main__":
    main()
