"""One row is answered as among a thousand, and reasons add up to the score."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scoring import BinaryModel, FrameError, load
from scoring.calibration import log_odds_of
from scoring.errors import PopulationError
from tests.scoring.conftest import ISOTONIC, NONE, POLICY, SIGMOID, Make, Write, frame_of


@pytest.fixture(params=["linear", "boosted"])
def make(request: pytest.FixtureRequest) -> Make:
    chosen: Make = request.getfixturevalue(request.param)
    return chosen


@pytest.mark.parametrize("calibration", [NONE, SIGMOID, ISOTONIC])
def test_a_row_alone_equals_the_row_among_many_bit_for_bit(make: Make, calibration: dict[str, Any]) -> None:
    model, frame = make(calibration), frame_of(500)
    together = model.predict(frame)
    alone = np.concatenate(
        [model.predict({ref: values[row : row + 1] for ref, values in frame.items()}) for row in range(500)]
    )
    some = np.concatenate(
        [model.predict({ref: values[row : row + 50] for ref, values in frame.items()}) for row in range(0, 500, 50)]
    )
    assert (together == alone).all()
    assert (together == some).all()
    assert ((together > 0) & (together < 1)).all()
    assert len(np.unique(together)) > 20


@pytest.mark.parametrize("calibration", [NONE, SIGMOID, ISOTONIC])
def test_all_reasons_and_the_base_add_up_to_the_score(make: Make, calibration: dict[str, Any]) -> None:
    model, frame = make(calibration), frame_of(60)
    for reasons, score in zip(model.explain(frame), log_odds_of(model.predict(frame)), strict=True):
        assert sum(reason.effect for reason in reasons) + model.base == pytest.approx(score, abs=1e-9)


def test_reasons_are_the_strongest_first_and_in_words(linear: Make) -> None:
    frame = {ref: values[:1] for ref, values in frame_of(10).items()}
    frame |= {"shop:since": np.array([74.4]), "shop:plan": np.array(["basic"], dtype=object)}
    reasons = linear().explain(frame, 2)[0]
    assert len(reasons) == 2
    assert abs(reasons[0].effect) >= abs(reasons[1].effect)
    assert reasons[0].text == f"has not ordered for 74 days ({reasons[0].effect:+.1f})"
    assert reasons[0].value == 74.4


def test_windows_of_one_thing_are_one_reason(linear: Make) -> None:
    features = [reason.feature for reason in linear().explain(frame_of(1))[0]]
    assert len([name for name in features if name.startswith("shop:spend")]) == 1


def test_protected_features_are_never_named(make: Make) -> None:
    model, frame = make(), frame_of(200)
    told = [reason for row in [*model.explain(frame), *model.explain(frame, 5)] for reason in row]
    assert not any("gender" in f"{reason.text} {reason.feature}" for reason in told)
    assert not any(reason.feature == "" for row in model.explain(frame, 5) for reason in row)


def test_unseen_values_and_nulls_are_answered(make: Make) -> None:
    nothing = {
        ref: np.array([None if values.dtype == object else np.nan], dtype=values.dtype)
        for ref, values in frame_of(4).items()
    }
    unseen = nothing | {"shop:plan": np.array(["never seen"], dtype=object)}
    model = make()
    assert np.isfinite(model.predict(nothing)).all()
    assert np.isfinite(model.predict(unseen)).all()
    assert model.explain(nothing)[0]


def test_infinity_counts_as_null(linear: Make) -> None:
    model, frame = linear(), frame_of(1)
    null = frame | {"shop:spend_30d": np.array([np.nan])}
    infinite = frame | {"shop:spend_30d": np.array([-np.inf])}
    assert model.predict(null) == model.predict(infinite)


def test_the_population_is_the_policy_s(linear: Make) -> None:
    frame = frame_of(300)
    assert (linear().eligible(frame) == (frame["shop:spend_90d"] > 0)).all()


def test_bands_start_where_the_policy_says(linear: Make) -> None:
    assert linear().bands(np.array([0.0, 0.4999, 0.5, 1.0])) == ["low", "low", "high", "high"]


def test_a_frame_that_lacks_features_is_refused(linear: Make) -> None:
    frame = frame_of(2)
    del frame["shop:since"]
    with pytest.raises(FrameError, match=r"the values for 'made' lack shop:since; every feature .* is expected; read"):
        linear().predict(frame)
    with pytest.raises(FrameError, match=r"lack shop:spend_90d"):
        linear().eligible({})


def test_no_rows_give_no_scores(make: Make) -> None:
    empty = {ref: values[:0] for ref, values in frame_of(4).items()}
    assert make().predict(empty).shape == (0,)
    assert make().explain(empty, 3) == []


@pytest.mark.parametrize(
    "text", ["shop__spend_90d >", "__import__('os') == 1", "shop__age > 3", "log(shop__spend_90d) > 1"]
)
def test_a_population_that_cannot_be_used_is_refused(write_artefact: Write, text: str) -> None:
    policy = POLICY | {"population": {"expression": text, "refs": ["shop:spend_90d"]}}
    with pytest.raises(PopulationError, match=r"the population .* cannot be used .* train the model again"):
        load(write_artefact(policy_json=policy).path)


def test_the_rung_and_threshold_are_told(boosted: Make) -> None:
    model: BinaryModel = boosted()
    assert (model.rung, model.threshold, model.kind, model.entity) == ("lightgbm", 0.4, "binary", "customer")
    assert repr(model).startswith("<BinaryModel made ")
