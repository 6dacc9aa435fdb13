"""A query's columns against what its table expects; the sentences when they do not fit."""

from __future__ import annotations

import pytest

from crm import Records
from crm.imports import MappingError
from tests.crm.imports.conftest import Shop

WHOLE = "SELECT id AS source_key, 'b2c' AS kind, joined AS occurred_at, row_no FROM people"


@pytest.mark.parametrize(
    ("sql", "changes", "message"),
    [
        ("SELEC 1", {}, 'the query of customers does not run: Parser Error: syntax error at or near "SELEC"; SQL '
                        'that DuckDB runs'),
        ("SELECT CAST(name AS INT) AS source_key FROM people", {}, "does not run: Conversion Error: Could not "
                                                                   "convert string 'Ada'"),
        ("SELECT ident AS source_key FROM people", {}, "names 'ident', which no file has; .*people has id, name, "
                                                       "plan, joined, row_no; sold has"),
        ("SELECT * FROM persons", {}, "does not run: Catalog Error: Table with name persons does not exist"),
        ("SELECT 1; SELECT 2", {}, "is 2 statements; one SELECT is expected"),
        ("CREATE TABLE x AS SELECT 1", {}, "is CREATE and no SELECT; one SELECT is expected"),
        ("SELECT id AS source_key, joined AS occurred_at FROM people", {}, "gives no kind, which customers needs; "
                                                                           "add the column"),
        ("SELECT 'b2c' AS kind, joined AS occurred_at FROM people", {}, "gives no source_key, which customers needs"),
        ("SELECT 'b2c' AS kind, joined AS occurred_at FROM people", {"key": "row_number"}, "gives no row_no, which "
                                                                                           "stands for the key"),
        ("SELECT id AS source_key, 'b2c' AS kind FROM people", {}, "gives no occurred_at and the source no "
                                                                   "snapshot_at"),
        (WHOLE.replace("row_no", "name AS regon"), {}, "gives a column regon; .* did you mean region"),
        (WHOLE.replace("row_no", "plan AS shoe_size"), {}, "gives a column shoe_size; .* declare it under attributes"),
        (WHOLE, {"attributes": {"plan": "text"}}, "gives no plan, which the attribute plan wants"),
        (WHOLE, {"labels": {"churn": "gone"}}, "gives no gone, which the label churn wants"),
    ],
)  # fmt: skip
def test_a_query_that_does_not_fit_is_named(
    records: Records, shop: Shop, sql: str, changes: dict[str, object], message: str
) -> None:
    bent = shop.only("customers").table("customers", sql=sql, **{"attributes": None, **changes})
    with pytest.raises(MappingError, match=message):
        bent.run(records)
    assert records.watermark() == 0
    assert [source.name for source in records.sources()] == ["rapport"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM 'people.csv'",
        "COPY people TO 'stolen.csv'",
        "ATTACH 'other.db'",
        "INSTALL httpfs",
        "SET memory_limit = '100GB'",
        "SET enable_external_access = true",
    ],
)
def test_a_query_reaches_nothing_but_the_files(records: Records, shop: Shop, sql: str) -> None:
    with pytest.raises(MappingError, match="the query of customers"):
        shop.only("customers").table("customers", sql=sql).run(records)


def test_columns_may_be_written_in_capitals(records: Records, shop: Shop) -> None:
    sql = "SELECT id AS Source_Key, 'b2c' AS KIND, Joined AS Occurred_At, Plan AS PLAN FROM people"
    assert shop.only("customers").table("customers", sql=sql).run(records).tables["attribute_values"].accepted == 2


def test_moments_of_the_mapping_are_at_hand(records: Records, shop: Shop) -> None:
    sql = WHOLE.replace("joined", "getvariable('complete_until') - INTERVAL 1 DAY")
    shop.only("customers").table("customers", sql=sql, attributes=None).run(records)
    assert records.query("SELECT max(occurred_at) AS m FROM customers").to_pylist() == [{"m": 1_740_700_800_000_000}]
