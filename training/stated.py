"""Labelled rows from outcomes that a source states: churned or not, converted or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from crm.clock import iso
from crm.records import Records
from scoring import Floats
from training.errors import TrainingError
from training.inputs import Input
from training.problem import Population
from training.rows import Ids, Index, Rows
from training.splits import Split, by_order, check, held_back, in_folds

MOST_CONTRADICTED = 0.05  # share of labelled entities; above, the labels themselves are in doubt


@dataclass(frozen=True)
class Stated:
    """Stated outcomes, in the order in which their subjects were stored.

    Attributes
    ----------
    spine : pandas.DataFrame
        ``<entity>_id`` and ``as_of`` (µs): undated outcomes are looked at as of their source's end, dated ones
        just after the moment that their source states, so that what it states beside them is seen. That may hold the
        outcome itself; the leak audit looks.
    y : ndarray of float64
    contradicted : int
        Entities that are left out, because statements about one moment differ.
    has_times, is_ordered : bool
        Whether the outcomes carry times; whether their undated source is in order.
    sources : tuple of str
    """

    spine: pd.DataFrame
    y: Floats
    has_times: bool
    is_ordered: bool
    sources: tuple[str, ...]
    contradicted: int = 0


def read(records: Records, name: str, entity: str, as_of: int | None) -> Stated | None:
    """The outcomes called `name` of an entity, or None when no source states any.

    Parameters
    ----------
    records : Records
    name : str
        ``churn``, ``converted``.
    entity : str
    as_of : int or None
        Only outcomes known before it.
    """
    table = records.query(
        f"SELECT l.id, l.version, l.op, l.{entity}_id AS entity_id, l.value, l.occurred_at, l.known_at, "  # noqa: S608
        "s.name AS source, s.complete_until, s.snapshot_at, s.ordered "
        f"FROM labels l JOIN sources s ON s.id = l.source_id WHERE l.name = :name AND l.{entity}_id IS NOT NULL "
        "ORDER BY l.id, l.version",
        {"name": name},
    )
    frame = table.to_pandas()
    if as_of is not None:
        frame = frame[frame["known_at"] < as_of]
    frame = frame.drop_duplicates("id", keep="last")
    frame = frame[frame["op"] != "retract"]
    if not len(frame):
        return None
    contradicted = _contradicted(frame)
    frame = frame[~frame["entity_id"].isin(contradicted)]
    frame = frame.drop_duplicates("entity_id", keep="last").sort_values("entity_id")
    undated = frame["snapshot_at"].notna()
    end = frame["complete_until"].where(frame["complete_until"].notna(), frame["snapshot_at"] + 1)
    moment = (frame["occurred_at"] + 1).where(~undated, end if as_of is None else float(as_of))
    spine = pd.DataFrame(
        {
            f"{entity}_id": frame["entity_id"].to_numpy(np.int64),
            "as_of": moment.to_numpy(np.float64).astype(np.int64),
        }
    )
    return Stated(
        spine,
        (frame["value"].to_numpy(np.float64) > 0).astype(np.float64),
        not bool(undated.all()),
        bool(frame["ordered"].astype(bool).all()),
        tuple(sorted(set(frame["source"]))),
        len(contradicted),
    )


def _contradicted(frame: pd.DataFrame) -> list[int]:
    """Entities about whom both outcomes are stated of one moment; undated statements are of one."""
    moment = frame["occurred_at"].where(frame["snapshot_at"].isna(), -1)
    outcomes = (frame["value"] > 0).groupby([frame["entity_id"], moment]).nunique()
    return sorted(set(outcomes[outcomes > 1].index.get_level_values(0)))


def divide(name: str, rows: Rows, stated: Stated, outcome: str, *, random_split: bool, seed: int) -> Split:
    """By time or order where there is one; else at random, if that was asked for.

    Raises
    ------
    TrainingError
        If there are too few rows or one class only, or more than a twentieth of the statements contradict each other;
        if a random split was asked for of outcomes with times, or not asked for where no other is possible.
    """
    told = len(rows) + stated.contradicted
    if stated.contradicted > MOST_CONTRADICTED * told:
        raise TrainingError.contradicted(name, stated.contradicted, told, outcome, MOST_CONTRADICTED)
    check(name, rows, outcome)
    where = " and ".join(stated.sources)
    if random_split and stated.has_times:
        raise TrainingError.dated(name, f"stated by {where}")
    if stated.contradicted:
        where += f", without {stated.contradicted:,} of {told:,} about which both outcomes are stated"
    if random_split:
        return in_folds("random", _at_random(where, rows, is_ordered=stated.is_ordered), rows, seed=seed)
    if not (stated.has_times or stated.is_ordered):
        raise TrainingError.no_split(name, f"{where}, a snapshot as of {_day(rows)}")
    return _in_sequence(where, rows, stated) or in_folds(
        "fold", f"{where} is too small for a split in time; in folds by entity", rows, seed=seed
    )


def _in_sequence(where: str, rows: Rows, stated: Stated) -> Split | None:
    """The split by time, else by order; None where a part would be too small."""
    if stated.has_times:
        order, note = np.argsort(rows.as_of, kind="stable"), f"outcomes in the order of their times ({where}): "
        split = held_back("time", note + _thirds(), rows, _at(order, by_order(rows)))
        if split is not None:
            return split
    if not stated.is_ordered:
        return None
    return held_back("order", f"{where} is in order but has no dates: {_thirds()}", rows, by_order(rows))


def _at_random(where: str, rows: Rows, *, is_ordered: bool) -> str:
    why = "in order, but a random split was asked for" if is_ordered else f"a snapshot as of {_day(rows)}"
    return (
        f"{where} states outcomes without times ({why}), so rows are split at random, as was asked for: each is "
        "judged by a model that did not see it, and how well it holds in time is not known"
    )


def _day(rows: Rows) -> str:
    return iso(int(rows.as_of.max()))[:10]


def population(inputs: Sequence[Input], rows: Rows, words: str) -> Population:
    """Whoever has the attributes that the labelled rows have: at least one of the three best known.

    Examples
    --------
    >>> rows = Rows(np.arange(2), np.zeros(2, dtype=np.int64), np.zeros(2), {"lead_attributes:x": np.array([1.0, 2.0])})
    >>> population([Input("lead_attributes:x", "float", "x")], rows, "leads").expression
    'isnan(lead_attributes__x) == 0'
    """
    known = {item.ref: _known_share(rows.frame[item.ref]) for item in inputs if "_attributes:" in item.ref}
    best = sorted((ref for ref in known if known[ref] > 0), key=lambda ref: (-known[ref], ref))
    best = best[:1] if best and known[best[0]] == 1 else best[:3]
    if not best:
        return Population("", (), words)
    unknown = " * ".join(f"isnan({ref.replace(':', '__', 1)})" for ref in best)
    return Population(f"{unknown} == 0", tuple(best), words)


def _known_share(values: npt.NDArray[Any]) -> float:
    return float(np.mean([value is not None and value == value for value in values]))


def _thirds() -> str:
    return "the first 64 % teach, the next 16 % calibrate, then both teach; the last 20 % judge, once"


def _at(order: Ids | Index, parts: tuple[Index, Index, Index]) -> tuple[Index, Index, Index]:
    first, second, third = (order[part] for part in parts)
    return first, second, third
