"""Leads: how far they come, and the grades that the model gives them."""

from __future__ import annotations

from crm.clock import DAY
from reports.charts import Chart, Series
from reports.reading import Reading
from reports.report import Block, Figure, KeyNumber, KeyNumbers, Section, Text
from reports.sections.answers import batch
from reports.table import Column, Table, Value, people

NAME, TITLE, MODEL = "leads", "Leads", "lead_score"
STEPS = ("new", "assigned", "working", "qualified", "converted")
COLUMNS = (
    Column("step", "Step"),
    Column("reached", "Reached", "int"),
    Column("conversion", "Of the step before", "percent"),
    Column("now", "There now", "int"),
)


def section(reading: Reading) -> Section:
    """The funnel of leads, and the grades of the latest batch of the lead model."""
    moment = reading.moment("leads")
    if moment is None:
        return Section(NAME, TITLE, [Text("No leads are recorded.")])
    rows = {
        "leads": reading.see("leads", ("status", "created_at", "first_touch_at", "converted_at"), moment),
        "lead_events": reading.see("lead_events", ("lead_id", "to_status", "from_status"), moment),
    }
    counts = reading.ask(
        "select count(*) as total, count(*) filter (status = 'converted') as converted, "
        "count(*) filter (status = 'unqualified') as unqualified, "
        "median((converted_at - created_at) / $day) filter (status = 'converted') as days from leads",
        {"day": DAY},
    )[0]
    share = counts["converted"] / counts["total"] if counts["total"] else None
    blocks: list[Block] = [
        KeyNumbers(
            "leads",
            [
                KeyNumber("Leads", counts["total"]),
                KeyNumber("Converted", people(counts["converted"])),
                KeyNumber("Conversion", share if isinstance(people(counts["converted"]), int) else None, "percent"),
                KeyNumber("Unqualified", people(counts["unqualified"])),
                KeyNumber("Median time to convert", counts["days"], "days"),
            ],
        ),
        _funnel(reading),
        *_grades(reading),
    ]
    return Section(NAME, TITLE, blocks, moment, rows)


def _funnel(reading: Reading) -> Figure:
    steps = " union all ".join(f"select {at} as ordinal, '{name}' as step" for at, name in enumerate(STEPS))
    found = reading.ask(
        f"with steps as ({steps}), seen as (select id as lead_id, status from leads union all "  # noqa: S608 - our own words
        "select e.lead_id, e.to_status from lead_events e join leads l on l.id = e.lead_id union all "
        "select e.lead_id, e.from_status from lead_events e join leads l on l.id = e.lead_id), "
        "farthest as (select lead_id, coalesce(max(ordinal), 0) as ordinal from seen left join steps on step = status "
        "group by lead_id) "
        "select s.step, (select count(*) from farthest f where f.ordinal >= s.ordinal) as reached, "
        "(select count(*) from leads l where l.status = s.step) as now from steps s order by s.ordinal"
    )
    rows: list[tuple[str, Value, float | None, Value]] = []
    before = None
    for row in found:
        reached = people(row["reached"])
        rate = row["reached"] / before if before and isinstance(reached, int) else None
        rows.append((row["step"], reached, rate, people(row["now"])))
        before = row["reached"]
    drawn = [float(row[1]) if isinstance(row[1], int) else None for row in rows]
    marks = [None if isinstance(row[1], int) else str(row[1]) for row in rows]
    chart = Chart(
        kind="funnel",
        title="Leads by step",
        x=list(STEPS),
        format="int",
        series=[Series(name="leads", values=drawn, marks=marks)],
    )
    note = "A lead has reached every step up to the farthest that it was seen in."
    return Figure(chart, Table("lead_funnel", "Steps of leads", COLUMNS, rows, note))


def _grades(reading: Reading) -> list[Block]:
    scored = batch(reading, MODEL)
    if scored is None:
        return [
            Text(
                f"No lead has a grade yet: no scores of the model {MODEL!r} are recorded; `rapport score {MODEL}` "
                "writes them."
            )
        ]
    found = reading.ask(
        "select coalesce(band, '-') as band, count(*) as n, avg(score) as score from batch where lead_id is not null "
        "group by 1 order by avg(score) desc nulls last, 1"
    )
    hidden = {row["band"]: people(row["n"]) for row in found}
    rows = [
        (row["band"], hidden[row["band"]], row["score"] if isinstance(hidden[row["band"]], int) else None)
        for row in found
    ]
    chart = Chart(
        kind="bar",
        title="Leads by grade",
        x=[row["band"] for row in found],
        y_title="leads",
        format="int",
        series=[Series(name="leads", values=[float(row[1]) if isinstance(row[1], int) else None for row in rows])],
    )
    columns = (Column("grade", "Grade"), Column("leads", "Leads", "int"), Column("score", "Mean score", "percent"))
    return [Figure(chart, Table("lead_grades", f"Grades, {scored.said}", columns, rows))]
