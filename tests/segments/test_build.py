"""Building segments: who belongs as of a moment, and what of it is written."""

from __future__ import annotations

import re

import pytest

import features
import segments
from configs import Settings
from crm import Records
from crm.clock import DAY, from_micros
from segments import SegmentError, Segments
from segments.ledger import Memberships
from tests.segments.shop import END, Define, Score, attribute, numbers


def members(records: Records, name: str, at: int = END) -> list[str]:
    segment = records.query("select id from segments where name = :name", {"name": name})["id"][0].as_py()
    return numbers(records, Memberships.read(records, segment, records.watermark()).at(at).tolist())


def facts(records: Records) -> int:
    return int(records.arrow("segment_memberships", ["id"]).num_rows)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("{feature: buying:orders, at_least: 8}", ["C8", "C9"]),
        ("{feature: buying:orders, at_most: 1}", ["C0", "C1"]),
        ("{feature: buying:orders, more_than: 8}", ["C9"]),
        ("{feature: buying:orders, less_than: 1}", ["C0"]),
        ("{feature: buying:orders, between: [2, 3]}", ["C2", "C3"]),
        ("{feature: buying:orders, in: [0, 5]}", ["C0", "C5"]),
        ("{feature: buying:spend, at_least: 810}", ["C9"]),
        ("{feature: buying:spend, top: 0.2}", ["C8", "C9"]),
        ("{feature: buying:days_since_last_order, at_most: 40}", ["C1", "C2"]),
        ("{feature: buying:days_since_last_order, known: false}", ["C0"]),
        ("{not: {feature: buying:days_since_last_order, less_than: 180}}", ["C9"]),
        ("{field: country, is: Austria}", ["C5", "C6", "C7", "C8"]),
        ("{field: country, is_not: Germany}", ["C5", "C6", "C7", "C8"]),
        ("{feature: buying:top_category_365d, is: tea}", ["C1", "C3", "C5", "C7", "C9"]),
        ("{all: [{field: country, is: Germany}, {feature: buying:orders, at_least: 3}]}", ["C3", "C4"]),
        ("{any: [{feature: buying:orders, is: 1}, {feature: buying:orders, is: 2}]}", ["C1", "C2"]),
        ("{not: {any: [{feature: buying:orders, at_least: 1}, {field: country, is: Austria}]}}", ["C0"]),
    ],
)
def test_a_rule_over_features_and_columns(
    desk: Segments, shop: Records, define: Define, where: str, expected: list[str]
) -> None:
    define("mine", where)
    (built,) = desk.build("mine").built
    assert members(shop, "mine") == expected
    assert (built.members, built.added, built.removed, built.as_of) == (len(expected), len(expected), 0, END)


def test_a_rule_over_an_attribute(settings: Settings, shop: Records, define: Define) -> None:
    attribute(shop, "contract", {"C1": "Month-to-month", "C2": "Two year"})
    define("mine", "{attribute: contract, is: Month-to-month}")
    define("others", "{not: {attribute: contract, is: Month-to-month}}")
    store = features.open(settings, shop)
    desk = segments.open(settings, shop, store)
    desk.build("mine")
    desk.build("others")
    store.close()
    assert members(shop, "mine") == ["C1"]
    assert members(shop, "others") == ["C2"]


def test_a_rule_over_scores_and_bands_of_the_latest_batch(
    desk: Segments, shop: Records, define: Define, score: Score
) -> None:
    score("churn", {"C1": (0.9, "high"), "C2": (0.9, "high")}, as_of=END - DAY)
    score("churn", {"C2": (0.7, "high"), "C3": (0.2, "low")}, as_of=END)
    define("risky", "{score: churn, at_least: 0.6}")
    define("low", "{band: churn, is: low}")
    desk.build()
    assert members(shop, "risky") == ["C2"]
    assert members(shop, "low") == ["C3"]
    desk.build("risky", END - DAY)
    assert members(shop, "risky", END - DAY) == ["C1", "C2"]


def test_of_two_versions_at_one_moment_the_one_that_arrived_last_counts(
    desk: Segments, shop: Records, define: Define, score: Score
) -> None:
    score("churn", {"C1": (0.9, "high"), "C2": (0.9, "high")}, version="1")
    score("churn", {"C2": (0.9, "high")}, version="2")
    define("risky", "{score: churn, at_least: 0.6}")
    desk.build("risky")
    assert members(shop, "risky") == ["C2"]


def test_what_happens_at_the_moment_or_later_is_not_seen(desk: Segments, shop: Records, define: Define) -> None:
    define("mine", "{feature: buying:orders, at_least: 1}")
    first = END - 20 * DAY  # C1's only order
    desk.build("mine", first)
    desk.build("mine", from_micros(first + 1))
    assert "C1" not in members(shop, "mine", first)
    assert "C1" in members(shop, "mine", first + 1)


