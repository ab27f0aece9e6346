"""What the client keeps survives; what somebody else left in its place does no harm."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chatd.client.model.kept_servers import MAX_SERVERS, KeptServer
from chatd.client.model.settings import MAX_FILE_BYTES, Settings, Store, Theme


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "config", tmp_path / "state" / "chatd")


def config(tmp_path: Path) -> Path:
    return tmp_path / "config" / "client.json"


FULL = Settings(
    servers=[
        KeptServer("example.org:10319", "alice", ["#lobby", "#漢字"]),
        KeptServer("tls://10.0.0.5:7", "", []),
    ],
    nick="alice",
    muted=["#builds", "bob"],
    font_size=14,
    theme=Theme.DARK,
    geometry="800x600+10+-20",
    waiting={"example.org": [{"room": "#lobby", "text": "hi"}]},
    unknown={"config": {}, "state": {}},
)


def test_what_is_saved_is_loaded(store: Store, tmp_path: Path) -> None:
    assert store.load() == (Settings(), "No settings are saved yet; using the defaults.")
    assert store.save(FULL) == ""
    assert Store(tmp_path / "config", tmp_path / "state" / "chatd").load() == (FULL, "")
    for path in (config(tmp_path), tmp_path / "state" / "chatd" / "client.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert os.listdir(path.parent) == [path.name]


def test_the_files_are_where_the_system_wants_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    assert Store().save(FULL) == ""
    assert sorted(path.name for path in tmp_path.rglob("client.json")) == ["client.json"] * 2
    assert Store().load() == (FULL, "")


def test_what_is_not_known_stays(store: Store, tmp_path: Path) -> None:
    store.save(FULL)
    data = json.loads(config(tmp_path).read_text()) | {"sound": {"of": "the future"}}
    config(tmp_path).write_text(json.dumps(data))
    settings, problem = store.load()
    assert problem == ""
    settings.nick = "bob"
    store.save(settings)
    assert json.loads(config(tmp_path).read_text()) == data | {"nick": "bob"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"nick": 1' + b"0" * 5000, b"x" * (MAX_FILE_BYTES + 1)],
    ids=range(8),
)
def test_a_broken_file_gives_the_defaults_and_is_put_aside(store: Store, tmp_path: Path, content: bytes) -> None:
    store.save(FULL)
    config(tmp_path).write_bytes(content)
    settings, problem = store.load()
    assert str(config(tmp_path)) in problem
    assert problem.endswith("using the defaults instead.")
    assert (settings.nick, settings.geometry) == ("", FULL.geometry)
    assert store.save(settings) == ""
    assert config(tmp_path).with_name("client.json.broken").read_bytes() == content
    assert store.load()[1] == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("servers", {}),
        ("servers", ["example.org"]),
        ("servers", [{}]),
        ("servers", [{"address": ""}]),
        ("servers", [{"address": 5}]),
        ("servers", [{"address": "a\nb"}]),
        ("servers", [{"address": "\ud800"}]),
        ("servers", [{"address": "a", "nick": "two words"}]),
        ("servers", [{"address": "a", "rooms": "#lobby"}]),
        ("servers", [{"address": "a", "rooms": ["lobby"]}]),
        ("servers", [{"address": "a", "rooms": [["#lobby"]]}]),
        ("servers", [{"address": "a"}] * (MAX_SERVERS + 1)),
        ("nick", "two words"),
        ("muted", [None]),
        ("font_size", "12"),
        ("font_size", True),
        ("font_size", 0),
        ("font_size", 1e300),
        ("theme", "pink"),
        ("theme", {}),
    ],
)
def test_a_bad_value_gives_its_default_and_leaves_the_others(
    store: Store, tmp_path: Path, key: str, value: Any
) -> None:
    store.save(FULL)
    data = json.loads(config(tmp_path).read_text())
    config(tmp_path).write_text(json.dumps(data | {key: value}))
    settings, problem = store.load()
    assert f"{key} is not valid" in problem
    assert getattr(settings, key) == getattr(Settings(), key)
    settings.unknown = FULL.unknown
    setattr(settings, key, getattr(FULL, key))
    assert settings == FULL


def test_the_one_server_of_an_older_client_is_the_first_one(store: Store, tmp_path: Path) -> None:
    old = {"server": "example.org", "nick": "alice", "rooms": ["#r"], "sound": "of the future"}
    config(tmp_path).parent.mkdir()
    config(tmp_path).write_text(json.dumps(old))
    settings, problem = store.load()
    assert problem == ""
    assert settings.servers == [KeptServer("example.org", "alice", ["#r"])]
    store.save(settings)
    kept = json.loads(config(tmp_path).read_text())
    assert kept["servers"] == [{"address": "example.org", "nick": "alice", "rooms": ["#r"]}]
    assert {"server", "rooms"} & set(kept) == set()
    assert (kept["nick"], kept["sound"]) == ("alice", "of the future")


@pytest.mark.parametrize(("key", "value"), [("server", 5), ("server", "a\nb"), ("rooms", "#r"), ("rooms", ["r"])])
def test_what_an_older_client_left_may_be_of_no_use(store: Store, tmp_path: Path, key: str, value: Any) -> None:
    config(tmp_path).parent.mkdir()
    config(tmp_path).write_text(json.dumps({"server": "example.org", "nick": "alice", "rooms": ["#r"]} | {key: value}))
    settings, problem = store.load()
    assert f"{key} is not valid" in problem
    assert settings.servers == ([] if key == "server" else [KeptServer("example.org", "alice", [])])


def test_a_server_is_there_once(store: Store, tmp_path: Path) -> None:
    config(tmp_path).parent.mkdir()
    there = [{"address": "a", "nick": "x"}, {"address": "b"}, {"address": "a", "nick": "y"}]
    config(tmp_path).write_text(json.dumps({"servers": there}))
    assert [(each.address, each.nick) for each in store.load()[0].servers] == [("a", "x"), ("b", "")]


def test_what_is_no_file_does_no_harm(store: Store, tmp_path: Path) -> None:
    config(tmp_path).mkdir(parents=True)
    state = tmp_path / "state" / "chatd" / "client.json"
    state.parent.mkdir(parents=True)
    os.mkfifo(state)
    settings, problem = store.load()
    assert settings == Settings()
    assert problem.count("cannot be read") == 2


def test_a_directory_that_cannot_be_made_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    problem = Store(tmp_path / "file" / "x", tmp_path / "state").save(FULL)
    assert "cannot be written" in problem
    assert Store(tmp_path / "file" / "x", tmp_path / "state").load()[0].geometry == FULL.geometry


def test_a_file_made_read_only_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(FULL)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may do everything
    assert "read-only" in store.save(Settings())
    assert store.load() == (FULL, "")


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(FULL)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    assert "No space left" in store.save(Settings())
    assert store.load() == (FULL, "")
    assert os.listdir(tmp_path / "config") == ["client.json"]


def test_what_cannot_be_written_as_json_is_told_of(store: Store) -> None:
    store.save(FULL)
    assert "cannot be written" in store.save(Settings(waiting={"x": [object()]}))
    assert store.load()[0].waiting == FULL.waiting


def test_a_link_is_followed(store: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles" / "chatd.json"
    elsewhere.parent.mkdir()
    elsewhere.write_text("{}")
    config(tmp_path).parent.mkdir()
    config(tmp_path).symlink_to(elsewhere)
    store.save(FULL)
    assert config(tmp_path).is_symlink()
    assert json.loads(elsewhere.read_text())["nick"] == "alice"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["servers", "server", "nick", "rooms", "muted", "font_size", "theme", "geometry", "waiting", "other"]
)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.dictionaries(KEYS, JSON | st.just("\ud800")))
def test_whatever_is_in_the_files_nothing_is_raised(store: Store, tmp_path: Path, data: dict[str, Any]) -> None:
    for path in (config(tmp_path), tmp_path / "state" / "chatd" / "client.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data))
    settings, _ = store.load()
    assert store.save(settings) == ""
    assert store.load()[1] == ""


def test_two_clients_keep_what_the_other_has_changed(tmp_path: Path) -> None:
    places = (tmp_path / "config", tmp_path / "state")
    Store(*places).save(Settings(nick="ann", servers=[KeptServer("one"), KeptServer("two")]))
    first, second = Store(*places), Store(*places)
    (mine, _), (yours, _) = first.load(), second.load()
    mine.servers = [KeptServer("one", "ann", ["#den"]), KeptServer("three")]
    yours.font_size = 20
    yours.servers = [*yours.servers, KeptServer("four")]
    assert first.save_changed(mine) == second.save_changed(yours) == ""
    assert first.save_changed(mine) == ""
    kept, _ = Store(*places).load()
    assert kept.font_size == 20
    assert [each.address for each in kept.servers] == ["one", "two", "four", "three"]
    mine.servers = [KeptServer("one", "ann", ["#den"])]
    assert first.save_changed(mine) == ""
    kept, _ = Store(*places).load()
    assert [(each.address, each.rooms) for each in kept.servers] == [("one", ["#den"]), ("two", []), ("four", [])]


def test_what_could_not_be_written_is_written_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "config", tmp_path / "state")
    store.save(Settings())
    kept, _ = store.load()
    kept.nick = "ann"
    with monkeypatch.context() as full:
        full.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert "No space left" in store.save_changed(kept)
        assert store.save_changed(kept) == ""  # not every second
    assert store.save(kept) == ""
    assert Store(tmp_path / "config", tmp_path / "state").load()[0].nick == "ann"
