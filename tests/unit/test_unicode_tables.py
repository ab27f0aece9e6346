"""The tables by which names are judged: the same verdicts on every Python, and how the tables are made."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chatd
from chatd.protocol import names, normal_forms
from chatd.protocol.names import BadNameError
from chatd.protocol.normal_forms import casefold, nfc, nfd, nfkc
from chatd.protocol.text import clean
from chatd.protocol.unicode_tables import VERSION, tables
from tools import make_unicode_tables

VERDICTS = "a64d8feef345e71d94670aee7030dd2a7de6c529762568d98f0ab8887c4c975f"
"""The digest of what every character is here. Another one makes other names of those that are stored."""
ROOT = Path(chatd.__file__).parent
CHARACTERS = [chr(point) for point in range(0x110000)]
FORMS: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "NFC": (nfc, lambda text: unicodedata.normalize("NFC", text)),
    "NFD": (nfd, lambda text: unicodedata.normalize("NFD", text)),
    "NFKC": (nfkc, lambda text: unicodedata.normalize("NFKC", text)),
    "casefold": (casefold, str.casefold),
}


def as_nick(text: str) -> str:
    try:
        return names.nick(text)
    except BadNameError:
        return ""


def verdicts(character: str) -> str:
    """Return what a character is by itself, after a letter from the left or the right, and as text."""
    if not names.in_nick(character) and ord(character) >> 16 not in (0, 1, 2, 3, 14):
        return clean(character)  # planes without characters, or for private use: what is done costs nothing else
    nicks = ("", "a", "\u05d0") if names.in_nick(character) or "\uff00" <= character < "\ufff0" else ()
    key, look = names.folded(character), names.skeleton.__wrapped__(character)
    return "\t".join((*(as_nick(before + character) for before in nicks), key, look, clean(character), nfc(character)))


def test_every_python_judges_every_character_alike() -> None:
    judged = "\n".join(map(verdicts, CHARACTERS))
    assert hashlib.sha256(judged.encode(errors="surrogatepass")).hexdigest() == VERDICTS


def test_the_tables_are_of_the_version_that_is_said() -> None:
    assert tables().version == VERSION


@pytest.mark.parametrize("form", FORMS)
def test_what_this_python_knows_it_normalizes_and_folds_alike(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, pythons = FORMS[form]
    known = [each for each in CHARACTERS if names.in_nick(each) and unicodedata.category(each) != "Cn"]
    assert [hex(ord(each)) for each in known if ours(each) != pythons(each)] == []
    monkeypatch.setattr(normal_forms, "_is_settled", lambda _text: False)
    assert [hex(ord(each)) for each in known if ours(each) != pythons(each)] == []


MARKED = st.text(
    st.sampled_from("aeoǭựⅣﬁ각가각한が\u0301\u0323\u0327\u0345\u05b0\u0591\u09c7\u09be\u11131\U00011131\U00011127Σßİ"),
    max_size=12,
) | st.text(st.characters(categories=["L", "M"], max_codepoint=0xFFFF), max_size=6)


@given(MARKED)
def test_texts_are_normalized_and_folded_as_python_does(text: str) -> None:
    for ours, (_, pythons) in zip((_slow(form) for form in FORMS), FORMS.values(), strict=True):
        assert ours(text) == pythons(text)


def _slow(form: str) -> Callable[[str], str]:
    """Return what is done to texts that not every Python knows."""
    known = tables()
    match form:
        case "NFD":
            return lambda text: normal_forms._decomposed(text, known.canonical)
        case "NFC":
            return lambda text: normal_forms._composed(normal_forms._decomposed(text, known.canonical))
        case "NFKC":
            return lambda text: normal_forms._composed(normal_forms._decomposed(text, known.compatible))
    return lambda text: text.translate(known.folded)


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [
        ("\U00011f04\U00011f05", "\U00011f04\U00011f05", "\U00011f04\U00011f05"),  # Kawi, of Unicode 15
        ("\U0002ebf0", "\U0002ebf0", "\U0002ebf0"),  # an ideograph of 15.1
        ("\U00010d50\u0301", "\U00010d50\u0301", "\U00010d70\u0301"),  # Garay, of 16: from right to left, with case
        ("\U00016d63\U00016d67", "\U00016d69", "\U00016d69"),  # Kirat Rai, of 16: two vowels are composed
        ("\ua7ce", "\ua7ce", "\ua7cf"),  # a letter of 17 with case
    ],
    ids=ascii,
)
def test_letters_that_are_newer_than_some_pythons(text: str, name: str, key: str) -> None:
    assert names.nick(text) == name
    assert names.key(name) == names.key(text) == key
    assert names.room("#" + text) == "#" + name


def test_letters_of_a_later_unicode_are_in_no_name() -> None:
    unassigned = "\U0003347a"
    with pytest.raises(BadNameError):
        names.nick(unassigned)


def test_no_module_but_these_asks_python_what_a_character_is() -> None:
    asking = {path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py") if "unicodedata" in path.read_text()}
    # The others only draw, as the window does, or say what a terminal would: what a name is does not depend on them.
    drawing = {"protocol/plain_lists.py", "protocol/terminal_line.py"}
    assert {each for each in asking if not each.startswith("client/")} == {"protocol/normal_forms.py", *drawing}


UCD = {
    "UnicodeData.txt": """\
