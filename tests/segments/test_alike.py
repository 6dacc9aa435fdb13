"""Look-alikes: who is found beside a known truth, how well hidden members are found again, and what is kept."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest

import features
from configs import Settings
from crm import Records
from crm.clock import DAY
from pipelines.workspace import Workspace
from rapport.answer import Answer
from rapport.commands import segment as command
from segments import SegmentError, Segments
from segments.likeness import FOLDS, check, folds, likeness
from segments.parse import parse
from segments.traits import encoded, traits
from tests.segments import club
from tests.segments.shop import END, SOURCE, Define, filled, rows
from tests.segments.test_build import members

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace that holds the club and its history; `shop` copies it."""
    return filled(tmp_path_factory.mktemp("club") / "home", club.fill)


@pytest.fixture
def gold(desk: Segments, define: Define) -> Segments:
    define("gold", "{attribute: club, is: gold}")
    return desk


def test_the_other_tea_drinkers_are_found(gold: Segments, shop: Records) -> None:
    gold.save_alike("gold", "like_gold", top=50)
    (built,) = gold.build("like_gold").built
    found = set(members(shop, "like_gold"))
    assert built.members == len(found) == 50
    assert len(found & club.OUTSIDE) >= 45
    assert not found & set(club.NUMBERS[: club.MEMBERS])
    assert "were found again" in built.notes[0]


def test_a_search_tells_how_well_hidden_members_are_found(gold: Segments) -> None:
    found = gold.alike("gold", share=0.1)
    assert (found.members, found.others, found.chosen) == (60, 300, 30)
    assert found.check.chance == pytest.approx(60 / 360)
    assert found.check.recent is not None
    assert found.check.recent.value < 0.35 < found.check.found.value
    assert found.check.is_better
    assert found.check.auc > 0.8
    assert found.to_json()["check"]["is_better"] is True


def test_of_members_who_were_drawn_it_says_that_likeness_tells_nothing(desk: Segments, define: Define) -> None:
    define("drawn", "{attribute: lot, is: drawn}")
    found = desk.alike("drawn")
    assert not found.check.is_better
    assert found.check.words().endswith("likeness finds no more than a naive rule, so the list says little")


def test_who_is_chosen_passes_the_gate(gold: Segments, shop: Records) -> None:
    assert gold.alike("gold", top=40).suppressed == {"no_consent_record": 40}
    allowed = sorted(club.OUTSIDE)[:30]
    moment = [END - 300 * DAY] * 30
    shop.write(
        {
            "consents": rows(
                source_key=allowed,
                party_key=allowed,
                purpose=["marketing"] * 30,
                channel=["email"] * 30,
                decision=["granted"] * 30,
                basis=["consent"] * 30,
                occurred_at=moment,
                known_at=moment,
            )
        },
        source=SOURCE,
    )
    found = gold.alike("gold", top=40)
    assert 0 < found.allowed <= 30
    assert found.allowed + found.suppressed["no_consent_record"] == 40
    gold.save_alike("gold", "near", top=40)
    gold.build("near")
    assert gold.export("near").rows == found.allowed


def test_a_kept_search_is_a_rule_that_is_built_with_all_others(
    gold: Segments, settings: Settings, shop: Records
) -> None:
    path = gold.save_alike("gold", "near", share=0.1)
    assert path == settings.home / "segments" / "near.yaml"
    info = next(item for item in gold.list() if item.name == "near")
    assert (info.kind, info.purpose, info.rule) == ("rule", "marketing", "likeness to gold among the highest 10%")
    assert {"gold", "near"} <= {item.name for item in gold.build().built}
    first = members(shop, "near")
    gold.build()
    assert members(shop, "near") == first
    path.write_text(path.read_text().replace("0.1", "0.2"))
    gold.build("near")
    assert len(members(shop, "near")) > len(first)
    shas = {item["definition_sha256"] for item in shop.arrow("segments").to_pylist() if item["name"] == "near"}
    assert len(shas) == 1


def test_the_command_tells_the_trial_and_keeps_a_segment(gold: Segments, settings: Settings) -> None:
    def answer(*words: str) -> Answer:
        parser = ArgumentParser()
        command.arguments(parser)
        with Workspace(settings) as workspace:
            return command.run(parser.parse_args(["like", "gold", *words]), workspace)

    first = answer("--top", "25")
    assert first.lines[0].startswith("25 of 300 customers outside gold are most like its 60 members, as of 2012-01-01")
    assert "each hidden once" in first.lines[1]
    assert first.lines[-1] == "Next: rapport segment like gold --save NEW_NAME keeps them as a segment"
    assert first.data["built"] is None
    kept = answer("--top", "25", "--save", "near")
    assert (kept.data["built"]["members"], Path(kept.data["path"]).name) == (25, "near.yaml")
    assert kept.lines[-1] == "Next: rapport segment export near"


def test_it_looks_no_further_than_the_moment(gold: Segments) -> None:
    before = gold.alike("gold", as_of=END - 180 * DAY)
    assert before.as_of == END - 180 * DAY
    assert before.check != gold.alike("gold").check


