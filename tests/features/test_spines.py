"""Spines: every unit of time, order and duplicates kept, mistakes in one sentence; spines built from records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from crm import SourceInfo
from crm.clock import DAY, iso, parse
from features import (
    FeatureError,
    FeatureStore,
    FeatureView,
    InlineRecords,
    SpineError,
    customer,
    days,
    lifetime,
)
from features.checks import same_bits
from tests.features.conftest import Opener
from tests.features.worlds import lines

VIEW = FeatureView(entity=customer, n=lines.count(), last=lines.category.last())
NOON = parse("2024-03-01T12:00:00+00:00")


@pytest.fixture
def store(open_store: Opener) -> FeatureStore:
    rows: list[dict[str, Any]] = [
        {"customer_id": 1, "category": "tea", "occurred_at": NOON - 1_000_000},
        {"customer_id": 2, "occurred_at": NOON - 400 * DAY},
    ]
    heads = [{"id": i, "customer_no": f"K{i}", "kind": "b2c", "occurred_at": NOON - i * 200 * DAY} for i in (1, 2, 3)]
    sources = [
        SourceInfo(name="shop", complete_until=NOON, tables={"order_lines": 2, "customers": 3}),
        SourceInfo(name="desk", complete_until=NOON - DAY, tables={"tickets": 9}),
        SourceInfo(name="rapport", complete_until=None, tables={"order_lines": 1}),
    ]
    records = InlineRecords({"order_lines": rows, "customers_versions": heads}, sources=sources)
    return open_store(records, v=VIEW)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_moments_of_every_unit_and_zone(unit: Literal["s", "ms", "us", "ns"], zone: str, store: FeatureStore) -> None:
    moments = pd.to_datetime(pd.Series(["2024-03-01T12:00:00Z", "2024-03-01T11:59:59Z"])).dt.tz_convert(zone)
    spine = pd.DataFrame({"customer_id": [1, 1], "as_of": moments.dt.as_unit(unit)})
    assert store.historical_features(["v:n"], spine)["v__n"].tolist() == [1, 0]


def test_datetimes_and_arrow_are_spines_too(store: FeatureStore) -> None:
    moments = [datetime(2024, 3, 1, 12, tzinfo=UTC), datetime(2024, 3, 1, 11, 59, 59, tzinfo=UTC)]
    plain = pd.DataFrame({"customer_id": [1, 1], "as_of": pd.Series(moments, dtype=object)})
    assert store.historical_features(["v:n"], plain)["v__n"].tolist() == [1, 0]
    arrow = pa.table({"customer_id": [1, 1], "as_of": pa.array(moments, pa.timestamp("ms", tz="UTC"))})
    assert store.historical_features(["v:n"], arrow)["v__n"].tolist() == [1, 0]
    whole = pa.table({"customer_id": [1, 1], "as_of": [NOON, NOON - 1_000_000]})
    assert store.historical_features(["v:n"], whole)["v__n"].tolist() == [1, 0]


def test_rows_other_columns_and_the_index_stay(store: FeatureStore) -> None:
    spine = pd.DataFrame(
        {"note": ["b", "a", "b", None], "customer_id": [2, 1, 2, 99], "as_of": [NOON, NOON, NOON, NOON]},
        index=[7, 7, 3, 1],
    )
    before = spine.copy()
    frame = store.historical_features(["v:*"], spine)
    same_bits(spine, before)
    same_bits(frame[["note", "customer_id", "as_of"]], before)
    assert frame["v__n"].tolist() == [1, 1, 1, 0]
    assert frame["v__last"].tolist() == [None, "tea", None, None]
    assert [str(frame[name].dtype) for name in ("v__n", "v__last")] == ["float64", "object"]


def test_an_empty_spine_has_empty_columns(store: FeatureStore) -> None:
    spine = pd.DataFrame({"customer_id": pd.Series([], dtype="int64"), "as_of": pd.Series([], dtype="int64")})
    frame = store.historical_features(["v:*"], spine)
    assert list(frame.columns) == ["customer_id", "as_of", "v__n", "v__last"]
    assert len(frame) == 0


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "naive": (
        {"customer_id": [1], "as_of": pd.to_datetime(["2024-03-01"])},
        r"the spine's as_of is Timestamp\('2024-03-01 00:00:00'\), which has no zone; aware moments .* convert it",
    ),
    "naive object": ({"customer_id": [1], "as_of": [datetime(2024, 3, 1)]}, "which has no zone"),  # noqa: DTZ001 - the mistake
    "text": ({"customer_id": [1], "as_of": ["2024-03-01"]}, "the spine's as_of is '2024-03-01', which has no zone"),
    "null moment": (
        {"customer_id": [1], "as_of": [pd.NaT]},
        "the spine's as_of is null in 1 rows; a moment is expected",
    ),
    "null id": ({"customer_id": [None], "as_of": [5]}, "the spine's customer_id is null in 1 rows; an id in every row"),
    "text id": ({"customer_id": ["1"], "as_of": [5]}, r"the spine's customer_id holds str; whole record ids \(int64\)"),
    "float id": ({"customer_id": [1.5], "as_of": [5]}, "the spine's customer_id holds float64; whole record ids"),
    "no id": (
        {"lead_id": [1], "as_of": [5]},
        "the spine has no column 'customer_id'; it has lead_id, as_of; customer_id",
    ),
    "no moment": ({"customer_id": [1]}, "the spine has no column 'as_of'; it has customer_id; customer_id and as_of"),
    "nanoseconds": (
        {"customer_id": [1], "as_of": [9_000_000_000_000_000_000]},
        "the spine's as_of holds 9000000000000000000; microseconds since 1970 are expected; divide nanoseconds by 1000",
    ),
    "fractions": (
        {"customer_id": [1], "as_of": pd.to_datetime(["2024-03-01T00:00:00.000000001Z"])},
        "the spine's as_of has fractions of a microsecond; whole microseconds are expected; round them",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_spine_is_one_sentence(name: str, store: FeatureStore) -> None:
    columns, sentence = BAD[name]
    with pytest.raises(SpineError, match=sentence):
        store.historical_features(["v:n"], pd.DataFrame(columns))


TWICE = pd.DataFrame([[1, 5, 6]], columns=["customer_id", "as_of", "as_of"])


@pytest.mark.parametrize(
    ("spine", "sentence"),
    [
        (TWICE, "the spine has two columns 'as_of'; a name of its own for each is expected; drop one"),
        (pa.Table.from_arrays([pa.array([1])] * 2, names=["x", "x"]), "the spine has two columns 'x'"),
        ("customers", "the spine is 'customers' .*; a DataFrame or an Arrow table with an id and as_of in each row is"),
        ({"customer_id": [1], "as_of": [5, 6]}, "the spine is {.*; a DataFrame or an Arrow table"),
    ],
)
def test_what_is_no_table_or_has_a_column_twice_is_one_sentence(spine: Any, sentence: str, store: FeatureStore) -> None:
    for ask in (store.historical_features, store.make_training_set):
        with pytest.raises(SpineError, match=sentence):
            ask(["v:n"], spine)
    with pytest.raises(SpineError, match=sentence):
        store.label(lines.count(), spine, days(1))


def test_a_clash_with_a_column_of_the_spine_is_one_sentence(store: FeatureStore) -> None:
    with pytest.raises(
        FeatureError, match="the spine has a column 'v__n' already; a name of its own is expected; rename"
    ):
        store.historical_features(["v:n"], pd.DataFrame({"customer_id": [1], "as_of": [5], "v__n": [0]}))


@pytest.mark.parametrize(
    ("ref", "sentence"),
    [
        (
            "w:n",
            "the view of 'w:n' is unknown; a reference view:feature with one of the views v is expected; correct it",
        ),
        ("n", "the view of 'n' is unknown"),
        ("v:m", "the view 'v' has no feature 'm'; one of last, n is expected; correct the name"),
    ],
)
def test_an_unknown_reference_is_one_sentence(ref: str, sentence: str, store: FeatureStore) -> None:
    with pytest.raises(FeatureError, match=sentence):
        store.historical_features([ref], pd.DataFrame({"customer_id": [1], "as_of": [5]}))


def test_entities_at_a_moment_are_those_known_before(store: FeatureStore) -> None:
    assert store.entities_at(customer, NOON)["customer_id"].tolist() == [1, 2, 3]
    assert store.entities_at("customer", NOON - 300 * DAY)["customer_id"].tolist() == [2, 3]
    assert store.entities_at("customer", NOON - 400 * DAY)["customer_id"].tolist() == [3]
    assert store.entities_at("customer", NOON - 400 * DAY + 1)["customer_id"].tolist() == [2, 3]
    assert store.entities_at("customer", store.default_as_of(["v:n"]))["as_of"].tolist() == [NOON] * 3
    with pytest.raises(
        FeatureError,
        match="the entity 'pet' is unknown; one of customer, lead, product, opportunity, customer_product is",
    ):
        store.entities_at("pet", NOON)


def test_every_month_every_customer_perhaps_only_active_ones(store: FeatureStore) -> None:
    since, until = parse("2024-01-15"), parse("2024-03-02")
    whole = store.every("month", customer, since, until)
    assert [(row["customer_id"], iso(row["as_of"])[:10]) for row in whole.to_dict("records")] == [
        (i, day) for day in ("2024-02-01", "2024-03-01") for i in (1, 2, 3)
    ]
    late = store.every("day", "customer", NOON, NOON + 2 * DAY, active=lines.count(days(30)))
    assert late["customer_id"].tolist() == [1, 1]
    ever = store.every(days(1), "customer", NOON - DAY, NOON, active=lines.count(lifetime))
    assert [(row["customer_id"], row["as_of"]) for row in ever.to_dict("records")] == [
        (2, NOON - DAY),
        (1, NOON),
        (2, NOON),
    ]
    with pytest.raises(
        SpineError, match=r"the period 'year' is unknown; one of day, week, month, quarter, or days\(30\)"
    ):
        store.every("year", customer, since, until)


@pytest.mark.parametrize(
    ("period", "wanted"),
    [
        ("week", ["2024-01-29", "2024-02-05"]),
        ("quarter", ["2024-04-01", "2024-07-01"]),
    ],
)
def test_calendar_periods(period: str, wanted: list[str], store: FeatureStore) -> None:
    until = parse("2024-02-08") if period == "week" else parse("2024-07-31")
    spine = store.every(period, customer, parse("2024-01-25"), until)
    assert [iso(moment)[:10] for moment in sorted(set(spine["as_of"]))] == wanted


def test_the_default_moment_is_the_earliest_end_of_the_sources_in_use(store: FeatureStore) -> None:
    found = store.default_as_of(["v:*"])
    assert (found.micros, found.binding) == (NOON, "shop")
    assert found.sources == {"shop": NOON, "rapport": None}
    assert str(found) == "2024-03-01T12:00:00Z (the end of shop)"


def test_without_ends_the_default_moment_is_now(open_store: Opener) -> None:
    live = [SourceInfo(name="rapport", tables={"order_lines": 4})]
    found = open_store(InlineRecords({}, sources=live), v=VIEW).default_as_of(["v:n"])
    assert found.binding == ""
    assert found.micros > parse("2024-01-01")
    assert str(found).endswith("(now)")


def test_a_moment_may_be_text_time_number_or_the_default(store: FeatureStore) -> None:
    given: list[Any] = [NOON, np.int64(NOON), iso(NOON), datetime(2024, 3, 1, 12, tzinfo=UTC), pd.Timestamp(iso(NOON))]
    for moment in [*given, store.default_as_of(["v:n"])]:
        found = store.entities_at(customer, moment)
        assert found["as_of"].unique().tolist() == [NOON]
    assert store.explain("v:n", "K1", iso(NOON)).num_rows == 1
    monthly = store.every("month", customer, "2024-01-01", "2024-03-01")
    assert sorted(map(iso, set(monthly["as_of"]))) == [f"2024-0{month}-01T00:00:00Z" for month in (1, 2, 3)]


@pytest.mark.parametrize("moment", ["yesterday", "2024-03-01T12:00", datetime(2024, 3, 1), 1.5, None])  # noqa: DTZ001 - naive on purpose
def test_what_is_no_moment_is_one_sentence(moment: Any, store: FeatureStore) -> None:
    with pytest.raises(FeatureError, match=r"is no moment \(.*\); a date, .* expected; write 2026-06-30"):
        store.entities_at(customer, moment)


def test_a_view_without_a_file_is_tried_on_the_records(store: FeatureStore) -> None:
    spine = store.entities_at(customer, NOON)
    tried = store.trial(FeatureView(entity=customer, n=lines.count(days(1, 500)), last=lines.category.last()), spine)
    assert list(tried) == ["customer_id", "as_of", "n_1d", "n_500d", "last"]
    declared = store.historical_features(["v:*"], spine)
    assert tried["last"].tolist() == declared["v__last"].tolist()
    assert tried["n_500d"].sum() == 2
    assert "trial" not in store.views
