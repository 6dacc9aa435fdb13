"""Every operation over every window equals what plain DuckDB SQL says of the same rows, in any world."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import strategies as st

from crm.clock import DAY
from crm.schema import Event
from features import Condition, FeatureView, InlineRecords, customer, events, open_inline
from tests.features.conftest import Opener
from tests.features.drawing import always
from tests.features.test_oracle import WORLDS, spine_of
from tests.features.worlds import TTL, WINDOWS, World, alive, every_operation, lines, make, moments_for

COLUMNS = {
    "pk": "BIGINT",
    "entity": "BIGINT",
    "occurred_at": "BIGINT",
    "known_at": "BIGINT",
    "amount": "BIGINT",
    "quantity": "DOUBLE",
    "line_no": "BIGINT",
    "product_id": "BIGINT",
    "kind": "VARCHAR",
    "category": "VARCHAR",
    "deleted": "BOOLEAN",
}

# A fact is its latest version known; at a tie a deletion wins, then the greater content, nulls greatest.
SEEN = """
CREATE TABLE seen AS
WITH latest AS (
    SELECT spine.*, versions.*
    FROM spine JOIN versions ON versions.known_at < spine.known_before
    QUALIFY row_number() OVER (
        PARTITION BY place, pk
        ORDER BY known_at DESC, deleted DESC, amount DESC NULLS FIRST, category DESC NULLS FIRST, entity DESC,
            kind DESC NULLS FIRST, line_no DESC NULLS FIRST, occurred_at DESC, product_id DESC NULLS FIRST,
            quantity DESC NULLS FIRST
    ) = 1
)
SELECT *, row_number() OVER (PARTITION BY place ORDER BY occurred_at, known_at, pk) AS nth
FROM latest
WHERE NOT deleted AND entity = customer_id AND occurred_at < as_of
"""

# Deviations and slopes are of values, and times, from the first on.
ROWS = """
WITH held AS (SELECT * FROM seen WHERE {condition} AND occurred_at >= as_of - {width}),
rows_of AS (
    SELECT
        *,
        amount - first_value(amount IGNORE NULLS) OVER whole AS amount_on,
        quantity - first_value(quantity IGNORE NULLS) OVER whole AS quantity_on,
        (occurred_at - min(occurred_at) FILTER (amount IS NOT NULL) OVER whole) / 86400e6 AS amount_day,
        (occurred_at - min(occurred_at) FILTER (quantity IS NOT NULL) OVER whole) / 86400e6 AS quantity_day
    FROM held
    WINDOW whole AS (PARTITION BY place ORDER BY nth ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
"""
MODE = """
SELECT {column} FROM rows_of AS own
WHERE own.place = spine.place AND {column} IS NOT NULL
GROUP BY {column}
ORDER BY count(*) DESC, max(nth) DESC
LIMIT 1
"""
SLOPE = """
CASE WHEN count(DISTINCT occurred_at) FILTER ({0} IS NOT NULL) > 1 THEN regr_slope({0}_on, {0}_day) / {1} END
"""

AGGREGATES = {
    "count": "count(pk)",
    "count__amount": "count(amount)",
    "sum__amount": "coalesce(sum(amount), 0) / 10000",
    "sum__quantity": "coalesce(fsum(quantity), 0)",
    "sum__line_no": "coalesce(sum(line_no), 0)",
    "mean__amount": "avg(amount) / 10000",
    "mean__quantity": "favg(quantity)",
    "min__amount": "min(amount) / 10000",
    "max__amount": "max(amount) / 10000",
    "min__quantity": "min(quantity)",
    "max__quantity": "max(quantity)",
    "std__amount": "stddev_samp(amount_on) / 10000",
    "std__quantity": "stddev_samp(quantity_on)",
    "nunique__category": "count(DISTINCT category)",
    "nunique__quantity": "count(DISTINCT quantity)",
    "nunique__product_id": "count(DISTINCT product_id)",
    "mode__category": f"({MODE.format(column='category')})",
    "mode__product_id": f"({MODE.format(column='product_id')})::VARCHAR",
    "mode__line_no": f"({MODE.format(column='line_no')})",
    "first__amount": "first(amount ORDER BY nth) FILTER (amount IS NOT NULL) / 10000",
    "first__category": "first(category ORDER BY nth) FILTER (category IS NOT NULL)",
    "last__quantity": "last(quantity ORDER BY nth) FILTER (quantity IS NOT NULL)",
    "last__category": "last(category ORDER BY nth) FILTER (category IS NOT NULL)",
    "lag1__amount": "(list(amount ORDER BY nth DESC) FILTER (amount IS NOT NULL))[2] / 10000",
    "lag2__category": "(list(category ORDER BY nth DESC) FILTER (category IS NOT NULL))[3]",
    "latest__amount": "last(amount ORDER BY nth) / 10000",
    "latest__category": "last(category ORDER BY nth)",
    "time_since_last": "(spine.as_of - max(occurred_at)) / 86400e6",
    "time_since_first": "(spine.as_of - min(occurred_at)) / 86400e6",
    "mean_gap": "(max(occurred_at) - min(occurred_at)) / nullif((count(pk) - 1) * 86400e6, 0)",
    "slope__quantity": SLOPE.format("quantity", 1),
    "slope__amount": SLOPE.format("amount", 10_000),
    "share__category": "count(*) FILTER (category = 'tea') / nullif(count(category), 0)",
    "share__line_no": "count(*) FILTER (line_no = 3) / nullif(count(line_no), 0)",
}

# How far off an answer may be; where magnitudes cancel out, these count. All others are exact.
ERRORS = {
    "sum__quantity": "1e-12 * sum(abs(quantity))",
    "mean__amount": "1e-9 * abs(avg(amount)) / 10000",
    "mean__quantity": "greatest(1e-9 * abs(favg(quantity)), 1e-12 * avg(abs(quantity)))",
    "std__amount": "1e-9 * stddev_samp(amount_on) / 10000",
    "std__quantity": "1e-9 * stddev_samp(quantity_on)",
    "slope__amount": "1e-9 * sqrt(regr_syy(amount_on, amount_day) / regr_sxx(amount_on, amount_day)) / 10000",
    "slope__quantity": "1e-9 * sqrt(regr_syy(quantity_on, quantity_day) / regr_sxx(quantity_on, quantity_day))",
}


class Answers:
    """What DuckDB says of a world.

    Parameters
    ----------
    world : World
    spine : pandas.DataFrame
        With ``customer_id``, ``as_of`` and perhaps ``known_before``.
    """

    def __init__(self, world: World, spine: pd.DataFrame) -> None:
        self._database = duckdb.connect()
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        self._database.execute(f"CREATE TABLE versions ({columns})")
        rows = [[row.get(name, False if name == "deleted" else None) for name in COLUMNS] for row in world.rows]
        self._database.executemany(f"INSERT INTO versions VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        known = spine.get("known_before", spine["as_of"])
        self._database.register("given", spine.assign(place=range(len(spine)), known_before=known))
        self._database.execute("CREATE TABLE spine AS SELECT place, customer_id, as_of, known_before FROM given")
        self._database.execute(SEEN)

    def over(self, names: list[str], width: int, condition: str = "true") -> tuple[pd.DataFrame, pd.DataFrame]:
        """Some aggregates over one window of the rows that pass a condition, and how far off each may be."""
        asked = [f"{AGGREGATES[name]} AS {name}" for name in names]
        asked += [f"{ERRORS.get(name, '0')} AS error_{name}" for name in names]
        query = f"""
        {ROWS.format(condition=condition, width=width)}
        SELECT {", ".join(asked)}
        FROM spine LEFT JOIN rows_of ON rows_of.place = spine.place
        GROUP BY spine.place, spine.as_of
        ORDER BY spine.place
        """
        found = self._database.execute(query).df()
        return found[names], found[[f"error_{name}" for name in names]].fillna(0.0)


def differing(found: pd.Series[Any], wanted: pd.Series[Any], errors: pd.Series[Any]) -> list[str]:
    """Where two columns differ by more than they may; both nulls are null."""
    wrong = []
    for place, (one, other, error) in enumerate(zip(found, wanted, errors, strict=True)):
        if pd.isna(one) and pd.isna(other):
            continue
        same = one == other if isinstance(other, str) or pd.isna(one) or pd.isna(other) else abs(one - other) <= error
        if not same:
            wrong.append(f"{found.name} is {one!r} in row {place}, DuckDB says {other!r}")
    return wrong


def compare(frame: pd.DataFrame, answers: Answers, condition: str = "true") -> list[str]:
    """Where the columns of the views ``all`` and ``alive`` differ from what DuckDB says."""
    wrong = []
    for window in WINDOWS:
        width = window.width if window.suffix else 2**62
        wanted, errors = answers.over(list(AGGREGATES), width, condition)
        for name in AGGREGATES:
            column = f"all__{name}_{window.suffix}" if window.suffix else f"all__{name}"
            wrong += differing(frame[column], wanted[name], errors[f"error_{name}"])
    names = [str(name).removeprefix("alive__") for name in frame.columns if str(name).startswith("alive__")]
    for name in names:
        width = TTL[0].width if name.startswith(("last", "lag", "latest")) else 2**62
        wanted, errors = answers.over([name], width, condition)
        wrong += differing(frame[f"alive__{name}"], wanted[name], errors[f"error_{name}"])
    return wrong


def test_every_operation_is_asked() -> None:
    fields = {f"{name}_{w.suffix}" if w.suffix else name for name in AGGREGATES for w in WINDOWS}
    assert set(every_operation().fields) == fields


@pytest.mark.parametrize("name", WORLDS)
def test_every_operation_over_every_window(name: str, open_store: Opener) -> None:
    world = WORLDS[name]()
    store = open_store(world.records(), all=every_operation(), alive=alive())
    spine = spine_of(moments_for(world, 21, 150))
    frame = store.historical_features(["all:*", "alive:*"], spine)
    assert compare(frame, Answers(world, spine)) == []


@always(st.integers(0, 10**6), st.integers(1, 150), st.integers(1, 6), st.sampled_from([3, DAY, 40 * DAY, 9_000 * DAY]))
def test_any_world(seed: int, facts: int, entities: int, span: int) -> None:
    world = make(seed, facts=facts, entities=entities, span=span, skewed=seed % 3 == 0)
    spine = spine_of(moments_for(world, seed, 40))
    spine["known_before"] = spine["as_of"] + (seed % 5 - 2) * DAY
    with tempfile.TemporaryDirectory() as folder:
        store = open_inline({"all": every_operation(), "alive": alive()}, world.records(), Path(folder))
        frame = store.historical_features(["all:*", "alive:*"], spine)
        store.close()
    assert compare(frame, Answers(world, spine)) == []


CONDITIONS: dict[str, Callable[[], list[Condition]]] = {
    "kind = 'sale'": lambda: [lines.kind == "sale"],
    "kind <> 'sale' AND amount > 0": lambda: [lines.kind != "sale", lines.amount > 0],
    "quantity < 0": lambda: [lines.quantity < 0],
    "category IN ('tea', 'äpfel')": lambda: [lines.category.is_in(["tea", "äpfel"])],
    "category IS NULL": lambda: [lines.category.is_null()],
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions(condition: str, open_store: Opener) -> None:
    world = make(22, facts=150, entities=3)
    source = lines.where(*CONDITIONS[condition]())
    store = open_store(world.records(), all=every_operation(source), alive=alive(source))
    spine = spine_of(moments_for(world, 23, 80))
    frame = store.historical_features(["all:*", "alive:*"], spine)
    assert compare(frame, Answers(world, spine), condition) == []


LATEST = """
SELECT received_at FROM visits
WHERE visits.customer_id = spine.customer_id AND occurred_at < as_of AND known_at < as_of
    AND occurred_at >= as_of - {width}
ORDER BY occurred_at DESC, known_at DESC, id DESC
LIMIT 1
"""


def test_moments_in_force_and_their_age(open_store: Opener) -> None:
    source, draw = events(Event, entity=customer), random.Random(24)
    view = FeatureView(entity=customer, age=source.received_at.age(WINDOWS), kept=source.received_at.latest(WINDOWS))
    rows = []
    for number in range(1, 121):
        occurred = draw.randrange(40) * DAY // 2
        told = {"known_at": occurred + draw.choice([0, 0, DAY]), "received_at": draw.choice([None, occurred - number])}
        rows.append(
            {"id": number, "customer_id": draw.randrange(1, 4), "occurred_at": occurred, "type": "view", **told}
        )
    store = open_store(InlineRecords({"events": rows}), v=view)
    spine = spine_of([(draw.randrange(1, 5), draw.randrange(50) * DAY // 2 + draw.choice([0, 1])) for _ in range(80)])
    frame = store.historical_features(["v:*"], spine)
    database, visits = duckdb.connect(), pd.DataFrame(rows)
    visits["received_at"] = visits["received_at"].astype("Int64")
    database.register("visits", visits)
    database.register("spine", spine.assign(place=range(len(spine))))
    for window in WINDOWS:
        latest = LATEST.format(width=window.width if window.suffix else 2**62)
        query = f"SELECT ({latest})::DOUBLE AS kept, (as_of - ({latest})) / 86400e6 AS age FROM spine ORDER BY place"
        wanted = database.execute(query).df()
        assert wanted.notna().any().all()
        for name in wanted:
            column = f"v__{name}_{window.suffix}" if window.suffix else f"v__{name}"
            pd.testing.assert_series_equal(frame[column], wanted[name], check_names=False, check_exact=True)
