"""The rule language: what it takes, what it refuses, and its three truth values."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segments import SegmentError
from segments.definitions import CHANNELS, find, load, safe_name
from segments.evaluate import members
from segments.parse import parse
from segments.rule import All, AnyOf, Comparison, Not, Rule, Subject, comparisons

SHIPPED = Path(__file__).parents[2] / "configs" / "segments"
TRUE, FALSE, UNKNOWN = 1.0, 0.0, np.nan


def kleene(name: str, values: tuple[float, ...]) -> float:
    """The truth tables of Kleene's strong logic."""
    if name == "not":
        return 1 - values[0]
    worst = FALSE if name == "all" else TRUE
    return worst if worst in values else UNKNOWN if any(np.isnan(item) for item in values) else 1 - worst


def stated(name: str) -> tuple[Rule, Rule, Rule]:
    a, b = (Comparison(Subject("feature", f"v:{letter}"), "is", (1.0,)) for letter in "ab")
    rules: dict[str, Rule] = {"all": All((a, b)), "any": AnyOf((a, b)), "not": Not(a)}
    return rules[name], a, b


@pytest.mark.parametrize("name", ["all", "any", "not"])
def test_logic_has_three_values(name: str) -> None:
    rule, a, b = stated(name)
    assert isinstance(a, Comparison)
    assert isinstance(b, Comparison)
    for values in itertools.product((TRUE, FALSE, UNKNOWN), repeat=2):
        columns = {a.subject: np.array([values[0]]), b.subject: np.array([values[1]])}
        truth = kleene(name, values)
        assert members(rule, columns)[0] == (truth == 1)
        assert members(Not(rule), columns)[0] == (truth == 0)


NUMBER = np.array([1.0, 2.0, 3.0, np.nan])
TEXT = np.array(["a", "b", "c", None], dtype=object)


@pytest.mark.parametrize(
    ("column", "test", "expected"),
    [
        (NUMBER, {"is": 2}, [0, 1, 0, 0]),
        (NUMBER, {"is_not": 2}, [1, 0, 1, 0]),
        (NUMBER, {"in": [1, 3]}, [1, 0, 1, 0]),
        (NUMBER, {"not_in": [1, 3]}, [0, 1, 0, 0]),
        (NUMBER, {"at_least": 2}, [0, 1, 1, 0]),
        (NUMBER, {"at_most": 2}, [1, 1, 0, 0]),
        (NUMBER, {"more_than": 2}, [0, 0, 1, 0]),
        (NUMBER, {"less_than": 2}, [1, 0, 0, 0]),
        (NUMBER, {"between": [2, 3]}, [0, 1, 1, 0]),
        (NUMBER, {"known": True}, [1, 1, 1, 0]),
        (NUMBER, {"known": False}, [0, 0, 0, 1]),
        (NUMBER, {"is": True}, [1, 0, 0, 0]),
        (NUMBER, {"top": 0.34}, [0, 0, 1, 0]),
        (NUMBER, {"top": 0.7}, [0, 1, 1, 0]),
        (TEXT, {"is": "b"}, [0, 1, 0, 0]),
        (TEXT, {"is_not": "b"}, [1, 0, 1, 0]),
        (TEXT, {"in": ["a", "x"]}, [1, 0, 0, 0]),
        (TEXT, {"not_in": ["a", "x"]}, [0, 1, 1, 0]),
        (TEXT, {"known": False}, [0, 0, 0, 1]),
    ],
)
def test_each_comparison(column: Any, test: dict[str, object], expected: list[int]) -> None:
    rule = parse({"feature": "v:x", **test}, "where")
    columns = {Subject("feature", "v:x"): column}
    assert members(rule, columns).tolist() == [bool(item) for item in expected]


def test_those_who_share_the_value_at_the_edge_stay_out_of_the_top() -> None:
    subject = Subject("feature", "v:x")
    rule = Comparison(subject, "top", (0.2,))
    assert members(rule, {subject: np.array([0.0] * 8 + [5.0, 9.0])}).sum() == 2
    assert members(rule, {subject: np.array([0.0] * 9 + [9.0])}).sum() == 1
    assert members(rule, {subject: np.array([3.0] * 10)}).sum() == 0
    assert members(rule, {subject: np.array([np.nan, np.nan])}).sum() == 0
    assert members(rule, {subject: np.array([])}).tolist() == []


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([], "where is []; all, any, not or a condition such as {score: churn, at_least: 0.6} is expected"),
        ("__import__('os')", "where is \"__import__('os')\"; all, any, not or a condition"),
        (
            {"eval": "1"},
            "where has the keys eval; exactly one of feature, attribute, field, score, band, likeness "
            "(or all, any, not) is expected",
        ),
        ({"all": []}, "where.all is []; a list of at least one condition is expected"),
        ({"all": {"score": "a"}}, "where.all is {'score': 'a'}; a list of at least one condition is expected"),
        ({"all": [{"score": "a", "is": 1}], "any": []}, "where has 'all' beside 'any'; one of them is expected"),
        ({"not": {"score": "a", "is": 1}, "score": "b"}, "where has 'not' beside 'score'"),
        (
            {"any": [{"score": "a", "is": 1}, {"score": "a"}]},
            "where.any[2] has 0 comparisons; exactly one of is, is_not",
        ),
        ({"score": "a", "feature": "b", "is": 1}, "where has the keys score, feature, is; exactly one of"),
        (
            {"score": "a", "atleast": 1},
            "where has the key 'atleast'; a comparison is expected; close to it is 'at_least'",
        ),
        ({"score": "a", "at_least": 1, "at_most": 2}, "where has 2 comparisons; exactly one of"),
        ({"score": 3, "is": 1}, "where.score is 3; the name of a model's number in its latest batch is expected"),
        ({"score": " ", "is": 1}, "where.score is ' '; the name of"),
        ({"score": "a", "at_least": "1"}, "where.at_least is '1'; a number is expected; write it without quotes"),
        ({"score": "a", "at_least": True}, "where.at_least is True; a number is expected"),
        ({"score": "a", "at_least": float("nan")}, "where.at_least is nan; a number is expected"),
        ({"score": "a", "between": [1]}, "where.between is [1]; two numbers are expected; write [low, high]"),
        ({"score": "a", "between": [2, 1]}, "where.between is [2, 1]; the smaller number is expected first"),
        ({"score": "a", "in": "b"}, "where.in is 'b'; a list of at least one value is expected; write [a, b]"),
        ({"score": "a", "in": [None]}, "where.in is None; a text, a number, true or false is expected"),
        ({"score": "a", "is": {"b": 1}}, "where.is is {'b': 1}; a text, a number, true or false is expected"),
        ({"score": "a", "known": "yes"}, "where.known is 'yes'; true or false is expected"),
        (
            {"score": "a", "top": 20},
            "where.top is 20; a share between 0 and 1 is expected; write 0.2 for the top fifth",
        ),
    ],
)
def test_what_is_outside_the_language_is_one_sentence(value: object, sentence: str) -> None:
    with pytest.raises(SegmentError, match=re.escape(sentence)):
        parse(value, "where")


