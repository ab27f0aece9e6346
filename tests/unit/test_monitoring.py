"""What docs/monitoring.rst and the board in docs/grafana.json name is what a server exports, all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.core import Metric
from twisted.internet.task import Clock

from chatd.edges.gateway import Gateway
from chatd.edges.web.numbers import registry
from chatd.journal import Journal, Retention
from chatd.journal.factory import from_string
from tests.support.in_memory_chat import InMemoryChat, journal_environment
from tests.support.in_memory_cluster import InMemoryCluster

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "monitoring.rst").read_text()
BOARD = json.loads((DOCS / "grafana.json").read_text())
SUFFIXES = {"counter": "_total", "info": "_info"}


def exported() -> dict[str, Metric]:
    """Return all that any server exports, by the name that it is asked for."""

    def journal(clock: Clock) -> Journal:
        return from_string("memory:", journal_environment(clock, Retention(seconds=3600, messages=500)))

    chats = [InMemoryChat(journal=journal), InMemoryCluster().nodes[0]]
    found = [metric for chat in chats for metric in registry(Gateway(chat.hub, chat.clock)).collect()]
    return {metric.name + SUFFIXES.get(metric.type, ""): metric for metric in found}


EXPORTED = exported()
OURS = {name: metric for name, metric in EXPORTED.items() if name.startswith("chatd_")}


def named(text: str) -> set[str]:
    """Return the metrics that a text names; of a histogram's parts, the histogram."""
    found = set(re.findall(r"\b(?:chatd|process)_[a-z_]+\b", text))
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in found}


def expressions(value: Any) -> Iterator[str]:
    """Yield what a board, or a part of it, asks the data source."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if key in ("expr", "definition") and isinstance(inside, str):
                yield inside
            else:
                yield from expressions(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from expressions(inside)


def test_the_table_has_a_row_for_each_metric_with_its_labels_and_its_text() -> None:
    rows = re.findall(r"^   \* - ``(\w+)``\n     -(.*)\n     - (.*)\n", PAGE, re.MULTILINE)
    assert len(rows) == len(OURS)
    assert {name: text for name, _, text in rows} == {name: metric.documentation for name, metric in OURS.items()}
    for name, labels, _ in rows:
        used = {label for sample in OURS[name].samples for label in sample.labels} - {"le"}
        assert set(re.findall(r"``(\w+)``", labels)) == used, name


def test_the_page_names_no_metric_that_there_is_not() -> None:
    assert named(PAGE) <= EXPORTED.keys()


def test_the_words_that_labels_have_are_all_on_the_page() -> None:
    words = set(re.findall(r"[a-z-]+", PAGE))
    for name, label in (("chatd_connections", "edge"), ("chatd_connections_refused_total", "reason")):
        assert {sample.labels[label] for sample in OURS[name].samples} <= words


def test_the_board_has_a_panel_for_each_metric_and_for_no_other() -> None:
    shown = named(" ".join(expressions(BOARD)))
    assert shown <= EXPORTED.keys()
    assert shown >= OURS.keys()


def test_the_labels_by_which_the_board_and_the_alerts_ask_are_there() -> None:
    known = {label for metric in OURS.values() for sample in metric.samples for label in sample.labels}
    known |= {"instance", "job", "le"}
    for text in (*expressions(BOARD), *re.findall(r"expr: (.*)", PAGE)):
        asked = set(re.findall(r"[{,]\s*(\w+)\s*(?:=|!=|=~|!~)", text))
        grouped = {
            label for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", text) for label in re.split(r",\s*", labels)
        }
        assert asked | grouped <= known, text


def test_the_board_is_one_that_grafana_takes() -> None:
    assert {"title", "uid", "schemaVersion", "panels", "templating", "time"} <= BOARD.keys()
    variables = {each["name"]: each for each in BOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    panels = BOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert max(x for x, _ in cells) < 24 and not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}" and panel["title"] and panel["description"]
            assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
