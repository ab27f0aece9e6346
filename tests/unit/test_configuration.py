"""Options in the file, in the environment and on the command line: one table of them, one order, one sentence."""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from chatd.app.configuration import command
from chatd.app.configuration.layers import COMMAND_LINE
from chatd.app.configuration.sections import ROWS, SECTION_OF, SECTIONS
from chatd.app.configuration.settings import Kind
from chatd.app.configuration.writing import default_file, effective_file, toml_text
from chatd.app.options import Options, ReadOptions, makeService

ON_THE_LINE_ALONE = {"c", "config", "h", "help", "help-auth", "help-auth-type", "version"}
SETTINGS = ReadOptions().settings


def read(file: str = "", environment: Mapping[str, str] | None = None, *words: str, folder: Path) -> Options:
    path = folder / "chatd.toml"
    path.write_text(file)
    options = ReadOptions()
    options.environment = environment or {}
    options.parseOptions(["--config", str(path), *words])
    return options


def wrong(file: str = "", environment: Mapping[str, str] | None = None, *words: str, folder: Path) -> str:
    with pytest.raises(SystemExit) as stop:
        read(file, environment, *words, folder=folder)
    sentence = str(stop.value)
    assert "\n" not in sentence
    return sentence.removeprefix("chatd: ").replace(str(folder), "")


def test_every_option_stands_in_one_section() -> None:
    names = [row.name for section in SECTIONS for row in section.rows]
    assert len(names) == len(set(names))
    assert set(names) == set(Options().docs) - ON_THE_LINE_ALONE


# What is given in three places, of each option: the values and what is found in the options for each.
SAMPLES: Mapping[str, tuple[str, str, str]] = {
    "accounts": ("a.sqlite3", "b.sqlite3", "c.sqlite3"),
    "announce": ("one", "two", "three"),
    "audit": ("a.jsonl", "b.jsonl", "c.jsonl"),
    "auth": ("memory:ann:1", "memory:ann:2", "memory:ann:3"),
    "hooks": ("a.hooks", "b.hooks", "c.hooks"),
    "interface": ("127.0.0.2", "127.0.0.3", "127.0.0.4"),
    "irc": ("6661", "6662", "6663"),
    "irc-name": ("irc1.example.org", "irc2.example.org", "irc3.example.org"),
    "journal": ("memory:", "sqlite:b", "sqlite:c"),
    "keep": ("1h", "2h", "3h"),
    "listen": ("tcp:1", "tcp:2", "tcp:3"),
    "log": ("text", "json", "journald"),
    "log-level": ("debug", "warn", "error"),
    "logfile": ("a.log", "b.log", "c.log"),
    "oidc-client-id": ("one", "two", "three"),
    "oidc-groups-claim": ("one", "two", "three"),
    "oidc-issuer": ("https://a.example.org", "https://b.example.org", "https://c.example.org"),
    "oidc-name-claim": ("one", "two", "three"),
    "operators-group": ("one", "two", "three"),
    "registration": ("off", "open", "code"),
    "room-group": ("one=#a", "two=#b", "three=#c"),
    "room-founders": ("yes", "no", "yes"),
    "state-directory": (".", "/", "/tmp"),
    "trusted-proxy": ("10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24"),
    "web": ("1", "2", "3"),
    "web-host": ("a.example.org", "b.example.org", "c.example.org"),
}


PROVIDER = ("--oidc-issuer", "https://id.example.org", "--oidc-client-id", "chat")
BESIDE: Mapping[str, Sequence[str]] = {
    "irc-history": ("--irc", "6667"),
    "irc-name": ("--irc", "6667"),
    "oidc-client-id": PROVIDER[:2],
    "oidc-client-secret": PROVIDER,
    "oidc-groups-claim": PROVIDER,
    "oidc-issuer": PROVIDER[2:],
    "oidc-name-claim": PROVIDER,
    "operators-group": PROVIDER,
    "room-group": PROVIDER,
    "trusted-proxy": ("--listen", "haproxy:tcp:10319"),
}
"""What has to be given too."""


def samples(name: str) -> tuple[str, str, str]:
    return SAMPLES.get(name, ("11", "12", "13"))


