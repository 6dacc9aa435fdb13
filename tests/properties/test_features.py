"""What may not change a feature: order of arrival, portions, later rows, other entities, a shift of all clocks."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from crm.clock import DAY
from features import FeatureStore, InlineRecords, open_inline
from features.checks import same_bits
from tests.features.asking import Oracle
from tests.features.drawing import always
from tests.features.test_oracle import spine_of
from tests.features.worlds import World, alive, every_operation, make, moments_for

VIEWS = {"v": every_operation(), "alive": alive()}
SEEDS = st.integers(0, 10_000)


def values(portions: list[list[dict[str, Any]]], spine: pd.DataFrame, **sizes: int) -> pd.DataFrame:
    """The features of a spine when rows arrive in portions."""
    with tempfile.TemporaryDirectory() as folder:
        records = InlineRecords({})
        store: FeatureStore = open_inline(VIEWS, records, Path(folder), **sizes)
        for rows in portions:
            records.add("order_lines", World(rows).table_rows())
            store.refresh()
        answer = store.historical_features(["v:*", "alive:*"], spine)
        store.close()
    return answer


def world_and_spine(seed: int) -> tuple[World, pd.DataFrame]:
    world = make(seed, facts=40, entities=4)
    return world, spine_of(moments_for(world, seed, 15))


@always(SEEDS, st.randoms(use_true_random=False))
def test_shuffling_and_portions_change_nothing(seed: int, draw: random.Random) -> None:
    world, spine = world_and_spine(seed)
    rows = draw.sample(world.rows, len(world.rows))
    cut = draw.randrange(len(rows))
    found = values([rows[:cut], rows[cut:]], spine, compact_rows=draw.choice([0, 10**6]))
    same_bits(found, values([world.rows], spine))


@always(SEEDS)
def test_later_rows_change_nothing(seed: int) -> None:
    world, spine = world_and_spine(seed)
    spine["as_of"] = spine["as_of"].clip(upper=20 * DAY)
    early = [row for row in world.rows if row["known_at"] < 20 * DAY]
    same_bits(values([early], spine), values([world.rows], spine))


@always(SEEDS)
def test_facts_that_never_were_an_entitys_change_nothing(seed: int) -> None:
    world, spine = world_and_spine(seed)
    spine = spine[spine["customer_id"] == 1].reset_index(drop=True)
    own = {row["pk"] for row in world.rows if row["entity"] == 1}
    same_bits(values([[row for row in world.rows if row["pk"] in own]], spine), values([world.rows], spine))


def shifted(world: World, spine: pd.DataFrame, by: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The features of a world, and those of the same world in which every clock was moved."""
    clocks = ("occurred_at", "known_at")
    moved = [{**row, **{name: row[name] + by for name in clocks}} for row in world.rows]
    frames = values([world.rows], spine), values([moved], spine.assign(as_of=spine["as_of"] + by))
    return frames[0].drop(columns="as_of"), frames[1].drop(columns="as_of")


@always(SEEDS, st.integers(-3_000, 3_000))
def test_shifting_every_clock_by_whole_days_changes_nothing(seed: int, by: int) -> None:
    same_bits(*shifted(*world_and_spine(seed), by * DAY))


@always(SEEDS, st.integers(-(2**48), 2**48))
def test_shifting_every_clock_by_anything_changes_the_order_of_addition_alone(seed: int, by: int) -> None:
    world, spine = world_and_spine(seed)
    plain, moved = shifted(world, spine, by)
    added = [name for name in plain if str(name).startswith(("v__sum__quantity", "v__mean__quantity"))]
    same_bits(moved.drop(columns=added), plain.drop(columns=added))
    oracle = Oracle(world.rows)
    for name in added:
        feature = str(name).removeprefix("v__")
        errors = [2 * oracle.error(feature, entity, moment) for entity, moment in spine.itertuples(index=False)]
        assert (moved[name].isna() == plain[name].isna()).all(), name
        assert ((moved[name] - plain[name]).abs().fillna(0.0) <= errors).all(), name


@always(SEEDS, st.integers(1, 60), st.integers(1, 4))
def test_buckets_and_threads_change_nothing(seed: int, bucket_rows: int, threads: int) -> None:
    world, spine = world_and_spine(seed)
    found = values([world.rows], spine, bucket_rows=bucket_rows, threads=threads)
    same_bits(found, values([world.rows], spine))


@always(SEEDS)
def test_an_answer_depends_on_its_own_row_alone(seed: int) -> None:
    world, spine = world_and_spine(seed)
    whole = values([world.rows], spine)
    backwards = values([world.rows], spine.iloc[::-1].reset_index(drop=True)).iloc[::-1].reset_index(drop=True)
    same_bits(backwards, whole)
