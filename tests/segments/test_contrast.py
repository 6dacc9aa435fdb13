"""What sets a segment apart, and how far segments overlap."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest

from configs import Settings
from pipelines.workspace import Workspace
from rapport.answer import Answer
from rapport.commands import segment as command
from segments import SegmentError, Segments
from segments.contrast import contrast
from tests.segments import club
from tests.segments.shop import Define, filled

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace that holds the club and its history; `shop` copies it."""
    return filled(tmp_path_factory.mktemp("club") / "home", club.fill)


@pytest.fixture
def built(desk: Segments, define: Define) -> Segments:
    """The club, every sixth customer, and nobody."""
    define("gold", "{attribute: club, is: gold}")
    define("drawn", "{attribute: lot, is: drawn}")
    define("nobody", "{feature: buying:orders, at_least: 1000}")
    for name in ("gold", "drawn", "nobody"):
        desk.build(name)
    return desk


def test_a_profile_tells_what_was_planted(built: Segments) -> None:
    found = built.profile("gold")
    first, second = found.contrasts[:2]
    assert (found.members, found.others) == (60, 300)
    assert (first.ref, first.by_rule, first.inside, first.outside) == ("customer_attributes:club", True, 1.0, 0.0)
    assert "tea" in second.words()
    assert not second.by_rule
    assert abs(second.difference) > 2 * max(abs(item.difference) for item in found.contrasts[4:])
    sizes = [abs(item.difference) for item in found.contrasts]
    assert sizes == sorted(sizes, reverse=True)


def test_a_profile_of_few_is_refused(built: Segments) -> None:
    with pytest.raises(SegmentError, match=r"'nobody' has 0 members as of .*; at least 20 are expected, so that"):
        built.profile("nobody")


def test_pairs_are_counted_and_set_against_chance(built: Segments) -> None:
    found = {(pair.first, pair.second): pair for pair in built.overlap()}
    pair = found["drawn", "gold"]
    assert (pair.both, pair.of_first, pair.of_second) == (10, 10 / 60, 10 / 60)
    assert (pair.jaccard, pair.lift) == (10 / 110, 1.0)
    assert (found["gold", "nobody"].both, found["gold", "nobody"].lift) == (0, None)
    assert [pair.both for pair in built.overlap("gold", "drawn")] == [10]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["gold"], "only 'gold' is named; two segments or more are expected"),
        (["gold", "golden"], "the segment 'golden' is unknown"),
        (["gold", "best_customers"], "the segment 'best_customers' has not been built"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(built: Segments, names: list[str], sentence: str) -> None:
    with pytest.raises(SegmentError, match=re.escape(sentence)):
        built.overlap(*names)


def test_the_commands_tell_both(built: Segments, settings: Settings) -> None:
    def answer(*words: str) -> Answer:
        parser = ArgumentParser()
        command.arguments(parser)
        with Workspace(settings) as workspace:
            return command.run(parser.parse_args(words), workspace)

    told = answer("profile", "gold")
    assert told.lines[0].startswith("60 members of gold beside 300 other customers, as of 2012-01-01")
    assert told.lines[1] == "  club is gold: 100%, others 0% (by its rule)"
    assert told.data["contrasts"][0]["words"] in told.lines[1]
    pairs = answer("overlap", "gold", "drawn", "nobody")
    assert [part for part in pairs.lines[1].split() if part] == ["gold", "drawn", "10", "17%", "17%", "0.091", "1.00"]
    assert pairs.lines[-1] == "2 of 3 pairs share nobody."
    assert len(pairs.data["pairs"]) == 3


def test_a_contrast_of_numbers_is_an_auc_and_medians() -> None:
    is_member = np.arange(6) < 3
    found = contrast("a:b", "orders", np.array([5.0, 6.0, 7.0, 1.0, 2.0, np.nan]), is_member)
    assert found is not None
    assert (found.inside, found.outside, found.auc, found.words()) == (6.0, 1.5, 1.0, "orders: 6, others 1.5")
    equal = contrast("a:b", "returns", np.array([0.0, 0.0, 3.0, 0.0, 0.0, 0.0]), is_member)
    assert equal is not None
    assert equal.words() == "returns: 1 on average, others 0"
    assert contrast("a:b", "orders", np.array([1.0] * 6), is_member) is None
    assert contrast("a:b", "orders", np.array([1.0, 2.0, 3.0] + [np.nan] * 3), is_member) is None


def test_a_contrast_of_texts_names_the_one_that_differs_most() -> None:
    is_member = np.arange(8) < 4
    values = np.array(["Austria", "Austria", "Austria", None, "Germany", "Austria", "Italy", "Italy"], dtype=object)
    found = contrast("a:c", "country", values, is_member)
    assert found is not None
    assert found.words() == "country is Italy: 0%, others 50%"
    assert found.difference == pytest.approx(-0.5 / np.sqrt(0.25 * 0.75))
