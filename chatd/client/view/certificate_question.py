"""Asking whether a server's certificate is to be accepted, in the window."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chatd.client.model.trust import CertificateQuestion
from chatd.client.view.question import Question


def ask_about_certificate(question: Question, certificate_question: CertificateQuestion) -> Deferred[bool]:
    """Ask; the Deferred fires with the answer. Escape, Enter, and whatever else is asked meanwhile mean No."""
    answer: Deferred[bool] = Deferred(lambda _: question.escape())
    yes = "Accept the new one" if certificate_question.changed else "Connect and remember"
    answers = [
        (yes, lambda: answer.callback(True)),  # noqa: FBT003  # the answer
        ("Do not connect", lambda: answer.callback(False)),  # noqa: FBT003  # as above
    ]
    question.ask(certificate_question.text, answers, alert=certificate_question.changed, first=len(answers) - 1)
    return answer


def show_certificate_notice(question: Question, text: str) -> None:
    """Show a notice about a certificate until it is closed."""
    question.ask(text, [("Close", lambda: None)], focus=False)
