"""The same lists and the same page from PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import crm
import features
import reports
import reports.render
import segments
from configs import Settings
from crm.clock import DAY
from tests.segments.shop import END, SOURCE, fill, rows


def test_lists_and_pages_from_postgres(postgres_url: str, settings: Settings) -> None:
    there = replace(settings, records_url=postgres_url)
    with crm.open(there) as records:
        fill(records)
        records.write(
            {
                "consents": rows(
                    source_key=["a", "b"],
                    party_key=["C8", "C9"],
                    purpose=["marketing"] * 2,
                    channel=["email", "any"],
                    decision=["granted", "withdrawn"],
                    basis=["consent"] * 2,
                    occurred_at=[END - DAY] * 2,
                    known_at=[END - DAY] * 2,
                )
            },
            source=SOURCE,
        )
        store = features.open(there, records)
        desk = segments.open(there, records, store)
        assert desk.build("best_customers").built[0].members == 2
        report = desk.export("best_customers")
        assert (report.rows, report.suppressed, report.added) == (1, {"withdrawn": 1}, 1)
        assert desk.export("best_customers").added == 0
        assert desk.members("best_customers").to_json()["members"][0]["customer_no"] == "C8"
        store.close()
        page = reports.open(there, records).build("overview")
        revenue = next(section for section in page.sections if section.name == "revenue")
        assert revenue.rows == {"orders": 45, "order_lines": 45}
        assert "2,850.00" in reports.render.html(page).decode()  # 10 (1² + … + 9²)
