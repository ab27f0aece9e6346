"""The files of the page: how much they are, that they hold together, and that no text becomes markup or code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.edges.web.page import KINDS, PAGE, page_files

FOLDER = Path(__file__).parents[2] / "chatd" / "edges" / "web" / "page"
FILES = {path.name: path.read_text() for path in sorted(FOLDER.iterdir())}
BESIDE = {path.name: path.read_text() for path in sorted(FOLDER.with_name("sign_on_page").iterdir())}
"""What comes with the page where people can log in with a provider."""
MODULES = {name: text for name, text in FILES.items() if name.endswith(".js")}
MAX_GZIPPED_BYTES = 60 * 1024
_IMPORT = re.compile(r"^import .* from '\./([\w-]+\.js)';$", re.MULTILINE)
_NAMES = re.compile(r"^import \{(.*?)\} from", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)
_CALL = re.compile(r"(?<![.#\w'])(\w+)\(")
_TEXT = re.compile(r"^  (?:'([\w.=]+)'|(\w+)): \[(.*)\],$", re.MULTILINE)
_OF_DEEDS = {
    "set.other", "mod.ban.server", "mod.kick.server", "mod.mute.server", "mod.deop.self", "mod.op.self",
    "set.private=no", "set.private=yes", "set.registered=yes", "set.speak=members", "set.speak=operators",
    "set.topic=members", "set.topic=operators",
}  # fmt: skip
"""What `moderation` in `strings.js` says of deeds and settings, beside one text for each verb."""
_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'")
_MAKES_MARKUP_OR_CODE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|srcdoc|document\.write|\beval\b"
    r"|\bFunction\(|javascript:|setAttribute\('(?:on|style)|cssText|<script>|<style|\sstyle=|\son\w+=|set(?:Timeout|Interval)\(['`\"]"
)


def texts() -> dict[str, list[str]]:
    """Return what `texts.js` has: of each key a text for each language."""
    return {one or other: _STRING.findall(row) for one, other, row in _TEXT.findall(FILES["texts.js"])}


def used_keys() -> set[str]:
    moderated = {verb.lower() for verb in re.findall(r"^  (\w+): moderated,", FILES["apply.js"], re.MULTILINE)}
    found = _OF_DEEDS | {f"mod.{verb}" for verb in moderated - {"set"}}
    for name, text in MODULES.items():
        if name != "texts.js":
            found.update(re.findall(r"\bt\('([\w.]+)'", text), re.findall(r"\bhelp: '([\w.]+)'", text))
    return found | set(re.findall(r'data-t(?:-label)?="([\w.]+)"', FILES[PAGE]))


def test_all_files_together_are_at_most_60_kilobytes() -> None:
    assert sum(len(file.compressed) for file in page_files().values()) <= MAX_GZIPPED_BYTES


def test_every_file_is_sent() -> None:
    assert set(page_files()) == set(FILES)
    assert {name.rpartition(".")[2] for name in FILES} <= set(KINDS)


def test_the_page_names_all_of_its_files_and_no_other() -> None:
    named = re.findall(r'(?:href|src)="([^"#]+)"', FILES[PAGE])
    assert {name.removeprefix("/-/page/") for name in named} == set(FILES) - {PAGE}
    symbols = set(re.findall(r'<symbol id="i-(\w+)"', FILES[PAGE]))
    used = set(re.findall(r'href="#i-(\w+)"', FILES[PAGE]))
    for text in MODULES.values():
        used.update(_icons(text))
    assert used <= symbols


def _icons(text: str) -> Iterator[str]:
    for first, second in re.findall(r"\bicon(?:Button)?\('(\w+)'|\bicon: '(\w+)'", text):
        yield first or second


def test_modules_import_what_is_there_and_not_in_a_circle() -> None:
    imports = {name: set(_IMPORT.findall(text)) for name, text in MODULES.items()}
    assert {each for found in imports.values() for each in found} <= set(MODULES)
    while free := [name for name, found in imports.items() if not found]:
        for name in free:
            del imports[name]
        imports = {name: found - set(free) for name, found in imports.items()}
    assert imports == {}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_what_it_calls_of_others_and_no_more(name: str) -> None:
    text = MODULES[name]
    exported = {each for found in MODULES.values() for each in _EXPORT.findall(found)}
    imported = {each for names in _NAMES.findall(text) for each in re.findall(r"\w+", names)}
    its_own = set(re.findall(r"\b(?:function|class|const|let) (\w+)", text)) | set(
        re.findall(r"^  (\w+)\(", text, re.MULTILINE)
    )
    assert (set(_CALL.findall(text)) & exported) - its_own <= imported
    assert {each for each in imported if len(re.findall(rf"\b{each}\b", text)) < 2} == set()


@pytest.mark.parametrize("text", [*FILES.values(), *BESIDE.values()], ids=[*FILES, *BESIDE])
def test_no_text_becomes_markup_or_code(text: str) -> None:
    assert _MAKES_MARKUP_OR_CODE.findall(text) == []


@pytest.mark.parametrize(
    "bad",
    ["x.innerHTML = y", "eval(x)", "new Function('x')", "<p onclick='x'>", '<p style="x">', "setTimeout('x()', 1)"],
)
def test_what_would_is_found(bad: str) -> None:
    assert _MAKES_MARKUP_OR_CODE.search(bad)


@pytest.mark.parametrize("name", FILES)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    addresses = re.findall(r"(?:\w+:)?//[\w.-]+\.\w+[^\s'\"]*", FILES[name])
    assert [each for each in addresses if each != "http://www.w3.org/2000/svg"] == []


def test_every_text_is_there_in_every_language_and_none_is_left_over() -> None:
    languages = len(re.findall(r"\w+: '", FILES["texts.js"].partition("LANGUAGES = ")[2].partition("}")[0]))
    assert languages >= 2
    assert [key for key, row in texts().items() if len(row) != languages or not all(row)] == []
    assert {key.removesuffix(".one") for key in texts()} == used_keys()


def test_the_languages_put_the_same_values_into_a_text() -> None:
    values = {key: {frozenset(re.findall(r"\{(\w+)\}", text)) for text in row} for key, row in texts().items()}
    assert [key for key, found in values.items() if len(found) != 1] == []


def test_a_link_leads_to_the_web_alone_and_tells_no_other_site_where_it_stood() -> None:
    made = [text for text in MODULES.values() if re.search(r"\bh\('a'", text)]
    assert len(made) == 1
    assert "rel: 'noopener noreferrer'" in made[0]
    assert "url.protocol !== 'http:' && url.protocol !== 'https:'" in made[0]
