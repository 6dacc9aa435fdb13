"""Labels: the span from the moment on, with all that is known by now; maturity; outcomes that sources state."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from crm import SourceInfo
from crm.clock import DAY
from crm.schema import Label
from features import FeatureView, InlineRecords, SpineError, customer, days, imported, lifetime
from tests.features import point_in_time
from tests.features.conftest import Opener
from tests.features.worlds import lines, make, moments_for

VIEW = FeatureView(entity=customer, n=lines.count())
T = 1_700_000_000_000_000


@pytest.mark.parametrize(
    ("occurred", "before", "after"), [(T - 1, 1, 0), (T, 0, 1), (T + 30 * DAY - 1, 0, 1), (T + 30 * DAY, 0, 0)]
)
def test_features_end_where_labels_begin(occurred: int, before: int, after: int, open_store: Opener) -> None:
    records = InlineRecords({"order_lines": [{"customer_id": 1, "occurred_at": occurred}]})
    store = open_store(records, v=VIEW)
    spine = pd.DataFrame({"customer_id": [1], "as_of": [T]})
    assert store.historical_features(["v:n"], spine)["v__n"].tolist() == [before]
    assert store.label(lines.count(), spine, days(30))["label"].tolist() == [after]


def test_a_label_knows_what_came_late(open_store: Opener) -> None:
    late = {"customer_id": 1, "amount": 7, "occurred_at": T + DAY, "known_at": T + 900 * DAY}
    store = open_store(InlineRecords({"order_lines": [late]}), v=VIEW)
    labelled = store.label(lines.amount.sum(), pd.DataFrame({"customer_id": [1, 2], "as_of": [T, T]}), days(30))
    assert labelled["label"].tolist() == [7, 0]
    assert labelled["matures_at"].tolist() == [T + 30 * DAY] * 2


@pytest.mark.parametrize("operation", ["count", "sum", "mean", "time_since_last"])
def test_labels_equal_the_oracles(operation: str, open_store: Opener) -> None:
    world = make(51, facts=120, entities=4)
    store = open_store(world.records(), v=VIEW)
    spine = pd.DataFrame(moments_for(world, 52, 60), columns=["customer_id", "as_of"])
    column = None if operation in ("count", "time_since_last") else "amount"
    outcome = getattr(lines if column is None else lines.amount, operation)()
    scale = {"count": 1, "time_since_last": DAY}.get(operation, 10_000)
    for row in store.label(outcome, spine, days(7)).to_dict("records"):
        wanted = point_in_time.label(world.rows, row["customer_id"], row["as_of"], 7 * DAY, operation, column)
        if wanted is None:
            assert math.isnan(row["label"])
        else:
            assert row["label"] == pytest.approx(wanted / scale, rel=1e-12)


def test_a_label_is_mature_when_its_span_ends_with_its_source(open_store: Opener) -> None:
    shop = SourceInfo(name="shop", complete_until=T + 30 * DAY, tables={"order_lines": 1})
    store = open_store(InlineRecords({}, sources=[shop]), v=VIEW)
    spine = pd.DataFrame({"customer_id": [1, 2, 3], "as_of": [T - 1, T, T + 1]})
    labelled = store.label(lines.count(), spine, days(30))
    assert store.matured(labelled, lines.count())["customer_id"].tolist() == [1, 2]
    assert store.complete_until(lines.count()).binding == "shop"


def test_an_imported_label_is_its_value_in_force(open_store: Opener) -> None:
    stated = [
        {"id": 1, "name": "churn", "customer_id": 1, "value": 1.0, "occurred_at": T},
        {"id": 2, "name": "churn", "customer_id": 2, "value": 1.0, "occurred_at": T},
        {"id": 2, "name": "churn", "customer_id": 2, "value": 0.0, "occurred_at": T, "known_at": T + DAY},
        {"id": 3, "name": "upsell", "customer_id": 3, "value": 1.0, "occurred_at": T},
    ]
    store = open_store(InlineRecords({"labels": stated}), v=VIEW)
    churn = imported(Label, "churn", customer)
    spine = pd.DataFrame({"customer_id": [1, 2, 3], "as_of": [T + 1, T + 1, T + 1]})
    assert store.label(churn, spine)["label"].fillna(-1).tolist() == [1, 0, -1]
    assert store.label(churn, spine)["matures_at"].tolist() == [T + 1] * 3
    earlier = spine.assign(as_of=T - DAY)
    assert store.label(churn, earlier, days(1))["label"].fillna(-1).tolist() == [-1, -1, -1]
    assert store.label(churn, earlier, days(2))["label"].fillna(-1).tolist() == [1, 0, -1]


def test_a_horizon_must_be_one_bounded_span(open_store: Opener) -> None:
    store = open_store(InlineRecords({}), v=VIEW)
    spine = pd.DataFrame({"customer_id": [1], "as_of": [T]})
    for horizon in (None, days(1, 2), lifetime):
        with pytest.raises(SpineError, match=r"the horizon is .*; one bounded span is expected; write days\(90\)"):
            store.label(lines.count(), spine, horizon)
