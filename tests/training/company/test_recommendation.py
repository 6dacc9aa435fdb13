"""Products for the made-up company's customers: what is planted ranks above what is merely popular."""

from __future__ import annotations

import numpy as np
import pytest

from crm.clock import DAY
from features import FeatureStore
from scoring import Candidate, RecommendationModel
from scoring.recommendation import histories_of
from tests.training.company.workspace import Company
from training import Training, TrainingError
from training.recommending import FIRST_STAGE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def candidate(company: Company) -> Candidate:
    return company.training.train("recommendation", seed=1)


def _model(candidate: Candidate) -> RecommendationModel:
    assert isinstance(candidate.model, RecommendationModel)
    return candidate.model


def test_it_is_better_than_the_better_naive_rule_and_far_better_on_new_items(candidate: Candidate) -> None:
    assert candidate.naive.rule == "personal frequency, then popular now; best sellers for new items"
    gain, gain_new = candidate.metrics["gain"], candidate.metrics["gain_new"]
    assert gain.low is not None
    assert gain.low > 0
    assert gain_new.low is not None
    assert gain_new.low > 0.05
    assert candidate.metrics["ndcg_10_new"].value > 2 * candidate.naive.metrics["ndcg_10_new"].value
    assert candidate.grade == "A"
    assert [reason.split(":")[0] for reason in candidate.grade_reasons[4:6]] == ["stability", "drift"]
    assert len(candidate.tables["months"]) == 3
    assert candidate.evidence is not None
    assert candidate.evidence.naive_score.mean() == pytest.approx(candidate.naive.metrics["ndcg_10"].value)


def test_every_source_is_in_the_tables_with_its_figures(candidate: Candidate) -> None:
    judged = candidate.tables["judged"]
    assert set(judged) == {
        "chosen",
        "best sellers",
        "popular now",
        "personal frequency, then popular now",
        "bought in one order",
        "item-kNN",
        "EASE",
        "iALS",
        "popular in the same state",
        *([FIRST_STAGE] if _model(candidate).recipe.rerank else []),
    }
    for figures in judged.values():
        assert set(figures) == {"ndcg_10", "recall_20", "ndcg_10_new"}
        assert all(0 < figure["low"] <= figure["value"] <= figure["high"] for figure in figures.values())
    assert judged["iALS"]["ndcg_10_new"]["low"] > judged["best sellers"]["ndcg_10_new"]["high"]


def test_what_is_new_to_a_customer_comes_from_the_clusters_that_he_prefers(
    company: Company, candidate: Candidate
) -> None:
    model, at = _model(candidate), company.files.complete_until
    truth = company.truth("customers", "customer")
    cluster = company.truth("products", "product")["cluster"]
    log = company.store.log(model.log)
    ids, sizes = np.unique(log["customer_id"].to_numpy(), return_counts=True)
    busy = ids[sizes >= 15][:200]
    lists = model.recommend(histories_of(log, busy), 10, at=at, owned="without")
    hits, popular = [], []
    best = model.items.ids[np.argsort(-model.items.popularity)[:10]]
    for customer, items in zip(busy, lists, strict=True):
        preferred = set(truth.loc[customer, "clusters"])
        hits.append(np.mean([cluster[item.product_id] in preferred for item in items]))
        popular.append(np.mean([cluster[key] in preferred for key in best]))
    assert np.mean(hits) > 0.6  # three clusters of twenty
    assert np.mean(popular) < 0.3


def test_what_is_bought_again_and_again_comes_first(company: Company, candidate: Candidate) -> None:
    model = _model(candidate)
    truth = company.truth("customers", "customer")
    log = company.store.log(model.log)
    ids, sizes = np.unique(log["customer_id"].to_numpy(), return_counts=True)
    busy = ids[sizes >= 40][:50]
    [*lists] = model.recommend(histories_of(log, busy), 3, at=company.files.complete_until)
    favourites = [set(truth.loc[customer, "favourites"]) for customer in busy]
    hits = [item.product_no in own for own, items in zip(favourites, lists, strict=True) for item in items]
    assert np.mean(hits) > 0.7
    assert all("again" in item.reason or "before" in item.reason for items in lists for item in items)


def test_discontinued_products_are_not_named(company: Company, candidate: Candidate) -> None:
    model = _model(candidate)
    products = company.records.arrow("products", ["id", "status"]).to_pandas()
    gone = set(products.loc[products["status"] == "discontinued", "id"])
    assert gone & set(model.items.ids.tolist())
    log = company.store.log(model.log)
    ids = np.unique(log["customer_id"].to_numpy())[:300]
    histories, at = histories_of(log, ids), company.files.complete_until
    named = {item.product_id for items in model.recommend(histories, 10, at=at) for item in items}
    assert not named & gone
    all_named = {
        item.product_id for items in model.recommend(histories, 10, at=at, with_discontinued=True) for item in items
    }
    assert all_named & gone


def test_the_online_answer_equals_the_batch(company: Company, candidate: Candidate) -> None:
    model, at = _model(candidate), company.files.complete_until
    company.store.materialize("customer", as_of=at)
    log = company.store.log(model.log)
    visible = log.filter((log["known_at"].to_numpy() < at) & (log["superseded_at"].to_numpy() >= at))
    numbers = company.records.numbers("customer").to_pandas()
    some = numbers.iloc[:60]
    online = company.store.online_events("customer", model.log, some["number"].tolist(), at)
    batch = histories_of(visible, some["id"].to_numpy())
    assert model.recommend(online, 10, at=at) == model.recommend(batch, 10, at=at)


def test_equal_input_gives_equal_bytes(company: Company, candidate: Candidate) -> None:
    assert company.training.train("recommendation", seed=1).model.sha256 == candidate.model.sha256


def test_a_champion_is_judged_on_the_candidates_rows(company: Company, candidate: Candidate) -> None:
    evidence = company.training.evidence(candidate.model, candidate)
    assert evidence is not None
    assert candidate.evidence is not None
    assert np.array_equal(evidence.score, candidate.evidence.score)  # the same recipe, taught on the same purchases


def test_without_enough_history_best_sellers_answer_and_nothing_is_claimed(company: Company) -> None:
    early = company.files.complete_until - 104 * 7 * DAY + 50 * DAY
    found = company.training.train("recommendation", as_of=early)
    assert (found.rung, found.grade, found.evidence) == ("rule", "D", None)
    assert "best sellers answer" in found.grade_reasons[1]


def test_the_card_shows_every_source(candidate: Candidate) -> None:
    assert "A product that nobody had bought at training is offered by its category" in candidate.card
    for words in ("best sellers", "popular now", "personal frequency", "item-kNN", "EASE", "iALS"):
        assert f"| {words}" in candidate.card
    assert candidate.pictures["ndcg_10.svg"].startswith(b"<?xml")


def test_records_without_orders_are_one_sentence(empty: tuple[Training, FeatureStore]) -> None:
    with pytest.raises(
        TrainingError, match="hold nothing that 'recommendation' could learn from; at least one order line"
    ):
        empty[0].train("recommendation")
