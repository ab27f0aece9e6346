"""Links end where their addresses do."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.model.links import links
from tests.support.link_cases import LINKS


@pytest.mark.parametrize("text", LINKS)
def test_a_link_is_its_address_and_nothing_of_the_sentence(text: str) -> None:
    found = list(links(text))
    assert tuple(text[each.start : each.end] for each in found) == LINKS[text]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see www.example.com.", "https://www.example.com"),
        ("WWW.example.com/a", "https://WWW.example.com/a"),
        ("HTTP://example.com", "HTTP://example.com"),
        ("`http://example.com/a`", "http://example.com/a"),
        ("<www.example.com/a.>", "https://www.example.com/a."),
    ],
)
def test_a_browser_is_given_a_whole_address(text: str, address: str) -> None:
    assert [each.address for each in links(text)] == [address]


@given(st.text(st.sampled_from("ahtps:/.w()[]<>'’,@。中é \u202e😀"), max_size=60) | st.text())
def test_of_any_text_the_links_are_in_order_and_have_a_host(text: str) -> None:
    for begun in (text, f"https://{text}", f"(http://a{text}www.{text}"):
        done = 0
        for each in links(begun):
            assert done <= each.start < each.end <= len(begun)
            assert each.address.endswith(begun[each.start : each.end])
            assert not set(each.address) & set(' \n<>"\u202e')
            assert each.address.partition("://")[2]
            done = each.end


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http://a/",
        "http://a/)",
        "<http://a/",
        "http://a/,",
        "www.",
        "http://a/[(",
        "www.a/http://[",
        "http://a:",
    ],
)
def test_a_line_full_of_them_costs_little(text: str) -> None:
    begun = time.process_time()
    list(links(text * (8192 // len(text))))
    assert time.process_time() - begun < 1
