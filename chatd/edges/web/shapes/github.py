"""GitHub's webhooks; the header X-GitHub-Event names the event."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatd.edges.web.shapes.fields import Fields, first_line, joined, some


def line(event: Fields, kind: str) -> str:
    """Return what happened, beginning with the repository in brackets."""
    where = event.text("repository", "full_name") or event.text("organization", "login")
    told = _TOLD.get(kind, _anything)(event)
    if not told:
        told = joined(event.text("sender", "login"), kind.replace("_", " "), event.text("action"))
    return joined(f"[{where}]" if where else "", told)


def _push(event: Fields) -> str:
    who = event.text("pusher", "name") or event.text("sender", "login")
    branch = event.text("ref").removeprefix("refs/heads/").removeprefix("refs/tags/")
    if event.is_true("deleted"):
        return f"{who} deleted {branch}"
    commits = event.list("commits")
    what = "force-pushed" if event.is_true("forced") else "pushed"
    count = f"{len(commits)} commit{'s' if len(commits) != 1 else ''}"
    said = some([first_line(each.text("message")) for each in commits])
    return joined(f"{who} {what} {count} to {branch}" + (f": {said}" if said else ""), event.text("compare"))


def _pull_request(event: Fields) -> str:
    action = event.text("action")
    if action == "closed" and event.is_true("pull_request", "merged"):
        action = "merged"
    return _numbered(event, "pull_request", f"{action} pull request".replace("_", " "))


def _issue(event: Fields) -> str:
    return _numbered(event, "issue", f"{event.text('action')} issue".replace("_", " "))


def _comment(event: Fields) -> str:
    number, title = event.text("issue", "number"), event.text("issue", "title")
    said = first_line(event.text("comment", "body"))
    who = event.text("sender", "login")
    return joined(f"{who} commented on #{number} {title}: {said}", event.text("comment", "html_url"))


def _run(event: Fields) -> str:
    run = event.inside("workflow_run")
    if event.text("action") != "completed":
        return joined("workflow", run.text("name"), event.text("action"), run.text("head_branch"))
    result = run.text("conclusion").replace("_", " ")
    return joined("workflow", run.text("name"), result, f"on {run.text('head_branch')}", run.text("html_url"))


def _release(event: Fields) -> str:
    release = event.inside("release")
    name = release.text("name") or release.text("tag_name")
    return joined(event.text("sender", "login"), event.text("action"), "release", name, release.text("html_url"))


def _ping(event: Fields) -> str:
    return joined("the webhook is set up:", event.text("zen"))


def _anything(_event: Fields) -> str:
    return ""


def _numbered(event: Fields, field: str, what: str) -> str:
    about = event.inside(field)
    who = event.text("sender", "login")
    return joined(f"{who} {what} #{about.text('number')}: {about.text('title')}", about.text("html_url"))


_TOLD: Mapping[str, Callable[[Fields], str]] = {
    "issue_comment": _comment,
    "issues": _issue,
    "ping": _ping,
    "pull_request": _pull_request,
    "push": _push,
    "release": _release,
    "workflow_run": _run,
}
