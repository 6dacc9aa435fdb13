"""One segment: what it is, who may be contacted, and why the others may not."""

from __future__ import annotations

from console.blocks import Cell, Empty, Facts, Grid, Link, Pager, Part, View, to
from console.desk import Desk
from console.errors import missing
from console.page import Asked, Page
from crm.clock import short
from reports import Text
from segments import Reach, ReleasedList, SegmentInfo

ROWS = 100


def view(desk: Desk, asked: Asked) -> View:
    """One page of those who may be contacted; looking at it is kept in the audit log, as every list that leaves is."""
    name = asked.names["name"]
    info = next((item for item in desk.segments.list() if item.name == name), None)
    if info is None:
        raise missing("segment", name, "/segments")
    if info.as_of is None:
        why = info.problem or "This segment has not been built yet."
        return View(info.title or name, [Empty(why, f"rapport segment build {name}")])
    page = desk.segments.members(name, asked.query.get("cursor") or None, ROWS)
    reach = desk.segments.reach(name)
    parts: list[Part] = [
        _facts(desk, info, reach),
        _left_out(reach, page.released.hint),
        Text(
            f"All of them in one file, judged again when it is written: `rapport segment export {name} --format xlsx`."
        ),
        _people(page.released, reach.allowed),
    ]
    if page.next_cursor:
        parts.append(Pager("", to("/segments", name, cursor=page.next_cursor)))
    return View(info.title or name, parts)


def _facts(desk: Desk, info: SegmentInfo, reach: Reach) -> Facts:
    since = "the first build" if reach.before is None else f"since the build as of {short(reach.before)}"
    told: list[tuple[str, Cell]] = [
        ("What it is", info.description or desk.portrait(info.title)),
        ("Rule", info.rule),
        ("Purpose", f"{info.purpose}, by {info.channel}"),
        ("In what its members differ", Link("Profile", to("/profiles", info.name))),
        ("As of", short(reach.as_of)),
        ("Members", reach.members),
        ("May be contacted", reach.allowed),
        ("Entered and left", f"{reach.added:,} entered, {reach.removed:,} left ({since})"),
    ]
    told += [
        (f"Mean score, {desk.title(model)}", f"{mean.value:.1%} (of {mean.scored:,} scored)")
        for model, mean in sorted(reach.means.items())
    ]
    return Facts("Segment", told)


def _left_out(reach: Reach, hint: str | None) -> Grid:
    rows = [(reason.replace("_", " ").capitalize(), count) for reason, count in sorted(reach.suppressed.items())]
    return Grid("Left out of the whole segment", ("Reason", "Members"), rows, frozenset({"Members"}), hint or "")


def _people(released: ReleasedList, allowed: int) -> Grid:
    rows = [
        (Link(row["customer_no"], to("/customers", row["customer_no"])), row["name"], row["country"],
         short(row["member_since"]), row["basis"])
        for row in released.rows.to_pylist()
    ]  # fmt: skip
    columns = ("Number", "Name", "Country", "Member since", "Basis")
    return Grid("May be contacted", columns, rows, note=f"{len(rows):,} of {allowed:,} on this page.")


page = Page("/segments/{name:path}", view)
