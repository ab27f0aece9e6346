"""What goes into a kit, and what is said where none can be made."""

from __future__ import annotations

import hashlib
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from chatd.app import kit_command, kit_files, kit_wheels, own_wheel

RECORD = "chatd-1.2.dist-info/RECORD"


def installed(place: Path) -> metadata.Distribution:
    """Return an installation as pip leaves it, with compiled files and notes of its own beside those of the wheel."""
    files = {
        "chatd/__init__.py": b"x = 1\n",
        "chatd/docs/irc.rst": b"IRC\n===\n",
        "chatd/__pycache__/__init__.cpython-311.pyc": b"litter",
        "chatd-1.2.dist-info/METADATA": b"Metadata-Version: 2.4\nName: chatd\nVersion: 1.2\n",
        "chatd-1.2.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "chatd-1.2.dist-info/licenses/RECORD": b"not that one",
        "chatd-1.2.dist-info/INSTALLER": b"pip\n",
    }
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    rows = [f"{name},{own_wheel._digest(content)},{len(content)}" for name, content in files.items()]
    (place / RECORD).write_text("\n".join([*rows, "../../../bin/chatd,sha256=x,1", f"{RECORD},,"]))
    return metadata.Distribution.at(place / "chatd-1.2.dist-info")


def test_the_wheel_is_put_together_again(tmp_path: Path) -> None:
    path = own_wheel.rebuild(installed(tmp_path / "lib"), tmp_path)
    assert path.name == "chatd-1.2-py3-none-any.whl"
    with zipfile.ZipFile(path) as wheel:
        recorded = [row.split(",") for row in wheel.read(RECORD).decode().splitlines()]
        assert [name for name, _, _ in recorded] == wheel.namelist()
        assert sorted(wheel.namelist()) == [
            RECORD.replace("RECORD", "METADATA"),
            RECORD,
            RECORD.replace("RECORD", "WHEEL"),
            RECORD.replace("RECORD", "licenses/RECORD"),
            "chatd/__init__.py",
            "chatd/docs/irc.rst",
        ]
        for name, digest, size in recorded[:-1]:
            assert (digest, int(size)) == (own_wheel._digest(wheel.read(name)), len(wheel.read(name)))
    content = path.read_bytes()
    path.unlink()
    assert own_wheel.rebuild(installed(tmp_path / "lib"), tmp_path).read_bytes() == content


def test_an_installation_that_was_changed_makes_no_wheel(tmp_path: Path) -> None:
    changed = installed(tmp_path / "lib")
    (tmp_path / "lib/chatd/__init__.py").write_text("x = 2\n")
    with pytest.raises(ValueError, match=r"__init__\.py was changed after installation"):
        own_wheel.rebuild(changed, tmp_path)
    (tmp_path / "lib/chatd/__init__.py").unlink()
    with pytest.raises(ValueError, match=r"__init__\.py belongs to chatd but cannot be read: No such file"):
        own_wheel.rebuild(changed, tmp_path)


def test_what_was_never_installed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_wheel, "PROJECT", "no-such-project")
    with pytest.raises(ValueError, match="was not installed with pip"):
        own_wheel.installation()


def test_wheels_for_an_older_glibc_are_taken_too() -> None:
    tags = kit_wheels.target("3.12", "manylinux_2_17_aarch64").platforms()
    assert tags[:3] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64", "manylinux_2_16_aarch64"]
    assert tags[-3:] == ["manylinux_2_5_aarch64", "manylinux1_aarch64", "linux_aarch64"]
    assert kit_wheels.target("3.12", "macosx_14_0_arm64").platforms() == ["macosx_14_0_arm64"]


def test_what_is_not_said_is_as_here() -> None:
    here = kit_wheels.target(None, None)
    assert here.is_this and here.python == f"3.{sys.version_info.minor}"
    assert not kit_wheels.target("3.99", None).is_this
    assert not kit_wheels.target(None, "manylinux_2_5_sparc").is_this


def test_the_requirements_hold_every_wheel_but_pip_to_its_hash(tmp_path: Path) -> None:
    for name in ("chatd-1.2-py3-none-any", "cffi-2.1-cp311-a", "cffi-2.1-cp311-b", "pip-26.3-py3-none-any"):
        (tmp_path / f"{name}.whl").write_text(name)
    first, second = (hashlib.sha256(f"cffi-2.1-cp311-{each}".encode()).hexdigest() for each in "ab")
    chatd = hashlib.sha256(b"chatd-1.2-py3-none-any").hexdigest()
    assert kit_files.requirements(tmp_path, ["irc", "tls"]).splitlines() == [
        f"cffi==2.1 --hash=sha256:{first} --hash=sha256:{second}",
        f"chatd[irc,tls]==1.2 --hash=sha256:{chatd}",
    ]
    assert f"chatd==1.2 --hash=sha256:{chatd}\n" in kit_files.requirements(tmp_path, [])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["x", "--extras", "tls,nonsense"], "unknown extra: 'nonsense'; choose from accounts, "),
        (["x", "--python", "3.9"], "'3.9' is not a version that chatd runs on"),
        (["x", "--python", "new"], "'new' is not a version that chatd runs on"),
        (["x", "--platform", "A B"], "'A B' is not a platform tag; give one such as manylinux_2_36_x86_64"),
    ],
)
def test_a_wrong_option_is_said(words: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        kit_command.main(words)
    assert why in capsys.readouterr().err


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="already exists; name a new folder"):
        kit_command.main([str(tmp_path)])


def test_without_pip_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit_wheels, "find_spec", lambda name: None if name == "pip" else True)
    with pytest.raises(
        SystemExit, match=r"making a kit needs pip, which this Python does not have; run \S+ -m ensurepip"
    ):
        kit_command.main([str(tmp_path / "kit")])
    monkeypatch.setattr(kit_wheels, "find_spec", lambda _: None)
    with pytest.raises(SystemExit, match="apt install python3-pip"):
        kit_command.main([str(tmp_path / "kit")])
    assert list(tmp_path.iterdir()) == []


def test_what_pip_cannot_find_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(SystemExit) as end:
        kit_command.main([str(tmp_path / "kit"), "--extras", "none"])
    assert str(end.value).startswith("chatd: pip wheel failed: ") and "\n" not in str(end.value)
    assert list(tmp_path.iterdir()) == []
