"""The wheel of the running chatd: built from its checkout, or rebuilt from the installed files."""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import chatd
from chatd.runtime.extras import PROJECT

_ADDED_BY_INSTALLERS = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The time in the archive, so that the same files make the same wheel."""


def checkout() -> Path | None:
    """Return the folder of the project that this chatd runs from, None if it was installed from a wheel."""
    folder = Path(chatd.__file__).resolve().parents[1]
    project = folder / "pyproject.toml"
    is_ours = project.is_file() and re.search(rf'^name = "{PROJECT}"$', project.read_text(), re.MULTILINE)
    return folder if is_ours else None


def installation() -> metadata.Distribution:
    """Return what was installed. Raise `ValueError`, with a sentence for the user, if nothing was."""
    try:
        return metadata.distribution(PROJECT)
    except metadata.PackageNotFoundError:
        raise ValueError("this chatd was not installed with pip, pipx or uv, so no wheel can be made from it") from None


def rebuild(installed: metadata.Distribution, folder: Path) -> Path:
    """Write the wheel that was installed to a folder and return its path.

    Raise `ValueError`, with a sentence for the user, where files of the installation are missing or were changed.
    """
    tag = re.search(r"^Tag: (\S+)$", installed.read_text("WHEEL") or "", re.MULTILINE)
    path = folder / f"{PROJECT}-{installed.version}-{tag[1] if tag else 'py3-none-any'}.whl"
    rows: list[str] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in _own_files(installed):
            content = _unchanged(installed, file)
            _add(wheel, file.as_posix(), content)
            rows.append(f"{file.as_posix()},{_digest(content)},{len(content)}")
        record = f"{PROJECT}-{installed.version}.dist-info/RECORD"
        _add(wheel, record, "\n".join([*rows, f"{record},,", ""]).encode())
    return path


def _own_files(installed: metadata.Distribution) -> Iterator[metadata.PackagePath]:
    """Yield what was in the wheel: not the scripts, which each installation makes anew, and no compiled files."""
    record = installed.read_text("RECORD")
    if record is None:
        raise ValueError("the files of this installation are not recorded, so no wheel can be made from it")
    for file in sorted(_recorded(record)):
        in_information = file.parts[0].endswith(".dist-info")
        added = in_information and len(file.parts) == 2 and file.name in _ADDED_BY_INSTALLERS
        if not added and ".." not in file.parts and not file.is_absolute() and file.suffix != ".pyc":
            yield file


def _recorded(record: str) -> Iterator[metadata.PackagePath]:
    """Yield all that is recorded: newer Pythons leave out of ``files`` what is missing."""
    for name, digest, *_ in csv.reader(record.splitlines()):
        file = metadata.PackagePath(name)
        file.hash = metadata.FileHash(digest) if digest else None
        yield file


def _unchanged(installed: metadata.Distribution, file: metadata.PackagePath) -> bytes:
    path = Path(str(installed.locate_file(file)))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} belongs to chatd but cannot be read: {error.strerror}") from None
    if file.hash is not None and f"{file.hash.mode}={file.hash.value}" != _digest(content):
        raise ValueError(f"{path} was changed after installation; make the kit from an unchanged installation")
    return content


def _digest(content: bytes) -> str:
    """Return the hash as RECORD has it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def _add(wheel: zipfile.ZipFile, name: str, content: bytes) -> None:
    information = zipfile.ZipInfo(name, _WHEN)
    information.compress_type = zipfile.ZIP_DEFLATED
    information.external_attr = 0o100644 << 16
    wheel.writestr(information, content)
