"""What every model must keep, whoever wrote it: one check per promise, each failing with a sentence.

A new file in ``training/models`` runs through all of them (``tests/training/company/test_models.py``); a plug-in
can do the same::

    for check in CHECKS:
        check(spec, candidate)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scoring import BinaryModel, Candidate, Evidence, Frame, load
from scoring.artefact import SUFFIXES, encode
from scoring.calibration import log_odds_of
from scoring.cards import FOLDER
from training.spec import ModelSpec

Check = Callable[[ModelSpec, Candidate], None]

PICKLED = re.compile(rb"\x80[\x02-\x05].{0,40}(c|\x8c)", re.DOTALL)
PICTURES: Mapping[str, frozenset[str]] = {
    "binary": frozenset({"roc", "precision_recall", "lift", "gain", "profit", "reliability", "stability", "families"}),
    "segmentation": frozenset({"segments", "profiles"}),
    "recommendation": frozenset({"ndcg_10", "ndcg_10_new"}),
}
"""Pictures without which a model of a kind cannot be judged."""
JSON_KEYS = {"model", "grade", "rung", "rows", "base_rate", "protocol", "metrics", "naive", "leaks", "seconds"}


class PromiseError(AssertionError):
    """A model does not keep one of the promises."""


def _require(kept: bool, sentence: str) -> None:
    if not kept:
        raise PromiseError(sentence)


def names_itself(spec: ModelSpec, candidate: Candidate) -> None:
    """The artefact is of the model's own name, kind and entity."""
    model = candidate.model
    told = (model.name, model.kind, model.entity)
    _require(told == (spec.name, spec.kind, spec.entity), f"the artefact says {told}, its file {spec.name, spec.kind}")
    _require(bool(spec.title), "the model has no title")


def is_data(_: ModelSpec, candidate: Candidate) -> None:
    """The artefact loads again as the same model, and holds plain data only."""
    again = load(candidate.directory, sha256=candidate.model.sha256)
    _require(again.sha256 == candidate.model.sha256, "the artefact on disk is another one")
    for path in Path(candidate.directory).iterdir():
        _require(path.suffix in SUFFIXES, f"{path.name} is no file of data")
        _require(not PICKLED.match(path.read_bytes()[:64]), f"{path.name} looks pickled")


def names_what_it_learned_from(_: ModelSpec, candidate: Candidate) -> None:
    """The identity of its training set, where it has one, stands in the manifest."""
    made = candidate.training_set
    told = candidate.model.manifest["hashes"].get("training_set")
    _require(told == (None if made is None else made.sha256), f"the manifest names the training set {told}")
    _require(made is None or made.manifest.rows > 0, "the training set has no rows")


def has_hashes(_: ModelSpec, candidate: Candidate) -> None:
    """It says from which data, spine, code, settings and declarations it was made."""
    for name in ("data", "spine", "code", "settings", "declarations"):
        _require(bool(re.fullmatch(r"[0-9a-f]{64}", candidate.hashes.get(name, ""))), f"the hash of {name} is missing")
        _require(candidate.model.manifest["hashes"][name] == candidate.hashes[name], f"two hashes of {name}")


def has_declarations(_: ModelSpec, candidate: Candidate) -> None:
    """It says what its views said, so that a later change of one can be told."""
    told = candidate.model.artefact.json("declarations.json")
    views = {ref.partition(":")[0] for ref in candidate.model.refs}
    _require(set(told) == views, f"it tells the declarations of {sorted(told)}, its features are of {sorted(views)}")


def is_plain_json(_: ModelSpec, candidate: Candidate) -> None:
    """Its summary, parameters and tables are plain JSON, and the summary has every key."""
    summary = json.loads(encode(candidate.to_json()))
    _require(set(summary) >= JSON_KEYS, f"the summary lacks {sorted(JSON_KEYS - set(summary))}")
    encode(dict(candidate.params))
    encode(dict(candidate.tables))


def has_figures(_: ModelSpec, candidate: Candidate) -> None:
    """It has figures, inside their intervals, beside those of a named naive rule."""
    _require(bool(candidate.metrics), "there are no figures")
    _require(bool(candidate.naive.rule) and bool(candidate.naive.metrics), "no naive rule stands beside the figures")
    for name, metric in candidate.metrics.items():
        low = metric.value if metric.low is None else metric.low
        high = metric.value if metric.high is None else metric.high
        _require(low <= metric.value <= high, f"{name} {metric.value} lies outside {low} to {high}")
    _require(bool(set(candidate.metrics) & set(candidate.naive.metrics)), "the naive rule has none of the figures")


