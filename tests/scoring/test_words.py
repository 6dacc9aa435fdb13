"""Values in words."""

from __future__ import annotations

import pytest

from scoring.reasons import in_words, phrase


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (74.4, "days", "74 days"),
        (1.0, "days", "1 day"),
        (0.04, "days", "0.04 days"),
        (12_345.678, "EUR", "12,346 EUR"),
        (3.0, "", "3"),
        (0.256, "", "0.26"),
        (-12.34, "°C", "-12.3 °C"),
        ("DSL", "", "DSL"),
        (1.0, "GBP", "1 GBP"),
    ],
)
def test_a_value_with_its_unit(value: float | str, unit: str, words: str) -> None:
    assert in_words(value, unit) == words


def test_an_unknown_value_is_said() -> None:
    item = {"title": "contract", "unit": "", "phrase": "has a {value} contract"}
    assert phrase(item, None) == "contract: unknown"
    assert phrase(item, "yearly") == "has a yearly contract"
