"""The README stays short, and its tables are what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import found
from benchmarks.readme import PAGES, with_tables


def test_it_is_short() -> None:
    assert len(PAGES[0].read_text().splitlines()) <= 120


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_tables_are_what_was_measured(page: Path) -> None:
    text = page.read_text()
    assert text == with_tables(text, found()), "run `python -m benchmarks --readme`"
