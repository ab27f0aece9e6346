"""What a nick and a room may be called, and which names are the same or look the same."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chatd.protocol import names
from chatd.protocol.names import BadNameError
from chatd.protocol.normal_forms import nfc, nfd
from chatd.protocol.text import clean, excerpt
from chatd.protocol.unicode_tables import tables

NICK_PUNCTUATION = "-._[]\\`^{|}"
ROOM_PUNCTUATION = "-._[]`^{|}#+"
ANY_TEXT = st.text(st.characters(), max_size=40)
# Most of what is drawn from all of Unicode is no name; this is a name more often than not.
NAMELIKE = st.text(
    st.sampled_from("aZbé0９９٣ßłŁжαΣあｶﾞ漢한अक़नＡＢｃ_-.[]\\`^{|}#+［῾`")
    | st.sampled_from("e\u0301\u0323\u0327\u0308"),
    min_size=1,
    max_size=34,
) | st.text(st.characters(categories=["L", "M", "Nd"]), max_size=3)


def obeys_the_rules(name: str, longest: int, punctuation: str) -> bool:
    known = tables()
    return (
        1 <= len(name) <= longest
        and all(c in known.letters or c in known.marks or c in known.digits or c in punctuation for c in name)
        and (name[0] in known.letters or name[0] in known.digits or name[0] in punctuation.strip("-."))
        and all(before in known.letters or before in known.marks for before, c in pairwise(name) if c in known.marks)
        and name == nfc(name)
        and name == clean(name)
    )


@settings(deadline=None)
@given(ANY_TEXT | NAMELIKE)
def test_what_is_accepted_obeys_the_rules_and_is_accepted_unchanged(text: str) -> None:
    try:
        name = names.nick(text)
    except BadNameError:
        assume(False)
    assert obeys_the_rules(name, 32, NICK_PUNCTUATION)
    assert names.nick(name) == name
    if "\\" not in name:
        assert names.room("#" + text) == "#" + name


@settings(deadline=None)
@given(ANY_TEXT | NAMELIKE)
def test_a_room_is_a_hash_and_a_name(text: str) -> None:
    try:
        name = names.room("#" + text)
    except BadNameError:
        assume(False)
    assert name[0] == "#"
    assert obeys_the_rules(name[1:], 63, ROOM_PUNCTUATION)
    assert names.room(name) == name


@settings(deadline=None)
@given(ANY_TEXT | NAMELIKE)
def test_key_is_idempotent_and_skeleton_the_same_for_every_normal_form(text: str) -> None:
    key = names.key(text)
    assert names.key(key) == key
    assert names.skeleton(text) == names.skeleton(nfd(text)) or max(text) >= "\ud800"


def test_the_key_of_every_character_is_its_own_key() -> None:
    planes = (*range(0xD800), *range(0xE000, 0x20000))
    assert [hex(c) for c in planes if names.key(names.key(chr(c))) != names.key(chr(c))] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a", "a"),
        ("7", "7"),
        ("Alice", "Alice"),
        ("a_b-c.d", "a_b-c.d"),
        ("1a..", "1a.."),
        ("a" * 32, "a" * 32),
        ("漢" * 32, "漢" * 32),
        ("e\u0301" * 32, "é" * 32),
        ("ＡｌｉｃＥ", "AlicE"),
        ("ｶﾞ", "ガ"),
        ("Łukasz", "Łukasz"),
        ("Straße", "Straße"),
        ("नमस्ते", "नमस्ते"),
        ("שלום", "שלום"),
        ("א[ב", "א[ב"),
        ("[bob]", "[bob]"),
        ("al|away", "al|away"),
        ("_bart", "_bart"),
        ("bob^", "bob^"),
        ("bob`", "bob`"),
        ("{x}", "{x}"),
        ("{0}", "{0}"),
        ("_", "_"),
        ("^-^", "^-^"),
        ("［bob］", "[bob]"),
        ("bob\u1fef", "bob`"),
        ("a\u0302\u0323\u0331\u0330", "\u1ead\u0331\u0330"),
        ("x\u0301\u0302\u0303\u0304", "x\u0301\u0302\u0303\u0304"),
    ],
)
def test_nicks(text: str, name: str) -> None:
    assert names.nick(text) == name
    assert names.room("#" + text) == "#" + name


NO_NAMES = [
    "",
    " ",
    "a b",
    "a\u00a0b",
    "a\u3000b",
    "a\tb",
    "a\n",
    "\x00",
    "a\x1b[31m",
    "a\x7f",
    "a\x85b",
    "a\u200bb",
    "a\u200cb",
    "a\u200db",
    "a\u00adb",
    "a\u2060b",
    "\ufeffa",
    "a\u200eb",
    "a\u200f",
    "a\u061cb",
    "a\u2028b",
    "a\u202eb",
    "a\u2066b\u2069",
    "a\ufe0f",
    "a\ud800",
    "a\U000e0041",
    "a\ue000",
    "a\uffff",
    "a\u0378",
    "-a",
    ".a",
    ".",
    "..",
    "../../x",
    "a/b",
    "%s",
    "a%n",
    "$HOME",
    "a;b",
    "a=b",
    "a@b",
    "a:b",
    "a'b",
    'a"b',
    "<a>",
    "*",
    "@",
    "~",
    "a~b",
    "a&b",
    "a?b",
    "a(b)",
    "a!b",
    "a,b",
    "\u0301a",
    "1\u0301",
    "_\u0301",
    "a.\u0301",
    "x\u0301\u0302\u0303\u0304\u0305",
    "x\u0301\u0301",
    "\u200d",
    "ﬁsh",
    "①",
    "²",
    "Ⅷ",
    "𝒜lice",
    "😀",
    "a😀",
    "a·b",
    "€",
    "א1a",
    "aא",
    "٣۴",
]


@pytest.mark.parametrize("text", NO_NAMES, ids=ascii)
def test_refused(text: str) -> None:
    with pytest.raises(BadNameError):
        names.nick(text)
    with pytest.raises(BadNameError):
        names.room("#" + text)


@pytest.mark.parametrize("text", ["#", "a#b", "+", "+v", "c++"])
def test_what_only_a_room_has(text: str) -> None:
    assert names.room("#" + text) == "#" + text
    with pytest.raises(BadNameError, match="but not"):
        names.nick(text)


@pytest.mark.parametrize("text", ["a\\b", "\\"])
def test_what_only_a_nick_has(text: str) -> None:
    assert names.nick(text) == text
    with pytest.raises(BadNameError, match="but not"):
        names.room("#" + text)


@pytest.mark.parametrize("letter", "a漢é")
def test_the_length_counts_characters(letter: str) -> None:
    assert names.room("#" + letter * 63) == "#" + letter * 63
    for what in (letter * 33, letter * 5000):
        with pytest.raises(BadNameError, match="too long: a nick has at most 32 characters"):
            names.nick(what)
    with pytest.raises(BadNameError, match="too long: after its #, a room name has at most 63 characters"):
        names.room("#" + letter * 64)


@pytest.mark.parametrize("text", ["a\u0301\u0323", "\u0660", "\u0301", "a b"], ids=ascii)
def test_what_is_far_too_long_is_not_looked_at_further(text: str) -> None:
    with pytest.raises(BadNameError, match="too long"):
        names.nick(text * 2000)


@pytest.mark.parametrize("text", ["", "lobby", "＃lobby", " #lobby", "#*"])
def test_no_rooms(text: str) -> None:
    with pytest.raises(BadNameError):
        names.room(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (".", 'cannot begin with "."'),
        ("-.", 'cannot begin with "-"'),
        ("-bob", 'cannot begin with "-"; write "{}bob"'),
        ("bob!", 'may contain letters, digits and any of {} but not "!"; write "{}bob"'),
        ("bob!x", 'may contain letters, digits and any of {} but not "!"; write "{}bob_x"'),
        ("bob@home", 'may contain letters, digits and any of {} but not "@"; write "{}bob_home"'),
        ("@ -[bob] ,away", 'may contain letters, digits and any of {} but not "@"; write "{}[bob]_away"'),
        ("a,b", 'may contain letters, digits and any of {} but not ","; write "{}a_b"'),
        ("a/b", 'may contain letters, digits and any of {} but not "/"; write "{}a_b"'),
        ("two words", 'may contain letters, digits and any of {} but not a space; write "{}two_words"'),
        ("bob\u200b", 'may contain letters, digits and any of {} but not U+200B; write "{}bob"'),
        ("bob★", 'may contain letters, digits and any of {} but not U+2605; write "{}bob"'),
        ("bob\x1b", 'may contain letters, digits and any of {} but not U+001B; write "{}bob"'),
        ("×", "may contain letters, digits and any of {} but not U+00D7"),
        ("x!\u0301", 'may contain letters, digits and any of {} but not "!"'),
        ("x" * 64 + "!", 'may contain letters, digits and any of {} but not "!"'),
        ("\ufb01x", 'may not contain "\ufb01" (U+FB01); write "fi"'),
        ("x²", 'may not contain "²" (U+00B2); write "2"'),
        ("\u0301a", "may have marks on letters only, and U+0301 follows none"),
        ("1\u0301", "may have marks on letters only, and U+0301 follows none"),
        ("a\u0316\u0317\u0318\u0319\u0316", "has at most 4 marks on a letter"),
        ("a\u0316\u0316", "cannot have the same mark twice in a row on a letter, such as U+0316"),
        ("ب٣۴", "cannot mix Arabic and Persian digits"),
        ("aא", "cannot mix left-to-right and right-to-left letters"),
        ("ب1٣", "cannot mix European and Arabic digits"),
        ("1א", "written from right to left must begin with a letter"),
        ("א-", "written from right to left must end with a letter or digit"),
    ],
    ids=ascii,
)
def test_a_refusal_names_the_rule(text: str, rule: str) -> None:
    with pytest.raises(BadNameError) as caught:
        names.nick(text)
    said = rule.replace("{}", r"_ - . [ ] \ ` ^ { | }", "any of" in rule).replace("{}", "")
    assert str(caught.value) == f"{excerpt(text)} is not allowed: a nick {said}"
    with pytest.raises(BadNameError) as caught:
        names.room("#" + text)
    said = rule.replace("{}", "_ - . # + [ ] ` ^ { | }", "any of" in rule).replace("{}", "#")
    assert str(caught.value) == f"{excerpt(text)} is not allowed: after its #, a room name {said}"


@settings(deadline=None)
@given(ANY_TEXT | NAMELIKE, st.sampled_from([(names.nick, ""), (names.room, "#")]))
def test_what_a_refusal_offers_is_a_name(text: str, kind: tuple[Callable[[str], str], str]) -> None:
    read, before = kind
    try:
        read(before + text)
    except BadNameError as error:
        _, offers, name = str(error).partition("; write ")
        assume(offers)
        assert read(before + name[1:-1].removeprefix(before))


def test_a_room_without_a_name_is_told_so() -> None:
    with pytest.raises(BadNameError, match="after its #, a room name has at least one character"):
        names.room("#")


@pytest.mark.parametrize("text", ["x" * 8000, "%s" * 4000, "a b" * 2000], ids=["long", "percent", "spaces"])
def test_a_refusal_quotes_only_the_beginning(text: str) -> None:
    with pytest.raises(BadNameError) as caught:
        names.nick(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "ALICE"),
        ("#Lobby", "#lobby"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("é", "e\u0301"),
        ("ＡＬＩＣＥ", "alice"),
        ("ﬁsh", "FISH"),
        ("\u212a", "k"),
        ("Å", "\u212b"),
        ("ｶﾞ", "ガ"),
        ("Ł", "ł"),
    ],
)
def test_same_name(one: str, other: str) -> None:
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "alicе"),
        ("user1", "userl"),
        ("e", "é"),
        ("#a", "a"),
        ("İ", "i"),
        ("a.b", "a_b"),
        ("[a]", "{a}"),
        ("a\\", "a|"),
    ],
)
def test_other_name(one: str, other: str) -> None:
    assert names.key(one) != names.key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "аlice"),
        ("alice", "аӀісе"),
        ("modern", "modem"),
        ("user1", "userl"),
        ("user1", "userI"),
        ("userI", "userl"),
        ("B0B", "BOB"),
        ("root", "r00t"),
        ("scope", "ѕсоре"),
        ("ο", "о"),
        ("Alice", "Аlice"),
        ("al|away", "alIaway"),
        ("al|away", "allaway"),
        ("al|away", "ALLAWAY"),
        ("|", "l"),
        ("bob^", "bob\u02c6"),
        ("bob`", "bob\u02cb"),
    ],
)
def test_mistakable(one: str, other: str) -> None:
    assert names.skeleton(one) == names.skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "alicia"),
        ("bob", "rob"),
        ("user1", "user2"),
        ("漢", "字"),
        ("жук", "лук"),
        ("e", "é"),
        ("[a]", "{a}"),
        ("a|", "a\\"),
        ("_a", "a"),
        ("##a", "#a"),
    ],
)
def test_not_mistakable(one: str, other: str) -> None:
    assert names.skeleton(one) != names.skeleton(other)


def test_numbered_names_stay_distinct() -> None:
    assert len({names.skeleton(f"user{number}") for number in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    "name", ["alice", "Alice", "user1", "userI", "modern", "\u0430lice", "\u0391lice", "stra\u00dfe"]
)
def test_a_name_looks_as_it_is_written_and_as_it_is_in_small_letters(name: str) -> None:
    assert names.looks(name) == (names.skeleton(name), names.skeleton(names.key(name)))
