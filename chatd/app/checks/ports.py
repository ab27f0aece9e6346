"""Whether the daemon can listen where it is to listen, or does so already."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from chatd.app.checks.endpoints import Spot, Systemd, Tcp, spots
from chatd.app.checks.processes import Process, listens_at, listens_on, locks
from chatd.app.checks.question import Place, Question, all_places
from chatd.app.checks.result import Result, good, warning, wrong
from chatd.app.inherited_sockets import NothingPassedError, inherited_endpoint

_NAME = "ports.place"
_ANY = ("", "0.0.0.0", "::")
_MAX_LOCAL_BYTES = 107
"""Of the path of a local socket; see unix(7)."""
_FIRST_FOR_ALL = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def check(question: Question) -> Iterator[Result]:
    """Yield a result for each place."""
    own, page = owner(question), question.options.web_place
    taken: list[tuple[Tcp, str]] = []
    for place in all_places(question.options):
        try:
            found = spots(place.description)
        except Exception as error:  # endpoints are plugins: each has its own way to refuse its arguments
            yield wrong(_NAME, f"invalid endpoint {place.description!r}: {error}", "correct it")
            continue
        for spot in found:
            if question.in_daemon and isinstance(spot, Systemd):
                continue  # it has been taken over, and is not at its number any more
            yield _twice(place, spot, taken) or _found(
                place, spot, own, optional=place == page and page is not None and not page.asked_for
            )


def owner(question: Question) -> int | None:
    """Return the number of the process that serves these options now, 0 if none does; None if no file would say."""
    if question.in_daemon:
        return os.getpid()
    if question.file is None:
        return None
    holder = locks(question.file.with_name(f"{question.file.name}-lock"))
    return 0 if holder is None else holder.pid


def _twice(place: Place, spot: Spot, taken: list[tuple[Tcp, str]]) -> Result | None:
    if not isinstance(spot, Tcp) or not spot.port:
        return None
    for other, name in taken:
        if other.port == spot.port and (other.host == spot.host or {other.host, spot.host} & {*_ANY}):
            return wrong(_NAME, f"{place.name} and {name} use the same port", "give one of them another port")
    taken.append((spot, place.name))
    return None


def _found(place: Place, spot: Spot, own: int | None, *, optional: bool) -> Result:
    match spot:
        case Tcp():
            return _port(place, spot, own, optional=optional)
        case Path():
            return _local(place, spot, own)
        case Systemd():
            return _inherited(place, spot)


def _port(place: Place, spot: Tcp, own: int | None, *, optional: bool) -> Result:
    if not spot.port:
        return good(_NAME, f"{place.name}: a port that is free when the server starts")
    name = place.name if str(spot.port) in place.name else f"{place.name} (port {spot.port})"
    refused = _bind(spot)
    match None if refused is None else refused.errno:
        case None:
            return good(_NAME, f"{name} is free")
        case errno.EADDRINUSE:
            return _taken(name, listens_on(spot.port), own, optional=optional)
        case errno.EACCES:
            do = f"ports below {_first_for_all()} need root or CAP_NET_BIND_SERVICE; choose another, or run as root"
            return wrong(_NAME, f"{name}: this user cannot listen there", do)
        case errno.EADDRNOTAVAIL:
            return wrong(
                _NAME, f"{name}: this machine does not have that address", "use 0.0.0.0 or :: for all its addresses"
            )
    return wrong(_NAME, f"{name}: {refused}", "choose another port or endpoint")


def _taken(name: str, holder: Process | None, own: int | None, *, optional: bool) -> Result:
    if _is_own(holder, own):
        return good(_NAME, f"{name} is used by this server: {holder}")
    what = f"{name} is in use by {holder or 'a process of another user, which only root can see'}"
    if holder is None and own:
        return warning(
            _NAME, what, f"if it is not this server, process {own}, stop it; to see more, check as its user or as root"
        )
    if optional:
        return warning(_NAME, what, "the server runs without the page; choose another port with --web")
    return wrong(_NAME, what, _instead(holder))


def _bind(spot: Tcp) -> OSError | None:
    """Return why a port cannot be bound; it is bound for a moment, and nothing can connect to it."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in spot.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((spot.host, spot.port))
    except OSError as error:
        return error
    return None


def _is_own(holder: Process | None, own: int | None) -> bool:
    """Return whether a process is the daemon; without a file that would say, any chatd counts."""
    if holder is None:
        return False
    return holder.is_chatd if own is None else holder.pid == own


def _instead(holder: Process | None) -> str:
    if holder is not None and holder.pid == 1:
        return "systemd holds it; use systemd:index=0 instead of the port, or stop the socket unit"
    return "stop it or choose another port"


def _first_for_all() -> str:
    try:
        return _FIRST_FOR_ALL.read_text().strip()
    except OSError:
        return "1024"


def _local(place: Place, path: Path, own: int | None) -> Result:
    folder = path.absolute().parent
    if len(os.fsencode(path)) > _MAX_LOCAL_BYTES:
        return wrong(_NAME, f"{place.name}: the path is longer than {_MAX_LOCAL_BYTES} bytes", "choose a shorter one")
    if not folder.is_dir():
        return wrong(_NAME, f"{place.name}: no such directory: {folder}", "create it")
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFSOCK
    except OSError as error:
        return wrong(_NAME, f"{place.name}: {error.strerror}", "let this user read the directory")
    if not stat.S_ISSOCK(mode):
        return wrong(_NAME, f"{place.name}: the file is not a socket", "remove it or choose another path")
    if (listener := listens_at(path)) is not None:
        if _is_own(listener.process, own):
            return good(_NAME, f"{place.name} is used by this server: {listener.process}")
        what = f"{place.name} is in use by {listener.process or 'a process of another user'}"
        return wrong(_NAME, what, "stop it or choose another path")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        return wrong(
            _NAME, f"{place.name}: this user cannot write to {folder}", "give it to this user or choose another"
        )
    return good(_NAME, f"{place.name} is free")


def _inherited(place: Place, spot: Systemd) -> Result:
    try:
        inherited_endpoint(None, spot.arguments)
    except NothingPassedError:
        return good("ports.systemd", f"{place.name}: systemd passes its socket only when it starts the server")
    except ValueError as error:
        return wrong("ports.systemd", f"{place.name}: {error}", "correct it in the unit or here")
    return good("ports.systemd", f"{place.name}: systemd has passed its socket")
