"""Pictures are the same bytes whatever style the program around them draws in."""

from __future__ import annotations

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
