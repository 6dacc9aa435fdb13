"""Pictures of how good a binary model is: SVG and PNG, drawn without a browser and without anybody's screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scoring import Floats
from training.policies import Costs
from training.sheets import INK, MODEL, RULE, SOFT, saved, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 300  # of a curve; more are not seen
HEIGHT = 2.75  # inches of a plot
NAMED = 5  # periods whose names stand beside each other


def draw_all(
    title: str, y: Floats, score: Floats, naive: Floats, rule: str, costs: Costs, by_period: Mapping[str, float]
) -> dict[str, bytes]:
    """Every picture of a binary model.

    Parameters
    ----------
    title : str
        The model, in words.
    y, score, naive : ndarray, shape (n,)
        Outcome, probability of the model and of the naive rule on the test rows.
    rule : str
        The naive rule in words.
    costs : Costs
    by_period : mapping of str to float
        AUC by the name of the period or fold.

    Returns
    -------
    dict of str to bytes
        ``roc, precision_recall, gain, lift, profit, reliability, stability``, each as ``.svg`` and ``.png``.
    """
    both = ((score, MODEL, "model"), (naive, RULE, rule))
    plots: dict[str, tuple[str, str, str, Callable[[Axes], None]]] = {
        "roc": ("ROC", "share of others listed", "share of outcomes found", lambda axes: _roc(axes, y, both)),
        "precision_recall": (
            "Precision and recall",
            "share of outcomes found (recall)",
            "share of the list that is right (precision)",
            lambda axes: _precision(axes, y, both),
        ),
        "gain": (
            "Gain",
            "share of all rows listed, highest scores first",
            "share of outcomes found",
            lambda axes: _gain(axes, y, both),
        ),
        "lift": (
            "Lift",
            "share of all rows listed, highest scores first",
            "times as many outcomes as on average",
            lambda axes: _lift(axes, y, both),
        ),
        "profit": (
            "Profit",
            "share of all rows acted on",
            "profit per row, in costs of one action",
            lambda axes: _profit(axes, y, both, costs),
        ),
        "reliability": (
            "Reliability",
            "probability that was given",
            "share in which it happened",
            lambda axes: _reliability(axes, y, score),
        ),
        "stability": ("Stability", "period", "AUC", lambda axes: _stability(axes, by_period)),
    }
    found: dict[str, bytes] = {}
    for name, (kind, x, height, plot) in plots.items():
        found |= _draw(name, f"{kind}: {title}", x, height, plot)
    return found


def _draw(name: str, title: str, x: str, height: str, plot: Callable[[Axes], None]) -> dict[str, bytes]:
    with sheet(title, HEIGHT) as axes:
        axes.locator_params(nbins=5)
        plot(axes)
        axes.set_xlabel(x)
        axes.set_ylabel(height)
        return saved(axes, name)


_Both = Sequence[tuple[Floats, str, str]]


def _found(y: Floats, score: Floats) -> tuple[Floats, Floats]:
    """Rows listed and outcomes found from the highest score down, at the end of each run of equal scores."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    ends = ends[np.unique(np.linspace(0, len(ends) - 1, POINTS).astype(np.intp))]
    return (ends + 1).astype(np.float64), np.cumsum(y[order])[ends]


def _roc(axes: Axes, y: Floats, both: _Both) -> None:
    for score, colour, label in both:
        listed, hits = _found(y, score)
        axes.plot(np.r_[0, (listed - hits) / (1 - y).sum()], np.r_[0, hits / y.sum()], color=colour, label=label)
    axes.plot([0, 1], [0, 1], color=SOFT, linestyle=":", label="guessing")
    axes.legend(loc="lower right")


def _precision(axes: Axes, y: Floats, both: _Both) -> None:
    for score, colour, label in both:
        listed, hits = _found(y, score)
        axes.plot(hits / y.sum(), hits / listed, color=colour, label=label)
    axes.axhline(y.mean(), color=SOFT, linestyle=":", label=f"base rate {y.mean():.1%}")
    axes.set_ylim(0, 1.02)
    axes.legend(loc="best")


