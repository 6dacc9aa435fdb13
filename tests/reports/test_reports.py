"""Reports where little or nothing is recorded, their files, and the sentences of what cannot be done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import reports
from configs import Settings
from crm import Records
from reports import Report, ReportError
from reports.definition import library
from reports.library import overview
from reports.render import FORMS
from tests.reports.company import rows
from tests.reports.reading import built, key, table

EMPTY = {
    "customers": "No customers are recorded.",
    "revenue": "No orders are recorded.",
    "retention": "No orders are recorded.",
    "risk": "Nobody has a churn score yet",
    "leads": "No leads are recorded.",
    "opportunities": "No opportunities are recorded.",
    "service": "No tickets are recorded.",
    "recommendations": "No recommendations are recorded yet",
}


def said_empty(report: Report) -> set[str]:
    page = FORMS["html"](report).decode().replace("<code>", "").replace("</code>", "")
    return {
        name for name, sentence in EMPTY.items() if sentence in page and name in {part.name for part in report.sections}
    }


def all_forms(report: Report) -> None:
    for form in FORMS.values():
        assert len(form(report)) > 100


def test_records_without_anything_give_an_honest_page(records: Records, settings: Settings) -> None:
    report = built(settings, records)
    assert said_empty(report) == set(EMPTY)
    assert "no sources yet: import one" in FORMS["html"](report).decode()
    all_forms(report)


def test_orders_alone(orders: Records, settings: Settings) -> None:
    report = built(settings, orders)
    assert said_empty(report) == set(EMPTY) - {"customers", "revenue", "retention"}
    all_forms(report)


def test_leads_alone(leads: Records, settings: Settings) -> None:
    report = built(settings, leads)
    assert said_empty(report) == set(EMPTY) - {"leads"}
    assert "No lead has a grade yet" in FORMS["html"](report).decode()
    all_forms(report)


def test_deals_alone(deals: Records, settings: Settings) -> None:
    report = built(settings, deals)
    assert said_empty(report) == set(EMPTY) - {"opportunities"}
    all_forms(report)


def test_customers_without_orders(records: Records, settings: Settings) -> None:
    records.write(
        {
            "parties": rows(source_key=["a"], kind=["person"], status=["active"]),
            "customers": rows(source_key=["a"], party_key=["a"], customer_no=["a"], kind=["b2c"]),
        }
    )
    report = built(settings, records)
    assert key(report, "customers") == {"Customers": 1}
    assert "nobody can be called active" in FORMS["html"](report).decode()


def test_a_moment_before_everything_gives_zeros_and_no_error(company: Records, settings: Settings) -> None:
    report = built(settings, company, 0)
    assert key(report, "customers")["Customers"] == 0
    assert key(report, "opportunities")["Win rate"] is None
    all_forms(report)


def test_a_month_that_has_not_ended_is_no_cohort(records: Records, settings: Settings, orders: Records) -> None:
    shown = table(built(settings, orders), "retention").rows
    assert "2012-01" not in {row[0] for row in shown}
    assert "2011-12" not in {row[0] for row in shown}


def test_reports_are_written_whole_into_their_folder(company: Records, settings: Settings, tmp_path: Path) -> None:
    desk = reports.open(settings, company)
    report = desk.build("overview")
    names = {form: desk.write(report, form).name for form in FORMS}
    assert names == {
        "html": "overview_2012-01-15.html",
        "xlsx": "overview_2012-01-15.xlsx",
        "csv": "overview_2012-01-15.csv.zip",
        "json": "overview_2012-01-15.json",
    }
    assert {path.name for path in settings.reports_dir.iterdir()} == set(names.values())
    assert desk.write(report, "html", tmp_path / "page.html").read_bytes() == FORMS["html"](report)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (
            lambda desk, report: desk.build("overvew"),
            "the report 'overvew' is unknown; one of overview is expected; name one",
        ),
        (
            lambda desk, report: desk.write(report, "pdf"),
            "the form is 'pdf'; one of html, xlsx, csv, json is expected; name one",
        ),
        (
            lambda desk, report: desk.write(report, "html", Path("/dev/full/a.html")),
            r"the report cannot be written to /dev/full/a.html \(.*\); a folder with free space that may be "
            "written is expected; make room or name another path",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(records: Records, settings: Settings, ask: Any, sentence: str) -> None:
    desk = reports.open(settings, records)
    with pytest.raises(ReportError, match=sentence):
        ask(desk, desk.build("overview"))


def test_a_file_of_the_library_without_a_report_is_one_sentence(
    records: Records, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(library()) == reports.open(settings, records).names == ["overview"]
    monkeypatch.setattr(overview, "report", None)
    with pytest.raises(
        ReportError, match=r"overview.py in the report library defines no report; .* is expected; add it"
    ):
        reports.open(settings, records).build("overview")
