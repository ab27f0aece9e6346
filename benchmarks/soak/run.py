"""One soak, from the start of the daemon to its end: three processes, and what is measured of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

from benchmarks.report import show_progress
from benchmarks.soak.check import check_files, check_log, check_memory, check_processor
from benchmarks.soak.daemon import STOP_SECONDS, Daemon, Places, SoakError, Usage, running
from benchmarks.soak.well_behaved import AFTER, ATTACK, Report

ROOT = Path(__file__).parents[2]
LOAD_SECONDS = 60.0
"""How long a part of the load may take for its report."""
_SAMPLE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, and how long."""

    seconds: float = 120.0
    """Of the attack."""
    warm_up_seconds: float = 10.0
    """Before it, in which the well-behaved alone talk."""
    settle_seconds: float = 45.0
    """After it, at most, until the daemon has only the well-behaved to serve and what it has is as it was."""
    rest_seconds: float = 5.0
    """After it, at least; and for how long at a time it is seen what the daemon does."""
    programs: int = 50
    scale: float = 1.0
    """By which the numbers of hostile clients are multiplied."""
    only: str = ""
    """Only the kinds whose names this regular expression matches."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the daemon has at one time."""

    memory_bytes: int
    files: int
    processor: float
    """What part of one it used."""

    def faults(self, before: Sample) -> list[str]:
        """Return what is not as it was before."""
        memory = check_memory(before.memory_bytes, self.memory_bytes)
        return memory + check_files(before.files, self.files) + check_processor(before.processor, self.processor)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a soak."""

    report: Report
    tallies: dict[str, dict[str, int]]
    """How often each verdict was heard, by kind of hostile client."""
    before: Sample
    peak: Sample
    """The most there was of each at any time of the attack."""
    after: Sample
    settled_seconds: float
    """How long after the attack ``after`` was."""
    processor: dict[str, float]
    """What part of one each process used during the attack."""
    log_lines: int
    sent_away: dict[str, int]
    """How many connections the daemon ended, by the reason that the log has."""
    faults: list[str]


class Load:
    """A part of the load as a process of its own, which reports when it is told to end."""

    def __init__(self, module: str, places: Places, *amounts: object) -> None:
        self._name = module
        command = [sys.executable, "-m", f"benchmarks.soak.{module}", places.as_text(), *map(str, amounts)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.usage = Usage(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def wait_until_ready(self) -> None:
        """Return when it says that it is; raise `SoakError` if it ends instead."""
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            raise SoakError(f"{self._name} could not begin")

    def tell(self, phase: str) -> None:
        """Tell it which phase begins."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended, which shows when it is to report
            self._process.stdin.write(f"{phase}\n".encode())
            self._process.stdin.flush()

    def finish(self) -> Any:
        """End it, and return its report. Raise `SoakError` if there is none."""
        try:
            report, _ = self._process.communicate(timeout=LOAD_SECONDS)
            return json.loads(report)
        except (subprocess.TimeoutExpired, ValueError):
            raise SoakError(f"{self._name} broke off without a report") from None


def soak(plan: Plan) -> Outcome:
    """Carry out a soak. Raise `SoakError` if that was not possible."""
    with running() as daemon, Load("well_behaved", daemon.places, plan.programs) as programs:
        programs.wait_until_ready()
        before = _watch(daemon, plan.warm_up_seconds, "before")
        with Load("hostile", daemon.places, plan.scale, plan.only) as hostile:
            programs.tell(ATTACK)
            processes = {"daemon": daemon.usage, "well-behaved": programs.usage, "hostile": hostile.usage}
            began = {name: usage.cpu_seconds() for name, usage in processes.items()}
            peak = _watch(daemon, plan.seconds, "attack")
            processor = {name: (usage.cpu_seconds() - began[name]) / plan.seconds for name, usage in processes.items()}
            verdicts = hostile.finish()
        programs.tell(AFTER)
        after, settled_seconds = _settle(daemon, before, plan)
        report = Report(**programs.finish())
        status = daemon.stop()
        log = daemon.log()
    faults = [*report.faults, *_stories(verdicts), *check_log(log), *after.faults(before)]
    if status:
        late = f", killed because it did not end in {STOP_SECONDS:g} seconds" if status == -SIGKILL else ""
        faults.append(f"when it was to stop, the daemon ended with status {status}{late}")
    sent_away: Counter[str] = Counter()
    for reason, count in re.findall(r"was disconnected: ([\w-]+)(?:; (\d+) such)?", log):
        sent_away[reason] += int(count or 1)
    lines = log.count("\n")
    tallies = verdicts["tallies"]
    return Outcome(report, tallies, before, peak, after, settled_seconds, processor, lines, sent_away, faults)


def _watch(daemon: Daemon, seconds: float, phase: str) -> Sample:
    """Return the most memory and files there are in that time. Raise `SoakError` if the daemon ends."""
    memory_bytes = files = 0
    usage, began = daemon.usage, monotonic()
    used = usage.cpu_seconds()
    while (passed := monotonic() - began) < seconds:
        if not daemon.is_running:
            raise SoakError(f"the daemon is gone; the last it said is {daemon.log()[-300:]!a}")
        memory_bytes, files = max(memory_bytes, usage.memory_bytes()), max(files, usage.open_files())
        show_progress(int(passed), int(seconds) + 1, f"{phase}: {memory_bytes >> 20} MiB, {files} files")
        sleep(_SAMPLE_SECONDS)
    show_progress(1, 1, "")
    return Sample(memory_bytes, files, (usage.cpu_seconds() - used) / passed)


def _settle(daemon: Daemon, before: Sample, plan: Plan) -> tuple[Sample, float]:
    """Wait until what the daemon has is as before, or for too long; return what it has, and how long that took."""
    began = monotonic()
    while True:
        after = _watch(daemon, plan.rest_seconds, "after")
        passed = monotonic() - began
        if passed > plan.settle_seconds or not after.faults(before):
            return after, passed


def _stories(verdicts: dict[str, Any]) -> list[str]:
    """Return what hostile clients met that nobody should, and what broke in them."""
    faults = [f"a hostile client is broken: {what}" for what in verdicts["broken"]]
    for kind, tally in verdicts["tallies"].items():
        faults += [f"{kind}: was sent a control character: {key[5:]}" for key in tally if key.startswith("DIRT ")]
        if tally.get("BYE internal"):
            faults.append(f"{kind}: {tally['BYE internal']} times BYE internal")
        if not tally.get("connections"):
            faults.append(f"{kind}: never connected, so nothing was shown")
    return faults
