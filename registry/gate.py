"""The gate: whether a challenger becomes champion, as a pure function of evidence and rules.

A challenger must be better than the champion on the primary figure, with its whole interval above zero, and must
not be worse on the guards by more than their margins; the first champion must beat the naive rule in the same way.
Age is no argument: nothing here knows how old a model is.

The interval against a champion covers two kinds of luck. Resampling the test rows covers the first. The second is
that the training rows were a sample too: two fits to resampled rows of one source differ in truth, and a large test
period finds that. Both shrink with their own number of rows, so the interval is widened by
``sqrt(1 + test rows / training rows)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np

from registry.comparison import Comparison, Figure, Floats, Interval, compare
from registry.decision import Decision
from registry.errors import RegistryError
from scoring.candidate import Evidence

Measure: TypeAlias = Literal["auc", "mean"]

GUARDS: Mapping[Measure, tuple[Figure, ...]] = MappingProxyType({"auc": ("lift", "calibration"), "mean": ()})
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "auc": "AUC",
        "lift": "lift of the list",
        "calibration": "calibration error",
        "mean": "mean merit per row",
    }
)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What better and not worse mean.

    Attributes
    ----------
    measure : {"auc", "mean"}
        Primary figure: AUC of a yes-or-no outcome, or the mean of the evidence's scores, where each row's score is
        already its merit (a customer's NDCG, a negated squared error) and more is better.
    level : float
        Coverage of the two-sided interval of the primary figure; its lower end must be above zero.
    guard_level : float
        Coverage of the two-sided intervals of the guards.
    calibration_margin : float
        How much worse the calibration error may be, at the upper end of its interval.
    lift_margin : float
        How much worse the lift may be, as a share of the champion's, at the lower end of its interval.
    list_share : float
        Size of the list whose lift is guarded, as a share of the rows.
    replicates, seed : int
        Bootstrap replicates by entity, and their seed.
    """

    measure: Measure = "auc"
    level: float = 0.95
    guard_level: float = 0.8
    calibration_margin: float = 0.01
    lift_margin: float = 0.1
    list_share: float = 0.1
    replicates: int = 500
    seed: int = 20_111_209


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One side of a contest.

    Attributes
    ----------
    sha256 : str
        Identity of the artefact.
    grade : str
        ``A`` to ``D``.
    rows : int
        Rows that it was trained on; 0 when nothing was fitted.
    evidence : Evidence or None
        Its scores on the rows of the contest. A champion is scored again on the challenger's rows.
    """

    sha256: str
    grade: str
    rows: int
    evidence: Evidence | None


def decide(challenger: Contender, champion: Contender | None, rules: Rules | None = None) -> Decision:
    """Decide whether a challenger becomes champion.

    Parameters
    ----------
    challenger : Contender
    champion : Contender or None
        None while no version answers.
    rules : Rules, optional

    Returns
    -------
    Decision
        The first reason is the verdict; every test that was made is among the reasons, with its numbers.

    Raises
    ------
    RegistryError
        If the champion was judged on other rows than the challenger.

    Examples
    --------
    >>> decide(Contender(sha256="a", grade="D", rows=40, evidence=None), None).reasons
    ('not promoted: grade D, and a model of grade D is never promoted',)
    """
    rules = rules or Rules()
    numbers: dict[str, Any] = {"rules": asdict(rules)}
    evidence = challenger.evidence
    refusal = _refusal(challenger, champion, rules)
    if refusal or evidence is None:
        return Decision(False, (f"not promoted: {refusal}",), numbers)
    primary = rules.measure
    naive = _compare(evidence, evidence.naive_score, [primary], rules)
    numbers |= {"rows": len(evidence.ids), "entities": len(np.unique(evidence.ids)), "against_naive": naive.to_json()}
    if champion is None:
        return _verdict([_beats(naive.difference[primary], primary, "the naive rule")], numbers)
    if champion.evidence is None:
        raise RegistryError.unpaired(evidence.entity, "it was not scored on them")
    _check_paired(evidence, champion.evidence)
    paired = _compare(evidence, champion.evidence.score, [primary, *GUARDS[primary]], rules)
    gain = _widened(paired.difference[primary], len(evidence.ids), min(challenger.rows, champion.rows))
    numbers["against_champion"] = paired.to_json() | {"gain": gain.to_json()}
    tests = [_beats(gain, primary, "the champion"), _not_below(naive.difference[primary], primary)]
    return _verdict([*tests, *_guards(paired, rules)], numbers)


def _refusal(challenger: Contender, champion: Contender | None, rules: Rules) -> str:
    """Why the contest does not take place; empty when it does."""
    evidence = challenger.evidence
    if champion is not None and champion.sha256 == challenger.sha256:
        return f"the challenger is the champion byte for byte ({challenger.sha256[:12]}…), nothing would change"
    if challenger.grade == "D":
        return "grade D, and a model of grade D is never promoted"
    if evidence is None or not len(evidence.ids):
        return "the candidate brings no rows of a test period, so nothing can be compared"
    if rules.measure == "auc" and len(np.unique(evidence.y)) != 2:
        return f"all {len(evidence.y)} rows of the test period have one outcome, so nothing can be ranked"
    rivals = [evidence.naive_score] + ([champion.evidence.score] if champion and champion.evidence else [])
    if not all(np.isfinite(scores).all() for scores in (evidence.score, *rivals)):
        return "some scores of the test period are not numbers"
    return ""


def _check_paired(challenger: Evidence, champion: Evidence) -> None:
    if len(challenger.ids) != len(champion.ids):
        reason = f"{len(champion.ids)} rows against {len(challenger.ids)}"
    elif not np.array_equal(challenger.ids, champion.ids) or not np.array_equal(challenger.as_of, champion.as_of):
        reason = "other entities or moments"
    else:
        return
    raise RegistryError.unpaired(challenger.entity, reason)


def _compare(evidence: Evidence, rival: Floats, figures: Sequence[Figure], rules: Rules) -> Comparison:
    levels = {figure: rules.level if figure == rules.measure else rules.guard_level for figure in figures}
    return compare(
        evidence.y,
        evidence.score,
        rival,
        evidence.ids,
        figures=figures,
        share=rules.list_share,
        levels=levels,
        replicates=rules.replicates,
        seed=rules.seed,
    )


def _widened(gain: Interval, test_rows: int, training_rows: int) -> Interval:
    if training_rows <= 0:
        return gain
    factor = (1 + test_rows / training_rows) ** 0.5
    return Interval(
        gain.value, gain.value - factor * (gain.value - gain.low), gain.value + factor * (gain.high - gain.value)
    )


def _beats(gain: Interval, figure: str, rival: str) -> tuple[bool, str]:
    is_better = gain.low > 0
    verdict = "better" if is_better else "the interval is not above zero"
    return is_better, f"{WORDS[figure]} against {rival} {gain.words()}: {verdict}"


def _not_below(gain: Interval, figure: str) -> tuple[bool, str]:
    verdict = "better" if gain.value > 0 else "anyone could do as well without a model"
    return gain.value > 0, f"{WORDS[figure]} against the naive rule {gain.words()}: {verdict}"


def _guards(paired: Comparison, rules: Rules) -> list[tuple[bool, str]]:
    if "lift" not in paired.difference:
        return []
    lift, error = paired.difference["lift"], paired.difference["calibration"]
    least, most = -rules.lift_margin * paired.rival["lift"], rules.calibration_margin
    share = f"best {rules.list_share:.0%}"
    return [
        (lift.low >= least, f"{WORDS['lift']} ({share}) {lift.words()}: its lower end may be {least:+.3f} at worst"),
        (error.high <= most, f"{WORDS['calibration']} {error.words()}: its upper end may be {most:+.3f} at worst"),
    ]


def _verdict(tests: list[tuple[bool, str]], numbers: Mapping[str, Any]) -> Decision:
    """What failed comes first, or else the primary figure; the other tests follow."""
    is_promoted = all(is_passed for is_passed, _ in tests)
    ordered = [words for _, words in sorted(tests, key=lambda test: test[0])]
    return Decision(is_promoted, (f"{'' if is_promoted else 'not '}promoted: {ordered[0]}", *ordered[1:]), numbers)
