"""Pictures are the same bytes whatever style the program around them draws in."""

from __future__ import annotations

import re

import matplotlib as mpl

from training import heats
from training.bars import draw
from training.pictures import earnings

FOREIGN = {"figure.constrained_layout.use": True, "lines.linewidth": 9, "axes.labelsize": 20, "savefig.dpi": 30}


def _drawn() -> dict[str, bytes]:
    past = {"2026-01-01": [(3.0, 2.0, 4.0), (1.0, 0.5, 1.5)]}
    heat = heats.draw("profiles", "Profiles", "difference", {"a": [1.0, -1.0], "b": [0.2, 0.0]}, ["spend", "orders"])
    return draw("sizes", "Sizes", "share", {"a": 0.4, "b": 0.6}) | earnings("churn", past) | heat


def test_the_style_around_does_not_matter() -> None:
    usual = _drawn()
    with mpl.rc_context(FOREIGN):  # type: ignore[arg-type]  # matplotlib types each key by its name
        assert _drawn() == usual
        assert mpl.rcParams["lines.linewidth"] == 9, "and is as it was afterwards"


def test_a_heat_map_says_its_numbers_and_a_missing_spread_does_no_harm() -> None:
    drawn = heats.draw("moved", "Moved", "share", {"a": [0.9, 0.1]}, ["a", "b"], form=".0%", is_signed=False)
    assert b"90%" in drawn["moved.svg"]
    assert b"10%" in drawn["moved.svg"]
    assert heats.draw("flat", "Flat", "difference", {"a": [0.0]}, ["x"])["flat.png"].startswith(b"\x89PNG")


def test_pictures_on_one_page_share_no_ids_that_they_point_to() -> None:
    one, other = (draw(name, name, "share", {"a": 0.4, "b": 0.6})[f"{name}.svg"] for name in ("one", "other"))
    pointed = [set(re.findall(rb"(?:url\(|href=.)#(\w+)", svg)) for svg in (one, other)]
    assert all(pointed)
    assert not pointed[0] & pointed[1]


def test_what_records_call_a_thing_is_escaped_and_a_long_title_takes_more_lines() -> None:
    words = "Customers, of whom some will not come back <script>alert(1)</script>"
    svg = draw("sizes", words, "share", {"<b>a</b> & c": 0.4})["sizes.svg"]
    assert b"<script" not in svg
    assert b"&lt;b&gt;a&lt;/b&gt; &amp; c" in svg
    assert words not in svg.decode(), "it is broken"
