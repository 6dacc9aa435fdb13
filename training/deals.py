"""What the won deals of converted leads brought and how long they took, and whether that held afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crm.clock import DAY
from crm.records import Records
from scoring import Floats
from scoring.deals import Deals
from training.intervals import draws, interval
from training.rows import Ids, Rows

FEWEST = 20  # leads with a deal that was won, below which nothing is said
MOST = 200  # durations kept
AGE = "lead_attributes:days_since_created"
MONEY = 10_000  # of the records' units


@dataclass(frozen=True)
class Dealt:
    """What was learned from deals before the test, and how the test rows' own deals ended.

    Attributes
    ----------
    policy : mapping
        As `scoring.deals.Deals` reads it.
    value, days : ndarray of float64, shape (test rows,)
        What a row's lead brought in all, and the days from its moment to the close; NaN where no deal was decided, or
        none won.
    window : ndarray of float64
        Days from a row's moment to the end of the records.
    """

    policy: Mapping[str, Any]
    value: Floats
    days: Floats
    window: Floats

    def check(self, test: Rows, score: Floats, *, seed: int) -> dict[str, Any]:
        """The expectation beside what came, on the test rows.

        A converted lead whose deal is still open counts like the converted ones whose deals are decided. Days are
        compared among deals that closed before the records end, with what was expected of such.

        Returns
        -------
        dict
            ``words``, and of each of ``value`` (per row) and ``days`` (per deal) ``expected``, ``actual``, its interval
            ``low`` and ``high``, and the ``rows`` that it rests on.
        """
        deals = Deals(self.policy)
        if deals.value is None:
            return {"words": deals.words}
        known = (test.y > 0) & ~np.isnan(self.value)
        expected = float(deals.values(score).mean())
        foreseen = _within(np.array(self.policy["days"]), test.frame[AGE], self.window)
        closed = (test.y > 0) & ~np.isnan(self.days) & ~np.isnan(foreseen)
        ones = np.ones(len(test))
        return {
            "words": deals.words,
            "value": {"expected": expected, **_mean(self.value, known, test.y, ones, test.ids, seed)},
            "days": {
                "expected": float(foreseen[closed].mean()) if closed.any() else None,
                **_mean(self.days, closed, ones, ones, test.ids, seed),
            },
        }


def learn(records: Records, test: Rows, as_of: int) -> Dealt:
    """Learn from deals known before the first moment of the test rows, and look up how the test rows' own ended.

    Parameters
    ----------
    records : Records
    test : Rows
        Of leads.
    as_of : int
        The end of the records (µs).
    """
    deals = _decided(records)
    window = (as_of - test.as_of) / DAY
    ends = _by_lead(deals[deals["known_at"] < as_of])
    mine = ends.reindex(test.ids)
    days = (mine["closed_at"].to_numpy(np.float64) - test.as_of) / DAY
    policy = _policy(_by_lead(deals[deals["known_at"] < test.as_of.min()]), int(test.as_of.min()), _currencies(deals))
    return Dealt(policy, mine["value"].to_numpy(np.float64), np.where(days > 0, days, np.nan), window)


def _decided(records: Records) -> pd.DataFrame:
    """The latest version of every decided deal of a lead whose creation is known."""
    table = records.query(
        "SELECT v.id, v.op, v.lead_id, v.outcome, v.amount, v.currency, v.closed_at, v.known_at, l.created_at "
        "FROM opportunities_versions v JOIN leads l ON l.id = v.lead_id "
        "WHERE v.outcome <> 'open' AND v.op <> 'retract' AND l.created_at IS NOT NULL ORDER BY v.id, v.version"
    )
    frame: pd.DataFrame = table.to_pandas().drop_duplicates("id", keep="last")
    return frame


def _currencies(deals: pd.DataFrame) -> list[str]:
    return sorted(set(deals.loc[deals["outcome"] == "won", "currency"].dropna()))


def _by_lead(deals: pd.DataFrame) -> pd.DataFrame:
    """Per lead with a decided deal: what it brought, and when its last won deal closed (NaN if none)."""
    won = deals["outcome"] == "won"
    ends = deals.assign(
        value=np.where(won, deals["amount"].astype(np.float64), 0.0) / MONEY,
        closed_at=deals["closed_at"].astype(np.float64).where(won),
    )
    found: pd.DataFrame = ends.groupby("lead_id").agg(
        value=("value", "sum"), closed_at=("closed_at", "max"), created_at=("created_at", "min")
    )
    return found


def _policy(ends: pd.DataFrame, before: int, currencies: list[str]) -> dict[str, Any]:
    won = ends[ends["closed_at"].notna()]
    absent: dict[str, Any] = {"value": None, "currency": None, "days": [], "age": AGE}
    if len(currencies) > 1:
        why = f"the won deals are in {' and '.join(currencies)}; one currency is expected"
        return absent | {"words": f"No value or days are expected of a lead: {why}."}
    took = (won["closed_at"] - won["created_at"]) / DAY
    # a lead that began lately shows only its quick deals, so it has no say
    is_old = ends["created_at"] < before - (took.quantile(0.95) if len(took) else 0.0) * DAY
    ends, days = ends[is_old], np.sort(took[is_old.reindex(took.index)].to_numpy(np.float64))
    if len(days) < FEWEST:
        why = f"{len(days)} leads have a won deal that could be followed to its end; at least {FEWEST} are expected"
        return absent | {"words": f"No value or days are expected of a lead: {why}."}
    share, mean = len(days) / len(ends), float(ends["value"].mean())
    words = (
        f"A converted lead brings {mean:,.0f} {currencies[0] if currencies else ''} on average: of {len(ends):,} with "
        f"a decided deal {share:.0%} won; a won one closes {days.mean():,.0f} days after the lead came."
    )
    kept = days if len(days) <= MOST else np.quantile(days, (np.arange(MOST) + 0.5) / MOST)
    return {
        "value": float(f"{mean:.6g}"),
        "currency": currencies[0] if currencies else None,
        "days": [float(f"{value:.6g}") for value in kept],
        "age": AGE,
        "words": words,
    }


def _within(days: Floats, age: Floats, window: Floats) -> Floats:
    """Mean rest of the deals that close after a row's moment and before its window ends."""
    first, last = (np.searchsorted(days, edge, side="right") for edge in (age, age + window))
    sums, count = np.append(0.0, np.cumsum(days)), last - first
    return np.where(count > 0, (sums[last] - sums[first]) / np.maximum(count, 1) - age, np.nan)


def _mean(
    values: Floats, known: np.ndarray[Any, np.dtype[np.bool_]], share: Floats, of: Floats, ids: Ids, seed: int
) -> dict[str, Any]:
    """Mean of the known values times the rate of `share`, with its interval over entities."""
    filled = np.where(known, values, 0.0)

    def mean(weights: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            result: Floats = (weights @ filled) / (weights @ known) * (weights @ share) / (weights @ of)
        return result

    drawn = np.concatenate([mean(weights) for weights in draws(ids, seed=seed, rounds=300)])
    whole = float(mean(np.ones((1, len(values))))[0]) if known.any() else float("nan")
    found = interval(whole, drawn).to_json()
    actual = None if np.isnan(whole) else found.pop("value")
    return {"actual": actual, "low": found["low"], "high": found["high"], "rows": int(known.sum())}