0030;DIGIT ZERO;Nd;0;EN;;0;0;0;N;;;;;
0041;LATIN CAPITAL LETTER A;Lu;0;L;;;;;N;;;;0061;
0042;LATIN CAPITAL LETTER B;Lu;0;L;;;;;N;;;;0062;
00C0;LATIN CAPITAL LETTER A WITH GRAVE;Lu;0;L;0041 0300;;;;N;;;;00E0;
00AA;FEMININE ORDINAL INDICATOR;Lo;0;L;<super> 0061;;;;N;;;;;
0300;COMBINING GRAVE ACCENT;Mn;230;NSM;;;;;N;;;;;
05D0;HEBREW LETTER ALEF;Lo;0;R;;;;;N;;;;;
1100;HANGUL CHOSEONG KIYEOK;Lo;0;L;;;;;N;;;;;
212A;KELVIN SIGN;Lu;0;L;004B;;;;N;;;;;
4E00;<CJK Ideograph, First>;Lo;0;L;;;;;N;;;;;
4E02;<CJK Ideograph, Last>;Lo;0;L;;;;;N;;;;;
""",
    "CaseFolding.txt": "# CaseFolding-99.0.0.txt\n0041; C; 0061; #\n0042; C; 0062;\n0049; T; 0131;\nDF; F; 73 73;\n",
    "DerivedAge.txt": "0030 ; 1.1\n0041..0042 ; 1.1\n05D0 ; 99.0\n",
    "DerivedCoreProperties.txt": "# DerivedCoreProperties-99.0.0.txt\n0300 ; Math\n",
    "DerivedNormalizationProps.txt": "212A ; Full_Composition_Exclusion\n00AA ; NFKC_QC; N\n212A ; NFKC_QC; N\n",
    "HangulSyllableType.txt": "1100 ; L # Lo\n",
    "confusables.txt": "\ufeff# confusables.txt\n# Version: 99.0.0\n0042 ;\t0410 ;\tMA\t# x\n05D0 ; 0041 030A ;\tMA\n",
}


def write_ucd(folder: Path) -> None:
    for name, text in UCD.items():
        (folder / name).write_text(text, "utf-8")


def test_how_the_table_is_made(tmp_path: Path) -> None:
    write_ucd(tmp_path)
    made = [line for line in make_unicode_tables.make(tmp_path) if line[0] != "#"]
    assert " | ".join(made) == (
        "version | 99.0.0 | letters | 41+1 | AA | C0 | 5D0 | 1100 | 212A | 4E00+2 | marks | 300 | numbers | 30"
        " | digits | 30 | refused | AA | 1100 | 212A | bidi EN | 30 | bidi NSM | 300 | bidi R | 5D0"
        " | settled | 30 | 41+1 | class 230 | 300 | canonical | C0 41 300 | 212A 4B"
        " | compatible | AA 61 | composed | 41 300 C0 | folded | 41+1 61 | DF 73 73 | look | 42 410 | 5D0 41 30A"
    )


def test_files_of_two_versions_make_no_table(tmp_path: Path) -> None:
    write_ucd(tmp_path)
    (tmp_path / "confusables.txt").write_text("# Version: 98.0.0\n")
    with pytest.raises(SystemExit, match="not of one version"):
        list(make_unicode_tables.make(tmp_path))
