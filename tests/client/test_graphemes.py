"""What a reader takes for one character."""

from __future__ import annotations

import pytest

from chatd.client.model.graphemes import clusters, first_cluster, last_cluster

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
GERMANY, FRANCE = "\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"
WAVE = "\U0001f44b\U0001f3fd"
RAINBOW = "\U0001f3f3\ufe0f\u200d\U0001f308"
KEYCAP = "1\ufe0f\u20e3"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    "parts",
    [
        [],
        ["a"],
        ["a", "b", " ", "c"],
        ["e\u0301", "e\u0302\u0323", "x"],
        [FAMILY, "a", FAMILY],
        [GERMANY, FRANCE, "\U0001f1e6"],
        [WAVE, WAVE, "!"],
        [RAINBOW, KEYCAP, SCOTLAND],
        ["\u2764\ufe0f", "\u2764"],
        ["\r\n", "\n", "\u0301"],
        ["\u1112\u1161\u11ab", "\uae00"],
        ["\u0e01\u0e33"[:1], "\u0e33"],
        ["\u0915\u093f", "\u0928"],
        ["a\u200d", "b"],
        ["\U0001f600", "\U0001f600"],
    ],
    ids=ascii,
)
def test_where_they_end(parts: list[str]) -> None:
    text = "".join(parts)
    assert list(clusters(text)) == parts
    assert (first_cluster(text), last_cluster(text)) == ((parts or [""])[0], (parts or [""])[-1])