def in_file(name: str, value: str) -> str:
    setting = SETTINGS[name]
    written = toml_text(value)
    if setting.kind is Kind.LIST:
        written = f"[{written}]"
    return f"[{SECTION_OF[name]}]\n{name} = {written}\n"


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.kind is not Kind.FLAG])
def test_the_line_goes_before_the_environment_and_that_before_the_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "oidc-client-secret":
        for file in samples(name):
            (tmp_path / file).write_text("secret")
        monkeypatch.chdir(tmp_path)
    low, middle, high = samples(name)
    variable, beside = SETTINGS[name].variable, BESIDE.get(name, ())
    file = in_file(name, low)

    options = read(file, {}, *beside, folder=tmp_path)
    assert options.given[name] == ((low,), f"{tmp_path / 'chatd.toml'}, line 2", None)
    by_file = value(options, name)
    options = read(file, {variable: shlex.quote(middle)}, *beside, folder=tmp_path)
    assert options.given[name] == ((middle,), variable, None)
    by_environment = value(options, name)
    options = read(file, {variable: shlex.quote(middle)}, *beside, f"--{name}", high, folder=tmp_path)
    assert options.given[name].origin == COMMAND_LINE
    by_line = value(options, name)

    line_alone = [
        value(read("", None, *beside, f"--{name}", each, folder=tmp_path), name) for each in (low, middle, high)
    ]
    assert [by_file, by_environment, by_line] == line_alone
    assert by_file != by_environment != by_line


def value(options: Options, name: str) -> object:
    if name == "auth":
        return [list(checker.users.items()) for checker in options.checkers]  # type: ignore[attr-defined]
    return options[name]


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.kind is Kind.FLAG])
def test_a_flag_is_true_or_false_and_yes_or_no(name: str, tmp_path: Path) -> None:
    variable = SETTINGS[name].variable
    file = f"[{SECTION_OF[name]}]\n{name} = true\n"
    assert read(file, folder=tmp_path)[name]
    assert not read(file, {variable: "no"}, folder=tmp_path)[name]
    assert read("", {variable: "yes"}, folder=tmp_path)[name]
    assert read("", {variable: "no"}, f"--{name}", folder=tmp_path)[name]
    assert wrong(f'[{SECTION_OF[name]}]\n{name} = "yes"\n', folder=tmp_path) == (
        f"/chatd.toml, line 2: {name} takes true or false"
    )
    assert wrong("", {variable: "1"}, folder=tmp_path) == f"{variable} takes yes or no, not '1'"


