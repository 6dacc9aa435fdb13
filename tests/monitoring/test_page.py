"""Evidently's page: our verdicts, nothing from a network, and no column that ends it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest

import monitoring
from configs import Settings
from monitoring.sample import drawn
from pipelines.watch import Watched
from scoring import Model
from scoring.profile import describe

World: TypeAlias = dict[str, npt.NDArray[Any]]
Learn: TypeAlias = Callable[..., Model]

AS_OF = 1_700_000_000_000_000

pytestmark = pytest.mark.slow  # importing Evidently takes seconds


def test_the_page_shows_our_verdicts_and_asks_no_network(
    learn: Learn, reference: World, make_world: Callable[[int, int], World], settings: Settings
) -> None:
    columns = {name: reference[name] for name in ("buying:spend_0", "profile:balance_1", "profile:kind_1")}
    columns["profile:empty"] = np.full(5_000, np.nan)
    current = make_world(800, 3)
    now = {name: current[name] for name in columns if name in current} | {"profile:empty": np.full(800, np.nan)}
    now["buying:spend_0"] = now["buying:spend_0"] * 3
    report = monitoring.open(settings).watch(learn(columns), "2", now, as_of=AS_OF)
    assert report.page is not None
    page = report.page.read_text(encoding="utf-8")
    assert "<h1>churn version 2, as of 2023-11-14 22:13 UTC</h1>" in page
    assert "3 of 4 columns" in page
    moved = sum(column.status == "drifted" for column in report.columns.values())
    assert f"{moved} of 4 columns moved; the 3 shown here moved most" in page
    assert '"value": "4", "label": "Columns watched"' in page
    assert f'"value": "{moved / 4:.1%}", "label": "Share that moved"' in page
    assert not re.findall(r"Drift is detected for|Share of Drifted Columns|Dataset Drift", page)
    assert report.lines()[-1] == f"each input beside its reference: {report.page}"
    assert Watched(report, 1.0).words().endswith(f"; {report.page}"), "what the daily run prints of it"
    assert "Not drawn, for want of values: profile:empty." in page
    assert f'"{report.columns["buying:spend_0"].measures["distribution"].value:.3f}'[1:5] in page
    assert "connect-src &#x27;none&#x27;" in page.split("</title>")[0]
    assert not re.findall(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//", page)
    assert not list(report.page.parent.glob(".*")), "nothing half-written stays"


def test_one_column_that_cannot_be_drawn_is_left_out(
    learn: Learn, reference: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitoring import page

    draw = page._page

    def refuse(sides: dict[str, Any]) -> str:
        if "profile:kind_1" in sides:
            raise ValueError("a column that Evidently does not like")
        return draw(sides)

    monkeypatch.setattr(page, "_page", refuse)
    columns = {name: reference[name] for name in ("buying:spend_0", "profile:kind_1")}
    report = monitoring.open(settings).watch(learn(columns), "2", columns, as_of=AS_OF)
    assert report.page is not None
    assert "Not drawn, for want of values: profile:kind_1." in report.page.read_text(encoding="utf-8")


def test_a_drawn_reference_is_distributed_like_its_profile() -> None:
    rng = np.random.default_rng(0)
    values = np.where(rng.random(4_000) < 0.2, np.nan, rng.poisson(3, 4_000))
    sample = drawn(describe(values, "float"), 4_000, rng)
    assert np.isnan(sample).mean() == pytest.approx(0.2, abs=0.03)
    assert np.nanmean(sample) == pytest.approx(3, abs=0.15)
    assert set(sample[~np.isnan(sample)]) <= set(range(20))
    kinds = drawn(describe(np.array(["a"] * 30 + ["b"] * 10 + [None] * 10, dtype=object), "category"), 4_000, rng)
    assert (kinds == "a").mean() == pytest.approx(0.6, abs=0.03)
