"""Answers for ids: features looked up online, the champion's number with its reasons, every answer logged first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from crm import clock
from scoring import BinaryModel
from scoring.log import PredictionLog
from scoring.offering import Offering
from scoring.recommendation import RecommendationModel, Recommended
from scoring.segmentation import SegmentationModel
from serving import errors
from serving.champions import Served
from serving.lookup import Found, Lookup, Moment
from serving.metrics import Metrics
from serving.schemas import RecommendRequest, ScoreRequest

CHUNK = 500
"""Ids answered at a time, so that a large request leaves room for small ones."""

ANSWERED = ("ok", "stale")

Row = dict[str, Any]


class Answers:
    """Answers questions with one champion, by the same functions as the batch, so with the same numbers.

    Parameters
    ----------
    lookup : Lookup
        Features by id.
    log : PredictionLog
    metrics : Metrics
    offering : Offering
        What may be offered to whom.
    """

    def __init__(self, lookup: Lookup, log: PredictionLog, metrics: Metrics, offering: Offering) -> None:
        self._lookup = lookup
        self._offering = offering
        self._log = log
        self._metrics = metrics

    def score(self, served: Served, question: ScoreRequest, request_id: str) -> Row:
        """The answer of ``POST /v1/{model}/score``.

        Raises
        ------
        ServingError
            If the model recommends instead of scoring.
        MergedError
            If a customer had been merged into another by then.
        InputError
            If a number that its features ask for is missing or none.
        LogError
            If the answers cannot be logged; then they must not leave.
        """
        model = served.model
        if isinstance(model, RecommendationModel):
            raise errors.wrong_question(served.name, f"/v1/{served.name}/recommend")

        inputs = self._lookup.inputs(model, question.inputs, len(question.ids))

        def work(keys: Sequence[str], moment: Moment, start: int) -> tuple[Found, list[Row]]:
            part = {name: column[start : start + len(keys)] for name, column in inputs.items()}
            found = self._lookup.features(model, keys, moment, part)
            if isinstance(model, SegmentationModel):
                return found, _segmented(model, found)
            return found, _scored(cast(BinaryModel, model), found, question.explain)

        return self._answer(served, question, request_id, work)

    def recommend(self, served: Served, question: RecommendRequest, request_id: str) -> Row:
        """The answer of ``POST /v1/{model}/recommend``; raises like `score`, and

        Raises
        ------
        AssortmentError
            If the workspace's ``assortment.yaml`` cannot be followed: then nothing is offered.
        """
        model = served.model
        if not isinstance(model, RecommendationModel):
            raise errors.wrong_question(served.name, f"/v1/{served.name}/score")

        def work(keys: Sequence[str], moment: Moment, _start: int) -> tuple[Found, list[Row]]:
            found, histories = self._lookup.histories(model, model.log, keys, moment)
            asked = (model.items, found.ids, moment.at, question.without)
            closed, arrivals = self._offering.closed(*asked), self._offering.arrivals(*asked)
            owned = question.owned or self._offering.owned
            lists = model.recommend(histories, question.k, at=moment.at, owned=owned, closed=closed, arrivals=arrivals)
            return found, _recommended(found, lists)

        return self._answer(served, question, request_id, work)

    def _answer(
        self,
        served: Served,
        question: ScoreRequest | RecommendRequest,
        request_id: str,
        work: Callable[[Sequence[str], Moment, int], tuple[Found, list[Row]]],
    ) -> Row:
        moment = self._lookup.moment(served.model, question.as_of)
        self._lookup.store.refuse_merged_now(served.model.entity, question.ids, moment.at)  # before anything is logged
        answers: list[Row] = []
        for start in range(0, len(question.ids), CHUNK):
            found, part = work(question.ids[start : start + CHUNK], moment, start)
            self._log.append(_lines(served, found, part, moment.at, request_id))
            answers += part
        self._metrics.answered(served.name, [answer["status"] for answer in answers])
        return {
            "model": served.name,
            "version": served.version,
            "as_of": clock.iso(moment.at),
            "warning": served.warning,
            "answers": answers,
        }


def _scored(model: BinaryModel, found: Found, explain: int) -> list[Row]:
    _exclude(found, model.eligible(found.frame))
    scores = model.predict(found.frame)
    bands = model.bands(scores)
    reasons = model.explain(found.frame, explain) if explain else None
    expected = _expected(model, found, scores)
    return [
        {
            "id": key,
            "status": status,
            "score": float(scores[place]) if status in ANSWERED else None,
            "band": bands[place] if status in ANSWERED else None,
            "reasons": [reason.to_json() for reason in reasons[place]] if reasons and status in ANSWERED else [],
            **(expected[place] if expected else {}),
        }
        for place, (key, status) in enumerate(zip(found.keys, found.statuses, strict=True))
    ]


def _expected(model: BinaryModel, found: Found, scores: npt.NDArray[np.float64]) -> list[Row]:
    """What each one's deal should bring and when it should close; empty where the model's outcomes bring no deals."""
    if model.deals is None:
        return []
    values, days = model.deals.values(scores), model.deals.days(found.frame)
    return [
        {
            "expected_value": _known(values[place]) if status in ANSWERED else None,
            "currency": model.deals.currency,
            "expected_days": _known(days[place]) if status in ANSWERED else None,
        }
        for place, status in enumerate(found.statuses)
    ]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _segmented(model: SegmentationModel, found: Found) -> list[Row]:
    _exclude(found, model.eligible(found.frame))
    names = model.assign(found.frame)
    return [
        {
            "id": key,
            "status": status,
            "score": None,
            "band": name if status in ANSWERED else None,
            "reasons": [],
            "segment": name if status in ANSWERED else None,
        }
        for key, status, name in zip(found.keys, found.statuses, names, strict=True)
    ]


def _recommended(found: Found, lists: Sequence[Sequence[Recommended]]) -> list[Row]:
    return [
        {
            "id": key,
            "status": status,
            "products": _products(products) if status in ANSWERED else [],
        }
        for key, status, products in zip(found.keys, found.statuses, lists, strict=True)
    ]


def _products(products: Sequence[Recommended]) -> list[Row]:
    return [
        {"product": item.product_no, "name": item.name, "score": item.score, "reason": item.reason} for item in products
    ]


def _exclude(found: Found, eligible: npt.NDArray[np.bool_]) -> None:
    """Known ids outside the model's population are ``ineligible``."""
    for place, is_eligible in enumerate(eligible.tolist()):
        if not is_eligible and found.statuses[place] != "unknown":
            found.statuses[place] = "ineligible"


def _lines(served: Served, found: Found, answers: Sequence[Row], as_of: int, request_id: str) -> list[Row]:
    """What the prediction log keeps of some answers: enough to give them again, and to measure drift and skew."""
    at = clock.now()
    common = {
        "at": at,
        "model": served.name,
        "version": served.version,
        "entity": served.model.entity,
        "as_of": as_of,
        "request": request_id,
        "watermark": found.watermark,
    }
    return [
        common
        | {
            "id": answer["id"],
            "entity_id": None if answer["status"] == "unknown" else int(found.ids[place]),
            "status": answer["status"],
            "score": answer.get("score"),
            "band": answer.get("band"),
            "features": None
            if answer["status"] == "unknown" or not found.frame
            else {ref: values[place] for ref, values in found.frame.items()},
            "inputs": {name: values[place] for name, values in found.inputs.items()} if found.inputs else None,
        }
        for place, answer in enumerate(answers)
    ]
