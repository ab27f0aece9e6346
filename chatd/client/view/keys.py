"""The keys of the window, for the help that F1 shows; each is bound where it does its work."""

from __future__ import annotations

from chatd.client.model import slash

KEYS: tuple[tuple[str, str], ...] = (
    ("Enter", "send what is in the field"),
    ("Shift+Enter", "a new line in the field"),
    ("Tab", "complete a name, a #room or a /command; again for the next one"),
    ("Up, Down", "recall what was sent before, on the first or last line of the field"),
    (":name:", "an emoji; after two letters of its name, those that it can be"),
    ("Ctrl+.", "choose an emoji"),
    ("Ctrl+K", "go to a room by part of its name"),
    ("Alt+Up, Alt+Down", "the room above, the room below"),
    ("F6", "go to the next part of the window: the question above the field, the field, people, rooms, conversation"),
    ("Menu, Shift+F10", "what can be done with the person or the message that is selected"),
    ("Ctrl+F", "find in this room; a button there searches on the server"),
    ("PageUp, PageDown", "scroll the conversation"),
    ("Up, Down", "in the conversation: go from line to line; Enter goes to what is answered, or unfolds"),
    ("Tab, Shift+Tab", "in the conversation: go from link to link; Enter opens it"),
    ("Ctrl+Comma", "preferences: colours, size of text, notices and more"),
    ("Ctrl+Shift+P", "show or hide the people of the room"),
    ("F10", "the menu"),
    ("Ctrl+plus, Ctrl+minus, Ctrl+0", "larger text, smaller text, the default size"),
    ("Ctrl+Shift+A", "your account: register, log in, log out"),
    ("Ctrl+A", "select all that is in the field"),
    ("Ctrl+C", "copy what is selected"),
    ("Ctrl+Shift+C", "copy it with the names and times"),
    ("Ctrl+Backspace, Ctrl+Delete", "delete the word before, the word after"),
    ("Ctrl+Z, Ctrl+Y", "undo, redo"),
    ("Ctrl+Q", "quit"),
    ("Escape", "close what is open"),
    ("F1", "this list"),
)


def help_text() -> list[tuple[str, str]]:
    """Return what to press and what to type, each with what it does."""
    commands = [tuple(line.split(" - ", 1)) for line in slash.help_lines()]
    return [*KEYS, ("", ""), *((usage, summary) for usage, summary in commands)]
