"""The README stays short, and its tables are what was measured."""

from __future__ import annotations

from pathlib import Path

from benchmarks.__main__ import found
from benchmarks.readme import with_tables

README = Path(__file__).parents[2] / "README.md"


def test_it_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 120


def test_its_tables_are_what_was_measured() -> None:
    text = README.read_text()
    assert text == with_tables(text, found()), "run `python -m benchmarks --readme`"
