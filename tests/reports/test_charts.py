"""Charts: what is drawn, at which place, and what must never get into the drawing."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import reports
from reports.charts import Chart, Series, both, svg
from reports.charts.chart import Kind
from reports.charts.palette import SERIES, shade
from reports.charts.scale import Scale, extent, ticks

KINDS: tuple[Kind, ...] = ("line", "step", "points", "bar", "stacked", "heat", "funnel")
NS = "{http://www.w3.org/2000/svg}"
EVIL = '<script>alert(1)</script>" onload="x\x00'


def parsed(chart: Chart) -> ET.Element:
    return ET.fromstring(svg(chart))  # noqa: S314 - our own text


def texts(chart: Chart) -> list[str]:
    return [item.text or "" for item in parsed(chart).iter(f"{NS}text")]


def bars(chart: Chart) -> list[ET.Element]:
    return [item for item in parsed(chart).iter(f"{NS}rect") if item.find(f"{NS}title") is not None]


def one(kind: Kind, values: list[float | None], **more: object) -> Chart:
    names = [f"p{at}" for at in range(len(values))]
    return Chart(kind=kind, title="T", x=names, series=[Series(name="s", values=values)], **more)  # type: ignore[arg-type]  # keywords of a test


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_xml_says_what_it_is_and_is_the_same_each_time(kind: Kind) -> None:
    chart = one(kind, [3, None, 5.5, -1])
    root = parsed(chart)
    assert svg(chart) == svg(chart)
    ids = root.attrib["aria-labelledby"].split()
    assert [item.attrib["id"] for item in (root[0], root[1])] == ids
    assert root.attrib["role"] == "img"
    assert root[0].text == "T"
    assert "1 series over 4 positions, from −1 to 5.50" in (root[1].text or "")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_takes_one_value_no_value_and_no_position(kind: Kind) -> None:
    assert parsed(one(kind, [7])) is not None
    for empty in (one(kind, []), one(kind, [None, math.nan, math.inf])):
        assert "no data" in texts(empty)
        assert "NaN" not in svg(empty)
        assert "inf" not in svg(empty)


@pytest.mark.parametrize("kind", KINDS)
def test_names_from_records_cannot_leave_their_place(kind: Kind) -> None:
    chart = Chart(
        kind=kind, title=EVIL, x=[EVIL, "b"], x_title=EVIL, y_title=EVIL, series=[Series(name=EVIL, values=[1, 2])]
    )
    drawn = svg(chart)
    root = parsed(chart)
    assert "<script" not in drawn
    assert {item.tag.removeprefix(NS) for item in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "text",
        "rect",
        "path",
        "circle",
        "line",
    }
    assert not any(name.startswith("on") or name == "style" for item in root.iter() for name in item.attrib)


def test_two_charts_on_one_page_have_different_ids() -> None:
    first, second = parsed(one("bar", [1, 2])), parsed(one("bar", [1, 3]))
    assert first.attrib["aria-labelledby"] != second.attrib["aria-labelledby"]


def test_bars_are_as_high_as_their_values_and_hang_below_zero() -> None:
    up, down, half = bars(one("bar", [10, -10, 5]))
    assert float(up.attrib["height"]) == pytest.approx(float(down.attrib["height"]), abs=0.02)
    assert float(half.attrib["height"]) == pytest.approx(float(up.attrib["height"]) / 2, abs=0.02)
    assert float(down.attrib["y"]) == pytest.approx(float(up.attrib["y"]) + float(up.attrib["height"]), abs=0.02)


def test_stacked_bars_meet_and_negative_parts_stack_downwards() -> None:
    chart = Chart(
        kind="stacked",
        title="T",
        x=["a"],
        series=[Series(name=str(at), values=[value]) for at, value in enumerate((4, 6, -3, -2))],
    )
    first, second, third, fourth = [(float(item.attrib["y"]), float(item.attrib["height"])) for item in bars(chart)]
    assert second[0] + second[1] == pytest.approx(first[0], abs=0.02)
    assert third[0] == pytest.approx(first[0] + first[1], abs=0.02)
    assert fourth[0] == pytest.approx(third[0] + third[1], abs=0.02)


def test_a_line_breaks_at_a_gap() -> None:
    lines = [
        item.attrib["d"]
        for item in parsed(one("line", [1, 2, None, 4, 5])).iter(f"{NS}path")
        if item.attrib.get("fill") == "none"
    ]
    assert [len(re.findall("[ML]", line)) for line in lines] == [2, 2]


def test_a_step_keeps_its_height_until_the_next_position() -> None:
    (line,) = [item.attrib["d"] for item in parsed(one("step", [1, 5])).iter(f"{NS}path")]
    (_, y0), (x1, y1), (x2, y2) = [tuple(map(float, point.split())) for point in re.split("[ML]", line)[1:]]
    assert y0 == y1
    assert x1 == x2
    assert y2 < y1


def test_points_carry_their_interval() -> None:
    series = Series(name="auc", values=[0.7, 0.8], low=[0.6, 0.75], high=[0.8, 0.85])
    chart = Chart(kind="points", title="T", x=["a", "b"], series=[series])
    assert "auc, a: 0.700 (0.600 to 0.800)" in svg(chart)
    assert chart.table().texts() == [["a", "0.700", "0.600", "0.800"], ["b", "0.800", "0.750", "0.850"]]


def test_points_of_several_series_stand_side_by_side() -> None:
    chart = Chart(
        kind="points", title="T", x=["a"], series=[Series(name="one", values=[1]), Series(name="two", values=[1])]
    )
    root = parsed(chart)
    (circle,) = root.iter(f"{NS}circle")
    square = next(item for item in root.iter(f"{NS}rect") if item.find(f"{NS}title") is not None)
    assert float(square.attrib["x"]) + 4 - float(circle.attrib["cx"]) == pytest.approx(18)


@pytest.mark.parametrize("kind", ["line", "points", "bar"])
def test_thousands_of_positions_stay_small(kind: Kind) -> None:
    chart = one(kind, [float(at % 977) for at in range(20_000)])
    drawn = svg(chart)
    assert len(drawn) < (700_000 if kind != "line" else 80_000)
    assert drawn.count("<") < 200
    assert parsed(chart) is not None


def test_a_thinned_line_keeps_its_peak() -> None:
    values = [0.0] * 20_000
    values[12_345] = 100.0
    (line,) = [item.attrib["d"] for item in parsed(one("line", list(values))).iter(f"{NS}path")]
    heights = [float(point.split()[1]) for point in re.split("[ML]", line)[1:]]
    assert max(heights) - min(heights) > 150


def test_a_heat_map_shades_by_value_and_shows_marks_in_place_of_hidden_ones() -> None:
    series = [Series(name="r", values=[0.0, 1.0, None, None], marks=[None, None, "<5", None])]
    chart = Chart(kind="heat", title="T", x=["a", "b", "c", "d"], format="percent", series=series)
    cells = bars(chart)
    assert [item.attrib["fill"] for item in cells] == [shade(0.0)[0], shade(1.0)[0], "none"]
    assert "<5" in texts(chart)
    assert chart.table().texts()[2] == ["c", "<5"]


def test_a_heat_map_across_zero_has_two_colours_with_zero_between_them() -> None:
    low, middle, high = [item.attrib["fill"] for item in bars(one("heat", [-2, 0, 2]))]
    assert (low, middle, high) == tuple(shade(at, diverging=True)[0] for at in (0, 0.5, 1))


def test_a_funnel_tells_the_share_of_the_step_before() -> None:
    shown = texts(one("funnel", [200, 50, 0], format="int"))
    assert "50  (25.0\N{NO-BREAK SPACE}%)" in shown
    assert "0  (0.0\N{NO-BREAK SPACE}%)" in shown


def test_many_names_are_thinned_until_they_fit_side_by_side() -> None:
    chart = Chart(
        kind="bar", title="T", x=[f"2011-{at:03d}" for at in range(100)], series=[Series(name="s", values=[1.0] * 100)]
    )
    names = [item for item in parsed(chart).iter(f"{NS}text") if (item.text or "").startswith("2011-")]
    places = [float(item.attrib["x"]) for item in names]
    assert 4 < len(names) < 20
    assert min(b - a for a, b in pairwise(places)) > 50


def test_units_and_large_numbers_are_read_easily() -> None:
    chart = one("bar", [2_500_000.0], format="money", unit="GBP", y_title="GBP")
    assert {"GBP", "2.0M"} <= set(texts(chart))
    assert "s, p0: 2,500,000.00\N{NO-BREAK SPACE}GBP" in svg(chart)


def test_series_differ_in_more_than_colour() -> None:
    chart = Chart(
        kind="line", title="T", x=["a", "b"], series=[Series(name=str(at), values=[at, at + 1]) for at in range(3)]
    )
    lines = [item for item in parsed(chart).iter(f"{NS}path") if item.attrib.get("fill") == "none"]
    assert len({item.attrib["stroke-dasharray"] for item in lines}) == 3
    assert len(set(SERIES)) == 8


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
@example(0.0, 5e-324)
def test_ticks_cover_the_range_in_equal_round_steps(first: float, second: float) -> None:
    low, high = sorted((first, second))
    marks, step = ticks(low, high)
    margin = max(abs(low), abs(high), 1e-9) * 1e-6
    assert marks[0] <= low + margin
    assert marks[-1] >= high - margin
    assert 2 <= len(marks) <= 9
    assert all(b - a == pytest.approx(step, rel=1e-6) for a, b in pairwise(marks))


def test_an_axis_holds_zero_only_when_it_is_near_or_asked_for() -> None:
    assert extent([90, 100], zero=False) == (90, 100)
    assert extent([90, 100], zero=True) == (0, 100)
    assert extent([10, 100], zero=False) == (0, 100)
    assert extent([-10, -100], zero=False) == (-100, 0)
    assert Scale(0, 10, 100, 0)(5) == 50
    assert Scale(3, 3, 0, 10)(3) == 5


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: one("pie", [1]), "the chart 'T' is a 'pie'"),  # type: ignore[arg-type]  # a wrong kind on purpose
        (
            lambda: Chart(kind="bar", title="T", x=["a"], series=[Series(name="s", values=[1, 2])]),
            "has 2 values; 1 are expected",
        ),
        (lambda: Series(name="s", values=[1], low=[1]), "has one end of an interval"),
        (lambda: Chart(kind="funnel", title="T", x=["a"], series=[]), "has 0 series; one is expected"),
    ],
)
def test_a_chart_that_cannot_be_is_refused_with_a_sentence(make: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        make()  # type: ignore[operator]  # a lambda of the table above


def test_bars_across_name_every_row_whole_and_stand_within_the_drawing() -> None:
    names = ["a long name of a thing that a model looks at", "short"]
    for width in (360, 720):
        drawn = svg(
            Chart(kind="across", title="T", x=names, series=[Series(name="s", values=[0.5, None])]), width=width
        )
        assert all(f">{name}</text>" in drawn for name in names)
        (box,) = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn)
        assert float(box[0]) + float(box[1]) <= width


def test_each_month_has_its_label_and_each_year_once() -> None:
    months = [f"{2024 + at // 12}-{at % 12 + 1:02}" for at in range(6, 24)]
    drawn = svg(Chart(kind="bar", title="T", x=months, series=[Series(name="s", values=[1.0] * 18)], unfinished=[17]))
    assert drawn.count(">Jul</text>") == 2
    assert len(re.findall(r">(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)</text>", drawn)) == 18
    assert (drawn.count(">2024</text>"), drawn.count(">2025</text>")) == (1, 1)
    assert drawn.count('fill-opacity="0.45"') == 1
    assert "2025-12 (not complete): 1" in drawn


def test_a_chart_stands_twice_on_a_page_for_wide_and_for_narrow_screens() -> None:
    drawn = both(Chart(kind="line", title="T", x=["a", "b"], series=[Series(name="s", values=[1, 2])]))
    assert re.findall(r'<div class="(\w+)"><svg [^>]*viewBox="0 0 (\d+) ', drawn) == [
        ("wide", "720"),
        ("narrow", "360"),
    ]
    marks = re.findall(r' id="(\w+)"', drawn)
    assert len(marks) == len(set(marks)) == 4
    style = (Path(reports.__file__).parent / "render" / "templates" / "report.css").read_text(encoding="utf-8")
    assert ".narrow { display: none; }" in style
    assert ".wide { display: none; } .narrow { display: block; }" in style