def _gain(axes: Axes, y: Floats, both: _Both) -> None:
    for score, colour, label in both:
        listed, hits = _found(y, score)
        axes.plot(np.r_[0, listed / len(y)], np.r_[0, hits / y.sum()], color=colour, label=label)
    axes.plot([0, 1], [0, 1], color=SOFT, linestyle=":", label="guessing")
    axes.legend(loc="lower right")


def _lift(axes: Axes, y: Floats, both: _Both) -> None:
    places = np.arange(1, 11) / 10
    for score, colour, label in both:
        listed, hits = _found(y, score)
        found = np.interp(places * len(y), np.r_[0, listed], np.r_[0, hits])
        axes.plot(places, found / (places * y.sum()), color=colour, marker="o", markersize=4, label=label)
    axes.axhline(1, color=SOFT, linestyle=":", label="guessing")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower left")


def _profit(axes: Axes, y: Floats, both: _Both, costs: Costs) -> None:
    for score, colour, label in both:
        share, profit = costs.profit(y, score)
        seen = np.unique(np.linspace(0, len(share) - 1, POINTS).astype(np.intp))
        share, profit = share[seen], profit[seen]
        axes.plot(np.r_[0, share], np.r_[0, profit / len(y)], color=colour, label=label)
    acted_on = float((both[0][0] >= costs.threshold).mean())
    axes.axvline(acted_on, color=MODEL, linestyle="--", linewidth=1, label=f"threshold {costs.threshold:.2f}")
    axes.axhline(0, color=SOFT, linestyle=":")
    axes.legend(loc="best")


def _reliability(axes: Axes, y: Floats, score: Floats) -> None:
    order = np.argsort(score, kind="stable")
    parts = [part for part in np.array_split(order, 15) if len(part)]
    given = np.array([score[part].mean() for part in parts])
    seen = np.array([y[part].mean() for part in parts])
    spread = 1.96 * np.sqrt(np.clip(seen * (1 - seen), 1e-9, None) / np.array([len(part) for part in parts]))
    top = float(min(1.0, max(given.max(), (seen + spread).max()) * 1.08))
    axes.plot([0, top], [0, top], color=SOFT, linestyle=":", label="as promised")
    axes.errorbar(
        given,
        seen,
        yerr=spread,
        color=MODEL,
        marker="o",
        markersize=4,
        linewidth=1,
        capsize=2,
        label="15 groups of equal size, 95 %",
    )
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    axes.legend(loc="upper left")


def _stability(axes: Axes, by_period: Mapping[str, float]) -> None:
    places = np.arange(len(by_period))
    axes.plot(places, list(by_period.values()), color=MODEL, marker="o")
    axes.axhline(0.5, color=SOFT, linestyle=":", label="guessing")
    step = max(-(-len(by_period) // NAMED), 1)
    axes.set_xticks(places[::step], list(by_period)[::step])
    axes.set_xlim(-0.5, max(len(by_period), 1) - 0.5)
    axes.set_ylim(min([0.4, *by_period.values()]), 1.0)
    axes.legend(loc="lower right")


def earnings(
    title: str,
    found: Mapping[str, Sequence[tuple[float, float, float]]],
    height: str = "earned, in costs of one action",
) -> dict[str, bytes]:
    """What lists earned at past cutoffs, with intervals.

    Parameters
    ----------
    title : str
    found : mapping of str to sequence of (value, low, high)
        Days of the cutoffs to the earnings of the model's list and of the rule's.
    height : str
        What is drawn, with its unit.

    Returns
    -------
    dict of str to bytes
        ``earnings.svg``, ``earnings.png``.
    """

    def plot(axes: Axes) -> None:
        places = np.arange(len(found))
        for shift, place, colour, label in ((-0.2, 0, MODEL, "model"), (0.2, 1, RULE, "naive rule")):
            value, low, high = np.array([pair[place] for pair in found.values()]).T
            axes.bar(places + shift, value, 0.38, color=colour, label=label)
            axes.errorbar(places + shift, value, yerr=[value - low, high - value], fmt="none", ecolor=INK, capsize=3)
        axes.axhline(0, color=SOFT, linewidth=0.8)
        axes.set_xticks(places, [f"{day[:4]}\n{day[5:]}" for day in found])
        axes.legend(loc="best")

    return _draw("earnings", f"Backtest: {title}", "", height, plot)
