"""The way of an opportunity: how many reach each stage, how many go on, how long they stay."""

from __future__ import annotations

from typing import Any

from crm.clock import DAY
from reports.charts import Chart, Series
from reports.reading import Reading
from reports.report import Block, Figure, KeyNumber, KeyNumbers, Section, Text
from reports.table import Column, Table

NAME, TITLE = "opportunities", "Opportunities"
COLUMNS = (
    Column("stage", "Stage"),
    Column("reached", "Reached", "int"),
    Column("conversion", "Of the stage before", "percent"),
    Column("now", "There now", "int"),
    Column("dwell", "Median stay", "days"),
)


def section(reading: Reading) -> Section:
    """A funnel per pipeline; an opportunity has reached every stage up to the farthest that it was seen in."""
    moment = reading.moment("opportunities")
    if moment is None:
        return Section(NAME, TITLE, [Text("No opportunities are recorded.")])
    rows = {
        "opportunities": reading.see(
            "opportunities", ("pipeline_id", "stage_id", "outcome", "amount", "currency"), moment
        ),
        "opportunity_stage_changes": reading.see(
            "opportunity_stage_changes", ("opportunity_id", "to_stage_id", "ordinal"), moment
        ),
    }
    reading.reference("pipelines")
    reading.reference("pipeline_stages")
    blocks: list[Block] = [_numbers(reading)]
    used = reading.ask(
        "select id, name from pipelines where id in (select pipeline_id from opportunities) order by name"
    )
    blocks += [_funnel(reading, pipeline) for pipeline in used]
    return Section(NAME, TITLE, blocks, moment, rows)


def _numbers(reading: Reading) -> KeyNumbers:
    found = reading.ask("select outcome, count(*) as n from opportunities group by outcome")
    counts = {row["outcome"]: row["n"] for row in found}
    won, lost = counts.get("won", 0), counts.get("lost", 0)
    rate = won / (won + lost) if won + lost else None
    sums = reading.ask(
        "select currency, sum(amount)::bigint as amount from opportunities where outcome = 'won' and amount is not "
        "null "
        "and currency is not null group by currency order by currency"
    )
    items = [
        *(KeyNumber(name.capitalize(), counts.get(name, 0)) for name in ("open", "won", "lost")),
        KeyNumber("Win rate", rate, "percent", note="won of those closed"),
        *(KeyNumber(f"Won {row['currency']}", row["amount"] / 10_000, "money", row["currency"]) for row in sums),
    ]
    return KeyNumbers("opportunities", items)


def _funnel(reading: Reading, pipeline: dict[str, Any]) -> Figure:
    stages = reading.ask(_STAGES, {"pipeline": pipeline["id"], "day": DAY})
    before = [None, *[row["reached"] for row in stages[:-1]]]
    rows = [
        (row["name"], row["reached"], row["reached"] / first if first else None, row["now"], row["days"])
        for row, first in zip(stages, before, strict=True)
    ]
    chart = Chart(
        kind="funnel",
        title=f"Opportunities by stage, {pipeline['name']}",
        x=[row["name"] for row in stages],
        format="int",
        series=[Series(name="opportunities", values=[row["reached"] for row in stages])],
    )
    return Figure(chart, Table("opportunity_funnel", f"Stages of {pipeline['name']}", COLUMNS, rows))


_STAGES = """
with stage as (select * from pipeline_stages where pipeline_id = $pipeline and category <> 'lost'),
seen as (
    select id as opportunity_id, stage_id from opportunities where pipeline_id = $pipeline
    union all
    select c.opportunity_id, c.to_stage_id from opportunity_stage_changes c
    join opportunities o on o.id = c.opportunity_id and o.pipeline_id = $pipeline
),
farthest as (
    select opportunity_id, coalesce(max(s.ordinal), (select min(ordinal) from stage)) as ordinal
    from seen left join stage s on s.id = seen.stage_id group by opportunity_id
),
moves as (
    select to_stage_id as stage_id, occurred_at,
        lead(occurred_at) over (partition by opportunity_id order by occurred_at, ordinal) as next
    from opportunity_stage_changes
),
stays as (
    select stage_id, median((next - occurred_at) / $day) as days from moves where next is not null group by stage_id
)
select s.name, (select count(*) from farthest f where f.ordinal >= s.ordinal) as reached,
    (select count(*) from opportunities o where o.stage_id = s.id) as now, d.days
from stage s left join stays d on d.stage_id = s.id order by s.ordinal
"""
