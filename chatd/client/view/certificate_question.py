"""Asking whether a server's certificate is to be accepted, in the window."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chatd.client.model.trust import CertificateQuestion
from chatd.client.view.question import Question


def ask_about_certificate(question: Question, doubt: CertificateQuestion) -> Deferred[bool]:
    """Ask; the Deferred fires with the answer. Escape, Enter, and whatever else comes to be asked mean No."""
    answer: Deferred[bool] = Deferred(lambda _: question.escape())
    yes = "Accept the new one" if doubt.changed else "Connect and remember"
    answers = [
        (yes, lambda: answer.callback(True)),  # noqa: FBT003  # the answer
        ("Do not connect", lambda: answer.callback(False)),  # noqa: FBT003  # as above
    ]
    question.ask(doubt.text, answers, alert=doubt.changed, first=len(answers) - 1)
    return answer


def show_certificate_notice(question: Question, text: str) -> None:
    """Show a notice about a certificate until it is closed."""
    question.ask(text, [("Close", lambda: None)], focus=False)
