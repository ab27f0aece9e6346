"""A daemon under attack: ``python -m benchmarks.soak [--seconds 120] [--quick]``.

Fifty programs talk for the whole time beside hostile clients of every kind, and everything that they are told is
checked. It ends with 1, and a line for each fault, if anything was lost, doubled, reordered or forged, if one of them
was disconnected, if the log or a peer got a control character, or if memory or files did not come back.

The daemon has its own limits as they are, but that for coming in, which is shorter. From this machine come the
well-behaved and half of the hostile clients; the others say, through the proxies' port, that they come from foreign
addresses, for which there are further limits.
"""

from __future__ import annotations

import os
import platform
from argparse import ArgumentParser
from dataclasses import replace

from benchmarks.fanout.process import raise_file_limit
from benchmarks.report import table
from benchmarks.soak.check import FILES_BOUND, MEMORY_BOUND_BYTES, MIB, PROCESSOR_BOUND
from benchmarks.soak.daemon import SoakError
from benchmarks.soak.run import Outcome, Plan, soak
from benchmarks.soak.well_behaved import ATTACK, DELIVERY, ECHO, PHASES

QUICK = Plan(seconds=8, warm_up_seconds=2, rest_seconds=2, programs=15, scale=0.2)
TARGET_MS = 100
"""What 99 of 100 messages of the well-behaved should be delivered in."""
_ENDS = ("connections", "closed", "reset", "left")


def latencies(outcome: Outcome) -> str:
    """Return the table of what the well-behaved measured, and what is to be said of it."""
    lines = [["ms", *(f"{figure} {phase}" for phase in PHASES for figure in ("median", "p99", "max"))]]
    times = outcome.report.times
    for name in times[ATTACK]:
        lines.append([name, *(f"{value:.1f}" for phase in PHASES for value in times[phase][name])])
    met = "met" if max(times[ATTACK][name][1] for name in (ECHO, DELIVERY)) <= TARGET_MS else "missed"
    return f"{table(lines)}\na p99 of at most {TARGET_MS} ms, {ATTACK}: {met}"


def costs(outcome: Outcome) -> str:
    """Return the table of the daemon's memory and files, and what the processes used."""
    lines = [["daemon", "before", "peak", "after", "may grow by"]]
    samples = (outcome.before, outcome.peak, outcome.after)
    memory = [f"{sample.memory_bytes / MIB:.1f}" for sample in samples]
    lines.append(["memory, MiB", *memory, str(MEMORY_BOUND_BYTES // MIB)])
    lines.append(["open files", *(str(sample.files) for sample in samples), str(FILES_BOUND)])
    lines.append(
        ["processor, %", *(f"{sample.processor:.0%}"[:-1] for sample in samples), f"{PROCESSOR_BOUND:.0%}"[:-1]]
    )
    after = f"'after' is {outcome.settled_seconds:.0f} seconds after the last hostile connection"
    used = ", ".join(f"{name} {part:.0%}" for name, part in outcome.processor.items())
    return f"{table(lines)}\n{after}\nof a processor, during the attack: {used}"


def verdicts(outcome: Outcome) -> str:
    """Return the table of what hostile clients were told, and how their connections ended."""
    lines = [["kind", *_ENDS, "told"]]
    for kind, tally in outcome.tallies.items():
        told = ", ".join(f"{what} {count}" for what, count in sorted(tally.items()) if what not in _ENDS)
        lines.append([kind, *(str(tally.get(end, 0)) for end in _ENDS), told])
    widest = max(len(line[-1]) for line in lines)
    return table([[*line[:-1], line[-1].ljust(widest)] for line in lines])


def tell(outcome: Outcome) -> str:
    """Return all that is to be said of a soak."""
    report = outcome.report
    ended = ", ".join(f"{why} {count}" for why, count in sorted(outcome.sent_away.items()))
    hostile = sum(tally.get("connections", 0) for tally in outcome.tallies.values())
    return "\n\n".join(
        [
            f"{report.said:,} messages were said, and delivered {report.deliveries:,} times to others",
            latencies(outcome),
            costs(outcome),
            f"{hostile:,} hostile connections ('left': still open when the client's time was over)",
            verdicts(outcome),
            f"the log has {outcome.log_lines} lines; connections that it says were ended: {ended}",
            "\n".join(f"FAULT: {fault}" for fault in outcome.faults) or "no faults",
        ]
    )


def main() -> None:
    """Soak, and print what came of it; end with 1 if anything was wrong."""
    parser = ArgumentParser(prog="python -m benchmarks.soak", description="Attack a daemon while others talk on it.")
    parser.add_argument("--seconds", type=float, help=f"how long; {Plan().seconds:g} if nothing is said")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK.seconds:g} seconds, and fewer clients")
    parser.add_argument("--only", metavar="REGEX", default="", help="only the kinds whose names this matches")
    options = parser.parse_args()
    plan = replace(QUICK if options.quick else Plan(), only=options.only)
    if options.seconds is not None:
        plan = replace(plan, seconds=options.seconds)
    raise_file_limit()
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()};", end=" ")
    print(f"{plan.programs} programs, {plan.seconds:g} seconds\n", flush=True)
    try:
        outcome = soak(plan)
    except SoakError as error:
        raise SystemExit(str(error)) from None
    print(tell(outcome))
    raise SystemExit(bool(outcome.faults))


if __name__ == "__main__":
    main()
