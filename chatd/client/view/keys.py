"""The keys of the window, for the help that F1 shows; each is bound where it does its work."""

from __future__ import annotations

from chatd.client.model import slash

KEYS: tuple[tuple[str, str], ...] = (
    ("Enter", "send the message"),
    ("Shift+Enter", "begin a new line"),
    ("Tab", "complete a nick, a #room or a /command; again for the next one"),
    ("Up, Down", "recall messages you sent, from the first or last line of the field"),
    (":name:", "an emoji; after two letters, choose from those that match"),
    ("Ctrl+.", "choose an emoji"),
    ("Ctrl+K", "go to a room by part of its name"),
    ("Alt+Up, Alt+Down", "go to the previous or next room"),
    ("F6", "go to the next part of the window: question, field, people, rooms, conversation"),
    ("Menu, Shift+F10", "open the menu of the selected person, message, room or server"),
    ("Ctrl+F", "find in this room; a button searches on the server"),
    ("PageUp, PageDown", "scroll the conversation"),
    ("Up, Down", "in the conversation: move between lines; Enter goes to the message replied to, or unfolds joins"),
    ("Tab, Shift+Tab", "in the conversation: move between links; Enter opens one"),
    ("Ctrl+Comma", "settings: theme, text size, notifications and more"),
    ("Ctrl+Shift+P", "show or hide the people in the room"),
    ("F10", "open the menu"),
    ("Ctrl+plus, Ctrl+minus, Ctrl+0", "larger text, smaller text, default size"),
    ("Ctrl+Shift+A", "your account: register, log in, log out"),
    ("Ctrl+A", "select all text in the field"),
    ("Ctrl+C", "copy the selection"),
    ("Ctrl+Shift+C", "copy the selection with nicks and times"),
    ("Ctrl+Backspace, Ctrl+Delete", "delete the word before or after the cursor"),
    ("Ctrl+Z, Ctrl+Y", "undo, redo"),
    ("Ctrl+Q", "quit"),
    ("Escape", "close what is open"),
    ("F1", "show this list"),
)


def help_text() -> list[tuple[str, str]]:
    """Return what to press and what to type, each with what it does."""
    commands = [tuple(line.split(" - ", 1)) for line in slash.help_lines()]
    return [*KEYS, ("", ""), *((usage, summary) for usage, summary in commands)]