def test_a_list_replaces_the_one_below(tmp_path: Path) -> None:
    file = '[listen]\nlisten = [\n  "tcp:1",  # one\n  "tcp:2",\n]\n'
    assert [place.description for place in read(file, folder=tmp_path).places] == ["tcp:1", "tcp:2"]
    environment = {"CHATD_LISTEN": "tcp:3 'tls:/a b:port=4'"}
    assert [place.description for place in read(file, environment, folder=tmp_path).places] == [
        "tcp:3",
        "tls:/a b:port=4",
    ]
    options = read(file, environment, "--listen", "tcp:5", folder=tmp_path)
    assert [place.description for place in options.places] == ["tcp:5"]
    assert [place.description for place in read('[listen]\nlisten = "tcp:6"', folder=tmp_path).places] == ["tcp:6"]
    assert [place.description for place in read(file, {"CHATD_LISTEN": ""}, "-p7", folder=tmp_path).places] == [
        "tcp:7:interface=127.0.0.1:backlog=1024"
    ]


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("nats://chat:secret@127.0.0.1\n")
    options = read('[storage]\njournal = { file = "secret" }\n', folder=tmp_path)
    assert options["journal"] == "nats://chat:secret@127.0.0.1"
    assert "secret@" not in effective_file(options)
    assert f'journal = {{ file = "{tmp_path / "secret"}" }}' in effective_file(options)
    environment = {"CHATD_JOURNAL_FILE": str(tmp_path / "secret")}
    assert read("", environment, folder=tmp_path)["journal"] == "nats://chat:secret@127.0.0.1"
    shown = effective_file(read('[storage]\njournal = "nats://chat:secret@127.0.0.1"\n', folder=tmp_path))
    assert 'journal = "nats://chat:...@127.0.0.1"' in shown


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            "[limits]\n\nmax-rooms = 1\nmax-romes = 2\n",
            "line 4: unknown option: max-romes; did you mean max-rooms?",
        ),
        ("[limits]\nmax-rooms = -1\n", "line 2: max-rooms takes a whole number from 0 to 2147483648, not '-1'"),
        ("[limits]\nmax-rooms = 1.5\n", "line 2: max-rooms takes a string or a whole number"),
        ("[limits]\nmax-rooms = [1]\n", "line 2: max-rooms takes a single value, not a list"),
        ("[limits]\nport = 1\n", "line 2: port belongs in the section [listen], not in [limits]"),
        (
            "\n[limit]\nmax-rooms = 1\n",
            "line 2: unknown section: [limit]; did you mean limits?; the sections are listen",
        ),
        ("port = 1\n", "line 1: port belongs in the section [listen]"),
        ("listen = 1\n", "line 1: listen is a section; write [listen]"),
        ("[storage]\nkeep = 30\n", "line 2: keep: "),
        ("[storage]\njournal = { path = 'x' }\n", 'line 2: write a value from a file as { file = "PATH" }'),
        ("[storage]\njournal = { file = 'nowhere' }\n", "line 2: cannot read /nowhere: No such file or directory"),
        ("[accounts]\nregistration = 'all'\n", "line 2: registration takes one of off, open, code, not 'all'"),
        ("# \n[accounts]\nauth = ['file:nowhere']\n", "line 3: auth file:nowhere: no such file: 'nowhere'"),
        ("[listen]\ntrusted-proxy = [\n'10.0.0.0/8',\n'x']\n", "line 2: trusted-proxy takes an address or a network"),
        ("[listen]\nport = 1\nport = 2\n", "line 3: Cannot overwrite a value"),
        ("[listen]\nport = \n", "line 2: port takes a whole number from 0 to 65535, not ''"),
        ("[limits]\nmax-rooms = ten # all\n", "line 2: max-rooms takes a whole number from 0 to 2147483648, not 'ten'"),
        ("[limits]\nmax-rooms = 1,000\n", "line 2: max-rooms takes a whole number from 0 to 2147483648, not '1,000'"),
        (
            "[storage]\nkeep = 30d\n",
            "line 2: keep: not a value of TOML; write a number, or a string in quotes",
        ),
        (
            "[listen]\nlisten = tcp:1\n",
            "line 2: listen: not a value of TOML; write a number, or a string in quotes",
        ),
        ('[storage]\nkeep = "30d\n', "line 2: a string has no closing quote"),
        ("[web]\nweb-guests = yes\n", "line 2: web-guests takes true or false"),
        ("[listen]\nport = 1\nx\n", "line 3: Expected '=' after a key"),
        ("[listen]\nport = [1,\n", "line 2: "),
    ],
)
def test_what_is_wrong_in_the_file_is_one_sentence_with_its_line(file: str, said: str, tmp_path: Path) -> None:
    assert wrong(file, folder=tmp_path).startswith(f"/chatd.toml, {said}")


def test_what_is_no_file_of_text_is_one_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_text("#" * (1 << 20) + "\n")
    (tmp_path / "deep").write_text(f"[listen]\nport = {'[' * 20_000}{']' * 20_000}\n")
    (tmp_path / "digits").write_text(f"[listen]\nport = {'1' * 5000}\n")
    for path, said in (
        (tmp_path / "nowhere", "cannot read the configuration"),
        (tmp_path, "Is a directory"),
        (Path("/dev/zero"), "it is not a regular file"),
        (tmp_path / "pipe", "it is not a regular file"),
        (tmp_path / "long", "has more than 1048576 bytes"),
        (tmp_path / "deep", "is not a configuration"),
        (tmp_path / "digits", "is not a configuration"),
    ):
        with pytest.raises(SystemExit, match=said):
            ReadOptions().parseOptions(["--config", str(path)])
    (tmp_path / "latin").write_bytes(b"[listen]\nannounce = '\xe9'\n")
    with pytest.raises(SystemExit, match="latin, line 2: not UTF-8"):
        ReadOptions().parseOptions(["--config", str(tmp_path / "latin")])


def test_lines_are_found_in_long_files_and_in_odd_ones(tmp_path: Path) -> None:
    networks = "\n".join(f"'10.{number >> 8}.{number & 255}.0/24'," for number in range(20_000))
    for file, line in (
        (f"[listen]\ntrusted-proxy = [\n{networks}\n]\nfoo = 1\n", 20_004),
        ("# \n" * 20_000 + "[listen]\nfoo = 1\n", 20_002),
        ("[listen]\r\nfoo = 1\r\n", 2),
        ("\ufeff[listen]\nfoo = 1\n", 2),
        ("[listen]\n# \u2028 \x85\nfoo = 1\n", 3),
        ("[listen]\nannounce = '''\n]\nfoo = 1\n'''\n\nfoo.bar.baz = 1\n", 7),
        (f"# \n[listen]\n[listen.foo{'.a' * 5000}]\n", 3),
        ("listen = {port = 1, foo = 2}\n", 1),
    ):
        assert wrong(file, folder=tmp_path).startswith(f"/chatd.toml, line {line}: unknown option: foo")


