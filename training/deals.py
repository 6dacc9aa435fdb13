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
from training.waiting import evenly, weights

FEWEST = 20  # leads with a deal that was won, below which nothing is said
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
    deals, first = _deals(records), int(test.as_of.min())
    window = (as_of - test.as_of) / DAY
    mine = _by_lead(deals, as_of).reindex(test.ids)
    days = (mine["closed_at"].where(mine["won"] == 1.0).to_numpy(np.float64) - test.as_of) / DAY
    policy = _policy(_by_lead(deals, first), _currencies(deals))
    return Dealt(policy, mine["value"].to_numpy(np.float64), np.where(days > 0, days, np.nan), window)


def _deals(records: Records) -> pd.DataFrame:
    """Every version of the deals of leads whose creation is known."""
    table = records.query(
        "SELECT v.id, v.op, v.lead_id, v.outcome, v.amount, v.currency, v.closed_at, v.known_at, l.created_at "
        "FROM opportunities_versions v JOIN leads l ON l.id = v.lead_id "
        "WHERE l.created_at IS NOT NULL ORDER BY v.id, v.version"
    )
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _currencies(deals: pd.DataFrame) -> list[str]:
    return sorted(set(deals.loc[(deals["outcome"] == "won") & (deals["op"] != "retract"), "currency"].dropna()))


def _by_lead(deals: pd.DataFrame, before: int) -> pd.DataFrame:
    """Per lead with a deal, as known before a moment: the end of the last won one, else of the last one decided.

    A lead whose deals are all open has no value yet, and ``days`` are those for which it was followed.
    """
    known = deals[deals["known_at"] < before].drop_duplicates("id", keep="last")
    known = known[known["op"] != "retract"]
    won, is_open = known["outcome"] == "won", known["outcome"] == "open"
    closed = known["closed_at"].fillna(known["known_at"]).astype(np.float64)
    ends = known.assign(
        value=np.where(won, known["amount"].astype(np.float64), 0.0) / MONEY,
        won=won.astype(np.float64),
        won_at=closed.where(won),
        lost_at=closed.where(~won & ~is_open),
    )
    found: pd.DataFrame = ends.groupby("lead_id").agg(
        value=("value", "sum"),
        won=("won", "max"),
        won_at=("won_at", "max"),
        lost_at=("lost_at", "max"),
        created_at=("created_at", "min"),
    )
    found["closed_at"] = found["won_at"].fillna(found["lost_at"])
    found["value"] = found["value"].where(found["closed_at"].notna())
    found["days"] = (found["closed_at"].fillna(float(before)) - found["created_at"]) / DAY
    return found


def _policy(ends: pd.DataFrame, currencies: list[str]) -> dict[str, Any]:
    absent: dict[str, Any] = {"value": None, "currency": None, "days": [], "age": AGE}
    if len(currencies) > 1:
        why = f"the won deals are in {' and '.join(currencies)}; one currency is expected"
        return absent | {"words": f"No value or days are expected of a lead: {why}."}
    took, won, is_decided = ends["days"].to_numpy(np.float64), ends["won"].to_numpy() == 1.0, ends["closed_at"].notna()
    if won.sum() < FEWEST:
        why = f"{won.sum()} leads have a won deal that could be followed to its end; at least {FEWEST} are expected"
        return absent | {"words": f"No value or days are expected of a lead: {why}."}
    # the open ones count as far as they were followed: of leads that came lately only quick deals are decided
    mass = weights(took, is_decided.to_numpy())
    share, mean = mass[won].sum() / mass.sum(), float(mass @ ends["value"].fillna(0.0) / mass.sum())
    days = evenly(took[won], mass[won])
    words = (
        f"A converted lead brings {mean:,.0f} {currencies[0] if currencies else ''} on average: of "
        f"{is_decided.sum():,} with a decided deal {share:.0%} won, a deal still open counting as far as it was "
        f"followed; a won one closes {np.mean(days):,.0f} days after the lead came."
    )
    return {
        "value": float(f"{mean:.6g}"),
        "currency": currencies[0] if currencies else None,
        "days": days,
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
