"""Lists, sales, consents and labels, as a mapping fills them."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from crm import Records
from tests.crm.imports.conftest import Shop

pytestmark = pytest.mark.slow

DEALS: dict[str, str] = {
    "teams": "SELECT 'North' AS name, 'Nia' AS manager",
    "users": "SELECT DISTINCT owner AS name, 'North' AS team_key FROM deals ORDER BY 1",
    "pipelines": "SELECT 'Sales' AS name UNION ALL SELECT 'Renewals'",
    "pipeline_stages": "SELECT p.name AS pipeline_key, s.* FROM (VALUES ('Sales'), ('Renewals')) p(name), "
    "(VALUES ('Talk', 1, 'open'), ('Won', 2, 'won'), ('Lost', 3, 'lost')) s(name, ordinal, category) "
    "UNION ALL SELECT 'Sales', 'Trial', 4, 'open'",
    "close_reasons": "SELECT 'lost' AS kind, 'price' AS code",
    "opportunities": "SELECT id AS source_key, customer AS customer_key, 'Sales' AS pipeline_key, stage AS stage_key, "
    "lower(CASE WHEN stage IN ('Won', 'Lost') THEN stage ELSE 'open' END) AS outcome, amount, 'EUR' AS currency, "
    "CASE stage WHEN 'Lost' THEN 'price' END AS close_reason_key, owner AS owner_key, "
    "CASE WHEN stage IN ('Won', 'Lost') THEN day END AS closed_at, day AS occurred_at, row_no FROM deals",
    "opportunity_stage_changes": "SELECT id || '/1' AS source_key, id AS opportunity_key, 1 AS ordinal, "
    "'Sales/' || stage AS to_stage_key, owner AS moved_by_key, day AS occurred_at, row_no FROM deals",
}
FILE = """id,customer,stage,amount,owner,day
d1,A,Won,10,Olga,2025-02-01
d2,B,Lost,5,Omar,2025-02-02
d3,,Trial,,Olga,2025-02-03
"""


@pytest.fixture
def deals(shop: Shop) -> Shop:
    tables = {"customers": shop.mapping["tables"]["customers"], **{name: {"sql": sql} for name, sql in DEALS.items()}}
    files = {"people": {"path": "people.csv"}, "deals": {"path": "deals.csv"}}
    return shop.declare(files=files, tables=tables).file("deals.csv", FILE)


def codes(report: Any) -> list[tuple[str, str, str]]:
    with report.rejects.open(encoding="utf-8") as file:
        return [(row["table"], row["column"], row["code"]) for row in csv.DictReader(file)]


def test_lists_are_referred_to_by_their_names(any_records: Records, deals: Shop) -> None:
    report = deals.run(any_records)
    assert report.rejects is None
    found = any_records.query(
        "SELECT o.opportunity_no, s.name, r.code, u.name AS owner, t.name AS team FROM opportunities o "
        "JOIN pipeline_stages s ON s.id = o.stage_id AND s.pipeline_id = o.pipeline_id LEFT JOIN close_reasons r ON "
        "r.id = o.close_reason_id "
        "JOIN users u ON u.id = o.owner_id JOIN teams t ON t.id = u.team_id ORDER BY o.id"
    )
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("d1", "Won", None, "Olga", "North"),
        ("d2", "Lost", "price", "Omar", "North"),
        ("d3", "Trial", None, "Olga", "North"),
    ]  # fmt: skip
    again = deals.run(any_records)
    assert all(table.unchanged == table.read for table in again.tables.values())


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("Trial", "Flop", ("opportunities", "stage_key", "orphan")),
        ("d1,A,Won,10", "d1,A,Won,0", ("opportunities", "outcome", "won_amount")),
        ("d1,A,Won,10", "d1,A,Won,1000000000000000", ("opportunities", "amount", "not_an_amount")),
        ("d3,", "d2,", ("opportunities", "source_key", "duplicate_key")),
        ("d2,B", "d2,Z", ("opportunities", "customer_key", "orphan")),
    ],
)
def test_a_deal_is_rejected_and_its_moves_with_it(
    records: Records, deals: Shop, old: str, new: str, wanted: tuple[str, str, str]
) -> None:
    report = deals.file("deals.csv", FILE.replace(old, new)).run(records)
    assert codes(report)[0] == wanted
    assert report.tables["opportunities"].accepted == 2
    assert report.tables["opportunity_stage_changes"].accepted == 2


def test_a_short_name_must_be_the_only_one(records: Records, deals: Shop) -> None:
    sql = DEALS["opportunity_stage_changes"].replace("'Sales/' || stage", "stage")
    report = deals.table("opportunity_stage_changes", sql=sql).run(records)
    assert (
        report.tables["opportunity_stage_changes"].accepted == 1
    )  # Trial is in one pipeline only, Won and Lost in both


def test_a_lost_deal_needs_its_reason(records: Records, deals: Shop) -> None:
    sql = DEALS["opportunities"].replace("WHEN 'Lost' THEN 'price'", "WHEN 'Lost' THEN NULL")
    report = deals.table("opportunities", sql=sql).run(records)
    assert codes(report)[0] == ("opportunities", "outcome", "lost_reason")


def test_the_basis_covers_what_the_mapping_says_and_no_more(records: Records, shop: Shop) -> None:
    plain = shop.only("customers").declare(basis="contract")
    plain.run(records)
    assert records.arrow("consents").num_rows == 0
    plain.declare(covers=[{"purpose": "service", "channel": "email"}, {"purpose": "service", "channel": "post"}]).run(
        records
    )
    found = records.query(
        "SELECT c.customer_no, n.purpose, n.channel, n.decision, n.basis, n.occurred_at - c.occurred_at AS late FROM "
        "consents n "
        "JOIN customers c ON c.party_id = n.party_id ORDER BY n.id"
    ).to_pylist()
    assert len(found) == 6
    assert tuple(found[0].values()) == ("A", "service", "email", "granted", "contract", 0)


def test_consents_name_the_customer_or_the_lead(records: Records, shop: Shop) -> None:
    sql = (
        "SELECT no || '/' || line AS source_key, customer AS customer_key, 'marketing' AS purpose, 'email' AS channel, "
        "'denied' AS decision, 'consent' AS basis, sold_at AS occurred_at, row_no FROM sold"
    )
    report = shop.only("customers").table("consents", sql=sql).run(records)
    assert (report.tables["consents"].accepted, report.tables["consents"].rejected) == (3, 1)
    assert codes(report) == [("consents", "customer_key", "missing")]
    parties = records.query(
        "SELECT c.customer_no FROM consents n JOIN customers c ON c.party_id = n.party_id ORDER BY n.id"
    )
    assert parties.column(0).to_pylist() == ["A", "A", "B"]


def test_labels_say_what_became_of_whom(records: Records, shop: Shop) -> None:
    sql = (
        "SELECT id AS source_key, 'b2c' AS kind, joined AS occurred_at, CASE plan WHEN 'gold' THEN 'yes' WHEN "
        "'tin' THEN 'no' END AS gone FROM people"
    )
    shop.only("customers").table("customers", sql=sql, labels={"churn": "gone"}, attributes=None).run(records)
    found = records.query(
        "SELECT c.customer_no, l.name, l.value FROM labels l JOIN customers c ON c.id = l.customer_id ORDER BY l.id"
    )
    assert [tuple(row.values()) for row in found.to_pylist()] == [("A", "churn", 1.0), ("C", "churn", 0.0)]


def test_attributes_keep_their_type_and_what_is_said_of_them(records: Records, shop: Shop) -> None:
    sql = (
        "SELECT id AS source_key, 'b2c' AS kind, joined AS occurred_at, row_no AS visits, 0.5 * row_no AS weight, "
        "name, id = 'A' AS vip, left(joined, 10) AS day, plan FROM people"
    )
    attributes = {
        "visits": {"type": "int", "unit": "visits", "title": "Visits"},
        "weight": {"type": "decimal", "data_class": "special"},
        "vip": "bool",
        "day": "date",
        "plan": {"type": "text", "known": "after_outcome", "suspect": "allowed: it is old"},
    }  # fmt: skip
    shop.only("customers").table("customers", sql=sql, attributes=attributes, known={"lifecycle": "after_outcome"}).run(
        records
    )
    infos = {info.code: info for info in records.attributes("customer")}
    assert (infos["visits"].unit, infos["visits"].title, infos["weight"].data_class) == ("visits", "Visits", "special")
    assert (infos["plan"].known, infos["plan"].suspect, infos["lifecycle"].known) == (
        "after_outcome",
        "allowed: it is old",
        "after_outcome",
    )
    found = records.query(
        "SELECT d.code, v.value_int, v.value_decimal, v.value_bool, v.value_on, v.value_text FROM attribute_values v "
        "JOIN attribute_definitions d ON d.id = v.definition_id WHERE v.source_key LIKE 'customer/A/%' ORDER BY d.code"
    ).to_pylist()
    assert [[str(value) for value in row.values() if value is not None] for row in found] == [
        ["day", "2025-01-02"], ["plan", "gold"], ["vip", "True"], ["visits", "1"], ["weight", "0.5"],
    ]  # fmt: skip


def test_a_campaign_with_its_arms_in_one_run(records: Records, shop: Shop) -> None:
    tables = {
        "customers": shop.mapping["tables"]["customers"],
        "campaigns": {"sql": "SELECT 'spring' AS source_key, 'completed' AS state, '2025-01-01' AS occurred_at"},
        "campaign_arms": {
            "sql": "SELECT 'spring' AS campaign_key, name, kind FROM (VALUES ('mail', 'treatment'), ('none', "
            "'holdout')) t(name, kind)"
        },
        "campaign_members": {
            "sql": "SELECT id AS source_key, 'spring' AS campaign_key, id AS customer_key, joined AS occurred_at, "
            "row_no, "
            "CASE id WHEN 'A' THEN 'mail' WHEN 'B' THEN 'none' ELSE 'call' END AS arm FROM people"
        },
    }
    report = shop.declare(tables=tables).run(records)
    assert codes(report) == [("campaign_members", "arm", "orphan")]
    assert records.arrow("campaign_members", ["arm"]).column(0).to_pylist() == ["mail", "none"]
