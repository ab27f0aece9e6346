"""Asking whether a server's certificate is to be accepted, in the window."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from chatd.client.model.trust import CertificateQuestion
from chatd.client.view.question import Question


def ask_about_certificate(question: Question, certificate_question: CertificateQuestion) -> Deferred[bool]:
    """Ask; the Deferred fires with the answer. Escape, Enter, and what takes the question over mean No.

    While another question is there it waits: each of several servers is asked about.
    """
    text = certificate_question.text

    def withdraw(answer: Deferred[bool]) -> None:
        question.withdraw(text)
        if not answer.called:  # it was not asked yet
            answer.callback(False)  # noqa: FBT003  # the answer

    answer: Deferred[bool] = Deferred(withdraw)
    yes = "Accept the new certificate" if certificate_question.changed else "Connect and remember"
    answers = [
        (yes, lambda: answer.callback(True)),  # noqa: FBT003  # the answer
        ("Do not connect", lambda: answer.callback(False)),  # noqa: FBT003  # as above
    ]
    question.ask(text, answers, alert=certificate_question.changed, first=len(answers) - 1, wait=True)
    return answer


def show_certificate_notice(question: Question, text: str) -> None:
    """Show a notice about a certificate until it is closed."""
    question.ask(text, [("Close", lambda: None)], focus=False, wait=True)
