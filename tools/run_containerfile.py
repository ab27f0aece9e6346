"""Run the steps of a Containerfile in bare roots, without an engine, and the container that comes out: FILE ROOT.

It knows what ours has in it and refuses the rest. Each stage runs in a copy of ROOT, a Debian of the release that
``FROM`` names, which only root can enter. What ``CMD`` starts must answer ``HEALTHCHECK`` and talk, and end well by
``STOPSIGNAL``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
START_SECONDS = 30
STOP_SECONDS = 60
_OF_THE_NETWORK = ("PIP_CERT", "PIP_INDEX_URL", "http_proxy", "https_proxy", "no_proxy")
"""What the steps are told of the surroundings, as engines tell them of a proxy."""
_KNOWN = {"RUN", "COPY", "USER", "WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


@dataclass
class Stage:
    """One stage, and what its lines say."""

    base: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, word: str) -> str:
        """Return what follows the last line that begins with a word. Raise `ValueError` if none does."""
        found = [rest for each, rest in self.steps if each == word]
        if not found:
            raise ValueError(f"the last stage has no {word}")
        return found[-1]


def read(text: str) -> list[Stage]:
    """Return the stages. Raise `ValueError` for a line that is not known here."""
    stages: list[Stage] = []
    joined = re.sub(r"\\\n", " ", text)
    for line in (line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(base, name or str(len(stages))))
        elif word not in _KNOWN or not stages:
            raise ValueError(f"this line is not known: {line}")
        else:
            stages[-1].steps.append((word, rest))
    return stages


def build(stages: Sequence[Stage], context: Path, bare: Path, mounts: Sequence[str]) -> Path:
    """Run all stages, each in a copy of a bare root, and return that of the last."""
    roots: dict[str, Path] = {}
    for stage in stages:
        root = bare.with_name(f"{bare.name}-{stage.name}")
        subprocess.run(["cp", "-a", "--one-file-system", bare, root], check=True)
        roots[stage.name] = root
        for place in mounts:
            subprocess.run(["mount", "--rbind", f"/{place}", root / place], check=True)
            subprocess.run(["mount", "--make-rslave", root / place], check=True)
        for word, rest in stage.steps:
            if word == "RUN":
                print(f"== {stage.name}: {rest}", flush=True)
                subprocess.run(_inside(root, ["/bin/sh", "-c", rest]), check=True, stdout=subprocess.DEVNULL)
            elif word == "COPY":
                _copy(rest, root, context, roots)
    return roots[stages[-1].name]


def _inside(root: Path, command: Sequence[str], user: str | None = None) -> list[str]:
    network = [f"{name}={os.environ[name]}" for name in _OF_THE_NETWORK if name in os.environ]
    words = ["env", "-i", f"PATH={PATH}", "DEBIAN_FRONTEND=noninteractive", *network]
    who = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    return ["chroot", str(root), *words, *who, *command]


def _copy(rest: str, root: Path, context: Path, roots: dict[str, Path]) -> None:
    words = rest.split()
    source = context
    if words[0].startswith("--from="):
        source = roots[words.pop(0).removeprefix("--from=")]
    *names, to = words
    target = root / to.lstrip("/")
    for name in names:
        path = source / name.lstrip("/")
        if path.is_dir():
            shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def start(stage: Stage, root: Path) -> None:
    """Run the container as its lines say, look at its health, talk to it, and stop it."""
    user, folder = stage.last("USER"), stage.last("WORKDIR")
    command = [*json.loads(stage.last("ENTRYPOINT")), *json.loads(stage.last("CMD"))]
    health = json.loads(stage.last("HEALTHCHECK").partition("CMD ")[2])
    inside = ["/bin/sh", "-c", f'cd {folder} && exec "$@"', "sh", *command]
    process = subprocess.Popen(_inside(root, inside, user))
    try:
        end = time.monotonic() + START_SECONDS
        while subprocess.run(_inside(root, health, user), check=False, stderr=subprocess.DEVNULL).returncode:
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit("the container did not become healthy")
            time.sleep(0.2)
        print("== healthy", flush=True)
        subprocess.run([sys.executable, Path(__file__).with_name("talk_to_daemon.py")], check=True)
        process.send_signal(signal.Signals[stage.last("STOPSIGNAL")])
        if status := process.wait(STOP_SECONDS):
            raise SystemExit(f"{stage.last('STOPSIGNAL')} made it end with {status}")
        print(f"== stopped by {stage.last('STOPSIGNAL')}")
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Do what the command line says."""
    file, bare = Path(sys.argv[1]), Path(sys.argv[2])
    stages = read(file.read_text())
    mounts = ("dev", "proc", "sys")
    try:
        root = build(stages, file.resolve().parent, bare, mounts)
        start(stages[-1], root)
    finally:
        for stage in stages:
            for place in mounts:
                target = bare.with_name(f"{bare.name}-{stage.name}") / place
                subprocess.run(["umount", "-l", target], check=False, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
