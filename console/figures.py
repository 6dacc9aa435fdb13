"""What the figures of models are called, and what each of them says, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Wording:
    """A figure's name and its meaning."""

    title: str
    meaning: str


WORDS: Mapping[str, Wording] = MappingProxyType({
    "auc": Wording("Ranking (AUC)", "how often a case with the outcome stands above one without; 0.5 is guessing"),
    "average_precision": Wording(
        "Precision of the list", "mean share of hits while going down the list; guessing gives the share of outcomes"
    ),
    "lift_10": Wording("Lift of the highest tenth", "times as many outcomes there as on average; 1 is guessing"),
    "brier": Wording(
        "Squared error (Brier)", "squared distance of the probability from what happened; lower is better"
    ),
    "log_loss": Wording("Log loss", "what being wrong costs, the more the surer it was; lower is better"),
    "ece": Wording(
        "Calibration error (ECE)", "mean distance of probability and reality in 15 groups; part of it is always chance"
    ),
    "ece_excess": Wording(
        "Calibration error beyond chance", "the part that chance does not explain; at 0 probabilities can be believed"
    ),
    "explained": Wording("Later spending foretold", "share of the spread in later spending that the segments tell"),
    "ndcg_10": Wording("First ten, in order (NDCG)", "how near the top what is bought next stands; 1 is perfect"),
    "ndcg_10_new": Wording("First ten, new to the customer", "the same, over items never bought before"),
    "recall_20": Wording("Found among the first twenty", "share of what is bought next that stands there"),
    "gain": Wording("Gain over the naive rule", "difference of the main figure from that of the naive rule"),
    "gain_new": Wording("Gain over the naive rule, new to the customer", "the same, over items never bought before"),
    "gain_source": Wording(
        "Gain over the best single source, new to the customer", "by how much the ranking beats each source alone"
    ),
})  # fmt: skip


def wording(name: str) -> Wording:
    """The words for a figure; one that is not known here goes by its own name.

    Examples
    --------
    >>> wording("lift_10").title, wording("new_figure").title
    ('Lift of the highest tenth', 'new figure')
    """
    return WORDS.get(name, Wording(name.replace("_", " "), ""))
