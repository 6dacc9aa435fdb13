"""Edges in time: the moment itself, a window's beginning, a microsecond to either side, ties, and far away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from crm.clock import DAY, to_micros
from crm.schema import Ticket
from features import FeatureView, check, customer, days, events, hours, lifetime
from features.declare.measure import Measure
from features.errors import FeatureError
from tests.features.worlds import lines

T = 1_700_000_000_000_000


def values(view: FeatureView, rows: list[dict[str, object]], moment: int = T) -> dict[Any, Any]:
    frame = check(view, {"order_lines": rows}, [(1, moment)])
    return frame.iloc[0].to_dict()


def row(occurred_at: int, **values: object) -> dict[str, object]:
    return {"customer_id": 1, "occurred_at": occurred_at, **values}


@pytest.mark.parametrize(("occurred", "seen"), [(T, 0), (T - 1, 1), (T + 1, 0)])
def test_the_moment_itself_is_the_future(occurred: int, seen: int) -> None:
    assert values(FeatureView(entity=customer, n=lines.count()), [row(occurred)])["n"] == seen


@pytest.mark.parametrize(("known", "seen"), [(T, 0), (T - 1, 1), (T + 1, 0)])
def test_what_is_known_at_the_moment_is_not_known_yet(known: int, seen: int) -> None:
    assert values(FeatureView(entity=customer, n=lines.count()), [row(T - DAY, known_at=known)])["n"] == seen


@pytest.mark.parametrize(("occurred", "seen"), [(T - DAY, 1), (T - DAY - 1, 0), (T - DAY + 1, 1)])
def test_a_window_begins_with_its_first_microsecond(occurred: int, seen: int) -> None:
    view = FeatureView(entity=customer, n=lines.count(days(1)), m=lines.count(hours(24)), x=lines.line_no.last(days(1)))
    found = values(view, [row(occurred, line_no=3)])
    assert (found["n_1d"], found["m_24h"]) == (seen, seen)
    assert found["x_1d"] == 3 if seen else np.isnan(found["x_1d"])


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_ties_follow_known_at_then_the_key_never_arrival(order: list[int]) -> None:
    tied = [
        row(T - 5, id=7, known_at=T - 2, category="late"),
        row(T - 5, id=9, known_at=T - 4, category="second"),
        row(T - 5, id=8, known_at=T - 4, category="first"),
    ]
    view = FeatureView(entity=customer, a=lines.category.first(), b=lines.category.lag(1), c=lines.category.last())
    found = values(view, [tied[i] for i in order])
    assert (found["a"], found["b"], found["c"]) == ("first", "second", "late")


def test_identical_rows_with_keys_of_their_own_both_count() -> None:
    view = FeatureView(entity=customer, n=lines.count(), spend=lines.amount.sum())
    found = values(view, [row(T - 5, amount=2), row(T - 5, amount=2)])
    assert (found["n"], found["spend"]) == (2, 4)


def test_there_is_one_zero() -> None:
    bought = [row(T - 9, quantity=0.0), row(T - 5, quantity=-0.0)]
    quantity = lines.quantity
    view = FeatureView(
        entity=customer, low=quantity.min(), last=quantity.last(), total=quantity.sum(), kinds=quantity.nunique()
    )
    found = values(view, bought)
    assert found["kinds"] == 1
    assert [str(found[name]) for name in ("low", "last", "total")] == ["0.0", "0.0", "0.0"]


@pytest.mark.parametrize("measure", [lines.quantity.sum(), lines.count()], ids=["used", "unused"])
@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_an_infinity_is_refused_by_row_and_column_whether_or_not_a_view_uses_it(
    infinite: float, measure: Measure
) -> None:
    bought = [row(T - 9, quantity=1.0), row(T - 5, quantity=infinite, source_key="line-2")]
    with pytest.raises(FeatureError) as refused:
        values(FeatureView(entity=customer, x=measure), bought)
    assert str(refused.value) == (
        f"the column order_lines.quantity holds {infinite} in the row with the key 'line-2'; finite numbers or nulls "
        "are expected; mend the row at its source"
    )


@pytest.mark.parametrize("year", [1931, 1969, 2200])
def test_before_1970_and_far_in_the_future(year: int) -> None:
    moment = to_micros(datetime(year, 6, 1, 12, 30, 0, 1, tzinfo=UTC))
    view = FeatureView(entity=customer, n=lines.count(days(1)), gap=lines.time_since_last(), q=lines.quantity.sum())
    found = values(view, [row(moment - DAY, quantity=0.1), row(moment - 1, quantity=0.2)], moment)
    assert (found["n_1d"], found["gap"], found["q"]) == (2, 1 / DAY, 0.2 + 0.1)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_is_24_hours_where_clocks_change(day: str) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    before = noon.astimezone(UTC) - timedelta(hours=24)
    view = FeatureView(entity=customer, n=lines.count(days(1)))
    bought = [row(to_micros(before)), row(to_micros(before) - 1)]
    assert values(view, bought, to_micros(noon))["n_1d"] == 1


def test_a_lifetime_has_no_beginning() -> None:
    view = FeatureView(entity=customer, n=lines.count(lifetime), old=lines.time_since_first())
    found = values(view, [row(-(2**55)), row(T - 1)])
    assert found["n"] == 2
    assert found["old"] == pytest.approx((T + 2**55) / DAY)


def test_empty_windows_are_zero_or_null() -> None:
    view = FeatureView(
        entity=customer,
        n=lines.count(days(1)),
        s=lines.quantity.sum(days(1)),
        u=lines.category.nunique(days(1)),
        m=lines.quantity.mean(days(1)),
        lo=lines.amount.min(days(1)),
        sd=lines.quantity.std(days(1)),
        c=lines.category.mode(days(1)),
        gap=lines.mean_gap(days(1)),
    )
    found = values(view, [row(T - 2 * DAY, quantity=1.0, category="tea")])
    assert [found[name] for name in ("n_1d", "s_1d", "u_1d")] == [0, 0, 0]
    assert all(pd.isna(found[name]) for name in ("m_1d", "lo_1d", "sd_1d", "c_1d", "gap_1d"))
    assert [view.fields[name].null for name in ("n_1d", "m_1d")] == ["0 without rows", "null without rows"]


def test_the_deviation_of_one_value_and_of_a_large_one_with_a_small_difference() -> None:
    view = FeatureView(entity=customer, one=lines.quantity.std(days(1)), two=lines.quantity.std(), k=lines.amount.std())
    bought = [row(T - 2 * DAY, quantity=1e9), row(T - 3, quantity=1e9 + 1e-3, amount=3), row(T - 2, amount=5)]
    found = values(view, bought)
    assert np.isnan(found["one_1d"])
    shift = (1e9 + 1e-3) - 1e9
    assert found["two"] == pytest.approx(shift / 2**0.5, rel=1e-9)
    assert found["k"] == pytest.approx(2**0.5, rel=1e-9)


def test_floats_are_added_by_day_from_the_newest_back() -> None:
    start = T // DAY * DAY
    bought = [row(start - DAY, quantity=0.1), row(start, quantity=0.2), row(start + DAY, quantity=0.3)]
    found = values(FeatureView(entity=customer, q=lines.quantity.sum()), bought, start + 2 * DAY)
    assert found["q"] == (0.3 + 0.2) + 0.1 != (0.1 + 0.2) + 0.3


def test_floats_of_one_day_are_added_in_time_order() -> None:
    start = T // DAY * DAY
    bought = [row(start + 3, quantity=0.3), row(start + 2, quantity=0.2), row(start + 1, quantity=0.1)]
    found = values(FeatureView(entity=customer, q=lines.quantity.sum()), bought, start + 5)
    assert found["q"] == (0.1 + 0.2) + 0.3 != (0.3 + 0.2) + 0.1


def test_a_head_happens_at_a_moment_of_its_own() -> None:
    opened = events(Ticket, entity=customer, at="opened_at")
    resolved = events(Ticket, entity=customer, at="resolved_at")
    view = FeatureView(entity=customer, opened=opened.count(), resolved=resolved.count(), state=opened.state.last())
    rows = [
        {"id": 5, "customer_id": 1, "state": "new", "opened_at": T, "occurred_at": T},
        {"id": 5, "customer_id": 1, "state": "resolved", "opened_at": T, "resolved_at": T + 9, "occurred_at": T + 9},
    ]
    frame = check(view, {"tickets_versions": rows}, [(1, T + 1), (1, T + 9), (1, T + 10)])
    assert frame["opened"].tolist() == [1, 1, 1]
    assert frame["resolved"].tolist() == [0, 0, 1]
    assert frame["state"].tolist() == ["new", "new", "resolved"]