def test_a_segment_of_the_model_is_built_from_its_labels(desk: Segments, shop: Records, score: Score) -> None:
    score("segmentation", {"C1": (None, "Big, loyal!"), "C2": (None, "Quiet"), "C3": (None, "Quiet")})
    built = {item.name: item.members for item in desk.build().built}
    assert built["big_loyal"] == 1
    assert members(shop, "quiet") == ["C2", "C3"]
    assert desk.build("Big, loyal!").built[0].name == "big_loyal"


def test_a_label_that_the_model_no_longer_gives_empties_its_segment(
    desk: Segments, shop: Records, score: Score
) -> None:
    score("segmentation", {"C1": (None, "Old")}, as_of=END - DAY)
    desk.build("old")
    score("segmentation", {"C1": (None, "New")}, as_of=END)
    desk.build()
    assert members(shop, "old", END - DAY) == ["C1"]
    assert members(shop, "old", END) == []
    assert members(shop, "new", END) == ["C1"]


def test_who_enters_and_who_leaves_is_written_once(desk: Segments, shop: Records, define: Define) -> None:
    define("fresh", "{feature: buying:days_since_last_order, at_most: 45}")
    first = desk.build("fresh", END - 10 * DAY).built[0]
    assert (first.members, first.added, first.removed) == (2, 2, 0)
    second = desk.build("fresh", END).built[0]
    assert (second.members, second.added, second.removed) == (2, 0, 0)
    third = desk.build("fresh", END + 10 * DAY).built[0]
    assert (third.members, third.added, third.removed) == (1, 0, 1)
    written = shop.arrow("segment_memberships", ["customer_id", "occurred_at", "change"]).to_pylist()
    assert sorted((row["occurred_at"], row["change"]) for row in written) == [
        (END - 10 * DAY, "enter"), (END - 10 * DAY, "enter"), (END + 10 * DAY, "leave"),
    ]  # fmt: skip


def test_the_same_build_again_writes_nothing_and_says_the_same(desk: Segments, shop: Records, define: Define) -> None:
    define("mine", "{feature: buying:orders, at_least: 5}")
    first = desk.build("mine")
    before, logged = facts(shop), shop.arrow("audit_log").num_rows
    again = desk.build("mine")
    assert again.built == first.built
    assert (facts(shop), shop.arrow("audit_log").num_rows) == (before, logged)


def test_a_changed_rule_corrects_the_same_moment(desk: Segments, shop: Records, define: Define) -> None:
    define("mine", "{feature: buying:orders, at_least: 8}")
    desk.build("mine")
    define("mine", "{feature: buying:orders, between: [7, 8]}")
    built = desk.build("mine").built[0]
    assert members(shop, "mine") == ["C7", "C8"]
    assert (built.members, built.added, built.removed) == (2, 2, 0)
    define("mine", "{feature: buying:orders, at_least: 8}")
    desk.build("mine")
    assert members(shop, "mine") == ["C8", "C9"]


def test_a_build_of_the_past_leaves_later_builds_true(desk: Segments, shop: Records, define: Define) -> None:
    define("mine", "{feature: buying:days_since_last_order, at_most: 45}")
    for moment in (END - 100 * DAY, END, END + 10 * DAY):
        desk.build("mine", moment)
    truth = {moment: members(shop, "mine", moment) for moment in (END - 100 * DAY, END, END + 10 * DAY)}
    desk.build("mine", END - 50 * DAY)
    assert {moment: members(shop, "mine", moment) for moment in truth} == truth
    assert members(shop, "mine", END - 50 * DAY) == ["C3", "C4"]


def test_the_definition_is_stored_with_the_segment(desk: Segments, shop: Records, define: Define) -> None:
    define("mine", "{feature: buying:orders, at_least: 8}", purpose="service", channel="phone")
    desk.build("mine")
    (row,) = shop.arrow("segments").to_pylist()
    assert (row["kind"], row["purpose"], row["channel"]) == ("rule", "service", "phone")
    assert "buying:orders" in row["definition"]


def test_the_shipped_segments_work_on_orders_alone(desk: Segments, shop: Records, score: Score) -> None:
    report = desk.build()
    assert {item.name: item.members for item in report.built} == {
        "best_customers": 2, "frequent_returners": 0, "lapsed_customers": 1, "new_customers": 2,
    }  # fmt: skip
    assert "`rapport score churn`" in report.skipped["at_risk_regulars"]
    score("churn", {"C3": (0.8, "high"), "C4": (0.1, "low"), "C2": (0.9, "high")})
    desk.build()
    assert members(shop, "at_risk_regulars") == ["C3"]


def test_one_bad_file_does_not_stop_the_others(desk: Segments, define: Define) -> None:
    define("bad", "{feature: buying:order, at_least: 8}")
    define("worse", "[")
    define("good", "{feature: buying:orders, at_least: 8}")
    report = desk.build()
    assert "good" in {item.name for item in report.built}
    assert {"bad", "worse"} <= set(report.skipped)
    listed = {item.name: item for item in desk.list()}
    assert "is not YAML" in (listed["worse"].problem or "")
    assert listed["good"].members == 2


