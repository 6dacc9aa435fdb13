"""Tables and numbers as people read them."""

from __future__ import annotations

from datetime import date

import pytest

from reports import FEW, Column, KeyNumber, Report, Section, Table, people
from reports.formats import as_text, axis

NB = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "kind", "unit", "text"),
    [
        (0, "int", "", "0"),
        (-0.0, "money", "EUR", f"0.00{NB}EUR"),
        (-0.001, "money", "", "0.00"),
        (1234567, "int", "", "1,234,567"),
        (0.5, "percent", "", f"50.0{NB}%"),
        (float("nan"), "number", "", "–"),
        (float("inf"), "int", "", "–"),
        (None, "text", "", "–"),
        (3.5, "days", "", f"3.5{NB}days"),
        (0.12345, "number", "", "0.123"),
        (123.456, "number", "", "123.5"),
        (date(2011, 12, 9), "date", "", "2011-12-09"),
        ("x", "int", "", "x"),
        (-12, "int", "", "−12"),
    ],
)
def test_numbers_read_the_same_everywhere(value: object, kind: str, unit: str, text: str) -> None:
    assert as_text(value, kind, unit) == text  # type: ignore[arg-type]  # the kinds of the table above


def test_one_axis_has_one_scale() -> None:
    assert axis([0.0, 5_000.0, 10_000.0], 5_000.0) == ["0", "5k", "10k"]
    assert axis([0.0, 2_500.0, 5_000.0], 2_500.0) == ["0", "2,500", "5,000"]
    assert axis([-2e9, 0.0], 1e9) == ["−2bn", "0"]


def test_groups_of_one_to_four_people_are_hidden() -> None:
    assert [people(count) for count in (0, 1, 4, 5, None)] == [0, FEW, FEW, 5, None]
    table = Table("t", "T", [Column("n", "N", "int")], [(FEW,)])
    assert table.texts() == [["<5"]]


def test_a_row_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="row 2 of the table 't' has 2 values; 1 are expected"):
        Table("t", "T", [Column("n", "N")], [("a",), ("b", "c")])


def test_tables_of_one_name_are_told_apart() -> None:
    table = Table("t", "T", [Column("n", "N")])
    report = Report("r", "R", 0, [Section("s", "S", [table, table])])
    assert [item.name for _, item in report.tables()] == ["t", "t_2"]


def test_a_key_number_stands_under_the_label_that_names_its_unit() -> None:
    assert KeyNumber("Revenue GBP", 9_747_747.933, "money", "GBP").text() == "9,747,747.93"
    assert KeyNumber("Few", FEW).text() == "<5"
