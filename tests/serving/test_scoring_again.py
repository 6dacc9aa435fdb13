"""Batches of scores: what is told of them, and what stays of one when its moment is scored again."""

from __future__ import annotations

import pytest

from configs import Settings
from pipelines.score import NobodyError, Scored, score
from pipelines.shortlist import shortlist
from pipelines.workspace import Workspace
from rapport.face import Rapport
from segments.scored import latest
from tests.segments.shop import END, ids, merge
from tests.serving.conftest import ORDERS, add, artefact, recommender


def test_bands_are_told_from_the_highest_on(settings: Settings) -> None:
    starts = {"low": 0.0, "medium": 0.2, "high": 0.3, "very high": 0.5}
    bands = [{"name": name, "from": start} for name, start in starts.items()]
    add(settings, artefact(settings.artefacts_dir, weight=0.02, bands=bands))
    with Workspace(settings) as workspace:
        told = score(workspace, "churn", as_of=END)
    assert list(told.bands) == [name for name in ("very high", "high", "medium", "low") if name in told.bands]
    assert {"very high", "medium", "low"} <= set(told.bands)
    assert sum(told.bands.values()) == told.scored


@pytest.mark.parametrize("name", ["churn", "recommendation"])
def test_scoring_the_same_moment_again_withdraws_who_left(settings: Settings, name: str) -> None:
    add(settings, recommender(settings))
    (settings.home / "costs.yaml").write_text("churn: {action: 1, gain: 30, success: 0.1}\n", encoding="utf-8")
    table = "scores" if name == "churn" else "recommendations"
    with Rapport(settings) as workspace:
        before = score(workspace, name, as_of=END)
        three, seven = ids(workspace.records, "C3", "C7")
        assert before.withdrawn == 0
        assert three in standing(workspace, table)
        merge(workspace.records, "C3", "C7", END - 1)
        after = score(workspace, name, as_of=END)
        assert (after.population, after.scored) == (before.population - 1, before.scored - 1)
        assert after.withdrawn == (1 if name == "churn" else 3), "every row of the one who left, and no other"
        assert f"Answers of the same moment that were withdrawn: {after.withdrawn}." in after.lines()
        assert three not in standing(workspace, table)
        assert seven in standing(workspace, table)
        assert score(workspace, name, as_of=END).withdrawn == 0
        if name == "churn":
            _not_listed(workspace, three, after)


def _not_listed(workspace: Rapport, left: int, after: Scored) -> None:
    best = shortlist(workspace, after, 100)
    assert (best.of, "C3" in set(best.rows["customer_no"])) == (after.scored, False)
    answers = workspace.scores("churn")
    assert (len(answers), "C3" in set(answers["customer_no"])) == (after.scored, False)
    batch = latest(workspace.records, "churn", END)
    assert batch is not None
    assert (len(batch.customer_id), left in batch.customer_id) == (after.scored, False)


def standing(workspace: Workspace, table: str) -> set[int]:
    """Customers with an answer that stands."""
    found = workspace.records.query(
        f"select customer_id from {table} s where op <> 'retract' "
        f"and version = (select max(version) from {table} n where n.id = s.id)"
    )
    return set(found["customer_id"].to_pylist())


@pytest.mark.parametrize(("least", "stay"), [(6, 3), (99, 0)])
def test_a_champion_with_a_narrower_population_withdraws_the_rest(settings: Settings, least: int, stay: int) -> None:
    with Workspace(settings) as workspace:
        before = score(workspace, "churn", as_of=END).scored
        population = {"expression": f"buying__orders_365d > {least}", "refs": [ORDERS]}
        add(settings, artefact(settings.artefacts_dir, weight=0.03, population=population))
        if stay:
            after = score(workspace, "churn", as_of=END)
            assert (after.scored, after.withdrawn) == (stay, before - stay)
        else:
            with pytest.raises(NobodyError, match="nobody is in the population"):
                score(workspace, "churn", as_of=END)
        assert len(standing(workspace, "scores")) == stay
