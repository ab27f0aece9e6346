"""What people type who come from IRC, Slack, MUDs and shells, and the line that does it here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache

from chatd.protocol.errors import NO_REGISTRATION, ChatError, Code
from chatd.protocol.text import clean, excerpt

LONGEST_ECHO = 60
"""How many characters of what somebody typed are typed again in an answer; of more, none."""
_NAME = re.compile(r"(?=.*[^\W_])[\w\[\]\\`^{|}][\w.\[\]\\`^{|}-]{0,31}")
_ROOM = re.compile(r"#(?=.*[^\W_])[\w#+\[\]`^{|}][\w.#+\[\]`^{|}-]{0,62}")
_CLOSE = 0.75
"""How alike, from 0 to 1, a word and the verb that was meant are."""
LONGEST_VERB = 12
_SECRET = frozenset({"LOGIN", "REGISTER"})
"""What follows these is not shown again."""
_QUITTING = frozenset({":q", ":q!", ":wq", ":x"})


class UnknownVerbError(ChatError):
    """A line that begins with no verb. ``line`` is all of it, as it was written."""

    def __init__(self, word: str, line: str) -> None:
        super().__init__(Code.UNKNOWN_VERB, f"unknown command: {excerpt(word)}; HELP lists the commands")
        self.word = word
        self.line = line


class _Typed:
    """What follows the word that is no verb, as it can stand in an answer; and who typed it."""

    def __init__(self, rest: str, *, joined: bool, newcomers: bool = True) -> None:
        self.joined = joined
        self.newcomers = newcomers
        self.rest = rest if len(rest) <= LONGEST_ECHO else ""
        self.words = self.rest.split()

    @property
    def text(self) -> str:
        """All of it, or what stands for a text."""
        return self.rest.strip() or "<text>"

    @property
    def name(self) -> str:
        """The first word, if that may be a nick, or what stands for one."""
        return self.words[0] if self.words and _NAME.fullmatch(self.words[0]) else "<name>"

    @property
    def room(self) -> str:
        """The first room or what may be one, or what stands for one."""
        room = next((word for word in self.words if word.startswith("#")), None)
        return room or (f"#{self.name}" if self.name != "<name>" else "#<room>")

    @property
    def rest_text(self) -> str:
        """What follows the first word, without the colon that IRC has before it, or what stands for a text."""
        return self.rest.strip().partition(" ")[2].strip().removeprefix(":") or "<text>"


def _say(typed: _Typed) -> str:
    return f"write MSG {typed.text}"


def _act(typed: _Typed) -> str:
    return f"write MSG /me {typed.text}"


def _tell(typed: _Typed) -> str:
    to = typed.words[0] if typed.words and typed.words[0].startswith("#") else typed.name
    return f"write TELL {to} {typed.rest_text}"


def _call(typed: _Typed) -> str:
    return f"write NICK {typed.name}" if typed.joined else f"write JOIN {typed.name}"


def _enter(typed: _Typed) -> str:
    return f"write JOIN {typed.room}" if typed.joined else f"write JOIN <your name> {typed.room}"


def _leave(typed: _Typed) -> str:
    return "write PART to leave the room or QUIT to disconnect" if typed.joined else "write QUIT"


def _log_in(typed: _Typed) -> str:
    if typed.joined:
        other = "to make an account for your nick, write REGISTER <password>"
        return f"LOGIN must come before JOIN; {other if typed.newcomers else 'write QUIT, reconnect and LOGIN first'}"
    return "you need no password: write JOIN <your name>; if you have an account, write LOGIN <nick> <password> first"


def _sign_up(typed: _Typed) -> str:
    if typed.newcomers:
        return "write JOIN <your name>, then REGISTER <password> to make an account"
    how = "MSG <text>" if typed.joined else "JOIN <your name>"
    return f"write {how} to chat without an account; {NO_REGISTRATION}"


def _always(line: str) -> Callable[[_Typed], str]:
    return lambda _typed: line


_HELP = _always("write HELP")
_WORDS: Iterable[tuple[str, Callable[[_Typed], str]]] = (
    ("SAY SEND CHAT SHOUT YELL BROADCAST PRINT ECHO WALL SPEAK REPLY SHRUG", _say),
    ("ME ACTION EMOTE EM POSE", _act),
    ("PRIVMSG NOTICE WHISPER W DM PM QUERY PAGE WRITE MESSAGE MAIL", _tell),
    ("NAMES USERS LOOK L WHOIS WHOWAS FINGER WHOAMI PEOPLE MEMBERS ONLINE PLAYERS", _always("write WHO")),
    ("LIST CHANNELS LS DIR", _always("write ROOMS")),
    ("ROOM CHANNEL ENTER GO GOTO CD SWITCH SUBSCRIBE CHAN J OPEN", _enter),
    ("NAME IAM USERNAME CALLME RENAME ALIAS SETNAME GUEST", _call),
    ("EXIT BYE LOGOUT LOGOFF Q DISCONNECT CLOSE END GOODBYE CIAO STOP", _always("write QUIT")),
    ("LEAVE", _leave),
    ("? H MAN COMMANDS USAGE INFO MOTD ABOUT VERSION MENU -H --HELP START", _HELP),
    ("CONNECT SIGNIN LOGON AUTH IDENTIFY PASS PASSWORD NICKSERV USER SU SUDO", _log_in),
    ("SIGNUP CREATE", _sign_up),
    ("LOG LAST SCROLLBACK BACKLOG TAIL CAT", _always("write HISTORY")),
    ("FIND GREP", lambda typed: f"write SEARCH {typed.text}"),
    ("MODE", _always("write SET <key>=<value>, which HELP SET explains, or OP and DEOP to change operators")),
    ("BLOCK SQUELCH", lambda typed: f"write IGNORE {typed.name}"),
    ("UNBLOCK", lambda typed: f"write UNIGNORE {typed.name}"),
    ("KICKBAN", lambda typed: f"write BAN {typed.name}"),
    ("SILENCE GAG QUIET", lambda typed: f"write MUTE {typed.name}"),
    ("DATE CLOCK", _always("write TIME, or TIME on to show it before each line")),
)
TABLE: Mapping[str, Callable[[_Typed], str]] = {word: answer for words, answer in _WORDS for word in words.split()}
"""By word in upper case."""


def check_private(verb: str, rest: str) -> None:
    """Raise `ChatError` for a ``/msg``, which elsewhere is for one person alone: here all in the room would read it."""
    if verb == "MSG" and " " in rest.strip(" ") and not rest.startswith(("#", "/me ")):
        tell = _tell(_Typed(rest, joined=True))
        why = f"/msg is not private here; write {clean(tell)} for one person, or MSG without the slash for everybody"
        raise ChatError(Code.BAD_SYNTAX, why, verb="MSG")


def advice(error: UnknownVerbError, verbs: tuple[str, ...], *, joined: bool, newcomers: bool = True) -> str:
    """Return, for a person, what to type instead of a line that begins with none of ``verbs``.

    ``joined`` says whether that person has come in, ``newcomers`` whether people can REGISTER.
    """
    slash = error.line.startswith("/")
    first, _, rest = error.line.removeprefix("/").partition(" ")
    typed = _Typed(rest, joined=joined, newcomers=newcomers)
    return f"{excerpt(first)} is not a command; {clean(_instead(error.line, first, typed, verbs, slash=slash))}"


def _instead(line: str, first: str, typed: _Typed, verbs: tuple[str, ...], *, slash: bool) -> str:
    """Return the line that does what somebody wants, as far as that can be known."""
    if line.lower() in _QUITTING:
        return "write QUIT"
    bare = first.lstrip("/.!\\").upper()
    known = TABLE.get(bare)
    # Words that begin sentences, too: "list all that is broken" is one.
    if known is not None and (slash or known in (_say, _act, _tell) or len(typed.words) <= 2):
        return known(typed)
    if bare in verbs:  # behind a slash too many, a dot or an exclamation mark
        return f"write {bare} {typed.rest}".rstrip()
    if _ROOM.fullmatch(first):
        there = _Typed(f"{first} {typed.rest}", joined=typed.joined)
        return _tell(there) if typed.joined and typed.rest else _enter(there)
    if first.startswith("@") and _NAME.fullmatch(first[1:]):
        return f"write TELL {first[1:]} {typed.text}"
    if (near := _near(bare, verbs)) is not None:
        if near in _SECRET:
            return f"did you mean {near}?"
        meant = f"{near} {typed.rest}".rstrip()
        return f"did you mean {meant}?" + (
            f" If not, write MSG {_echo(line)} to say it" if typed.joined and not slash else ""
        )
    if slash:
        return "HELP lists the commands"
    say = f"MSG {_echo(line)}"
    return f"write {say} to say it" if typed.joined else f"write JOIN <your name> first, then {say}"


def _echo(line: str) -> str:
    """Return a whole line as the text to be said, or what stands for one; in MUDs a quotation mark says it."""
    return (line.lstrip("'\"") if len(line) <= LONGEST_ECHO else "") or "<text>"


@lru_cache(maxsize=1024)
def _near(word: str, verbs: tuple[str, ...]) -> str | None:
    """Return the verb that a word, in upper case, was meant to be, if there is one that is near."""
    if not 3 <= len(word) <= LONGEST_VERB or not word.isascii():
        return None
    begun = [verb for verb in verbs if verb.startswith(word)]
    if len(begun) == 1:
        return begun[0]
    swapped = [verb for verb in verbs if len(verb) == len(word) > 2 and sorted(verb) == sorted(word)]
    return next(iter(swapped or get_close_matches(word, verbs, 1, _CLOSE)), None)
