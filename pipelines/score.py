"""Score everybody who may be scored, and write the answers back as records."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from configs.errors import RapportError
from crm import clock
from features.catalogue import flat
from pipelines.workspace import Workspace
from registry import ModelVersion
from scoring import BinaryModel, Frame, Model
from scoring.offering import Offering
from scoring.recommendation import RecommendationModel, histories_of
from scoring.segmentation import SegmentationModel

RECOMMENDED = 5
"""Products written per customer."""

CHUNK = 50_000
"""Entities scored at a time, so that memory does not grow with the company."""

ANSWERED = pa.schema(
    {
        "customer_id": pa.int64(),
        "product_id": pa.int64(),
        "rank": pa.int64(),
        "score": pa.float64(),
        "reason": pa.string(),
    }
)
"""Columns of a recommendation as it is kept."""

STANDING = """
SELECT s.source_key FROM {table} s JOIN sources o ON o.id = s.source_id
WHERE o.name = 'rapport' AND s.model = :model AND s.occurred_at = :at
  AND s.op <> 'retract' AND s.version = (SELECT max(version) FROM {table} n WHERE n.id = s.id)
"""
"""Answers of a model as of a moment that stand."""

Ids: TypeAlias = npt.NDArray[np.int64]


class ScoringError(RapportError):
    """What was asked cannot be scored."""


class NobodyError(ScoringError):
    """Nobody could be scored."""

    @classmethod
    def of(cls, model: Model, at: int, known: int, end: object) -> NobodyError:
        """Nobody known at a moment is in the population of a model."""
        words = str(model.policy.get("population", {}).get("words") or f"any {model.entity}")
        return cls(
            f"nobody is in the population of {model.name!r} ({words}) as of {clock.iso(at)}, of {known:,} known then; "
            f"at least one is expected; import records that cover it, which end at {end}, or give another --as-of"
        )


@dataclass(frozen=True)
class Scored:
    """One batch: which version, as of when, how many of how many, by band; and how many older answers it withdrew."""

    model: str
    version: str
    grade: str
    as_of: int
    source: str
    population: int
    scored: int
    bands: dict[str, int]
    table: str
    seconds: float
    note: str = ""
    withdrawn: int = 0

    def to_json(self) -> dict[str, Any]:
        """What ``score --json`` prints."""
        return vars(self) | {"as_of": clock.iso(self.as_of), "seconds": round(self.seconds, 3)}

    def words(self) -> str:
        """One sentence."""
        bands = f" ({', '.join(f'{band} {count:,}' for band, count in self.bands.items())})" if self.bands else ""
        return f"{self.scored:,} of {self.population:,} as of {self.source or clock.iso(self.as_of)}{bands}"

    def lines(self) -> list[str]:
        """What ``score`` prints for people."""
        return [
            f"{self.model} version {self.version} (grade {self.grade}): {self.words()}",
            *([f"The moment was given: {self.note}."] if self.note else []),
            *([f"Answers of the same moment that were withdrawn: {self.withdrawn:,}."] if self.withdrawn else []),
            f"Kept as records: rapport export {self.table}. Next: rapport segment build",
        ]


def score(workspace: Workspace, name: str, *, as_of: int | None = None) -> Scored:
    """Score the eligible population with the champion of `name`; each answer becomes a record.

    Answers that the model gave before as of the same moment, and no longer gives, are withdrawn.

    Parameters
    ----------
    as_of : int, optional
        Moment (µs); default: the earliest ``complete_until`` of the sources in use.

    Raises
    ------
    RapportError
        If the model is unknown or has no champion, or nobody is in its population.
    """
    began = time.monotonic()
    workspace.check_model(name)
    version, model = workspace.registry.load(name)
    workspace.features.refresh(progress=workspace.progress)
    default = workspace.as_of(model)
    moment = default.micros if as_of is None else as_of
    _check_moment(moment, max(clock.now(), default.micros))
    spine = workspace.features.entities_at(model.entity, moment)
    ids = spine[f"{model.entity}_id"].to_numpy(np.int64)
    bands: Counter[str] = Counter()
    written, withdrawn, table = 0, 0, "scores"
    given: list[pa.ChunkedArray] = []
    for start in range(0, len(ids), CHUNK):
        table, answers, who = _answers(workspace, model, ids[start : start + CHUNK], moment)
        rows = _stamped(answers, version, moment)
        given.append(rows["source_key"])
        if start + CHUNK >= len(ids):  # with the last answers go those that nobody has any more: all or none
            rows = pa.concat_tables([rows, _gone(workspace, table, version, moment, given)], promote_options="default")
        withdrawn += workspace.records.write({table: rows})[table].retracted
        bands.update(band for band in answers["band"].to_pylist() if band) if "band" in answers.column_names else None
        written += who
        workspace.progress(f"scoring {name}", min(start + CHUNK, len(ids)), len(ids))
    if not written:
        raise NobodyError.of(model, moment, len(ids), default)
    return Scored(
        model=name,
        version=version.version,
        grade=version.grade,
        as_of=moment,
        source=str(default) if as_of is None else "",
        note=default.beyond(moment),
        population=len(ids),
        scored=written,
        bands=_in_order(model, bands),
        table=table,
        seconds=time.monotonic() - began,
        withdrawn=withdrawn,
    )


def _in_order(model: Model, bands: Counter[str]) -> dict[str, int]:
    """Rows by band, the highest scores first; segments, which have no order, by name."""
    names = reversed(model.band_names) if isinstance(model, BinaryModel) else sorted(bands)
    return {name: bands[name] for name in names if name in bands}


def _check_moment(moment: int, latest: int) -> None:
    if moment > latest:
        raise ScoringError(
            f"the moment {clock.iso(moment)} has not come yet; one up to {clock.iso(latest)} is expected; correct "
            "--as-of, or leave it out"
        )


def _gone(
    workspace: Workspace, table: str, version: ModelVersion, at: int, given: Sequence[pa.ChunkedArray]
) -> pa.Table:
    """Withdrawals of the model's answers as of the moment that it did not give this time."""
    standing = workspace.records.query(STANDING.format(table=table), {"model": version.model, "at": at})["source_key"]
    keys = pa.chunked_array([chunk for keys in given for chunk in keys.chunks], pa.string())
    gone = standing.filter(pc.invert(pc.is_in(standing, keys.combine_chunks())))
    return pa.table({"source_key": gone.cast(pa.string()), "op": pa.repeat("retract", len(gone))})