def test_a_rule_without_end_is_refused() -> None:
    deep: dict[str, Any] = {"score": "a", "is": 1}
    for _ in range(30):
        deep = {"not": deep}
    wide = {"any": [{"score": "a", "is": 1}] * 300}
    for value in (deep, wide):
        with pytest.raises(SegmentError, match="goes beyond 200 conditions or 20 levels"):
            parse(value, "where")


def write(folder: Path, text: str, name: str = "mine") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


GOOD = "segment: mine\npurpose: marketing\nchannel: email\nwhere: {score: churn, at_least: 0.5}\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            GOOD + "colour: red\n",
            "has the key 'colour'; the keys are segment, title, description, purpose, channel, where",
        ),
        (
            GOOD.replace("purpose: marketing\n", ""),
            "has no 'purpose'; segment, purpose, channel and where are expected; add it",
        ),
        (GOOD.replace("mine", "other"), "names the segment 'other'; the file's own name 'mine'"),
        (
            GOOD.replace("email", "any"),
            "has the channel 'any'; one of email, phone, sms, post, social, web is expected",
        ),
        (GOOD.replace("marketing", "3"), "has purpose: 3; a text is expected"),
        (GOOD + "segment: mine\n", "the key 'segment' stands twice"),
        ("- a\n", "holds a list; keys and values are expected; start with segment: mine"),
        ("where: [", "is not YAML"),
        ("a: &x [1]\nb: *x\n", "aliases are not used here"),
        ("segment: !!python/object/apply:os.system ['true']\n", "is not YAML"),
        (GOOD + "#" * 70_000, "at most 65536 are expected; make the rule smaller"),
        ("[" * 200, "is not YAML"),
        (GOOD.replace("0.5", "1" + "0" * 400), "; a number is expected"),
        (GOOD.replace("0.5", "'x'"), "mine.yaml: where.at_least is 'x'; a number is expected"),
    ],
)
def test_a_bad_file_is_one_sentence_that_names_it(tmp_path: Path, text: str, sentence: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SegmentError, match=re.escape(sentence)) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        SegmentError, match=r"cannot be read \(No such file or directory\); a YAML file is expected; check it"
    ):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["Mine", "my segment", "a.b", "ä", "-a", "a" * 65])
def test_names_are_safe_for_files_and_addresses(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, GOOD.replace("mine", name), name)
    with pytest.raises(SegmentError, match="made of lower-case letters, digits, _ and -"):
        load(path)


def test_the_first_folder_wins(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, GOOD)
    write(tmp_path / "two", GOOD.replace("mine", "more"), "more")
    found = find([tmp_path / "none", tmp_path / "one", tmp_path / "two"])
    assert found == {"mine": tmp_path / "one" / "mine.yaml", "more": tmp_path / "two" / "more.yaml"}


def test_equal_content_has_an_equal_hash(tmp_path: Path) -> None:
    first = load(write(tmp_path, GOOD))
    again = load(write(tmp_path, "# a comment\nchannel: email\n" + GOOD.replace("channel: email\n", "")))
    other = load(write(tmp_path, GOOD.replace("0.5", "0.6")))
    assert first.sha256 == again.sha256 != other.sha256


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_segment_is_sound(path: Path) -> None:
    found = load(path)
    assert found.channel in CHANNELS
    assert {test.subject.kind for test in comparisons(found.rule)} <= {"feature", "score", "band"}


@pytest.mark.parametrize(
    ("label", "name"),
    [("Loyal big spenders", "loyal_big_spenders"), ("../../etc", "etc"), ("A/B\\C", "a_b_c"), ("x" * 90, "x" * 64)],
)
def test_labels_of_a_model_become_safe_names(label: str, name: str) -> None:
    assert safe_name(label) == name
    assert safe_name("東京") == safe_name("東京") != safe_name("大阪")
