"""The mappings that come along, on the publishers' own files where those lie beside the project."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import crm
from configs import Settings
from crm import Records
from crm.imports import ImportReport, run_import
from rapport.call import call
from tests.crm.imports.conftest import shared

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def imported(records: Records, name: str) -> ImportReport:
    """Import a source, see that the counts add up, and that a second import changes nothing."""
    report = run_import(records, name, shared(name))
    assert all(table.accepted + table.rejected == table.read for table in report.tables.values())
    mark = records.watermark()
    again = run_import(records, name, shared(name))
    assert records.watermark() == mark
    assert all(table.unchanged == table.accepted for table in again.tables.values())
    return report


def accepted(report: ImportReport) -> dict[str, int]:
    return {name: table.accepted for name, table in report.tables.items()}


def value(records: Records, sql: str) -> object:
    return records.query(sql).column(0)[0].as_py()


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory, empty_records: Path) -> Iterator[tuple[Records, ImportReport]]:
    """The wholesaler, imported once."""
    home = tmp_path_factory.mktemp("retail")
    shutil.copy(empty_records, home / "records.db")
    with crm.open(Settings(home=home)) as records:
        yield records, imported(records, "online_retail")


def test_online_retail_reconciles_to_the_penny(retail: tuple[Records, ImportReport]) -> None:
    records, report = retail
    counts = accepted(report)
    wanted = {"customers": 4_372, "products": 4_070, "orders": 25_900, "order_lines": 541_907}
    assert {name: counts[name] for name in wanted} == wanted
    assert report.tables["order_lines"].read == 541_909
    assert report.rejects is not None
    with report.rejects.open(encoding="utf-8", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert [(row["table"], row["row_no"], row["code"]) for row in rejects] == [
        ("order_lines", "299984", "price"),
        ("order_lines", "299985", "price"),
    ]
    published, bad_debt = 97_477_479_340, -2 * 110_620_600  # 9,747,747.934 and, of it, what was rejected
    assert value(records, "SELECT sum(amount) AS s FROM order_lines") == published - bad_debt
    assert value(records, "SELECT sum(amount) AS s FROM orders") == published - bad_debt
    assert value(records, "SELECT count(*) AS n FROM order_lines WHERE customer_id IS NULL") == 135_080 - 2
    assert value(records, "SELECT count(*) AS n FROM order_lines WHERE source_key LIKE 'C%' AND quantity < 0") == 9_288
    assert value(records, "SELECT count(*) AS n FROM order_lines WHERE kind = 'sale' AND quantity <= 0") == 0
    assert value(records, "SELECT count(*) AS n FROM consents WHERE purpose = 'marketing'") == 0


def test_the_rows_behind_a_number_are_the_publisher_s_own_and_add_up_to_it(
    retail: tuple[Records, ImportReport], capsys: pytest.CaptureFixture[str]
) -> None:
    """A return is among them, invoices before the window and after the moment are not."""
    records, _ = retail
    customer, until, london = "12748", datetime(2011, 12, 1, tzinfo=UTC), ZoneInfo("Europe/London")
    with gzip.open(shared("online_retail") / "online_retail.csv.gz", "rt", encoding="utf-8", newline="") as file:
        lines = [
            (datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=london), row["Quantity"], row["UnitPrice"])
            for row in csv.DictReader(file)
            if row["CustomerID"] == customer
        ]
    wanted = [
        (moment.astimezone(UTC), Decimal(quantity), Decimal(price))
        for moment, quantity, price in lines
        if until - timedelta(days=180) <= moment < until
    ]
    assert 0 < len(wanted) < len(lines)
    assert min(quantity for _, quantity, _ in wanted) < 0
    asked = ["--feature", "buying:spend_180d", "--entity", customer, "--as-of", until.isoformat()]
    assert call("features", ["explain", *asked, "--json", "--home", str(records.settings.home)]) == 0
    told = json.loads(capsys.readouterr().out, parse_float=Decimal)
    found = [
        (datetime.fromisoformat(row["occurred_at"]), row["quantity"], Decimal(row["unit_price"]))
        for row in told["rows"]
    ]
    assert sorted(found) == sorted(wanted)
    assert told["value"] == sum(row["amount"] for row in told["rows"]) == sum(many * each for _, many, each in wanted)


def test_maven_crm_has_every_opportunity(records: Records) -> None:
    report = imported(records, "maven_crm")
    assert report.rejects is None
    wanted = {"opportunities": 8_800, "companies": 85, "customers": 85, "products": 7, "users": 35, "teams": 6}
    assert {name: accepted(report)[name] for name in wanted} == wanted
    outcomes = records.query(
        "SELECT s.name, count(*) AS n FROM opportunities o JOIN pipeline_stages s ON s.id = o.stage_id GROUP BY s.name"
    )
    assert {row["name"]: row["n"] for row in outcomes.to_pylist()} == {
        "Won": 4_238,
        "Lost": 2_473,
        "Engaging": 1_589,
        "Prospecting": 500,
    }
    assert (
        value(records, "SELECT count(*) AS n FROM opportunities WHERE product_id IS NULL") == 0
    )  # 1,480 of GTXPro are mended
    assert value(records, "SELECT count(*) AS n FROM opportunities WHERE customer_id IS NULL") == 1_425
    assert value(records, "SELECT count(*) AS n FROM companies WHERE industry_code = 'technolgy'") == 0
    # what closing told is known no earlier than the closing
    assert (
        value(
            records, "SELECT count(*) AS n FROM opportunities_versions WHERE outcome <> 'open' AND known_at < closed_at"
        )
        == 0
    )
    assert (
        value(records, "SELECT count(*) AS n FROM opportunities_versions WHERE version = 1 AND outcome <> 'open'") == 0
    )
    (close_value,) = [item for item in records.attributes("opportunity") if item.code == "close_value"]
    assert close_value.known == "after_outcome"


def test_leads_xeducation_declares_what_gives_the_outcome_away(records: Records) -> None:
    report = imported(records, "leads_xeducation")
    assert accepted(report)["leads"] == accepted(report)["labels"] == 9_240
    assert value(records, "SELECT count(*) AS n FROM labels WHERE name = 'converted' AND value = 1") == 3_561
    assert value(records, "SELECT count(*) AS n FROM attribute_values WHERE value_text = 'Select'") == 0
    late = {item.code for item in records.attributes("lead") if item.known == "after_outcome"}
    assert late == {
        "tags", "lead_quality", "lead_profile", "last_activity", "last_notable_activity", "activity_index",
        "profile_index", "activity_score", "profile_score",
    }  # fmt: skip
    assert {row["decision"] for row in records.arrow("consents", ["decision"]).to_pylist()} == {"denied"}


def test_telco_ibm(records: Records) -> None:
    counts = accepted(imported(records, "telco_ibm"))
    assert counts["customers"] == counts["labels"] == 7_043
    assert counts["attribute_values"] == 7_043 * 19 - 11  # total charges that are blank
    assert value(records, "SELECT count(*) AS n FROM labels WHERE name = 'churn' AND value = 1") == 1_869


def test_telco_ibm_relational_joins_five_workbooks(records: Records) -> None:
    counts = accepted(imported(records, "telco_ibm_relational"))
    assert counts["customers"] == counts["labels"] == counts["persons"] == 7_043
    assert value(records, "SELECT sum(value) AS s FROM labels") == 1_869
    late = {item.code for item in records.attributes("customer") if item.known == "after_outcome"}
    assert late == {"satisfaction_score", "customer_status", "churn_score", "churn_category", "churn_reason"}


def test_cdnow_reads_the_master(records: Records) -> None:
    counts = accepted(imported(records, "cdnow"))
    assert (counts["customers"], counts["orders"], counts["order_lines"]) == (23_570, 69_659, 69_659)
    assert value(records, "SELECT sum(amount) AS s FROM orders") == value(
        records, "SELECT sum(amount) AS s FROM order_lines"
    )


def test_bank_marketing_is_ordered_without_keys(records: Records) -> None:
    counts = accepted(imported(records, "bank_marketing"))
    assert counts["leads"] == counts["labels"] == 41_188
    keys = records.arrow("leads", ["source_key"]).column(0).to_pylist()
    assert keys == [str(number) for number in range(1, 41_189)]  # ids follow the file's order
    (source,) = [item for item in records.sources() if item.name == "bank_marketing"]
    assert source.ordered
    assert [item.code for item in records.attributes("lead") if item.known == "after_outcome"] == ["duration"]


def test_hillstrom_keeps_its_arms_apart(records: Records) -> None:
    counts = accepted(imported(records, "hillstrom"))
    assert (counts["customers"], counts["campaign_members"], counts["campaign_arms"]) == (64_000, 64_000, 3)
    visits = records.query(
        "SELECT m.arm, count(*) AS n FROM campaign_events e JOIN campaign_members m ON m.customer_id = e.customer_id "
        "WHERE e.type = 'visited' GROUP BY m.arm"
    )
    assert {row["arm"]: row["n"] for row in visits.to_pylist()} == {
        "Mens E-Mail": 3_894,
        "Womens E-Mail": 3_238,
        "No E-Mail": 2_262,
    }


def test_movielens_latest_small(records: Records) -> None:
    counts = accepted(imported(records, "movielens_latest_small"))
    assert (counts["customers"], counts["products"], counts["events"]) == (610, 9_742, 100_836 + 3_683)