def _answers(workspace: Workspace, model: Model, ids: Ids, at: int) -> tuple[str, pa.Table, int]:
    """The table that the answers belong into, its rows, and how many entities were answered for."""
    if isinstance(model, RecommendationModel):
        rows = _recommended(workspace, model, ids, at)
        return "recommendations", rows, pc.count_distinct(rows["customer_id"]).as_py()
    frame = frame_at(workspace, model, ids, at)
    if isinstance(model, SegmentationModel):
        bands = model.assign(frame)
        scores: npt.NDArray[np.float64] | None = None
        allowed = model.eligible(frame)
    else:
        binary = cast(BinaryModel, model)
        scores = binary.predict(frame)
        bands = binary.bands(scores)
        allowed = binary.eligible(frame)
    rows = pa.table(
        {
            f"{model.entity}_id": ids,
            "score": pa.nulls(len(ids), pa.float64()) if scores is None else pa.array(scores),
            "band": pa.array(bands, pa.string()),
            **expected(model, frame, scores),
        }
    ).filter(pa.array(allowed))
    return "scores", rows, rows.num_rows


def expected(model: Model, frame: Frame, scores: npt.NDArray[np.float64] | None) -> dict[str, pa.Array]:
    """What a yes-or-no model expects of each row beside its score."""
    if not isinstance(model, BinaryModel) or scores is None:
        return {}
    return {name: pa.array(values, from_pandas=True) for name, values in model.expected(scores, frame).items()}


def frame_at(workspace: Workspace, model: Model, ids: Ids, at: int) -> Frame:
    """The features that `model` needs, of some entities as of a moment: the very values that serving computes."""
    spine = pd.DataFrame({f"{model.entity}_id": ids, "as_of": np.full(len(ids), at, np.int64)})
    found = workspace.features.historical_features(model.refs, spine)
    return {ref: found[flat(ref)].to_numpy() for ref in model.refs}


def visible_histories(
    workspace: Workspace, model: RecommendationModel, ids: Ids, at: int
) -> list[dict[str, npt.NDArray[Any]]]:
    """What each customer had bought, as it was known at a moment."""
    log = workspace.features.log(model.log, ids.tolist())
    moment = pa.scalar(at, pa.int64())
    seen = pc.and_(
        pc.less(log["occurred_at"], moment),
        pc.and_(pc.less(log["known_at"], moment), pc.greater_equal(log["superseded_at"], moment)),
    )
    return histories_of(log.filter(seen), ids)


def _recommended(workspace: Workspace, model: RecommendationModel, ids: Ids, at: int) -> pa.Table:
    offering = Offering(workspace.records, workspace.settings.home)
    answers = model.recommend(
        visible_histories(workspace, model, ids, at),
        RECOMMENDED,
        at=at,
        owned=offering.owned,
        closed=offering.closed(model.items, ids, at),
        arrivals=offering.arrivals(model.items, ids, at),
    )
    rows = [
        {
            "customer_id": int(customer),
            "rank": rank,
            **{name: getattr(item, name) for name in ("product_id", "score", "reason")},
        }
        for customer, items in zip(ids, answers, strict=True)
        for rank, item in enumerate(items, start=1)
    ]
    return pa.Table.from_pylist(rows, ANSWERED)


def _stamped(rows: pa.Table, version: ModelVersion, at: int) -> pa.Table:
    """Rows with who said it and as of when; asked again for the same moment, an answer keeps its key."""
    subject = next(name for name in rows.column_names if name.endswith("_id"))
    parts = [pc.cast(rows[subject], pa.string())]
    if "rank" in rows.column_names:
        parts.append(pc.cast(rows["rank"], pa.string()))
    count = rows.num_rows
    keys = pc.binary_join_element_wise(version.model, str(at), *parts, ":")
    return (
        rows.append_column("source_key", keys)
        .append_column("model", pa.repeat(version.model, count))
        .append_column("model_version", pa.repeat(version.version, count))
        .append_column("occurred_at", pa.repeat(pa.scalar(at, pa.int64()), count))
    )
