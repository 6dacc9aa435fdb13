"""Explaining a value, listing a log, describing features, refusing what leaks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from crm import AttributeInfo
from crm.clock import DAY, parse
from crm.schema import AttributeValue, OrderLine
from features import (
    FeatureError,
    FeatureStore,
    FeatureView,
    HistoryError,
    InlineRecords,
    LeakageError,
    attributes,
    customer,
    days,
    events,
    product,
    ratio,
)
from features.as_of import AsOf, Moment
from features.declare.aggregate import Condition
from tests.features.conftest import Opener
from tests.features.test_oracle import CONDITIONS
from tests.features.worlds import lines, make, moments_for

T = 1_700_000_000_000_000
sales = lines.where(lines.kind == "sale")
VIEW = FeatureView(
    entity=customer,
    spend=sales.amount.sum(days(1, 30)).called("spend"),
    n=lines.count(),
    trend=ratio("spend_1d", "spend_30d"),
    mixed=ratio("spend_1d", "n"),
)


@pytest.fixture
def store(open_store: Opener) -> FeatureStore:
    row = {"customer_id": 4, "kind": "sale", "currency": "EUR", "category": "tea"}
    rows = [
        row | {"id": 1, "amount": 2.5, "occurred_at": T - DAY},
        row | {"id": 2, "amount": 3, "occurred_at": T - 9 * DAY},
        row | {"id": 3, "amount": 5, "kind": "return", "occurred_at": T - DAY},
        row | {"id": 4, "amount": 7, "occurred_at": T - DAY, "known_at": T},
        row | {"id": 5, "customer_id": 5, "amount": 9, "occurred_at": T - DAY},
        row | {"id": 6, "amount": 9, "occurred_at": T - 5 * DAY},
        row | {"id": 6, "op": "retract", "known_at": T - 4 * DAY},
    ]
    heads = [{"id": i, "customer_no": f"K{i}", "occurred_at": 0} for i in (4, 5)]
    info = [AttributeInfo(1, "why", None, "text", None, "business", "after_outcome", None)]
    records = InlineRecords({"order_lines": rows, "customers_versions": heads}, attributes={"customer": info})
    dynamic = FeatureView(entity=customer, dynamic=attributes(AttributeValue, entity=customer))
    goods = FeatureView(entity=product, sold=events(OrderLine, entity=product).count())
    return open_store(records, v=VIEW, a=dynamic, p=goods)


def test_the_rows_behind_a_value(store: FeatureStore) -> None:
    rows = store.explain("v:spend_30d", "K4", T)
    assert rows.column("amount").to_pylist() == [3.0, 2.5]
    assert rows.column("fact").to_pylist() == [2, 1]
    assert rows.column("category").to_pylist() == ["tea", "tea"]
    assert rows.column("occurred_at").to_pylist()[1].isoformat() == "2023-11-13T22:13:20+00:00"
    assert store.explain("v:spend_1d", "K4", T).column("amount").to_pylist() == [2.5]
    assert store.explain("v:trend", "K4", T).num_rows == 2
    assert store.explain("v:n", "K5", T - DAY).num_rows == 0


def test_what_cannot_be_explained_is_one_sentence(store: FeatureStore) -> None:
    with pytest.raises(
        FeatureError, match=r"'v:mixed' is a formula over several sources; .* explain one of v:spend_1d, v:n"
    ):
        store.explain("v:mixed", "K4", T)
    with pytest.raises(FeatureError, match="no customer has the number 'K9'; a customer_no of the records is expected"):
        store.explain("v:n", "K9", T)


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_rows_behind_a_count_are_as_many_as_it_says(name: str, open_store: Opener) -> None:
    condition: Condition = CONDITIONS[name][0]()
    world = make(61, facts=100, entities=3)
    records = world.records()
    records.add("customers_versions", [{"id": i, "customer_no": f"K{i}", "occurred_at": 0} for i in range(1, 9)])
    view = FeatureView(entity=customer, n=lines.where(condition).count(days(30)))
    store = open_store(records, v=view)
    for entity, moment in moments_for(world, 62, 20):
        spine = pd.DataFrame({"customer_id": [entity], "as_of": [moment]})
        counted = store.historical_features(["v:n_30d"], spine)["v__n_30d"].iloc[0]
        assert store.explain("v:n_30d", f"K{entity}", moment).num_rows == counted


def test_a_log_can_be_listed(store: FeatureStore) -> None:
    rows = store.log(lines)
    assert rows.column("customer_id").to_pylist() == [4, 4, 4, 4, 4, 5]
    assert rows.column("occurred_at").to_pylist() == [*sorted(rows.column("occurred_at").to_pylist()[:5]), T - DAY]
    assert store.log("order_lines.customer", [5]).column("amount").to_pylist() == [9.0]
    ended = dict(zip(rows.column("fact").to_pylist(), rows.column("superseded_at").to_pylist(), strict=True))
    assert ended[6] == T - 4 * DAY
    with pytest.raises(HistoryError, match=r"the log 'sales' is unknown; one of .*order_lines.customer.* is expected"):
        store.log("sales")


def test_features_are_described_with_the_currency_of_their_rows(store: FeatureStore) -> None:
    spend, trend = store.features(["v:spend_30d", "v:trend"])
    assert (spend.flat, spend.dtype, spend.family, spend.unit) == ("v__spend_30d", "float", "v", "EUR")
    assert (spend.title, spend.null, spend.protected) == ("spend in the last 30 days", "0 without rows", False)
    assert trend.unit == "share"
    assert store.version(["v:n"]) == {"v": VIEW.version}


def test_two_currencies_have_no_common_unit(open_store: Opener) -> None:
    rows = [{"customer_id": 1, "currency": code, "amount": 1, "occurred_at": 0} for code in ("EUR", "USD")]
    store = open_store(InlineRecords({"order_lines": rows}), v=VIEW)
    assert store.features(["v:spend_1d"])[0].unit == "currency units"


def test_an_attribute_known_after_the_outcome_is_refused_where_it_is_asked_for(store: FeatureStore) -> None:
    sentence = (
        "the customer attribute 'why' is declared as known only after the outcome; .* leave it out, or, if it was"
    )
    spine = pd.DataFrame({"customer_id": [4], "as_of": [T]})
    with pytest.raises(LeakageError, match=sentence):
        store.historical_features(["a:why"], spine)
    with pytest.raises(LeakageError, match=sentence):
        store.online_features(["a:why"], ["K4"], T)
    assert store.features(["a:*"]) == []


def test_features_of_two_entities_offline_together_online_apart(store: FeatureStore) -> None:
    spine = pd.DataFrame({"customer_id": [4], "product_id": [1], "as_of": [T]})
    assert store.historical_features(["v:n", "p:sold"], spine).iloc[0][["v__n", "p__sold"]].tolist() == [3, 0]
    with pytest.raises(
        FeatureError, match="the features asked for are of customer and product; features of one entity"
    ):
        store.online_features(["v:n", "p:sold"], ["K4"], T)
    with pytest.raises(FeatureError, match="the features asked for are of no entity"):
        store.online_features([], ["K4"], T)


@pytest.mark.parametrize("keys", ["K4", 4])
def test_keys_are_a_list_not_a_text(keys: Any, store: FeatureStore) -> None:
    sentence = rf"the keys of customers are (the text )?{keys!r}; a list of them is expected; write \[{keys!r}\]"
    for ask in (
        lambda: store.online_features(["v:n"], keys, T),
        lambda: store.ids("customer", keys),
        lambda: store.online_events("customer", lines, keys, T),
    ):
        with pytest.raises(FeatureError, match=sentence):
            ask()


ALIKE = ["2026-01-01", "2026-01-01T01:00:00+01:00", datetime(2026, 1, 1, tzinfo=UTC), AsOf(parse("2026-01-01"))]


@pytest.mark.parametrize("moment", ALIKE, ids=str)
def test_a_moment_means_the_same_everywhere(moment: Moment, store: FeatureStore) -> None:
    at = parse("2026-01-01")
    assert store.materialize(as_of=moment).entities["customer"] == 2
    told = store.online_features(["v:n"], ["K4"], moment)
    assert (told.as_of, store.online_features(["v:n"], ["K4"]).as_of) == (at, at)
    assert told.values["v:n"].tolist() == [4]
    assert len(store.online_events("customer", lines, ["K4"], moment)[0]["occurred_at"]) == 4
    spine = pd.DataFrame({"customer_id": [4], "as_of": [at]})
    assert store.historical_features(["v:n"], spine, known_before=moment)["v__n"].tolist() == [4]
    assert store.make_training_set(["v:n"], spine, known_before=moment).manifest.known_before == at


@pytest.mark.parametrize("moment", ["2026-01-01T00:00", "tomorrow", datetime(2026, 1, 1), 1.5])  # noqa: DTZ001 - the mistake
def test_what_is_no_moment_is_refused_everywhere(moment: Any, store: FeatureStore) -> None:
    spine = pd.DataFrame({"customer_id": [4], "as_of": [T]})
    for ask in (
        lambda: store.online_features(["v:n"], ["K4"], moment),
        lambda: store.materialize(as_of=moment),
        lambda: store.historical_features(["v:n"], spine, known_before=moment),
        lambda: store.make_training_set(["v:n"], spine, known_before=moment),
    ):
        with pytest.raises(FeatureError, match=r"is no moment \(.*\); a date, an ISO 8601 time with a zone, or whole"):
            ask()


REFS: dict[str, tuple[Any, str]] = {
    "a text": ("v:n", r"the references are the text 'v:n'; a list of them is expected; write \['v:n'\]"),
    "a number": (3, "the references are 3; a list of texts is expected"),
    "numbers": ([3], "the reference 3 is no text; view:feature or view:\\* is expected"),
    "lists": (["v:n", ["v:n"]], r"the reference \['v:n'\] is no text"),
}


@pytest.mark.parametrize("name", REFS)
def test_references_are_texts(name: str, store: FeatureStore) -> None:
    refs, sentence = REFS[name]
    with pytest.raises(FeatureError, match=sentence):
        store.historical_features(refs, pd.DataFrame({"customer_id": [4], "as_of": [T]}))
    with pytest.raises(FeatureError, match=sentence):
        store.online_features(refs, ["K4"], T)
