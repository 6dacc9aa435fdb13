"""The assortment's file: what it says, and one sentence for whatever cannot be followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.assortment import Assortment, AssortmentError, Rule


def _file(folder: Path, text: str) -> Path:
    path = folder / "assortment.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_may_be_offered_where_nothing_is_said(tmp_path: Path) -> None:
    assert Assortment.read(tmp_path / "assortment.yaml") == Assortment()
    assert Assortment.read(_file(tmp_path, "# nothing yet\n")) == Assortment()


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    text = """
    owned: without
    out_of_stock: [P1, 22423]
    rules:
      - {category: Wine, min_age: 18, countries: [DE, AT]}
      - {products: [P7], regions: [North]}
      - {category: Tobacco, never: true}
    """
    assert Assortment.read(_file(tmp_path, text)) == Assortment(
        "without",
        ("P1", "22423"),
        (
            Rule("Wine", min_age=18, countries=("DE", "AT")),
            Rule(products=("P7",), regions=("North",)),
            Rule("Tobacco", never=True),
        ),
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[1", "is no YAML"),
        ("- a", r"a mapping with owned, out_of_stock, rules is expected"),
        ("ownd: with", "has the key 'ownd'; .* close to it is 'owned'"),
        ("owned: maybe", "owned of .* is 'maybe'; with, without or only is expected"),
        ("out_of_stock: P1", "out_of_stock of .* is 'P1'; a list is expected"),
        ("out_of_stock: [1.5]", "holds 1.5; texts are expected"),
        ("rules: {category: Wine}", "the rules of .* a list is expected"),
        ("rules: [{min_age: 18}]", "names .*; either category or products is expected"),
        ("rules: [{category: A, products: [B], never: true}]", "either category or products is expected"),
        ("rules: [{category: Wine}]", "rule 1 of .* limits nothing"),
        ("rules: [{category: Wine, min_age: old}]", "min_age of rule 1 .* is 'old'; a whole number"),
        ("rules: [{category: Wine, countries: []}]", "countries of rule 1 .* a list is expected"),
        ("rules: [{category: Wine, country: [DE]}]", "has the key 'country'; .* close to it is 'countries'"),
        ("rules: [{category: 5, never: true}]", "category of rule 1 .* is 5; a category's name"),
        ("rules: [{category: Wine, never: perhaps}]", "never of rule 1 .* is 'perhaps'; true or false"),
    ],
)
def test_what_cannot_be_followed_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(AssortmentError, match=sentence):
        Assortment.read(_file(tmp_path, text))
