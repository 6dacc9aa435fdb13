"""What is measured on real data: a model on a data set, the figures that it must reach, and whether it does."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Answer = Mapping[str, Any]
Sign = Literal["≥", ">", "≤"]
SIGNS: Mapping[Sign, Callable[[float, float], bool]] = {"≥": operator.ge, ">": operator.gt, "≤": operator.le}
ENDS = {"value": "", "low": "lower end ", "high": "upper end "}
BASE_RATE = re.compile(r"drift [B-D]: .*base rate (?P<before>[\d.]+)% → (?P<after>[\d.]+)%")
MOVED = 0.1  # of itself: a base rate that moves by more is not stable


@dataclass(frozen=True)
class Verdict:
    """One target beside its figure, in words, and whether it is reached.

    Attributes
    ----------
    metric, figure, target : str
        As shown: ``auc``, ``0.847 (0.837 to 0.856)``, ``≥ 0.835``.
    naive : str
        The naive rule's figure, or a dash.
    is_reached : bool
    why : str
        The sentence of the answer that the verdict rests on; mostly none is needed.
    """

    metric: str
    figure: str
    target: str
    naive: str
    is_reached: bool
    why: str = ""

    @property
    def word(self) -> str:
        """``reached`` or ``MISSED``."""
        return "reached" if self.is_reached else "MISSED"


@dataclass(frozen=True)
class Target:
    """A bound that a figure, or one end of its interval, has to keep.

    Attributes
    ----------
    metric : str
    sign : {"≥", ">", "≤"}
    bound : float
    end : {"value", "low", "high"}
        What is compared; an end that could not be computed keeps no bound.
    unless_moved : bool
        Whether the bound holds for a stable base rate only: where it moved, the grade's reasons have to say so.
    """

    metric: str
    sign: Sign
    bound: float
    end: Literal["value", "low", "high"] = "value"
    unless_moved: bool = False

    @property
    def words(self) -> str:
        """The bound as shown.

        Examples
        --------
        >>> Target("gain", ">", 0.0, end="low").words, Target("ece_excess", "≤", 0.02, unless_moved=True).words
        ('lower end > 0', '≤ 0.020 or drift said')
        """
        bound = "0" if self.bound == 0 else number(self.bound)
        return f"{ENDS[self.end]}{self.sign} {bound}{' or drift said' if self.unless_moved else ''}"

    def verdict(self, answer: Answer) -> Verdict:
        """Whether the answer of ``train --json`` or ``backtest --json`` keeps the bound."""
        figure = answer["metrics"][self.metric]
        compared = figure[self.end]
        is_kept = compared is not None and SIGNS[self.sign](compared, self.bound)
        why = "" if is_kept or not self.unless_moved else drift(answer["grade_reasons"])
        naive = answer["naive"].get(self.metric)
        shown = "–" if naive is None else number(naive)
        return Verdict(self.metric, spread(figure), self.words, shown, is_kept or bool(why), why)


@dataclass(frozen=True)
class Study:
    """One model on one data set.

    Attributes
    ----------
    data, task, model : str
        Folder and source name, the task's name, the model asked.
    targets : tuple of Target
        The first stands for the study in short tables.
    grade : str
        The grade that it must get, with a sentence why, where the data are known to hold no signal.
    command : {"train", "backtest"}
    options : tuple of str
        Further words of the command.
    """

    data: str
    task: str
    model: str
    targets: tuple[Target, ...] = ()
    grade: str = ""
    command: Literal["train", "backtest"] = "train"
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Data and task, by which it is asked for."""
        return f"{self.data}/{self.task}"

    @property
    def metric(self) -> str:
        """The figure that stands for the study."""
        return self.targets[0].metric if self.targets else "auc"

    @property
    def due(self) -> str:
        """What that figure, or the grade, has to be."""
        return f"grade {self.grade}" if self.grade else number(self.targets[0].bound)

    def verdicts(self, answer: Answer) -> list[Verdict]:
        """Every target beside its figure."""
        found = [target.verdict(answer) for target in self.targets]
        if not self.grade:
            return found
        why = next(iter(answer["grade_reasons"]), "")
        is_due = answer["grade"] == self.grade and bool(why)
        return [*found, Verdict("grade", answer["grade"], f"{self.grade}, and why", "–", is_due, why)]

    def is_reached(self, answer: Answer) -> bool:
        """Whether every target is."""
        return all(verdict.is_reached for verdict in self.verdicts(answer))


def drift(reasons: Iterable[str]) -> str:
    """The sentence that says that the base rate moved by more than a tenth of itself; empty where there is none.

    Examples
    --------
    >>> drift(["calibration C: …", "drift C: score stability index 0.1 (0.0 by chance), base rate 20.0% → 30.0%"])
    'drift C: score stability index 0.1 (0.0 by chance), base rate 20.0% → 30.0%'
    >>> drift(["drift B: score stability index 0.2 (0.0 by chance), base rate 20.0% → 20.5%"])
    ''
    """
    for reason in reasons:
        found = BASE_RATE.match(reason)
        if found:
            before, after = float(found["before"]), float(found["after"])
            if abs(after - before) > MOVED * before:
                return reason
    return ""


def number(value: float) -> str:
    """A figure as shown.

    Examples
    --------
    >>> number(0.8354), number(9471.2)
    ('0.835', '9,471')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"


def spread(figure: Mapping[str, float | None]) -> str:
    """A figure with its interval.

    Examples
    --------
    >>> spread({"value": 0.5, "low": 0.4, "high": 0.6}), spread({"value": 0.5, "low": None, "high": None})
    ('0.500 (0.400 to 0.600)', '0.500')
    """
    value, low, high = figure["value"], figure["low"], figure["high"]
    assert value is not None
    return number(value) if low is None or high is None else f"{number(value)} ({number(low)} to {number(high)})"


SNAPSHOT = ("--random-split",)  # outcomes without times can be split in no other way
CALIBRATED = Target("ece_excess", "≤", 0.02, unless_moved=True)


def _ranked(auc: float) -> tuple[Target, ...]:
    """The better honest AUC known less 0.01, and probabilities that can be believed."""
    return Target("auc", "≥", auc), CALIBRATED


STUDIES = (
    Study("telco_ibm", "churn", "churn", _ranked(0.835), options=SNAPSHOT),
    Study("telco_ibm_relational", "churn", "churn", _ranked(0.895), options=SNAPSHOT),
    Study("online_retail", "churn", "churn", _ranked(0.731)),
    Study("cdnow", "churn", "churn", _ranked(0.760), options=("--horizon-days", "273")),
    Study("bank_marketing", "lead", "lead_score", _ranked(0.738)),
    Study("leads_xeducation", "lead", "lead_score", _ranked(0.864), options=SNAPSHOT),
    Study("maven_crm", "win", "opportunity_win", grade="D"),
    Study(
        "online_retail",
        "recommendation",
        "recommendation",
        (
            Target("ndcg_10", "≥", 0.335),
            Target("gain", "≥", 0.0, end="low"),  # paired, over personal frequency on all items
            Target("gain_source", ">", 0.0, end="low"),  # paired, over the best single source on new items
        ),
    ),
    Study(
        "online_retail",
        "backtest",
        "churn",
        (Target("earned", ">", 0.0, end="low"), Target("earned_gain", ">", 0.0, end="low")),
        command="backtest",
    ),
)
