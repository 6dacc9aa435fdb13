"""The recommender as loaded from its artefact: filters, reasons, damaged files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from scoring import ArtefactError, RecommendationModel, load
from scoring.artefact import write
from scoring.items import Items, Neighbours
from scoring.profile import describe
from scoring.ranker import DAY, Recipe

NAMES = ("Lamp", "Bulb", "Shade", "Rug", "Vase")
ITEMS = Items(
    np.array([1, 2, 3, 4, 5]),
    ("P1", "P2", "P3", "P4", "P5"),
    NAMES,
    np.array([5.0, 4, 3, 2, 1]),
    np.array([1.0, 1, 1, 1, 9]),
    np.array([True, True, True, False, True]),
)
AT = 100 * DAY


def _history(*purchases: tuple[int, int], quantity: float = 1.0) -> dict[str, npt.NDArray[Any]]:
    return {
        "product_id": np.array([item for item, _ in purchases], dtype=np.int64),
        "occurred_at": np.array([day * DAY for _, day in purchases], dtype=np.int64),
        "quantity": np.full(len(purchases), quantity),
    }


def _files(recipe: Recipe) -> dict[str, Any]:
    matrix = np.zeros((5, 5))
    matrix[0, 1], matrix[0, 3] = 0.6, 0.5
    return {
        "items.parquet": ITEMS.to_parquet(),
        "neighbours.parquet": Neighbours.of(matrix, most=3).to_parquet(),
        "policy.json": {"recipe": recipe.to_json(), "log": "order_lines.customer"},
        "profile.json": {"score": describe(np.ones(3), "float")},
        "card.md": "# Products",
    }


def _write(folder: Path, files: dict[str, Any]) -> Path:
    made = write(
        folder, kind="recommendation", name="recommendation", entity="customer", refs=(), files=files, hashes={}
    )
    return made.path


@pytest.fixture
def model(tmp_path: Path) -> RecommendationModel:
    loaded = load(_write(tmp_path, _files(Recipe("ease", "first", 0.1, 180.0, 50.0))))
    assert isinstance(loaded, RecommendationModel)
    return loaded


def test_each_item_has_its_reason(model: RecommendationModel) -> None:
    [items] = model.recommend([_history((1, 10), (1, 20), (3, 30))], 5, at=AT)
    reasons = {item.product_no: item.reason for item in items}
    assert reasons == {
        "P1": "you buy it again and again (2 times)",
        "P3": "you bought it before",
        "P2": "bought together with Lamp",
        "P5": "popular now",
    }
    assert [item.product_no for item in items[:2]] == ["P1", "P3"]


def test_discontinued_owned_and_skipped_items_are_left_out(model: RecommendationModel) -> None:
    def named(**options: Any) -> set[int]:
        return {
            item.product_id for items in model.recommend([_history((1, 10))], 9, at=AT, **options) for item in items
        }

    assert named() == {1, 2, 3, 5}
    assert named(with_discontinued=True) == {1, 2, 3, 4, 5}
    assert named(owned="without") == {2, 3, 5}
    assert named(skip=[5, 77]) == {1, 2, 3}


def test_a_customer_without_history_gets_what_is_popular_now(model: RecommendationModel) -> None:
    [items] = model.recommend([_history()], 2, at=AT)
    assert [item.product_no for item in items] == ["P5", "P1"]
    assert {item.reason for item in items} == {"popular now"}


def test_purchases_at_or_after_the_moment_and_returns_do_not_count(model: RecommendationModel) -> None:
    nothing = model.recommend([_history()], 5, at=AT)
    assert model.recommend([_history((1, 100), (1, 120))], 5, at=AT) == nothing
    assert model.recommend([_history((1, 10), quantity=-1.0)], 5, at=AT) == nothing


def test_null_products_do_not_count(model: RecommendationModel) -> None:
    rows = _history((1, 10))
    rows["product_id"] = np.array([np.iinfo(np.int64).min])
    assert model.recommend([rows], 5, at=AT) == model.recommend([_history()], 5, at=AT)


def test_one_alone_gets_the_same_as_among_others(model: RecommendationModel) -> None:
    random = np.random.default_rng(3)
    rows = [
        _history(*[(int(random.integers(1, 6)), int(random.integers(0, 99))) for _ in range(random.integers(0, 9))])
        for _ in range(50)
    ]
    together = model.recommend(rows, 5, at=AT)
    assert together == [model.recommend([row], 5, at=AT)[0] for row in rows]


def test_the_scale_is_exact_after_reading_back(model: RecommendationModel) -> None:
    assert model.items.numbers == ITEMS.numbers
    assert model.items.recent.tolist() == ITEMS.recent.tolist()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("items.parquet", None, "lacks items.parquet"),
        ("items.parquet", b"PAR1", "items.parquet cannot be read"),
        ("neighbours.parquet", None, "lacks neighbours.parquet"),
        (
            "neighbours.parquet",
            Neighbours(np.array([0, 1]), np.array([7], dtype=np.int32), np.ones(1, dtype=np.float32)).to_parquet(),
            "it names items beyond the 5 listed",
        ),
    ],
)
def test_damaged_files_are_one_sentence(tmp_path: Path, name: str, content: bytes | None, sentence: str) -> None:
    files = _files(Recipe("ease", "first"))
    if content is None:
        del files[name]
    else:
        files[name] = content
    with pytest.raises(ArtefactError, match=sentence):
        load(_write(tmp_path, files))
