"""What no other test states: ids, nulls, extremes that leave, zones, clashes, hindsight, shifts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from crm import AttributeInfo
from crm.clock import DAY, HOUR, to_micros
from crm.schema import AttributeValue
from features import (
    AsOf,
    FeatureError,
    FeatureView,
    InlineRecords,
    attributes,
    check,
    customer,
    days,
    hours,
    ratio,
)
from features.catalogue import Catalogue
from tests.features.conftest import Opener
from tests.features.worlds import lines

T = 1_700_000_000_000_000
BIG = 2**53 + 1
BERLIN = ZoneInfo("Europe/Berlin")


def bought(who: int, at: int = T - DAY, **values: Any) -> dict[str, Any]:
    return {"customer_id": who, "occurred_at": at, **values}


def test_ids_beyond_2_to_the_53_are_kept_apart_in_every_home(open_store: Opener) -> None:
    people = [{"id": i, "customer_no": f"K{i}", "occurred_at": 0} for i in (BIG, BIG - 1)]
    records = InlineRecords({"customers_versions": people, "order_lines": [bought(BIG), bought(BIG), bought(BIG - 1)]})
    store = open_store(records, v=FeatureView(entity=customer, n=lines.count()))
    store.materialize()
    spine = pd.DataFrame({"customer_id": [BIG, BIG - 1, BIG + 1], "as_of": T})
    assert store.historical_features(["v:n"], spine)["v__n"].tolist() == [2, 1, 0]
    assert store.online_features(["v:n"], [f"K{BIG}", f"K{BIG - 1}"], T).values["v:n"].tolist() == [2, 1]


def test_numbers_are_texts_and_a_whole_number_is_refused(open_store: Opener) -> None:
    people = [{"id": 1, "customer_no": "007", "occurred_at": 0}, {"id": 2, "customer_no": "7", "occurred_at": 0}]
    store = open_store(InlineRecords({"customers_versions": people}), v=FeatureView(entity=customer, n=lines.count()))
    assert store.ids(customer, ["7", "007"]).tolist() == [2, 1]
    with pytest.raises(FeatureError, match=r"7 names no customer; one text \(customer_no\) is expected; correct it"):
        store.ids(customer, [7])  # type: ignore[list-item]  # the mistake


def test_a_column_of_nothing_but_nulls() -> None:
    view = FeatureView(
        entity=customer,
        n=lines.count(),
        known=lines.quantity.count(),
        total=lines.quantity.sum(),
        mean=lines.quantity.mean(),
        low=lines.amount.min(),
        kinds=lines.category.nunique(),
        top=lines.category.mode(),
        last=lines.category.last(),
        per_one=ratio("total", "known"),
    )
    found = check(view, {"order_lines": [bought(1), bought(1, quantity=float("nan"))]}, [(1, T)]).iloc[0]
    assert found[["n", "known", "total", "kinds"]].tolist() == [2, 0, 0, 0]
    assert found[["mean", "low", "top", "last", "per_one"]].isna().all()


def test_the_extreme_leaves_the_window_to_the_microsecond() -> None:
    view = FeatureView(entity=customer, low=lines.amount.min(days(7)), high=lines.quantity.max(days(7)))
    rows = [bought(1, T, amount=1, quantity=9), bought(1, T + DAY, amount=5, quantity=3)]
    spine = [(1, T + 7 * DAY), (1, T + 7 * DAY + 1), (1, T + 8 * DAY), (1, T + 8 * DAY + 1)]
    found = check(view, {"order_lines": rows}, spine)
    assert found["low_7d"].tolist()[:3] == [1, 5, 5]
    assert found["high_7d"].tolist()[:3] == [9, 3, 3]
    assert found.iloc[3][["low_7d", "high_7d"]].isna().all()


def test_sums_of_money_are_exact_where_floats_would_not_be() -> None:
    view = FeatureView(entity=customer, spend=lines.amount.sum(), mean=lines.amount.mean())
    rows = {"order_lines": [bought(1, T - DAY - i, amount=0.1) for i in range(10)]}
    found = check(view, rows, [(1, T)]).iloc[0]
    assert (found["spend"], found["mean"]) == (1.0, 0.1)
    assert sum([0.1] * 10) != 1.0


@pytest.mark.parametrize(("day", "length"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_hours_are_counted_through_the_change_of_clocks(day: str, length: int) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    end = (midnight + timedelta(days=1)).astimezone(UTC)
    assert (end - midnight.astimezone(UTC)) == timedelta(hours=length)
    view = FeatureView(entity=customer, n=lines.count(hours(length, 24)))
    rows = [bought(1, to_micros(midnight) + shift) for shift in (-1, 0, HOUR)]
    found = check(view, {"order_lines": rows}, [(1, end)]).iloc[0]
    assert found[f"n_{length}h"] == 2
    assert found["n_24h"] == (3 if length == 23 else 1)


def test_a_state_that_was_cleared_is_null_and_not_the_one_before(open_store: Opener) -> None:
    told = [AttributeInfo(1, "tier", None, "text", None, "business", "always", None)]
    rows: list[dict[str, Any]] = [
        {"definition_id": 1, "customer_id": 1, "is_cleared": False, "value_text": "gold", "occurred_at": T},
        {"definition_id": 1, "customer_id": 1, "is_cleared": True, "occurred_at": T + DAY},
        {"definition_id": 1, "customer_id": 1, "is_cleared": False, "value_text": "tin", "occurred_at": T + 2 * DAY},
    ]
    records = InlineRecords({"attribute_values": rows}, attributes={"customer": told})
    view = FeatureView(entity=customer, dynamic=attributes(AttributeValue, entity=customer))
    store = open_store(records, a=view)
    spine = pd.DataFrame({"customer_id": 1, "as_of": [T, T + 1, T + DAY, T + DAY + 1, T + 2 * DAY + 1]})
    found = store.historical_features(["a:tier"], spine)["a__tier"].tolist()
    assert found == [None, "gold", "gold", None, "tin"]


def test_two_views_that_make_one_column_are_refused() -> None:
    views = {
        "a": FeatureView(entity=customer, b__c=lines.count()).named("a"),
        "a__b": FeatureView(entity=customer, c=lines.count()).named("a__b"),
    }
    with pytest.raises(FeatureError, match="'a:b__c' and 'a__b:c' are both the column 'a__b__c'; a column for each is"):
        Catalogue(views)


def test_what_honouring_known_at_changes_is_named(open_store: Opener) -> None:
    rows = [
        bought(1, T - DAY, known_at=T + DAY, quantity=2),
        bought(2, T - DAY, known_at=T - DAY, quantity=2, category="tea", id=7),
        bought(2, T - DAY, known_at=T + DAY, quantity=3, category="tea", id=7),
    ]
    view = FeatureView(entity=customer, n=lines.count(), q=lines.quantity.sum(), c=lines.category.last())
    store = open_store(InlineRecords({"order_lines": rows}), v=view)
    spine = pd.DataFrame({"customer_id": [1, 2, 3], "as_of": T})
    assert store.hindsight(["v:*"], spine) == {"v:q": 2, "v:n": 1}
    assert store.hindsight(["v:*"], spine.assign(as_of=T + 2 * DAY)) == {}


def test_a_moment_beyond_the_end_of_the_sources_is_allowed_and_said() -> None:
    end = AsOf(T, {"shop": T, "live": None}, "shop")
    assert end.beyond(T) == end.beyond(T - 1) == AsOf(T, {"live": None}).beyond(T + DAY) == ""
    assert "lies beyond the end of shop" in end.beyond(T + 1)
