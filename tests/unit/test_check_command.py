"""What ``chatd check`` prints, and with which status it ends."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from chatd.app import check_command, checks
from chatd.app.checks import configuration
from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, State, good, warning, worst, wrong
from tests.support.checks import let_others_in, named, one, question, snapshot
from tests.unit.test_archive import written


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_line_each_with_a_mark_and_what_to_do() -> None:
    results = [
        good("clock.time", "it is late"),
        warning("clock.kept", "nothing\nkeeps it", "run chrony"),
        wrong("a.b", "x", "y"),
    ]
    assert check_command.lines(results) == [
        "good     clock  it is late",
        "WARNING  clock  nothing keeps it -> run chrony",
        "WRONG    a      x -> y",
    ]
    assert check_command.summary(results) == "1 good, 1 warning, 1 wrong"
    assert worst(results) is State.WRONG
    assert worst(results[:2]) is State.WARNING
    assert worst([]) is State.GOOD


def test_lines_by_subject_and_a_sum(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    check_command.main(["--port", "0"])
    *lines, last = capsys.readouterr().out.splitlines()
    subjects = [line.split()[1] for line in lines]
    assert subjects == sorted(subjects)
    assert {"clock", "configuration", "descriptors", "installed", "journal", "ports"} <= set(subjects)
    assert re.fullmatch(r"\d+ good, \d+ warnings?, 0 wrong", last)
    assert list(folder.iterdir()) == []


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    check_command.main(["--json", "--port", "0"])
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == {"chatd", "state", "checks"}
    for each in document["checks"]:
        assert each.keys() == {"subject", "name", "state", "what", "do"}
        assert each["name"].startswith(f"{each['subject']}.")
        assert each["state"] in list(State)
        assert bool(each["do"]) is (each["state"] != "good")


def test_something_wrong_is_a_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "chatd.sqlite3").write_text("none")
    with pytest.raises(SystemExit) as caught:
        check_command.main(["--json", "--port", "0"])
    assert caught.value.code == 1
    assert json.loads(capsys.readouterr().out)["state"] == "wrong"


def test_a_warning_is_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(folder / "chatd.sqlite3", ("#a", "ann", "one")).chmod(0o644)
    check_command.main(["--port", "0"])
    assert "WARNING  journal" in capsys.readouterr().out


def test_options_that_exclude_each_other_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--json"]):
        with pytest.raises(SystemExit) as caught:
            check_command.main(["--members-only", "--registration", "open", *more])
        assert caught.value.code == 1
    text, _, document = capsys.readouterr().out.partition("{")
    assert text.startswith("WRONG    configuration  --members-only and --registration exclude each other")
    (result,) = json.loads("{" + document)["checks"]
    assert (result["name"], result["state"]) == ("configuration.options", "wrong")


def test_a_file_is_read_to_the_end_where_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds: list[float | None] = []

    def run(_options: object, most: float | None, _report: object) -> list[Result]:
        seconds.append(most)
        return []

    monkeypatch.setattr(check_command, "run_checks", run)
    check_command.main(["--port", "0"])
    check_command.main(["--port", "0", "--whole"])
    assert seconds == [check_command.MOST_SECONDS, None]


def test_help_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        check_command.main(["--help"])
    assert not caught.value.code
    out = capsys.readouterr().out
    assert "Usage: chatd check [--json] [--whole]" in out and "--journal" in out


def test_the_options_of_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "state").mkdir()
    file = folder / "chatd.toml"
    file.write_text('[storage]\nstate-directory = "state"\n[listen]\nport = 0\n')
    file.chmod(0o600)
    before = snapshot(folder)
    check_command.main(["--config", "chatd.toml"])
    told = capsys.readouterr().out
    assert f"{folder / 'state' / 'chatd.sqlite3'} does not exist yet" in told
    assert f"good     configuration  the server can write to {folder / 'state'}" in told
    assert snapshot(folder) == before
    file.chmod(0o622)
    check_command.main(["--config", "chatd.toml"])
    assert "WARNING  configuration  other users can change" in capsys.readouterr().out
    file.write_text("[listen]\nprot = 0\n")
    with pytest.raises(SystemExit):
        check_command.main(["--config", "chatd.toml"])
    assert "WRONG    configuration  " in (told := capsys.readouterr().out) and "line 2: unknown option: prot" in told


def test_secrets_that_others_may_read(folder: Path) -> None:
    secret = folder / "secret"
    secret.write_text("sqlite:elsewhere.sqlite3\n")
    (folder / "chatd.toml").write_text('[storage]\njournal = { file = "secret" }\n')
    for mode, found in ((0o600, 0), (0o640, 0), (0o644, 1)):
        secret.chmod(mode)
        results = named(configuration.check(question("--config", "chatd.toml")), "configuration.secret")
        assert [each.state for each in results] == [State.WARNING] * found
    words = ("--oidc-issuer", "https://login.example.org", "--oidc-client-id", "chat", "--oidc-client-secret", "secret")
    assert one(configuration.check(question(*words)), "configuration.secret").do == f"chmod 600 {secret}"


@pytest.mark.parametrize("logfile", ["nowhere/log", "log"])
def test_the_directory_of_the_log(logfile: str) -> None:
    result = one(configuration.check(question("--logfile", logfile)), "configuration.logfile")
    assert result.state is (State.WRONG if "/" in logfile else State.GOOD)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not")
def test_a_state_directory_that_cannot_be_written_to(folder: Path) -> None:
    asked = question()
    let_others_in(folder)
    os.seteuid(65534)
    try:
        result = one(configuration.check(asked), "configuration.state-directory")
    finally:
        os.seteuid(0)
    assert (result.state, "cannot write" in result.what) == (State.WRONG, True)


def test_what_cannot_be_checked_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_question: Question) -> list[Result]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(checks, "_SUBJECTS", {"clock": broken})
    (result,) = checks.run_checks(question().options)
    assert (result.name, result.state) == ("clock.check", State.WARNING)
    assert "Permission denied" in result.what


def test_a_reload_leaves_out_what_is_the_daemons_own(folder: Path) -> None:
    written(folder / "chatd.sqlite3", ("#a", "ann", "one"))
    names = {each.name for each in checks.checks_for_reload(question("--port", "0").options)}
    assert not names & {"journal.holder", "journal.integrity", "journal.version"}
    assert {"ports.place", "journal.space", "journal.permissions", "installed.extras"} <= names


def test_the_page_names_every_check_and_no_other() -> None:
    source = "".join(path.read_text() for path in Path(checks.__file__).parent.glob("*.py"))
    subjects = "|".join(checks._SUBJECTS)
    used = set(re.findall(rf'"((?:{subjects})\.[a-z0-9-]+)"', source))
    for kind in ("accounts", "hooks", "journal"):
        used |= {f"{kind}.{each}" for each in re.findall(r'f"\{kind\.subject\}\.([a-z-]+)"', source)}
    page = (Path(checks.__file__).parents[3] / "docs" / "checking.rst").read_text()
    assert set(re.findall(r"^``([a-z]+\.[a-z0-9-]+)``", page, re.MULTILINE)) == used
