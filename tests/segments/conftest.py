"""The small shop as fixtures, with ways to give it decisions, scores and rules."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest

import crm
import features
import segments
from configs import Settings
from crm import Records
from crm.clock import DAY
from features import FeatureStore
from segments import Segments
from tests.segments.shop import END, SOURCE, Decide, Define, Score, fill, filled, ids, rows


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace that holds the shop and its history."""
    return filled(tmp_path_factory.mktemp("shop") / "home", fill)


@pytest.fixture
def shop(template: Path, settings: Settings) -> Iterator[Records]:
    """The shop in a workspace of its own."""
    shutil.copytree(template, settings.home, dirs_exist_ok=True)
    with crm.open(settings) as records:
        yield records


@pytest.fixture
def decide(shop: Records) -> Decide:
    made = count()

    def write(
        numbers: Sequence[str],
        decision: str = "granted",
        *,
        channel: str = "email",
        basis: str = "consent",
        purpose: str = "marketing",
        at: int = END - 300 * DAY,
    ) -> None:
        size = len(numbers)
        shop.write(
            {
                "consents": rows(
                    source_key=[f"d{next(made)}" for _ in numbers],
                    party_key=list(numbers),
                    purpose=[purpose] * size,
                    channel=[channel] * size,
                    decision=[decision] * size,
                    basis=[basis] * size,
                    occurred_at=[at] * size,
                    known_at=[at] * size,
                )
            },
            source=SOURCE,
        )

    return write


@pytest.fixture
def score(shop: Records) -> Score:
    def write(
        model: str, values: dict[str, tuple[float | None, str | None]], *, as_of: int = END, version: str = "1"
    ) -> None:
        size = len(values)
        shop.write(
            {
                "scores": rows(
                    source_key=[f"{model}:{version}:{as_of}:{number}" for number in values],
                    model=[model] * size,
                    model_version=[version] * size,
                    customer_id=ids(shop, *values),
                    score=pa.array([value for value, _ in values.values()], pa.float64()),
                    band=pa.array([band for _, band in values.values()], pa.string()),
                    occurred_at=[as_of] * size,
                )
            }
        )

    return write


@pytest.fixture
def store(settings: Settings, shop: Records) -> Iterator[FeatureStore]:
    opened = features.open(settings, shop)
    yield opened
    opened.close()


@pytest.fixture
def desk(settings: Settings, shop: Records, store: FeatureStore) -> Segments:
    return segments.open(settings, shop, store)


@pytest.fixture
def define(settings: Settings) -> Define:
    def write(name: str, where: str, purpose: str = "marketing", channel: str = "email") -> None:
        folder = settings.home / "segments"
        folder.mkdir(parents=True, exist_ok=True)
        text = f"segment: {name}\npurpose: {purpose}\nchannel: {channel}\nwhere: {where}\n"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    return write