def test_no_value_has_a_nul_in_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a\0b")
    for value, said in (
        ('"a\\u0000b"', "line 2: journal contains a NUL character; remove it"),
        ("{ file = 'secret' }", "line 2: /secret contains a NUL character; remove it"),
        ('{ file = "a\\u0000b" }', "line 2: cannot read /a\0b: its name contains a NUL character"),
    ):
        assert wrong(f"[storage]\njournal = {value}\n", folder=tmp_path) == f"/chatd.toml, {said}"


def test_the_environment_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in wrong("", {"CHATD_\x1b[31m": "1"}, folder=tmp_path)


def test_a_secret_that_never_comes_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for file in ("pipe", "/dev/zero"):
        said = wrong(f"[storage]\njournal = {{ file = '{file}' }}\n", folder=tmp_path)
        assert said.endswith("it is not a regular file")
    said = wrong("", {"CHATD_JOURNAL_FILE": str(tmp_path / "pipe")}, folder=tmp_path)
    assert said == "CHATD_JOURNAL_FILE: cannot read /pipe: it is not a regular file"


def test_what_the_service_finds_wrong_has_its_line_too(tmp_path: Path) -> None:
    for file, said in (
        ("[listen]\nlisten = ['tcp:x']\n", "line 2: listen: invalid endpoint 'tcp:x'"),
        ("[storage]\njournal = 'tape:'\n", "line 2: journal: unknown journal: 'tape:'"),
        ("[web]\nweb = 'carrier-pigeon:1'\n", "line 2: web: invalid endpoint 'carrier-pigeon:1'"),
    ):
        with pytest.raises(SystemExit, match=re.escape(f"chatd.toml, {said}")):
            makeService(read(file, folder=tmp_path))
    with pytest.raises(SystemExit, match=r"^chatd: --journal: unknown journal"):
        makeService(read("", None, "--journal", "tape:", folder=tmp_path))


def test_what_is_wrong_in_the_environment_is_one_sentence(tmp_path: Path) -> None:
    for variable, text, said in (
        ("CHATD_MAX_ROMES", "1", "unknown option in the environment: CHATD_MAX_ROMES; did you mean CHATD_MAX_ROOMS?"),
        ("CHATD_MAX_ROOMS", "x", "CHATD_MAX_ROOMS: max-rooms takes a whole number from 0 to 2147483648, not 'x'"),
        ("CHATD_REGISTRATION", "x", "CHATD_REGISTRATION: registration takes one of off, open, code, not 'x'"),
        ("CHATD_LISTEN", "'tcp:1", "CHATD_LISTEN is not a list of words: No closing quotation"),
        ("CHATD_SCRAM_FILE", "x", "CHATD_SCRAM_FILE: scram takes yes or no and cannot be read from a file"),
        ("CHATD_JOURNAL_FILE", "/nowhere", "CHATD_JOURNAL_FILE: cannot read /nowhere: No such file or directory"),
    ):
        assert wrong("", {variable: text}, folder=tmp_path) == said
    both = {"CHATD_JOURNAL": "memory:", "CHATD_JOURNAL_FILE": "/nowhere"}
    assert wrong("", both, folder=tmp_path) == "CHATD_JOURNAL_FILE and CHATD_JOURNAL exclude each other"


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    """Kubernetes sets these in each container beside a service of the name chatd, and chatd tail has a password."""
    environment = {
        "CHATD_SERVICE_HOST": "10.0.0.1",
        "CHATD_SERVICE_PORT": "10319",
        "CHATD_SERVICE_PORT_LINES": "10319",
        "CHATD_PORT": "tcp://10.0.0.1:10319",
        "CHATD_PORT_10319_TCP": "tcp://10.0.0.1:10319",
        "CHATD_PORT_10319_TCP_ADDR": "10.0.0.1",
        "CHATD_PASSWORD": "x",
    }
    assert read("", environment, folder=tmp_path).given.keys() == {"config"}


def test_the_environment_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "chatd.toml").write_text("[limits]\nmax-rooms = 7\n")
    options = ReadOptions()
    options.environment = {"CHATD_CONFIG": str(tmp_path / "chatd.toml")}
    options.parseOptions([])
    assert options["max-rooms"] == 7


