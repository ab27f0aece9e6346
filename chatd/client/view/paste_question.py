"""The question before much is pasted: all of it, as code, as one line, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from chatd.client.model.pasting import MAX_PASTED, Pasting
from chatd.client.view.message_field import MessageField
from chatd.client.view.question import Answer, Question


def ask_how_to_paste(question: Question, field: MessageField, pasting: Pasting) -> None:
    """Ask, and put into the field what is to be pasted."""

    def answer(put: Callable[[str], None], text: str) -> Callable[[], None]:
        def act() -> None:
            put(text)
            field.text.focus_set()

        return act

    answers: list[Answer] = [
        ("Paste", answer(field.insert, pasting.text)),
    ]
    if pasting.lines > 1:
        answers.append(("As code", answer(field.insert_code, pasting.code)))
        if pasting.fits_one_line:
            answers.append(("As one line", answer(field.insert, pasting.one_line)))
    question.ask(sentence(pasting), [*answers, ("Cancel", field.text.focus_set)])


def sentence(pasting: Pasting) -> str:
    """Return what is asked."""
    if not pasting.cut:
        return f"Paste {pasting.lines:,} lines? Each will be sent as a separate message."
    limit = f"The clipboard holds more than {MAX_PASTED:,} characters. "
    more = "" if pasting.whole else "at least "
    if pasting.lines == 1:
        return f"{limit}Paste the first {len(pasting.text):,} and leave out {more}{pasting.characters_left:,}?"
    rest = f"{more}{pasting.lines_left:,}" if pasting.lines_left else "the rest"
    return (
        f"{limit}Paste the first {pasting.lines:,} lines and leave out {rest}? Each will be sent as a separate message."
    )
