"""The overview: every number again in plain SQL over the same file; honest where there is nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import median

import markupsafe
import pytest

from configs import Settings
from crm import Records, SourceInfo
from crm.clock import DAY, parse, short
from reports import FEW, Figure, Findings
from reports.render import FORMS
from tests.reports.company import END, rows
from tests.reports.reading import built, key, section, snapshot, table
from tests.serving.conftest import add, artefact

pytestmark = pytest.mark.slow

SALES = f"""
with newest as (select l.* from order_lines l where l.known_at < {END} and l.version =
    (select max(n.version) from order_lines n where n.id = l.id and n.known_at < {END})),
lines as (select * from newest where op <> 'retract' and occurred_at < {END}),
sales as (
    select order_id, customer_id, kind, amount, currency, occurred_at from lines
    union all
    select o.id, o.customer_id, o.kind, o.amount, o.currency, o.occurred_at from orders o
    where o.op <> 'retract' and o.occurred_at < {END} and o.known_at < {END} and o.amount is not null
        and not exists (select 1 from lines l where l.order_id = o.id)
)
"""
MONTH = "strftime('%Y-%m', occurred_at / 1000000, 'unixepoch')"


def hidden(count: int) -> object:
    return FEW if 0 < count < 5 else count


def test_customers_reconcile(company: Records, settings: Settings) -> None:
    told = key(built(settings, company), "customers")
    with_sql = snapshot(settings)
    total = with_sql.execute(f"select count(*) from customers where occurred_at < {END}").fetchone()[0]
    buyers = with_sql.execute(
        SALES + "select min(occurred_at), max(occurred_at) from sales where kind = 'sale' group by customer_id"
    ).fetchall()
    with_sql.close()
    assert told == {
        "Customers": total,
        "Active": hidden(sum(last >= END - 90 * DAY for _, last in buyers)),
        "New": hidden(sum(first >= END - 30 * DAY for first, _ in buyers)),
        "Lapsed": hidden(sum(last < END - 90 * DAY for _, last in buyers)),
        "Never bought": hidden(total - len(buyers)),
    }
    assert total == 120


def test_buyers_by_month_reconcile(company: Records, settings: Settings) -> None:
    shown = table(built(settings, company), "buyers_by_month").rows
    with_sql = snapshot(settings)
    found = with_sql.execute(
        SALES + f", bought as (select distinct customer_id, {MONTH} as month from sales where kind = 'sale'), "
        "first as (select customer_id, min(month) as month from bought group by customer_id) "
        "select b.month, count(*), sum(b.month = f.month) from bought b join first f using (customer_id) group by 1 "
        "order by 1"
    ).fetchall()
    with_sql.close()
    assert [tuple(row) for row in shown] == [(month, hidden(count), hidden(new)) for month, count, new in found]
    assert len(found) >= 13


@pytest.mark.parametrize("currency", ["EUR", "USD"])
def test_revenue_reconciles_to_the_cent(company: Records, settings: Settings, currency: str) -> None:
    report = built(settings, company)
    shown = table(report, f"revenue_{currency.lower()}")
    with_sql = snapshot(settings)
    found = with_sql.execute(
        SALES + f"select {MONTH}, count(distinct case when kind = 'sale' then order_id end), "
        "sum(case when kind = 'sale' then amount else 0 end), sum(case when kind = 'return' then amount else 0 end), "
        "sum(case when kind = 'adjustment' then amount else 0 end), sum(amount) from sales where currency = ? "
        "group by 1 order by 1",
        [currency],
    ).fetchall()
    with_sql.close()
    assert [column.name for column in shown.columns] == ["month", "orders", "gross", "returns", "adjustments", "net"]
    assert [(row[0], row[1], *(round(float(str(part)) * 10_000) for part in row[2:])) for row in shown.rows] == found
    told = key(report, "revenue")
    assert told[f"Net {currency}"] == pytest.approx(sum(row[5] for row in found) / 10_000, abs=1e-9)
    assert told[f"Orders {currency}"] == sum(row[1] for row in found)


def test_a_correction_counts_from_when_it_was_known(company: Records, settings: Settings) -> None:
    """o1 was corrected before the end, o2 after it, o3 was taken back, and some orders lie after the end."""
    before, after = key(built(settings, company), "revenue"), key(built(settings, company, END + 2 * DAY), "revenue")
    assert before["Net EUR"] != after["Net EUR"]
    with_sql = snapshot(settings)
    corrected = with_sql.execute("select amount from order_lines where source_key = 'o1-0' order by version").fetchall()
    with_sql.close()
    assert corrected[1] == (7_770_000,)


def test_retention_reconciles(company: Records, settings: Settings) -> None:
    shown = table(built(settings, company), "retention")
    with_sql = snapshot(settings)
    found = with_sql.execute(SALES + f"select distinct customer_id, {MONTH} from sales where kind = 'sale'").fetchall()
    with_sql.close()
    months: dict[int, set[int]] = {}
    for customer, month in found:
        months.setdefault(customer, set()).add(int(month[:4]) * 12 + int(month[5:]))
    end = datetime.fromtimestamp(END / 1e6, UTC)
    last = end.year * 12 + end.month - 1
    for cohort, size, *cells in shown.rows:
        first = int(str(cohort)[:4]) * 12 + int(str(cohort)[5:])
        group = [seen for seen in months.values() if min(seen) == first]
        assert size == hidden(len(group))
        for age, cell in enumerate(cells, 1):
            back = sum(first + age in seen for seen in group)
            expected = None if first + age > last else FEW if 0 < back < 5 or len(group) < 5 else back / len(group)
            assert cell == (pytest.approx(expected) if isinstance(expected, float) else expected)
    assert len(shown.rows) >= 6
    assert any(cell is FEW for row in shown.rows for cell in row)
    assert any(isinstance(cell, float) and cell > 0 for row in shown.rows for cell in row)


def test_the_lead_funnel_reconciles(company: Records, settings: Settings) -> None:
    report = built(settings, company)
    assert key(report, "leads") == {
        "Leads": 100,
        "Converted": 40,
        "Conversion": 0.4,
        "Unqualified": 30,
        "Median time to convert": median(at % 9 for at in range(40)),
    }
    # L10 to L59 were worked on; L0 to L39 converted; L97 to L99 are qualified
    assert [(row[0], row[1], row[3]) for row in table(report, "lead_funnel").rows] == [
        ("new", 100, 27),
        ("assigned", 63, 0),
        ("working", 63, 0),
        ("qualified", 43, FEW),
        ("converted", 40, 40),
    ]
    assert table(report, "lead_funnel").rows[1][2] == pytest.approx(0.63)


def test_the_grades_of_leads_reconcile_and_small_ones_are_hidden(company: Records, settings: Settings) -> None:
    shown = table(built(settings, company), "lead_grades").rows
    assert [(row[0], row[1]) for row in shown] == [("A", FEW), ("B", 7), ("C", 20), ("D", 30)]
    assert shown[0][2] is None
    assert shown[2][2] == pytest.approx(sum(at / 60 for at in range(30, 50)) / 20)


def test_the_way_of_deals_reconciles(company: Records, settings: Settings) -> None:
    report = built(settings, company)
    told = key(report, "opportunities")
    assert (told["Open"], told["Won"], told["Lost"], told["Win rate"]) == (15, 25, 20, 25 / 45)
    assert told["Won EUR"] == sum(10_000_000 + at for at in range(25)) / 10_000
    shown = table(report, "opportunity_funnel").rows
    assert [(row[0], row[1], row[3]) for row in shown] == [("first", 60, 15), ("second", 35, 0), ("won", 25, 25)]
    assert shown[1][2] == pytest.approx(35 / 60)
    assert shown[0][4] == median(10 + at % 3 for at in range(45))
    assert shown[1][4] == median(10 + at % 3 for at in range(35))
    assert shown[2][4] is None


def test_risk_reconciles_by_band_and_by_segment(company: Records, settings: Settings) -> None:
    customers = {row["number"]: row["id"] for row in company.numbers("customer").to_pylist()}
    company.reference(
        "segments",
        rows(
            name=["mine", "unbuilt"],
            kind=["rule"] * 2,
            title=["Mine <b>", "Unbuilt"],
            definition=["{}"] * 2,
            definition_sha256=["0"] * 2,
            purpose=["marketing"] * 2,
            channel=["email"] * 2,
        ),
    )
    (segment,) = [row["id"] for row in company.arrow("segments").to_pylist() if row["name"] == "mine"]
    members = [customers[f"K{at}"] for at in range(70, 100)]
    company.write(
        {
            "segment_memberships": rows(
                source_key=[str(item) for item in members],
                segment_id=[segment] * 30,
                customer_id=members,
                change=["enter"] * 30,
                occurred_at=[END] * 30,
            )
        }
    )
    company.audit(
        "segment.build", "mine", {"as_of": END, "members": 30, "added": 30, "removed": 0, "definition_sha256": "0"}
    )
    report = built(settings, company)
    score = [(at % 10) / 10 + 0.05 for at in range(80)]
    told = key(report, "risk")
    assert told["Scored customers"] == 80
    assert told["Mean risk"] == pytest.approx(sum(score) / 80)
    assert told["Expected to leave"] == pytest.approx(sum(score))
    assert [(row[0], row[1]) for row in table(report, "risk_bands").rows] == [("high", 24), ("low", 56)]
    (row,) = table(report, "risk_by_segment").rows
    assert row[:3] == ("Mine <b>", 30, 10)
    assert row[3] == pytest.approx(sum(score[70:]) / 10)
    assert row[4] is FEW
    assert row[5] == pytest.approx(sum(score[70:]))
    assert b"Mine <b>" not in FORMS["html"](report)


def test_open_tickets_reconcile(company: Records, settings: Settings) -> None:
    report = built(settings, company)
    told = key(report, "service")
    assert (told["Tickets"], told["Open"]) == (20, 12)
    shown = {row[0]: row[1:] for row in table(report, "open_tickets").rows}
    assert shown["urgent"] == (2, 1.5, 2.0)
    assert shown["normal"] == (10, median(range(3, 13)), 12.0)
    assert shown["low"] == (0, None, None)
    assert told["Median time to resolve"] == 0.5
    assert key(built(settings, company, END + 2 * DAY), "service")["Open"] == 11


def test_suggestions_reconcile(company: Records, settings: Settings) -> None:
    assert key(built(settings, company), "recommendations") == {
        "Customers with recommendations": 60,
        "Share of all customers": 0.5,
        "Products recommended": 4,
        "Share of all products": 0.4,
    }


def test_the_report_says_as_of_when_from_what_and_from_how_many_rows(company: Records, settings: Settings) -> None:
    report = built(settings, company)
    assert report.as_of == END
    assert {part.as_of for part in report.sections if part.as_of} == {END}
    with_sql = snapshot(settings)
    counted = with_sql.execute(SALES + "select count(*) from lines").fetchone()[0]
    with_sql.close()
    assert section(report, "revenue").rows["order_lines"] == counted
    assert {source.name for source in report.sources} >= {"shop", "desk", "deals", "help", "rapport"}
    assert report.watermark == company.watermark()
    page = FORMS["html"](report).decode()
    assert page.count(short(END)) >= 8
    assert f"order_lines {counted:,}" in page


def test_each_section_speaks_as_of_its_own_sources(company: Records, settings: Settings) -> None:
    """A source that ends earlier binds only the sections that read it."""
    company.declare_source(SourceInfo(name="desk", complete_until=END - 100 * DAY))
    report = built(settings, company)
    assert section(report, "leads").as_of == END - 100 * DAY
    assert section(report, "revenue").as_of == END
    assert report.as_of == END


def test_what_stands_out_is_supported_by_a_table(company: Records, settings: Settings) -> None:
    report = built(settings, company)
    (found,) = section(report, "findings").blocks
    assert isinstance(found, Findings)
    assert len(found.items) >= 4
    assert {(item.evidence, item.title) for item in found.items} <= {
        (item.name, item.title) for _, item in report.tables()
    }
    listed = FORMS["html"](report).decode().partition('<ul class="findings">')[2].partition("</ul>")[0]
    page = FORMS["html"](report).decode()
    for item in found.items:
        assert f'<a href="#table-{item.evidence}">{item.title}</a>' in listed
        assert f'id="table-{item.evidence}"' in page, "the evidence can be gone to"
        assert f"<b>What to do:</b> {markupsafe.escape(item.advice)}" in listed
        assert item.period in item.basis()
    assert [item.worth for item in found.items] == sorted((item.worth for item in found.items), reverse=True)
    assert all(0 <= item.worth <= 1 for item in found.items)
    net = {row[0]: float(str(row[-1])) for row in table(report, "revenue_eur").rows}
    (said,) = [item.text for item in found.items if item.evidence == "revenue_eur"]
    assert f"Net revenue of 2011-12 was {net['2011-12']:,.2f}" in said
    assert ("above" in said) == (net["2011-12"] > net["2011-11"])


def test_a_month_that_has_not_ended_is_marked(company: Records, settings: Settings) -> None:
    report = built(settings, company)
    for name in ("buyers_by_month", "revenue_eur"):
        shown = table(report, name)
        assert dict(shown.remarks) == {len(shown.rows) - 1: "until 14 Jan"}
        assert shown.rows[-1][0] == "2012-01", "files keep the plain month"
    page = FORMS["html"](report).decode()
    assert "2012-01 <small>until 14 Jan</small>" in page
    assert "2012-01 (not complete):" in page
    whole = built(settings, company, parse("2012-01-01"))
    assert not table(whole, "revenue_eur").remarks
    assert "not complete" not in FORMS["html"](whole).decode()


def test_those_worth_acting_on_are_counted_by_the_models_threshold(company: Records, settings: Settings) -> None:
    assert "Worth acting on" not in key(built(settings, company), "risk"), "the model that scored is not at hand"
    add(settings, artefact(settings.artefacts_dir))
    add(settings, artefact(settings.artefacts_dir, weight=0.04))
    told = key(built(settings, company), "risk")
    assert told["Worth acting on"] == sum((at % 10) / 10 + 0.05 >= 0.5 for at in range(80)) == 40


def test_what_an_import_rejected_is_told_with_its_source(company: Records, settings: Settings) -> None:
    counts = {"read": 9, "accepted": 7, "rejected": 2, "unchanged": 0}
    file = str(settings.rejects_dir / "shop-1.csv")
    company.audit("import", "shop", {"tables": {"orders": counts, "customers": counts}, "rejects": file})
    report = built(settings, company)
    (line,) = [item for item in report.sources if item.name == "shop"]
    assert (line.rejected, line.rejects) == (4, "rejects/shop-1.csv")
    page = FORMS["html"](report).decode()
    assert "4 rows, kept in rejects/shop-1.csv of the workspace" in page
    assert str(settings.home) not in page
    company.audit("import", "shop", {"tables": {"orders": counts | {"rejected": 0}}, "rejects": None})
    assert [item.rejected for item in built(settings, company).sources if item.name == "shop"] == [0]


def test_wide_tables_stand_below_their_charts(company: Records, settings: Settings) -> None:
    figures = [item for part in built(settings, company).sections for item in part.blocks if isinstance(item, Figure)]
    assert {item.table.name for item in figures if item.is_wide} >= {"revenue_eur", "retention"}
    assert "buyers_by_month" in {item.table.name for item in figures if not item.is_wide}
