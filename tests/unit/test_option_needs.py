"""Options that work only beside another one: alone, each is refused where it is typed, and some in a file too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from chatd.app import check_command, drain_command
from chatd.app.configuration import command as config_command
from chatd.app.configuration.sections import SECTION_OF
from chatd.app.configuration.settings import Kind
from chatd.app.configuration.writing import effective_file, toml_text
from chatd.app.option_needs import NEEDS
from chatd.app.options import Options, ReadOptions
from chatd.app.where import settle, where_options

PROVIDER = ("--oidc-issuer", "https://id.example.org", "--oidc-client-id", "chat")
ENDPOINT = ("--listen", "tcp:10319")
VALUES: Mapping[str, str] = {
    "interface": "127.0.0.2",
    "irc-history": "7",
    "irc-name": "irc.example.org",
    "line-burst": "7",
    "oidc-client-id": "chat",
    "oidc-client-secret": "secret",
    "oidc-groups-claim": "teams",
    "oidc-issuer": PROVIDER[1],
    "oidc-name-claim": "email",
    "operators-group": "operators",
    "room-group": "staff=#staff",
    "trusted-proxy": "10.0.0.0/8",
    "web-host": "chat.example.org",
}
LACKING: Mapping[str, Sequence[str]] = {
    "interface": ENDPOINT,
    "line-burst": ("--line-rate", "0"),
    "oidc-issuer": ("--web", "off", *PROVIDER[2:]),
    "web-guests": ("--web", "off"),
    "web-host": ENDPOINT,
}
"""Beside what an option has nothing to do."""
BESIDE: Mapping[str, Sequence[Sequence[str]]] = {
    "interface": [(*ENDPOINT, "--port", "1"), (*ENDPOINT, "--web", "1"), (*ENDPOINT, "--irc", "1"), ()],
    "irc-history": [("--irc", "6667")],
    "irc-name": [("--irc", "tcp:6667")],
    "line-burst": [(), ("--line-rate", "5")],
    "oidc-client-id": [PROVIDER[:2]],
    "oidc-client-secret": [PROVIDER],
    "oidc-groups-claim": [PROVIDER],
    "oidc-issuer": [PROVIDER[2:], (*PROVIDER[2:], *ENDPOINT, "--web", "10380")],
    "oidc-name-claim": [PROVIDER],
    "operators-group": [PROVIDER],
    "room-group": [PROVIDER],
    "trusted-proxy": [
        ("--listen", "haproxy:tcp:10319"),
        ("--web", "HAProxy:tcp:10380"),
        ("--irc", "haproxy:tls:tls:port=6697"),
    ],
    "web-guests": [(), (*ENDPOINT, "--web", "10380")],
    "web-host": [(), ("--port", "0", "--web", "10380")],
}
"""Beside what it works: each of these by itself is enough."""
NAMES = [name for need in NEEDS for name in need.options]
TYPED = {name for need in NEEDS if need.only_typed for name in need.options}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("s3cret\n")
    return tmp_path


def read(*words: str, environment: Mapping[str, str] | None = None) -> ReadOptions:
    options = ReadOptions()
    options.environment = environment or {}
    options.parseOptions(list(words))
    return options


def refusal(*words: str) -> str:
    with pytest.raises(SystemExit) as stop:
        read(*words)
    sentence = str(stop.value)
    assert "\n" not in sentence
    return sentence


def on_the_line(name: str) -> tuple[str, ...]:
    return (f"--{name}", VALUES[name]) if name in VALUES else (f"--{name}",)


def in_a_file(name: str, value: str | None) -> tuple[str, str]:
    written = "true" if value is None else value if value.isdecimal() else toml_text(value)
    if ReadOptions().settings[name].kind is Kind.LIST:
        written = f"[{written}]"
    Path("chatd.toml").write_text(f"[{SECTION_OF[name]}]\n{name} = {written}\n")
    return "--config", "chatd.toml"


def test_every_row_is_tried_here() -> None:
    assert sorted(NAMES) == sorted(BESIDE)


@pytest.mark.parametrize("name", NAMES)
def test_alone_it_is_refused_with_what_to_do(name: str) -> None:
    said = refusal(*on_the_line(name), *LACKING.get(name, ()))
    assert said.startswith(f"chatd: --{name} ")
    assert said.endswith(f", or remove --{name}; see chatd --help")
    assert "; " in said


@pytest.mark.parametrize("name", sorted({*NAMES} - TYPED))
def test_in_a_file_it_is_refused_with_its_line(name: str, folder: Path) -> None:
    said = refusal(*in_a_file(name, VALUES.get(name)), *LACKING.get(name, ()))
    assert said.startswith(f"chatd: {folder}/chatd.toml, line 2: {name} ")
    assert said.endswith(f", or remove {name}")


@pytest.mark.parametrize("name", sorted(TYPED))
def test_a_file_and_the_environment_may_give_what_one_machine_switches_off(name: str) -> None:
    assert read(*in_a_file(name, VALUES.get(name)), *LACKING.get(name, ()))[name]
    variable = {f"CHATD_{name.replace('-', '_').upper()}": VALUES.get(name, "yes")}
    assert read(*LACKING.get(name, ()), environment=variable)[name]


def test_a_file_is_refused_for_these_alone() -> None:
    groups = {"operators-group", "room-group"}
    assert {*NAMES} - TYPED == {"oidc-issuer", "oidc-client-id", "oidc-client-secret"} | groups


@pytest.fixture
def senseless(monkeypatch: pytest.MonkeyPatch) -> str:
    """A file that no daemon takes; what refuses it says so."""
    monkeypatch.setenv("CHATD_CONFIG", in_a_file("operators-group", "operators")[1])
    return "operators-group needs a source of groups"


@pytest.mark.usefixtures("senseless")
def test_a_command_beside_the_daemon_finds_its_files_all_the_same(folder: Path) -> None:
    options = where_options().parse_args([])
    settle(options, make=True)
    assert options.accounts == folder / "chatd.accounts.sqlite3"
    with pytest.raises(SystemExit, match="no server listens at"):
        drain_command.main([])


def test_what_starts_or_judges_a_daemon_refuses_it(senseless: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=senseless):
        Options().parseOptions([])
    with pytest.raises(SystemExit, match=senseless):
        config_command.main([])
    with pytest.raises(SystemExit):
        check_command.main([])
    assert senseless in capsys.readouterr().out


@pytest.mark.parametrize(("name", "beside"), [(name, beside) for name in NAMES for beside in BESIDE[name]])
def test_beside_what_it_needs_it_is_taken(name: str, beside: Sequence[str]) -> None:
    assert read(*on_the_line(name), *beside)[name]


def off() -> Iterator[tuple[str, str]]:
    for name in NAMES:
        setting = ReadOptions().settings[name]
        if setting.kind is Kind.FLAG:
            yield name, "false"
        elif setting.kind is Kind.LIST:
            yield name, "[]"
        elif setting.default is not None:
            yield name, toml_text(str(setting.default))


@pytest.mark.parametrize(("name", "written"), list(off()))
def test_a_file_may_spell_out_that_it_asks_for_nothing(name: str, written: str) -> None:
    Path("chatd.toml").write_text(f"[{SECTION_OF[name]}]\n{name} = {written}\n")
    read("--config", "chatd.toml", *LACKING.get(name, ()))


def test_what_chatd_config_prints_is_taken_without_the_page_and_with_endpoints_alone() -> None:
    Path("chatd.toml").write_text(effective_file(read(*ENDPOINT)))
    read("--config", "chatd.toml")
