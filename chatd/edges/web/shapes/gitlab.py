"""GitLab's webhooks; the header X-Gitlab-Event and the field object_kind name the event."""

from __future__ import annotations

from chatd.edges.web.shapes.fields import Fields, first_line, joined, some

_DONE = {"open": "opened", "close": "closed", "reopen": "reopened", "merge": "merged", "update": "updated"}


def line(event: Fields, kind: str) -> str:
    """Return what happened, beginning with the project in brackets."""
    where = event.text("project", "path_with_namespace")
    return joined(f"[{where}]" if where else "", _told(event, event.text("object_kind"), kind))


def _told(event: Fields, kind: str, header: str) -> str:
    about = event.inside("object_attributes")
    who = event.text("user", "username") or event.text("user_username") or event.text("user_name")
    action = about.text("action")
    match kind:
        case "push" | "tag_push":
            branch = event.text("ref").removeprefix("refs/heads/").removeprefix("refs/tags/")
            count = event.number("total_commits_count")
            said = some([first_line(each.text("message")) for each in event.list("commits")])
            return f"{who} pushed {count} commit{'s' if count != 1 else ''} to {branch}" + (f": {said}" if said else "")
        case "merge_request":
            what = f"{_DONE.get(action, action)} merge request !{about.text('iid')}: {about.text('title')}"
            return joined(who, what, about.text("url"))
        case "issue":
            what = f"{_DONE.get(action, action)} issue #{about.text('iid')}: {about.text('title')}"
            return joined(who, what, about.text("url"))
        case "note":
            return joined(who, f"commented: {first_line(about.text('note'))}", about.text("url"))
        case "pipeline":
            what = f"pipeline {about.text('id')} {about.text('status')} on {about.text('ref')}"
            return joined(what, about.text("url"))
    return joined(who, kind.replace("_", " ") or header, action)
