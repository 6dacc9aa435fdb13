"""Alerts in words: what moved in a column, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from features.skew import Skew
from monitoring.alerts import Alert
from monitoring.columns import Column
from monitoring.measures import Measure

SCORE = "score"


def alerts_of(subject: str, title: str, column: Column, *, grows: bool = False) -> Iterator[Alert]:
    """One alert for each measure of a column that drifted.

    Parameters
    ----------
    subject : str
        The column's reference, or ``score``.
    title : str
        What it is called in words.
    column : Column
    grows : bool
        Whether its values rise with the calendar; that they did is of low severity.

    Yields
    ------
    Alert
    """
    for name, measure in column.measures.items():
        if measure.status == "drifted":
            text, action = _WORDS[name](subject, title, column.figures, measure)
            severity = measure.severity
            if name == "distribution" and grows and _rose(column.figures):
                severity, action = (
                    "low",
                    "nothing to mend, it rises with the calendar; retrain when the score moves too",
                )
            yield Alert(subject, name, severity, text, action, measure.to_json())


def skew_alert(skew: Skew, title: str) -> Alert:
    """The alert for a feature whose served values are not those that are computed offline.

    Examples
    --------
    >>> skew_alert(Skew("a:x", 8, 2, "17", "2026-01-01T00:00:00Z", 1.0, 2.0), "x").text
    'x was served otherwise than offline in 2 of 8 vectors: 17 as of 2026-01-01T00:00:00Z got 1.0, not 2.0'
    """
    text = (
        f"{title} was served otherwise than offline in {skew.differing:,} of {skew.rows:,} vectors: {skew.key} as of "
        f"{skew.as_of} got {skew.served!r}, not {skew.replayed!r}"
    )
    action = "restart the server if its code or views are older, else write the online store anew"
    return Alert(skew.ref, "skew", "high", text, action, skew.to_json())


def _distribution(subject: str, title: str, figures: Mapping[str, Any], measure: Measure) -> tuple[str, str]:
    distance = f"PSI {measure.value:.2f}, above {measure.threshold:.2f} is neither chance nor trifling"
    if "mean" not in figures:
        return f"the shares of {title} moved, {_most_moved(figures)} ({distance})", _patience(subject, measure)
    text = f"{title} moved, mean {figures['reference_mean']:.4g} to {figures['mean']:.4g} ({distance})"
    if figures["factor"] is not None:
        text += f"; its values are about {figures['factor']:.2g} times those of the reference"
        return text, f"check {_source(subject)} for a unit or currency that changed; if it is real, retrain"
    return text, _patience(subject, measure)


def _null_rate(subject: str, title: str, _: Mapping[str, Any], measure: Measure) -> tuple[str, str]:
    text = f"{title} is unknown in {measure.value:.1%} of the rows, {measure.reference:.1%} in the reference"
    if measure.value < measure.reference:
        return text, f"check {_source(subject)}: it began to fill the column; retrain once it has history"
    return text, f"check {_source(subject)}: rows or a column may have stopped arriving; import again before retraining"


def _unseen_rate(subject: str, title: str, figures: Mapping[str, Any], measure: Measure) -> tuple[str, str]:
    names = ", ".join(repr(value[:40]) for value in figures.get("unseen_values", []))
    told = f", mostly {names}" if names else ""
    text = f"{measure.value:.1%} of the rows have a {title} that the model has not learned{told}"
    return text, f"check {_source(subject)} for renamed or new values; if they are real, retrain once they have history"


_WORDS = {"distribution": _distribution, "null_rate": _null_rate, "unseen_rate": _unseen_rate}


def _patience(subject: str, measure: Measure) -> str:
    if subject == SCORE:
        return "look at the inputs that moved; retrain when outcomes of these scores have matured and confirm it"
    return {
        "low": "wait, and look again at the next watch",
        "medium": f"check {_source(subject)} for what changed; retrain if it stays",
        "high": f"check {_source(subject)} for what changed; if it is real, retrain",
    }[measure.severity]


def _rose(figures: Mapping[str, Any]) -> bool:
    """Whether a number rose by other than a change of unit."""
    return figures.get("factor") is None and bool(figures.get("mean", 0.0) > figures.get("reference_mean", 0.0))


def _source(subject: str) -> str:
    return f"the source behind view {subject.partition(':')[0]!r}" if ":" in subject else "the inputs"


def _most_moved(figures: Mapping[str, Any]) -> str:
    moves = [
        (abs(now - before), name, before, now)
        for name, before, now in zip(figures["bins"], figures["reference_shares"], figures["shares"], strict=True)
        if name not in ("null", "unseen")
    ]
    _, name, before, now = max(moves)
    return f"{name!r} from {before:.1%} to {now:.1%}"
