"""Segments of the made-up company: the planted kinds are found, and names stay."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm.clock import DAY
from features import FeatureStore
from scoring import ArtefactError, Candidate, SegmentationModel, load
from scoring.grouping import Places
from tests.training.company.workspace import Company
from training import Training, TrainingError, rfm
from training.clusters import adjusted_rand
from training.models.segmentation import model as spec

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def candidate(company: Company) -> Candidate:
    return company.training.train("segmentation", seed=1)


def _model(candidate: Candidate) -> SegmentationModel:
    assert isinstance(candidate.model, SegmentationModel)
    return candidate.model


def _agreement(company: Company, model: SegmentationModel, places: Places | None = None) -> float:
    ids, frame = company.frame(tuple({*spec.refs, *model.refs}), company.files.complete_until)
    kept = model.eligible(frame)
    truth = company.truth("customers", "customer").loc[ids[kept]]
    active = (truth["state"] == "active").to_numpy()
    found = model.places({ref: values[kept] for ref, values in frame.items()}) if places is None else places
    return adjusted_rand(pd.crosstab(truth["segment"].to_numpy()[active], found[active]).to_numpy())


def test_the_planted_segments_are_found(company: Company, candidate: Candidate) -> None:
    assert candidate.rung == "clusters"
    assert _agreement(company, _model(candidate)) > 0.40  # chance is 0; the RFM rule reaches some 0.15


def test_the_rfm_rule_finds_much_less(company: Company, candidate: Candidate) -> None:
    _, frame = company.frame(spec.refs, company.files.complete_until)
    kept = _model(candidate).eligible(frame)
    frame = {ref: values[kept] for ref, values in frame.items()}
    rule = rfm.rule(frame, spec.recency, spec.frequency, spec.money)
    assert _agreement(company, _model(candidate), rule.place(frame)) < _agreement(company, _model(candidate)) - 0.15


def test_segments_foretell_more_of_later_spending_than_the_rfm_rule(candidate: Candidate) -> None:
    assert candidate.naive.rule == "RFM quantiles"
    gain = candidate.metrics["gain"]
    assert gain.low is not None
    assert gain.low > 0
    assert candidate.metrics["explained"].value > candidate.naive.metrics["explained"].value
    evidence = candidate.evidence
    assert evidence is not None
    assert evidence.score.mean() > evidence.naive_score.mean()


def test_sizes_are_within_their_bounds_and_names_differ(candidate: Candidate) -> None:
    segments = _model(candidate).segments
    assert all(0.03 <= segment.share <= 0.40 for segment in segments)
    assert len({segment.name for segment in segments}) == len(segments)
    assert any("bulk buyers" in segment.name for segment in segments)


def test_equal_input_gives_equal_bytes(company: Company, candidate: Candidate) -> None:
    again = company.training.train("segmentation", seed=1)
    assert again.model.sha256 == candidate.model.sha256


def test_names_and_ids_stay_when_the_segments_are_learned_again_later(company: Company) -> None:
    before = company.training.train("segmentation", as_of=company.files.complete_until - 30 * DAY, seed=1)
    after = company.training.train("segmentation", seed=2, champion=before.model)
    old = {segment.id: segment.name for segment in _model(before).segments}
    new = {segment.id: segment.name for segment in _model(after).segments}
    shared = set(old) & set(new)
    assert len(shared) >= len(old) - 1
    assert all(old[key] == new[key] for key in shared)
    moved = after.tables["migration"]
    stayed = sum(moved[old[key]][new[key]] for key in shared)
    assert stayed > 0.7 * sum(sum(row.values()) for row in moved.values())
    assert b"%</text>" in after.pictures["migration.svg"]
    assert "migration.svg" not in before.pictures, "there was nothing to come from"


def test_a_champion_is_judged_on_the_candidates_rows(company: Company, candidate: Candidate) -> None:
    evidence = company.training.evidence(candidate.model, candidate)
    assert evidence is not None
    assert candidate.evidence is not None
    assert np.array_equal(evidence.ids, candidate.evidence.ids)
    assert abs(evidence.score.mean() - candidate.evidence.score.mean()) < 0.2 * abs(candidate.evidence.score.mean())


def test_one_customer_alone_is_in_the_same_segment(company: Company, candidate: Candidate) -> None:
    model = _model(candidate)
    _, frame = company.frame(model.refs, company.files.complete_until)
    together = model.assign(frame)
    for row in range(0, 200, 7):
        assert model.assign({ref: values[row : row + 1] for ref, values in frame.items()}) == [together[row]]


def test_online_values_give_the_same_segment(company: Company, candidate: Candidate) -> None:
    model, at = _model(candidate), company.files.complete_until
    company.store.materialize("customer", as_of=at)
    ids, frame = company.frame(model.refs, at)
    numbers = company.records.numbers("customer").to_pandas().set_index("id")["number"]
    keys = numbers.loc[ids[:50]].tolist()
    answer = company.store.online_features(model.refs, keys, at)
    assert model.assign(answer.values) == model.assign({ref: values[:50] for ref, values in frame.items()})


def test_the_card_names_every_segment(candidate: Candidate) -> None:
    for segment in _model(candidate).segments:
        assert f"| {segment.name} |" in candidate.card
    assert "Grade" in candidate.card
    assert candidate.pictures["segments.png"].startswith(b"\x89PNG")
    profiles = candidate.pictures["profiles.svg"].decode()
    assert all(word in profiles for segment in _model(candidate).segments for word in segment.name.split())


def test_an_altered_artefact_is_refused(candidate: Candidate, tmp_path: Path) -> None:
    shutil.copytree(candidate.directory, tmp_path / "copy")
    path = tmp_path / "copy" / "segments.json"
    path.write_text(path.read_text().replace("bulk", "hulk", 1))
    with pytest.raises(ArtefactError, match=r"segments\.json was altered"):
        load(tmp_path / "copy")


def test_records_without_orders_are_one_sentence(empty: tuple[Training, FeatureStore]) -> None:
    with pytest.raises(
        TrainingError, match="hold nothing that 'segmentation' could learn from; at least one order line"
    ):
        empty[0].train("segmentation")
