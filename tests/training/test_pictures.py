"""Pictures are the same bytes whatever style the program around them draws in."""

from __future__ import annotations

import matplotlib as mpl

from training.bars import draw
from training.pictures import earnings

FOREIGN = {"figure.constrained_layout.use": True, "lines.linewidth": 9, "axes.labelsize": 20, "savefig.dpi": 30}


def _drawn() -> dict[str, bytes]:
    past = {"2026-01-01": [(3.0, 2.0, 4.0), (1.0, 0.5, 1.5)]}
    return draw("sizes", "Sizes", "share", {"a": 0.4, "b": 0.6}) | earnings("churn", past)


def test_the_style_around_does_not_matter() -> None:
    usual = _drawn()
    with mpl.rc_context(FOREIGN):  # type: ignore[arg-type]  # matplotlib types each key by its name
        assert _drawn() == usual
        assert mpl.rcParams["lines.linewidth"] == 9, "and is as it was afterwards"
