"""Where the commands of a page run: a folder of its own, with free ports, and stand-ins for what installs things."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from benchmarks.ports import free_ports
from tests.support.daemon import BIN, environment
from tests.support.pages import ROOT

PORTS = ("10319", "10320", "10321", "10380", "6667", "6697", "443", "8080", "9000")
"""The ports that pages name, each of which is replaced by a free one."""
FOLDERS = (
    "/etc/chatd",
    "/etc/letsencrypt",
    "/etc/systemd/system",
    "/etc/sysusers.d",
    "/var/lib/chatd",
    "/var/backups",
    "/run/chatd",
    "/srv/chat",
)
"""The folders of a system that pages name; each is one of the page's own. Relative paths are in the last one."""
HOSTS = ("chat.example.org", "irc.example.org")
"""Names for this machine."""
_PORT = re.compile(r"(?<![\w.])(1\d{4}|6667|6697|(?<=[:=])(?:443|8080|9000))(?!\w|\.\d)")

_PROGRAM = """\
#!/usr/bin/env bash
# chatd, or twistd with it, on the page's ports where its options name none.
set -eu
options=("$@")
if [ "${0##*/}" = twistd ]; then
    while [ ${#options[@]} -gt 0 ] && [ "${options[0]}" != chatd ]; do options=("${options[@]:1}"); done
    options=("${options[@]:1}")
fi
config=
previous=
for word in "${options[@]}"; do
    case $previous in --config | -c) config=$word ;; esac
    case $word in --config=*) config=${word#--config=} ;; esac
    previous=$word
done
given() {
    printf '%s\\n' "${options[@]}" | grep -qE -- "^(--($1)(=|$)|-p$)" ||
        { [ -f "$config" ] && grep -qE "^($1) *=" "$config"; }
}
case ${options[0]-} in
"" | -* | check | class)
    given 'port|listen' || export CHATD_PORT=@10319@
    given 'web' || given 'listen' || export CHATD_WEB=@10380@
    ;;
esac
exec "@bin@/${0##*/}" "$@"
"""
_PYTHON = """\
#!/usr/bin/env bash
# Python, which makes no environments: the one of the tests has all.
if [ "${1-} ${2-}" = "-m venv" ]; then
    mkdir -p "${@: -1}" && exec ln -sfn @here@ "${@: -1}/bin"
fi
exec @bin@/python "$@"
"""
_PIP = """\
#!/usr/bin/env bash
# Installs nothing, and fails where the project has no such extra.
for word in "$@"; do
    case $word in *.*\\[*\\]) extras=${word#*\\[} ;; *) continue ;; esac
    for extra in $(tr ',]' '  ' <<<"$extras"); do
        case " @extras@ " in *" $extra "*) ;; *) echo "chatd has no extra $extra" >&2; exit 1 ;; esac
    done
done
"""
_SUDO = """\
#!/usr/bin/env bash
# Runs the command as oneself.
[ "$1" = -u ] && shift 2
exec "$@"
"""
_SYSTEMCTL = """\
#!/usr/bin/env bash
# Starts and stops nothing, and fails where there is no such unit.
[ "${1-}" = daemon-reload ] && exit
unit=${@: -1}
case $unit in *.*) ;; *) unit=$unit.service ;; esac
[ -f "@root@/etc/systemd/system/$unit" ] || { echo "there is no unit $unit" >&2; exit 5; }
"""
_SYSUSERS = """\
#!/usr/bin/env bash
# Makes no users, and fails where nothing says which.
cat @root@/etc/sysusers.d/*.conf > /dev/null
"""
_CURL = """\
#!/usr/bin/env bash
# curl, without the meter that a terminal would not show either. It notes when an answer that does not end has begun.
[ -z "${ANSWER_BEGUN-}" ] || set -- -D "$ANSWER_BEGUN" "$@"
exec @curl@ --no-progress-meter "$@"
"""


class World:
    """The folder of a page. ``root`` is empty at first."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        for folder in FOLDERS:
            (self.root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        self.home = self.root / "home"
        self.home.mkdir()
        self.cwd = self.root / FOLDERS[-1].lstrip("/")
        self.bin = self.root / "bin"
        self.bin.mkdir()
        (self.cwd / ".venv").mkdir()
        (self.cwd / ".venv" / "bin").symlink_to(self.bin)
        (self.cwd / "examples").symlink_to(ROOT / "examples")
        self._stand_in()

    def _stand_in(self) -> None:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        curl = next((str(path) for path in _path_entries("curl") if path.exists()), "curl")
        values = {"bin": str(BIN), "here": str(self.bin), "extras": " ".join(extras), "curl": curl}
        values |= {"root": str(self.root)} | self.ports
        scripts = {"chatd": _PROGRAM, "twistd": _PROGRAM, "pip": _PIP, "sudo": _SUDO, "curl": _CURL}
        scripts |= {"python": _PYTHON, "python3": _PYTHON, "pipx": _PIP, "uv": _PIP}
        scripts |= {"systemctl": _SYSTEMCTL, "systemd-sysusers": _SYSUSERS}
        for name, text in scripts.items():
            script = self.bin / name
            script.write_text(re.sub(r"@(\w+)@", lambda found: values[found[1]], text))
            script.chmod(0o755)

    def environment(self) -> dict[str, str]:
        """Return the variables for the commands of the page."""
        kept = {name: value for name, value in environment().items() if not name.startswith(("CHATD_", "XDG_", "LC_"))}
        return kept | {
            "PATH": f"{self.bin}:{BIN}:{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin",
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "COLUMNS": "80",
            "PYTHONWARNINGS": "",
        }

    def inward(self, text: str) -> str:
        """Return what a page says, with the ports, the folders and the names of this world."""
        text = _PORT.sub(lambda found: self.ports.get(found[1], found[1]), text)
        for folder in FOLDERS:
            text = re.sub(rf"(?<![\w.]){re.escape(folder)}(?![\w-])", str(self.root / folder.lstrip("/")), text)
        for host in HOSTS:
            text = re.sub(rf"(?<![\w.])(?<!--irc-name ){re.escape(host)}", "localhost", text)
        return text

    def outward(self, text: str) -> str:
        """Return what a command printed, as a page has it: as on a terminal, with no tabs."""
        pages = {port: name for name, port in self.ports.items()}
        text = re.sub(r"(?<!\d)\d{4,5}(?!\d)", lambda found: pages.get(found[0], found[0]), text)
        text = text.replace(str(BIN), ".venv/bin").replace(str(self.bin), ".venv/bin")
        return text.replace(f"{self.root}/", "/").replace("\r\n", "\n").expandtabs()


def _path_entries(name: str) -> list[Path]:
    return [Path(entry) / name for entry in os.environ.get("PATH", os.defpath).split(":")]