def is_graded(_: ModelSpec, candidate: Candidate) -> None:
    """It has a grade with reasons, and says how it was judged."""
    _require(candidate.grade in ("A", "B", "C", "D"), f"{candidate.grade!r} is no grade")
    _require(bool(candidate.grade_reasons), "the grade has no reasons")
    _require(candidate.protocol in ("time", "order", "fold", "random"), f"{candidate.protocol!r} is no protocol")
    _require(bool(candidate.protocol_note), "nothing says how it was judged")


def has_card(_: ModelSpec, candidate: Candidate) -> None:
    """Its card names grade, protocol and naive rule, and is the one in the artefact."""
    _require(candidate.model.card == candidate.card, "the card in the artefact is another one")
    for words in (f"Grade {candidate.grade}", candidate.protocol, candidate.naive.rule, "Limits"):
        _require(words.lower() in candidate.card.lower(), f"the card does not say {words!r}")


def has_pictures(_: ModelSpec, candidate: Candidate) -> None:
    """It has the pictures that its kind is read by, each as SVG and PNG, that hold no script and fetch nothing."""
    stems = {name.rpartition(".")[0] for name in candidate.pictures}
    missing = PICTURES.get(candidate.kind, frozenset()) - stems
    _require(bool(stems) and not missing, f"there are no pictures {sorted(missing)}")
    for stem in stems:
        _require(f"]({FOLDER}{stem}.svg)" in candidate.card, f"the card does not show {stem}.svg")
        svg, png = (candidate.pictures.get(f"{stem}.{kind}", b"") for kind in ("svg", "png"))
        _require(b"<svg" in svg and b"<script" not in svg, f"{stem}.svg is no plain SVG")
        _require(png.startswith(b"\x89PNG"), f"{stem}.png is no PNG")


def has_parity(_: ModelSpec, candidate: Candidate) -> None:
    """The exported form was proven to equal what was fitted."""
    _require(candidate.parity is not None and candidate.parity.is_proven, f"parity is {candidate.parity}")


def has_policy_and_profile(_: ModelSpec, candidate: Candidate) -> None:
    """Its policy and reference profile are there, and the profile covers the features used."""
    _require(bool(candidate.model.policy), "the policy is empty")
    described = set(candidate.model.profile.get("features", {}))
    _require(bool(described) and described <= set(candidate.model.refs), "the profile describes other features")


def has_evidence(_: ModelSpec, candidate: Candidate) -> None:
    """A yes-or-no model shows the rows that it was judged on: outcomes, its scores and the rule's."""
    if not isinstance(candidate.model, BinaryModel):
        return
    found = candidate.evidence
    _require(isinstance(found, Evidence) and len(found.ids) > 0, "there is no evidence")
    assert found is not None  # noqa: S101 - required above
    rows = {len(part) for part in (found.ids, found.as_of, found.y, found.score, found.naive_score)}
    _require(len(rows) == 1, "the evidence has columns of different lengths")
    _require(set(np.unique(found.y)) <= {0.0, 1.0}, "outcomes are 0 or 1")
    for score in (found.score, found.naive_score):
        _require(bool(((score >= 0) & (score <= 1)).all()), "a probability lies outside 0..1")


CHECKS: tuple[Check, ...] = (
    names_itself,
    is_data,
    has_hashes,
    names_what_it_learned_from,
    has_declarations,
    is_plain_json,
    has_figures,
    is_graded,
    has_card,
    has_pictures,
    has_parity,
    has_policy_and_profile,
    has_evidence,
)


def answers_alike(model: BinaryModel, frame: Frame) -> None:
    """A yes-or-no model answers a row alone as among others, and its reasons add up without naming what is protected.

    Parameters
    ----------
    model : BinaryModel
    frame : mapping of str to ndarray
        Some rows, a few of which are enough.
    """
    together = model.predict(frame)
    protected = {item["ref"] for item in model.artefact.json("features.json")["inputs"] if item["protected"]}
    for row, score in enumerate(together):
        one: dict[str, Any] = {ref: values[row : row + 1] for ref, values in frame.items()}
        _require(bool(model.predict(one)[0] == score), f"row {row} is answered otherwise alone")
        reasons = model.explain(one)[0]
        told = sum(reason.effect for reason in reasons) + model.base
        _require(abs(told - float(log_odds_of(np.array([score]))[0])) < 1e-6, f"the reasons of row {row} do not add up")
        _require(not any(reason.feature in protected for reason in reasons), f"row {row} is told a protected feature")
