"""A small shop's export and its mapping, to be bent by the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from crm import Records
from crm.imports import ImportReport, run_import

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
CUSTOMERS = "id,name,plan,joined\nA,Ada,gold,2025-01-02 10:00\nB,Bo,,2025-01-03 11:00\nC,Cy,tin,2025-01-04 12:00\n"
ORDERS = (
    "no,customer,sold_at,line,item,qty,price\n"
    "1,A,2025-02-01 09:30,1,tea,2,4.50\n"
    "1,A,2025-02-01 09:30,2,cup,1,7.25\n"
    "2,B,2025-02-03 18:00,1,tea,1,4.50\n"
    "3,,2025-02-04 08:00,1,cup,4,7.00\n"
)
MAPPING: dict[str, Any] = {
    "source": "shop",
    "zone": "Europe/London",
    "lag": "1h",
    "complete_until": "2025-03-01T00:00:00",
    "files": {"people": {"path": "people.csv"}, "sold": {"path": "sold.csv"}},
    "tables": {
        "customers": {
            "sql": "SELECT id AS source_key, 'b2c' AS kind, name, plan, joined AS occurred_at, row_no FROM people",
            "attributes": {"plan": "picklist"},
        },
        "products": {
            "sql": "SELECT item AS source_key, min(sold_at) AS occurred_at, min(row_no) AS row_no FROM sold GROUP BY "
            "item"
        },
        "orders": {
            "sql": "SELECT no AS source_key, any_value(customer) AS customer_key, 'sale' AS kind, 'GBP' AS currency, "
            "sum(TRY_CAST(qty AS DECIMAL(9,2)) * TRY_CAST(price AS DECIMAL(9,2))) AS amount, min(sold_at) AS "
            "occurred_at, min(row_no) AS row_no "
            "FROM sold GROUP BY no ORDER BY row_no"
        },
        "order_lines": {
            "sql": "SELECT no || '/' || line AS source_key, no AS order_key, line AS line_no, customer AS "
            "customer_key, "
            "item AS product_key, 'sale' AS kind, qty AS quantity, price AS unit_price, "
            "TRY_CAST(qty AS DECIMAL(9,2)) * TRY_CAST(price AS DECIMAL(9,2)) AS amount, 'GBP' AS currency, sold_at "
            "AS occurred_at, row_no FROM sold"
        },
    },
}


@dataclass(frozen=True)
class Shop:
    """Files and a mapping in a folder."""

    folder: Path
    mapping: Mapping[str, Any]

    def file(self, name: str, content: str | bytes) -> Shop:
        """Put a file there."""
        (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def declare(self, **changes: Any) -> Shop:
        """Change top-level keys of the mapping; None removes one."""
        mapping = {key: value for key, value in {**self.mapping, **changes}.items() if value is not None}
        return replace(self, mapping=mapping)

    def table(self, name: str, **changes: Any) -> Shop:
        """Change one table of the mapping; None removes a key."""
        table = {
            key: value
            for key, value in {**self.mapping["tables"].get(name, {}), **changes}.items()
            if value is not None
        }
        return self.declare(tables={**self.mapping["tables"], name: table})

    def only(self, *names: str) -> Shop:
        """Keep these tables only."""
        return self.declare(tables={name: self.mapping["tables"][name] for name in names})

    @property
    def path(self) -> Path:
        """The mapping file, as it is now."""
        path = self.folder / "mapping.yaml"
        path.write_text(yaml.safe_dump(dict(self.mapping), sort_keys=False), encoding="utf-8")
        return path

    def run(
        self, records: Records, progress: Callable[[str, int, int], None] | None = None, *, dry_run: bool = False
    ) -> ImportReport:
        """Import it."""
        return run_import(records, self.path, self.folder, dry_run=dry_run, progress=progress)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Three customers and three orders of four lines, sound in every way."""
    folder = tmp_path / "export"
    folder.mkdir()
    return Shop(folder, MAPPING).file("people.csv", CUSTOMERS).file("sold.csv", ORDERS)


def shared(name: str) -> Path:
    """A folder of the real data beside the project."""
    if not (SHARED / name).is_dir():
        pytest.skip(f"the data {name} are not beside the project ({SHARED})")
    return SHARED / name
