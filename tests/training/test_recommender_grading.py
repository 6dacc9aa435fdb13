"""A recommender's grade: the better naive rule is the one to beat, and A needs a proven gain."""

from __future__ import annotations

import numpy as np
import pytest

from scoring import Floats, Metric
from training.recommender_grading import Verdict, grade, verdict
from training.trials import Marks

IDS = np.arange(400)
POPULAR, OWN = "best sellers", "personal frequency, then popular now"


def _marks(every: float, fresh: float, seed: int) -> Marks:
    def values(mean: float) -> Floats:
        return mean + 0.05 * np.random.default_rng(seed).standard_normal(len(IDS))

    return Marks(values(every), values(every + 0.1), values(fresh))


def test_the_better_rule_stands_beside_all_items_and_best_sellers_beside_new_ones() -> None:
    marks = {"chosen": _marks(0.5, 0.3, 1), POPULAR: _marks(0.1, 0.2, 2), OWN: _marks(0.4, 0.25, 3)}
    found = verdict(marks, IDS, seed=1)
    assert found.rival == OWN
    assert found.naive.rule == f"{OWN}; {POPULAR} for new items"
    beside = found.naive.metrics
    assert (beside["ndcg_10"], beside["recall_20"]) == (found.figures[OWN]["ndcg_10"], found.figures[OWN]["recall_20"])
    assert beside["ndcg_10_new"] == found.figures[POPULAR]["ndcg_10_new"]
    assert found.gain.value == pytest.approx(np.mean(marks["chosen"].ndcg - marks[OWN].ndcg))
    assert found.gain_new.value == pytest.approx(np.mean(marks["chosen"].fresh - marks[POPULAR].fresh))


def test_the_best_single_source_on_new_items_stands_beside_the_choice() -> None:
    marks = {"chosen": _marks(0.5, 0.3, 1), POPULAR: _marks(0.1, 0.2, 2), OWN: _marks(0.4, 0.25, 3)}
    marks["EASE"], marks["without the second stage"] = _marks(0.3, 0.29, 4), _marks(0.45, 0.295, 5)
    found = verdict(marks, IDS, seed=1)
    assert found.source == "EASE"
    assert found.gain_source.value == pytest.approx(np.mean(marks["chosen"].fresh - marks["EASE"].fresh))
    assert found.metrics["gain_source"] == found.gain_source


def test_best_sellers_are_the_rule_where_nobody_buys_again() -> None:
    marks = {"chosen": _marks(0.5, 0.3, 1), POPULAR: _marks(0.3, 0.2, 2), OWN: _marks(0.1, 0.25, 3)}
    found = verdict(marks, IDS, seed=1)
    assert (found.rival, found.naive.rule) == (POPULAR, POPULAR)


def test_new_items_are_judged_on_those_who_bought_any() -> None:
    marks = {name: _marks(0.5, 0.3, 1) for name in (POPULAR, OWN)}
    fresh = marks[POPULAR].fresh + 0.1
    fresh[::2] = np.nan
    found = verdict({**marks, "chosen": Marks(marks[OWN].ndcg, marks[OWN].recall, fresh)}, IDS, seed=1)
    assert found.gain.value == 0.0
    assert found.gain_new.value == pytest.approx(0.1)


GOOD, NONE, NEAR, WORSE = (
    Metric(0.02, 0.01, 0.03),
    Metric(0.0, -0.02, 0.02),
    Metric(0.001, -0.004, 0.006),
    Metric(-0.05, -0.07, -0.03),
)


@pytest.mark.parametrize(
    ("gain", "gain_new", "judged", "level", "words"),
    [
        (GOOD, GOOD, 400, "A", f"better than {OWN} on all items, and than {POPULAR} on items new to the customer"),
        (NEAR, GOOD, 400, "A", f"better than {POPULAR} on new items, and not worse than {OWN} on all items"),
        (GOOD, WORSE, 400, "B", f"better than {OWN} on all items, not better than {POPULAR} on items new"),
        (NONE, GOOD, 400, "C", f"better than {POPULAR} on new items, but not shown to be as good as {OWN}"),
        (WORSE, GOOD, 400, "C", f"not shown to be as good as {OWN} on all items"),
        (GOOD, GOOD, 150, "C", "judged on fewer than 200 customers"),
        (NEAR, NEAR, 400, "D", f"no better than {OWN}, or {POPULAR} for new items: the gain may be chance"),
        (WORSE, WORSE, 400, "D", "the gain may be chance"),
    ],
)
def test_the_grade_follows_from_both_gains(gain: Metric, gain_new: Metric, judged: int, level: str, words: str) -> None:
    found, why = grade(Verdict(OWN, {}, gain, gain_new, judged))
    assert found == level
    assert words in why


def test_no_a_where_an_earlier_month_was_lost() -> None:
    best = Verdict(OWN, {}, GOOD, GOOD, 400)
    level, why = grade(best, "worse than it in May")
    assert (level, why) == ("B", f"{grade(best)[1]}, but worse than it in May")
    weak = Verdict(OWN, {}, NEAR, NEAR, 400)
    assert grade(weak, "worse than it in May") == grade(weak)
