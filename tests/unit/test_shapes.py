"""What other programs send, and the line that is made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.edges.web.shapes import MAX_LINE_CHARACTERS, SHAPES, line_of, ntfy

REPOSITORY = {"repository": {"full_name": "acme/rocket"}, "sender": {"login": "ann"}}
PROJECT = {"project": {"path_with_namespace": "acme/rocket"}, "user": {"username": "ann"}}
ALERT = {"status": "firing", "labels": {"alertname": "DiskFull", "instance": "db1"}, "annotations": {}}


@pytest.mark.parametrize(
    ("shape", "event", "sent", "line"),
    [
        ("slack", "", {"text": "build *42* passed"}, "build *42* passed"),
        (
            "slack",
            "",
            {"text": "see <https://ci.example/42|build 42> &amp; <https://a.example>, <!here> <@U1|ann>\nnow"},
            "see build 42 (https://ci.example/42) & https://a.example, @here @ann now",
        ),
        (
            "slack",
            "",
            {"attachments": [{"fallback": "f", "title": "Disk", "text": "full"}, {"fallback": "only this"}]},
            "Disk full only this",
        ),
        ("slack", "", {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}]}, "hi"),
        (
            "github",
            "push",
            {
                **REPOSITORY,
                "ref": "refs/heads/main",
                "pusher": {"name": "ann"},
                "commits": [{"message": "mend it\n\nlong"}, {"message": "test it"}],
                "compare": "https://git.example/c",
            },
            "[acme/rocket] ann pushed 2 commits to main: mend it, test it https://git.example/c",
        ),
        (
            "github",
            "pull_request",
            {**REPOSITORY, "action": "closed", "pull_request": {"number": 7, "title": "Fly", "merged": True}},
            "[acme/rocket] ann merged pull request #7: Fly",
        ),
        (
            "github",
            "issues",
            {
                **REPOSITORY,
                "action": "opened",
                "issue": {"number": 8, "title": "Fall", "html_url": "https://i.example"},
            },
            "[acme/rocket] ann opened issue #8: Fall https://i.example",
        ),
        (
            "github",
            "workflow_run",
            {
                **REPOSITORY,
                "action": "completed",
                "workflow_run": {"name": "CI", "conclusion": "failure", "head_branch": "main"},
            },
            "[acme/rocket] workflow CI failure on main",
        ),
        (
            "github",
            "ping",
            {**REPOSITORY, "zen": "Keep it logical."},
            "[acme/rocket] the webhook is set up: Keep it logical.",
        ),
        ("github", "star", {**REPOSITORY, "action": "created"}, "[acme/rocket] ann star created"),
        (
            "gitlab",
            "Push Hook",
            {
                "project": PROJECT["project"],
                "object_kind": "push",
                "user_username": "ann",
                "ref": "refs/heads/main",
                "total_commits_count": 1,
                "commits": [{"message": "mend it"}],
            },
            "[acme/rocket] ann pushed 1 commit to main: mend it",
        ),
        (
            "gitlab",
            "Merge Request Hook",
            {
                **PROJECT,
                "object_kind": "merge_request",
                "object_attributes": {"iid": 3, "title": "Fly", "action": "merge"},
            },
            "[acme/rocket] ann merged merge request !3: Fly",
        ),
        (
            "gitlab",
            "Pipeline Hook",
            {**PROJECT, "object_kind": "pipeline", "object_attributes": {"id": 9, "status": "failed", "ref": "main"}},
            "[acme/rocket] pipeline 9 failed on main",
        ),
        (
            "alertmanager",
            "",
            {
                "status": "firing",
                "alerts": [ALERT, {**ALERT, "labels": {"alertname": "DiskFull", "instance": "db2"}}],
                "groupLabels": {"alertname": "DiskFull"},
                "commonLabels": {"severity": "page"},
                "externalURL": "http://am.example:9093",
            },
            "FIRING (2) DiskFull [page]: db1, db2 http://am.example:9093",
        ),
        (
            "alertmanager",
            "",
            {
                "status": "resolved",
                "alerts": [{**ALERT, "status": "resolved"}],
                "commonAnnotations": {"summary": "disk ok"},
            },
            "RESOLVED (1) DiskFull: disk ok",
        ),
        (
            "grafana",
            "",
            {
                "title": "[FIRING:1] High load",
                "commonAnnotations": {"summary": "load is 9"},
                "externalURL": "http://g.example/",
            },
            "[FIRING:1] High load: load is 9 http://g.example/",
        ),
        (
            "grafana",
            "",
            {"title": "[Alerting] Load", "ruleName": "Load", "message": "too high"},
            "[Alerting] Load too high",
        ),
    ],
)
def test_each_is_one_line(shape: str, event: str, sent: dict[str, Any], line: str) -> None:
    assert line_of(shape, json.dumps(sent), event) == line


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("body", ["", "[]", "1", '"text"', "{", "[" * 100_000, '{"text": "\\u', "nul"])
def test_what_is_no_object_is_a_sentence(shape: str, body: str) -> None:
    with pytest.raises(ValueError, match=rf"^the body is .*from={shape}"):
        line_of(shape, body, "")


WORDS = (
    "text",
    "attachments",
    "commits",
    "repository",
    "sender",
    "login",
    "alerts",
    "labels",
    "status",
    "title",
    "object_kind",
    "object_attributes",
    "action",
    "pull_request",
    "issue",
    "blocks",
    "ref",
    "commonLabels",
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(WORDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING, st.sampled_from(sorted(SHAPES)), st.sampled_from(["push", "pull_request", "issues", "release", "x"]))
def test_whatever_stands_in_the_fields_is_a_line_or_a_sentence(value: Any, shape: str, event: str) -> None:
    try:
        line = line_of(shape, json.dumps(value), event)
    except ValueError as error:
        assert str(error).endswith((f"from={shape} requires", f"from={shape} knows"))
    else:
        assert line
        assert "\n" not in line


def test_a_long_one_is_cut() -> None:
    line = line_of("slack", json.dumps({"text": "word " * 2000}), "")
    assert len(line) == MAX_LINE_CHARACTERS
    assert line.endswith("…")


@pytest.mark.parametrize(
    ("text", "sent", "line"),
    [
        ("Backup done", {}, "Backup done"),
        (
            "disk is full\n",
            {"title": "db1", "priority": "urgent", "tags": "warning,skull"},
            "[urgent] db1: disk is full #warning #skull",
        ),
        ("x", {"x-title": "T", "prio": "5", "ta": "a"}, "[urgent] T: x #a"),
        ("x", {"priority": "default"}, "x"),
        ("", {"message": "said by a parameter"}, "said by a parameter"),
        ("", {"title": "alone"}, "alone"),
        ("x", {"title": "=?UTF-8?B?w6nDqQ==?="}, "éé: x"),
        ("x", {"click": "https://a.example"}, "x https://a.example"),
    ],
)
def test_what_ntfy_sends_beside_the_text_becomes_words(text: str, sent: dict[str, str], line: str) -> None:
    assert ntfy.line(text, sent.get) == line


@pytest.mark.parametrize("name", ["delay", "attach", "actions", "email", "x-email"])
def test_what_cannot_be_kept_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is not supported"):
        ntfy.line("x", {name: "1"}.get)