def test_likeness_joins_other_conditions(gold: Segments, define: Define, shop: Records) -> None:
    define("some", "{all: [{likeness: gold, highest: 60}, {feature: buying:orders, at_least: 6}]}")
    define("near", "{likeness: gold, highest: 60}")
    gold.build()
    assert 0 < len(members(shop, "some")) < len(members(shop, "near"))
    assert set(members(shop, "some")) < set(members(shop, "near"))


def test_features_on_which_the_rule_rests_are_left_out(gold: Segments, shop: Records, settings: Settings) -> None:
    store = features.open(settings, shop)
    rule = parse({"feature": "buying:spend_365d", "top": 0.2}, "where")
    named = {item.ref for item in traits(store, rule)}
    everything = {item.ref for item in traits(store, parse({"score": "churn", "at_least": 0.5}, "where"))}
    store.close()
    assert {"buying:spend_30d", "buying:spend", "buying:spend_trend"} <= everything - named
    assert "buying:orders_365d" in named
    assert "checkout:basket_value" not in everything
    assert "profile:birth_year_band" not in everything


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("{attribute: club, is: silver}", "has 1 members as of 2012-01-01T00:00:00Z; at least 50 are expected"),
        ("{feature: buying:orders, at_least: 1}", "has 0 customers outside it as of"),
    ],
)
def test_groups_that_are_too_small_are_refused(desk: Segments, define: Define, where: str, sentence: str) -> None:
    define("mine", where)
    with pytest.raises(SegmentError, match=sentence):
        desk.alike("mine")


@pytest.mark.parametrize(
    ("name", "new", "many", "sentence"),
    [
        ("gold", "gold", {}, "there is a segment 'gold' already; a name of its own is expected"),
        ("gold", "../near", {}, "the new segment is called '../near'; lower-case letters"),
        ("goldd", "near", {}, "the segment 'goldd' is unknown"),
        ("gold", "near", {"top": 0}, "the top is 0; a whole number from 1 on is expected"),
        ("gold", "near", {"share": 1.5}, "the share is 1.5; one between 0 and 1 is expected"),
        ("gold", "near", {"top": 5, "share": 0.5}, "both top 5 and share 0.5 are given; one of them is expected"),
    ],
)
def test_what_cannot_be_kept_is_one_sentence(
    gold: Segments, settings: Settings, name: str, new: str, many: dict[str, float], sentence: str
) -> None:
    with pytest.raises(SegmentError, match=re.escape(sentence)):
        gold.save_alike(name, new, **many)  # type: ignore[arg-type]
    assert [path.name for path in (settings.home / "segments").iterdir()] == ["gold.yaml"]


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("{likeness: golden, top: 0.1}", "asks for the likeness to 'golden', which is no segment that can be built"),
        ("{likeness: near, top: 0.1}", "asks for the likeness to 'near', whose own members are chosen by likeness"),
        ("{likeness: gold, highest: 2.5}", "where.highest is 2.5; a whole number from 1 on is expected"),
    ],
)
def test_a_likeness_that_cannot_be_is_one_sentence(gold: Segments, define: Define, where: str, sentence: str) -> None:
    define("near", "{likeness: gold, top: 0.1}")
    define("mine", where)
    with pytest.raises(SegmentError, match=re.escape(sentence)):
        gold.build("mine")


def test_the_check_of_a_perfect_likeness_and_of_none() -> None:
    customers, is_member = np.arange(500), np.arange(500) < 100
    perfect = check(is_member.astype(float), None, is_member, customers)
    assert (perfect.found.value, perfect.chance, perfect.auc, perfect.is_better) == (1.0, 0.2, 1.0, True)
    flat = check(np.full(500, 0.5), np.full(500, np.nan), is_member, customers)
    assert flat.found.value == pytest.approx(0.2)
    assert not flat.is_better


def test_everybody_is_judged_by_a_model_that_has_not_seen_him() -> None:
    draw = np.random.default_rng(3)
    columns, is_member = draw.normal(size=(400, 60)), np.arange(400) < 100
    customers = draw.permutation(100_000)[:400]
    found = likeness(columns, is_member, customers)
    assert abs(float(found[is_member].mean() - found[~is_member].mean())) < 0.1  # a model that had seen them: far more
    order = draw.permutation(400)
    again = likeness(columns[order], is_member[order], customers[order])
    np.testing.assert_allclose(again, found[order], atol=1e-4)
    assert np.bincount(folds(customers, is_member)).tolist() == [400 // FOLDS] * FOLDS


def test_groups_drawn_at_random_are_not_taken_for_alike() -> None:
    draw, customers = np.random.default_rng(8), np.arange(300)
    columns = draw.normal(size=(300, 40))
    groups = [draw.permutation(300) < 60 for _ in range(20)]
    found = [check(likeness(columns, group, customers), None, group, customers) for group in groups]
    assert sum(item.is_better for item in found) <= 2
    assert abs(np.mean([item.auc for item in found]) - 0.5) < 0.05


def test_texts_become_flags_and_rare_ones_do_not() -> None:
    values = np.array(["tea"] * 30 + ["ink"] * 5 + [None] * 25, dtype=object)
    assert encoded(values).sum(axis=0).tolist() == [30, 25]
