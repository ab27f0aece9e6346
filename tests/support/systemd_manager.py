"""systemd itself, as the first process of namespaces of its own: its units, its sandbox and its cgroups are real.

It takes root, and cgroups of version 2. What is kept below ``/var/lib``, ``/var/log`` and ``/run`` is in memory, and
gone with it; the network is that of the machine.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from chatd.app.unit_command import unit
from tests.support.daemon import BIN, wait_until
from tests.support.programs import program

SYSTEMD = Path("/lib/systemd/systemd")
STATE = Path("/var/lib/chatd")
UNITS = Path("/run/units")
CONFIGURATION = Path("/run/chatd.toml")
_ROOT = Path(__file__).parents[2]
_TARGETS = "sysinit basic shutdown sockets timers paths slices multi-user network network-online nss-lookup"
_BEGIN = f"""
set -e
echo $$ > "$1/cgroup.procs"
exec {{unshare}} --mount --pid --cgroup --fork --kill-child --mount-proc sh -ec '
mount --make-rprivate /
while umount -R /sys/fs/cgroup 2>/dev/null; do :; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
for folder in /run /var/lib /var/log; do mount -t tmpfs -o mode=0755 tmpfs $folder; done
mkdir {UNITS}
for target in {_TARGETS}; do
    printf "[Unit]\\nDescription=$target\\nDefaultDependencies=no\\n" > {UNITS}/$target.target
done
export container=test SYSTEMD_UNIT_PATH={UNITS}
exec {SYSTEMD} --system --unit=multi-user.target --log-level=info --log-target=console --show-status=no
'
"""


class SystemdManager:
    """A running systemd, of which ``process`` is the first outside its namespaces."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    def log(self) -> str:
        """Return all that systemd has said itself."""
        return self._log.read_text(errors="replace")

    def run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command inside, with some input."""
        enter = [program("nsenter"), "--target", str(self._first()), "--mount", "--pid", "--cgroup"]
        return subprocess.run([*enter, *command], input=given, capture_output=True, text=True, timeout=60, check=False)

    def read(self, path: Path) -> str:
        """Return what is in a file inside, nothing if it is not there."""
        return self.run("cat", str(path)).stdout

    def write(self, path: Path, text: str) -> None:
        """Make a file inside that anybody may read."""
        self.run("mkdir", "-p", str(path.parent))
        self.run("sh", "-c", f"umask 022; cat > {shlex.quote(str(path))}", given=text)

    def systemctl(self, *words: str) -> str:
        """Do what systemctl is told; fail with all that is known if it does not succeed."""
        done = self.run("systemctl", "--no-pager", *words)
        assert done.returncode == 0, done.stderr + done.stdout + self.log()
        return done.stdout.strip()

    def show(self, name: str, of: str = "chatd.service") -> str:
        """Return a property of a unit."""
        return self.systemctl("show", "--property", name, "--value", of)

    def install(self, name: str, **settings: str) -> None:
        """Install a unit of ours as it is printed, for the user nobody, with some of its settings replaced.

        Several values of one setting are separated by newlines.
        """
        command = [str(BIN / "chatd")]
        self.write(UNITS / name, unit(name, command, user="nobody", state="chatd", config=CONFIGURATION))
        if name.endswith(".service"):
            # What the tests run from may be where a unit of ours hides everything.
            reached = dict.fromkeys((str(_ROOT), sys.prefix, sys.base_prefix))
            settings = {"ProtectHome": "tmpfs", "BindReadOnlyPaths": " ".join(reached), **settings}
        lines = [f"{key}={value}" for key, values in settings.items() for value in ("", *values.split("\n"))]
        section = name.rpartition(".")[2].capitalize()
        self.write(UNITS / f"{name}.d" / "test.conf", "\n".join([f"[{section}]", *lines, ""]))
        self.systemctl("daemon-reload")

    def _first(self) -> int:
        """Return the number that the first process of the namespaces has outside."""
        pid = self.process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


@contextmanager
def systemd_manager(folder: Path) -> Iterator[SystemdManager]:
    """Run systemd. The test is skipped, with a reason, where that cannot be."""
    if os.geteuid() != 0:
        pytest.skip("to run systemd takes root")
    if not SYSTEMD.exists():
        pytest.skip(f"there is no {SYSTEMD}")
    _skip_if_others_cannot_read()
    group, log = _own_cgroup(), folder / "systemd.log"
    command = ["sh", "-c", _BEGIN.format(unshare=program("unshare")), "sh", str(group)]
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        manager = SystemdManager(process, log)
        try:
            wait_until(lambda: process.poll() is not None or _is_up(manager), manager.log)
            if process.poll() is not None:
                pytest.skip(f"systemd does not run here: {manager.log()[-500:]}")
            yield manager
        finally:
            process.kill()
            process.wait()
    finally:
        wait_until(lambda: _removed(group), lambda: f"the end of {group}")


def _skip_if_others_cannot_read() -> None:
    for place in (_ROOT, Path(sys.prefix), Path(sys.base_prefix)):
        hidden = (Path("/"), Path("/root"), Path("/home"))
        closed = [
            each for each in (place, *place.parents) if each not in hidden and each.stat().st_mode & 0o005 != 0o005
        ]
        if closed:
            pytest.skip(f"the daemon's user may not read {closed[0]}")


def _own_cgroup() -> Path:
    """Make a cgroup of version 2 below the one that the tests are in."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    root = next((Path(words[1]) for words in mounts if words[2] == "cgroup2"), None)
    if root is None:
        pytest.skip("there are no cgroups of version 2 here")
    own = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    group = root / own.removeprefix("0::/") / f"chatd-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made here: {error}")
    return group


def _is_up(manager: SystemdManager) -> bool:
    with suppress(OSError, IndexError, ValueError):
        return manager.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")
    return False


def _removed(group: Path) -> bool:
    """Remove a cgroup and those below it; return False while a process is left in one."""
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            return False
    return True