def test_the_default_file_says_nothing_and_names_everything() -> None:
    text = default_file(SETTINGS)
    assert {name: table for name, table in tomllib.loads(text).items() if table} == {}
    assert re.findall(r"^# ([a-z-]+) = ", text, re.MULTILINE) == [name for name in ROWS if name in SETTINGS]


def test_each_line_of_the_default_file_is_taken_once_it_is_no_comment(tmp_path: Path) -> None:
    """What is shown is either the default itself or an example; both are what the option takes."""
    parts = re.split(r"^\[([a-z]+)\]$", default_file(SETTINGS), flags=re.MULTILINE)
    for section, body in zip(parts[1::2], parts[2::2], strict=True):
        for name, text in re.findall(r"^# ([a-z-]+) = (.*)$", body, re.MULTILINE):
            line = f"[{section}]\n{name} = {text}\n"
            file = line.replace("/var/lib/chatd", str(tmp_path)) if name == "state-directory" else line
            if name not in ("auth", "oidc-client-secret"):  # the module for PAM, or the file, may not be there
                options = read(file, {}, *BESIDE.get(name, ()), folder=tmp_path)
                if ROWS[name].example is None and SETTINGS[name].kind is Kind.VALUE:
                    assert options[name] == Options()[name]


def test_what_holds_is_a_file_that_says_the_same(tmp_path: Path) -> None:
    file = (
        '[limits]\nmax-rooms = 7\n[listen]\ninterface = "::1"\nlisten = ["tcp:1", "tcp:2"]\n[web]\nweb = "1"\n'
        "web-guests = true\n"
    )
    options = read(file, {"CHATD_KEEP": "30d"}, "--line-rate", "9", folder=tmp_path)
    written = effective_file(options)
    again = read(written, folder=tmp_path)
    names = ("max-rooms", "interface", "listen", "web-guests", "keep", "line-rate", "registration")
    assert [again[name] for name in names] == [options[name] for name in names]
    assert f"max-rooms = 7  # {tmp_path / 'chatd.toml'}, line 2\n" in written
    assert 'keep = "30d"  # CHATD_KEEP\n' in written
    assert "line-rate = 9  # the command line\n" in written
    assert 'registration = "off"  # default\n' in written
    assert "port = 10320  # the command line\n" in effective_file(read("", {}, "--port", "10320", folder=tmp_path))


def test_the_files_of_the_daemon_begin_in_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state"
    state.mkdir()
    for words, environment in ((["--state-directory", str(state)], {}), ([], {"STATE_DIRECTORY": f"{state}:/other"})):
        options = read("", environment, *words, folder=tmp_path)
        assert options["journal"] == f"sqlite:{state}/chatd.sqlite3"
        assert options.accounts_path == state / "chatd.accounts.sqlite3"
        assert options.hooks_path == state / "chatd.hooks.sqlite3"
    elsewhere = read("", {}, "--state-directory", str(state), "--journal", f"sqlite:{tmp_path}/j", folder=tmp_path)
    assert elsewhere["journal"] == f"sqlite:{tmp_path}/j"
    assert (
        read("", {}, "--journal", "memory:", "--state-directory", str(state), folder=tmp_path)["journal"] == "memory:"
    )
    monkeypatch.chdir(tmp_path)
    assert f"journal sqlite:{tmp_path}/chatd.sqlite3" in read("", {}, folder=tmp_path).files
    assert "no such directory: " in wrong("", {}, "--state-directory", "nowhere", folder=tmp_path)


def test_the_command_prints_both(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command.main(["--default"])
    assert capsys.readouterr().out == default_file(SETTINGS)
    command.main(["--max-rooms", "3"])
    printed: dict[str, Any] = tomllib.loads(capsys.readouterr().out)
    assert printed["limits"]["max-rooms"] == 3
    command.main(["--help"])
    assert "chatd config" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="takes no other arguments"):
        command.main(["--default", "--max-rooms", "3"])
    (tmp_path / "chatd.toml").write_text("[")
    with pytest.raises(SystemExit, match="line 1"):
        command.main(["--config", str(tmp_path / "chatd.toml")])


def test_a_sentence_about_two_options_calls_each_as_it_was_given(tmp_path: Path) -> None:
    file = '[accounts]\nregistration = "open"\nmembers-only = true\n'
    both = wrong(file, folder=tmp_path)
    assert "line 3: members-only and registration exclude each other" in both
    one = wrong("[accounts]\nmembers-only = true\n", None, "--registration", "open", folder=tmp_path)
    assert "line 2: members-only and --registration exclude each other" in one
