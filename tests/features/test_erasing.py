"""Erasure from what is derived: no byte of the person stays, everybody else is answered as before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm.clock import DAY
from crm.schema import Customer, Event
from features import FeatureStore, FeatureView, InlineRecords, customer, customer_product, events, product, states
from features.checks import same_bits
from tests.features.conftest import Opener

T = 1_700_000_000_000_000
MAIL, NUMBER = "erna.weg@mail.example", "ERASE-4711"
GONE = 777_000_111_222

visits = events(Event, entity=customer)
views = {
    "who": FeatureView(entity=customer, n=visits.count(), mail=states(Customer, entity=customer).region.latest()),
    "pair": FeatureView(entity=customer_product, n=events(Event, entity=customer_product).count()),
    "sold": FeatureView(entity=product, n=events(Event, entity=product).customer_id.nunique()),
}


def world() -> InlineRecords:
    people = {1: ("K1", "north"), GONE: (NUMBER, MAIL)}
    seen = [(1, 5), (GONE, 5), (GONE, 6)]
    return InlineRecords(
        {
            "customers_versions": [
                {"id": i, "customer_no": no, "region": region, "occurred_at": 0} for i, (no, region) in people.items()
            ],
            "products_versions": [{"id": i, "product_no": f"P{i}", "occurred_at": 0} for i in (5, 6)],
            "events": [{"customer_id": i, "product_id": p, "type": "view", "occurred_at": T - DAY} for i, p in seen],
        }
    )


def leave(records: InlineRecords) -> None:
    """What the records do when a person is erased."""
    rows: dict[str, list[dict[str, Any]]] = records._rows
    rows["customers_versions"] = [row for row in rows["customers_versions"] if row["id"] != GONE]
    for row in rows["events"]:
        row["customer_id"] = None if row["customer_id"] == GONE else row["customer_id"]


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("compact_rows", [0, 10**9])
def test_no_byte_stays_and_the_others_are_answered(compact_rows: int, open_store: Opener, tmp_path: Path) -> None:
    records = world()
    store: FeatureStore = open_store(records, compact_rows, **views)
    store.refresh()
    records.add("events", [{"customer_id": GONE, "product_id": 5, "type": "view", "occurred_at": T - 2 * DAY}])
    store.refresh()
    for kind in ("customer", "customer_product", "product"):
        store.materialize(kind)
    everybody = pd.DataFrame({"customer_id": [1, GONE], "product_id": [5, 6], "as_of": T})
    store.training_sets.save(store.make_training_set(["who:*", "pair:*"], everybody), "kept")
    before = store.historical_features(["who:*", "pair:*"], everybody)
    word = GONE.to_bytes(8, "little")
    assert word in bytes_of(tmp_path)
    assert MAIL.encode() in bytes_of(tmp_path)
    leave(records)
    counts = store.erase({"customers": [GONE]}, {"customers", "events"})
    assert counts == {"history logs": 4, "combinations": 2, "online states": 4, "training set rows": 1}
    left = bytes_of(tmp_path)
    for text in (MAIL.encode(), NUMBER.encode(), word):
        assert text not in left, text
    after = store.historical_features(["who:*", "pair:*"], everybody)
    same_bits(after.head(1), before.head(1))
    assert [after["who__n"][1], after["pair__n"][1]] == [0, 0]
    online = store.online_features(["who:n"], ["K1", NUMBER], T)
    assert (online.values["who:n"].tolist(), online.status["who"]) == ([1, 0], ["OK", "NOT_FOUND"])
    buyers = store.online_features(["sold:n"], ["P5", "P6"], T).values["sold:n"].tolist()
    assert buyers == store.historical_features(["sold:n"], everybody)["sold__n"].tolist() == [1, 0]
    assert store.training_set("kept").spine.column("customer_id").to_pylist() == [1]


def test_again_is_nothing(open_store: Opener) -> None:
    records = world()
    store = open_store(records, **views)
    store.refresh()
    leave(records)
    store.erase({"customers": [GONE]}, {"customers", "events"})
    counts = store.erase({"customers": [GONE]}, {"customers", "events"})
    assert (counts["combinations"], counts["training set rows"]) == (0, 0)
    assert store.erase({}, set()) == dict.fromkeys(counts, 0)
