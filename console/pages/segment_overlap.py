"""How far segments overlap: every pair that has customers in common."""

from __future__ import annotations

from console.blocks import Empty, Grid, Link, View, to
from console.desk import Desk
from console.page import Asked, Page

ROWS = 200


def view(desk: Desk, _asked: Asked) -> View:
    """Pairs of built segments, those with most in common first."""
    found = [pair for pair in desk.overlap() if pair.both]
    if not found:
        empty = Empty("No two segments that were built have a customer in common.", "rapport segment build")
        return View("Overlap of segments", [empty])
    titles = {item.name: item.title or item.name for item in desk.segments.list()}
    rows = [
        (Link(titles[pair.first], to("/segments", pair.first)),
         Link(titles[pair.second], to("/segments", pair.second)), pair.both, f"{pair.of_first:.0%}",
         f"{pair.of_second:.0%}", f"{pair.jaccard:.2f}", "–" if pair.lift is None else f"{pair.lift:.1f}×")
        for pair in found[:ROWS]
    ]  # fmt: skip
    columns = ("First", "Second", "In both", "Of the first", "Of the second", "Jaccard", "Beside chance")
    note = (
        "Jaccard: those in both, of those in either. Beside chance: times as many as if membership of one told nothing "
        "about the other."
    )
    if len(found) > ROWS:
        note += f" The first {ROWS} of {len(found):,} pairs; all: `rapport segment overlap`."
    return View("Overlap of segments", [Grid("Pairs", columns, rows, frozenset(columns[2:]), note)])


page = Page("/overlap", view)
