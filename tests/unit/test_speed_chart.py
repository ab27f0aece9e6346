"""The chart of the README shows the numbers of the page on performance."""

from __future__ import annotations

from benchmarks import speed_chart


def test_the_chart_is_drawn_from_the_page() -> None:
    assert speed_chart.CHART.read_text() == speed_chart.chart(speed_chart.PAGE.read_text())


def test_the_numbers_are_those_of_the_table() -> None:
    page = speed_chart.PAGE.read_text().replace("16.5 M (2.70)", "7.25 k (2.7) ")
    assert "7.25 k" in speed_chart.chart(page)