def test_the_list_tells_kind_count_moment_purpose_and_channel(desk: Segments, score: Score, define: Define) -> None:
    score("segmentation", {"C1": (None, "Quiet")})
    define("mine", "{feature: buying:orders, at_least: 8}", purpose="service", channel="post")
    assert [(item.kind, item.members) for item in desk.list() if item.name in ("mine", "quiet")] == [
        ("rule", None),
        ("model", None),
    ]
    desk.build("mine")
    (mine,) = [item for item in desk.list() if item.name == "mine"]
    assert (mine.as_of, mine.members, mine.purpose, mine.channel, mine.problem) == (END, 2, "service", "post", None)


def test_a_segment_whose_file_is_gone_is_listed_but_not_built(
    desk: Segments, settings: Settings, define: Define
) -> None:
    define("mine", "{feature: buying:orders, at_least: 8}")
    desk.build("mine")
    (settings.home / "segments" / "mine.yaml").unlink()
    (mine,) = [item for item in desk.list() if item.name == "mine"]
    assert mine.members == 2
    with pytest.raises(
        SegmentError, match=r"the definition of 'mine' is gone; a file mine.yaml is expected; put it back"
    ):
        desk.build("mine")
    assert "mine" not in {item.name for item in desk.build().built}


def test_a_text_that_nobody_has_is_told(desk: Segments, define: Define) -> None:
    define("mine", "{field: country, is: Germny}")
    notes = desk.build("mine").built[0].notes
    assert notes[0] == "no customer has the field country 'Germny'; close to it is 'Germany'"


def test_a_purpose_nobody_speaks_of_is_told(desk: Segments, define: Define) -> None:
    define("mine", "{field: country, is: Germany}")
    assert desk.build("mine").built[0].notes == (
        "nobody may be contacted for 'marketing': the records hold no consents; an export of it would be empty",
    )


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        (
            "{feature: buying:order, is: 1}",
            "asks for the feature 'buying:order', which is unknown; a feature of customers is expected, close to it",
        ),
        (
            "{attribute: colour, is: red}",
            "asks for the attribute 'colour', which is unknown; an attribute is expected, none is known yet",
        ),
        (
            "{field: contry, is: red}",
            "asks for the field 'contry', which is unknown; a column is expected, close to it is 'country'",
        ),
        (
            "{score: chrn, at_least: 1}",
            "no scores of customers by a model 'chrn' are recorded; a scored model is expected, close to it is 'churn'",
        ),
        (
            "{score: churn, is: high}",
            "the score churn is a number and is is 'high'; a number is expected; write it without quotes",
        ),
        (
            "{field: country, at_least: 1}",
            "the field country is a text and cannot be at_least; is, in or known is expected",
        ),
        (
            "{field: country, is: true}",
            "the field country is a text and is is True; a text is expected; write it in quotes",
        ),
    ],
)
def test_what_a_rule_names_wrongly_is_one_sentence(
    desk: Segments, define: Define, score: Score, where: str, sentence: str
) -> None:
    score("churn", {"C1": (0.5, "low")})
    define("mine", where)
    with pytest.raises(SegmentError, match=re.escape(sentence)):
        desk.build("mine")


def test_scores_that_begin_later_are_a_sentence(desk: Segments, define: Define, score: Score) -> None:
    score("churn", {"C1": (0.5, "low")})
    define("mine", "{score: churn, at_least: 0.1}")
    with pytest.raises(
        SegmentError, match=r"the model 'churn' has no scores as of 2011-12-31T00:00:00Z or before; a batch is expected"
    ):
        desk.build("mine", END - DAY)


def test_an_unknown_segment_is_a_sentence(desk: Segments) -> None:
    with pytest.raises(
        SegmentError, match=r"the segment 'best_custmers' is unknown; .* close to it is 'best_customers'"
    ):
        desk.build("best_custmers")


def test_a_file_named_like_a_segment_of_the_model_is_a_sentence(desk: Segments, define: Define, score: Score) -> None:
    score("segmentation", {"C1": (None, "mine")})
    define("mine", "{feature: buying:orders, at_least: 8}")
    report = desk.build()
    assert "has the name of a segment of the model 'segmentation', 'mine'" in report.skipped["mine"]
    assert {item.name: item.members for item in report.built}["mine"] == 1


def test_nobody_is_a_segment_too(desk: Segments, shop: Records, define: Define) -> None:
    define("mine", "{feature: buying:orders, at_least: 1000}")
    assert desk.build("mine").built[0].members == 0
    assert facts(shop) == 0
    assert next(item for item in desk.list() if item.name == "mine").as_of == END
