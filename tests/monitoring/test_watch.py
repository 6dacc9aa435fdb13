"""A whole watch: the report, its lines and its file, and what it says when it cannot be made."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest

import monitoring
from configs import Settings
from crm.clock import DAY
from features.skew import Skew, SkewReport
from monitoring import Age, Matured, Monitoring, MonitoringError
from scoring import Model

World: TypeAlias = dict[str, npt.NDArray[Any]]
Learn: TypeAlias = Callable[..., Model]

AS_OF = 1_700_000_000_000_000


@pytest.fixture
def watching(settings: Settings) -> Monitoring:
    return monitoring.open(settings)


def scores_of(columns: World) -> npt.NDArray[np.float64]:
    return 1 / (1 + np.exp(-columns["profile:balance_1"]))


def test_a_quiet_world_gives_a_quiet_report(
    watching: Monitoring, learn: Learn, reference: World, make_world: Callable[[int, int], World], settings: Settings
) -> None:
    model, current = learn(reference, scores_of(reference)), make_world(1_500, 11)
    report = watching.watch(model, "3", current, scores_of(current), as_of=AS_OF, page="never")
    told = report.to_json()
    assert list(told)[:6] == ["model", "version", "window", "columns", "score", "alerts"]
    assert (told["model"], told["version"], told["alerts"]) == ("churn", "3", [])
    assert told["window"] == {
        "as_of": "2023-11-14T22:13:20Z",
        "since": None,
        "rows": 1_500,
        "reference_as_of": "2023-11-14T22:13:20Z",
        "reference_rows": 5_000,
    }
    assert told["score"]["status"] == "stable"
    assert json.loads((settings.reports_dir / "watch" / "churn-3-2023-11-14.json").read_text()) == told
    assert report.lines() == [
        "churn version 3: 1,500 rows as of 2023-11-14T22:13:20Z beside 5,000 rows as of 2023-11-14T22:13:20Z",
        "0 of 40 inputs moved, scores did not move",
        "no alerts; if nothing moved, at most 5% of watches raise one by chance",
    ]


def test_alerts_name_the_column_in_words_and_come_most_severe_first(
    watching: Monitoring, learn: Learn, reference: World, make_world: Callable[[int, int], World]
) -> None:
    model, current = learn(reference, scores_of(reference)), make_world(1_500, 11)
    current["buying:spend_0"] = current["buying:spend_0"] * 3
    current["profile:balance_2"] = np.where(np.arange(1_500) % 12 == 0, np.nan, current["profile:balance_2"])
    report = watching.watch(model, "3", current, np.full(1_500, 0.9), as_of=AS_OF, page="never")
    assert [(item.subject, item.severity) for item in report.alerts] == [
        ("score", "high"),
        ("buying:spend_0", "high"),
        ("profile:balance_2", "medium"),
    ]
    assert report.alerts[1].text.startswith("spend of 30 days moved, mean ")
    assert report.alerts[0].action.startswith("look at the inputs that moved; retrain when outcomes")
    assert report.lines()[1] == "2 of 40 inputs moved, scores moved"
    assert report.lines()[2] == report.alerts[0].line()


def test_few_rows_are_said_to_be_few(watching: Monitoring, learn: Learn, reference: World) -> None:
    few = {name: values[:20] for name, values in reference.items()}
    lines = watching.watch(learn(reference), "1", few, as_of=AS_OF, page="never").lines()
    assert lines[1] == "0 of 40 inputs moved, scores were not watched"
    assert lines[2].startswith("insufficient data to judge buying:spend_0, ")


def test_age_is_watched(watching: Monitoring, learn: Learn, reference: World) -> None:
    ages = [
        Age("online features", AS_OF - 30 * DAY, 7, "run `rapport materialize`"),
        Age("records", AS_OF - DAY, 7, "import"),
        Age("scores", None, 7, "run `rapport score churn`"),
    ]
    report = watching.watch(learn(reference), "1", reference, as_of=AS_OF, freshness=ages, page="never")
    assert [(item.subject, item.measure, item.severity) for item in report.alerts] == [
        ("online features", "age", "high"),
        ("scores", "age", "high"),
    ]
    assert [item["days"] for item in report.freshness] == [30.0, 1.0, None]


def test_skew_is_an_alert_and_a_line(watching: Monitoring, learn: Learn, reference: World) -> None:
    ref = next(iter(reference))
    skews = (Skew(ref, 200, 3, "17850", "2023-11-14T22:13:20Z", 1.0, None),)
    found = SkewReport(rows=200, gone=0, passed_over=0, unknown=(), features=40, skews=skews)
    report = watching.watch(learn(reference), "1", reference, as_of=AS_OF, skew=found, page="never")
    assert [(item.subject, item.measure, item.severity) for item in report.alerts] == [(ref, "skew", "high")]
    assert report.alerts[0].text == (
        "spend of 30 days was served otherwise than offline in 3 of 200 vectors: 17850 as of 2023-11-14T22:13:20Z got "
        "1.0, not None"
    )
    assert report.lines()[-2] == "200 served vectors computed again offline: 1 of 40 features differ"
    assert report.to_json()["skew"]["skews"][0]["share"] == 0.015


def test_decay_on_matured_outcomes_is_found(watching: Monitoring, learn: Learn, reference: World) -> None:
    rng = np.random.default_rng(1)
    score = rng.random(3_000)
    truths = [np.clip(score + blur * rng.normal(size=3_000), 0, 1) for blur in (0.0, 2.0)]
    good, bad = (Matured(np.arange(3_000), (rng.random(3_000) < truth).astype(float), score) for truth in truths)
    model = learn(reference)
    fine = watching.watch(model, "1", reference, as_of=AS_OF, matured=good, page="never")
    assert fine.performance is not None
    assert fine.performance["status"] == "stable"
    assert fine.performance["auc"]["value"] == pytest.approx(0.83, abs=0.03)
    decayed = watching.watch(model, "1", reference, as_of=AS_OF, matured=bad, page="never")
    assert [item.measure for item in decayed.alerts] == ["auc"]
    assert "3000 matured outcomes, 0.800 on the test period" in decayed.alerts[0].text
    few = Matured(np.arange(50), np.r_[np.ones(3), np.zeros(47)], score[:50])
    early = watching.watch(model, "1", reference, as_of=AS_OF, matured=few, page="never")
    assert early.performance == {"status": "insufficient", "rows": 50, "positives": 3}


def test_shares_of_segments_are_watched_as_scores(watching: Monitoring, learn: Learn, reference: World) -> None:
    names = np.array(["loyal", "new", "sleeping"], dtype=object)
    learned, now = names[np.arange(5_000) % 3], names[np.minimum(np.arange(5_000) % 6, 2)]
    model = learn(reference, learned)
    same = watching.watch(model, "1", reference, learned, as_of=AS_OF, page="never")
    assert same.alerts == ()
    moved = watching.watch(model, "1", reference, now, as_of=AS_OF, page="never")
    assert moved.alerts[0].text.startswith("the shares of the score moved, 'sleeping' from 33.3% to 66.6%")


def test_missing_columns_other_lengths_and_empty_profiles_are_told(
    watching: Monitoring, learn: Learn, reference: World
) -> None:
    model = learn(reference, scores_of(reference))
    without = {name: values for name, values in reference.items() if name != "buying:spend_1"}
    with pytest.raises(MonitoringError, match="current values for 'churn' lack buying:spend_1; every column"):
        watching.watch(model, "1", without, as_of=AS_OF, page="never")
    with pytest.raises(MonitoringError, match="have 7, 5000 rows; one length is expected"):
        watching.watch(model, "1", reference, np.zeros(7), as_of=AS_OF, page="never")
    model.profile = {}
    with pytest.raises(MonitoringError, match=r"profile of 'churn' describes no feature.*`rapport train churn`"):
        watching.watch(model, "1", reference, as_of=AS_OF, page="never")


def test_a_folder_that_cannot_be_written_is_told(learn: Learn, reference: World, settings: Settings) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.reports_dir.write_text("a file where a folder should be")
    with pytest.raises(MonitoringError, match=r"reports.watch.* cannot be written .*RAPPORT_REPORTS_DIR"):
        monitoring.open(settings).watch(learn(reference), "1", reference, as_of=AS_OF, page="never")


def test_answers_about_rows_that_it_was_taught_on_are_not_compared(
    watching: Monitoring, learn: Learn, reference: World
) -> None:
    model, surer = learn(reference, scores_of(reference)), scores_of(reference) ** 2
    model.profile = {**model.profile, "is_taught": True}
    known = watching.watch(model, "3", reference, surer, as_of=AS_OF, page="never")
    assert (known.score, known.alerts) == (None, ())
    later = watching.watch(model, "3", reference, surer, as_of=AS_OF + 1, page="never")
    assert later.score is not None
    assert later.score.status == "drifted"
