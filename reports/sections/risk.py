"""Who is likely to leave: the churn model's bands, and its scores by segment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reports.charts import Chart, Series
from reports.reading import Reading
from reports.report import Block, Figure, KeyNumber, KeyNumbers, Section, Text
from reports.sections.answers import Batch, batch
from reports.table import Column, Table, Value, people
from segments.ledger import Memberships
from segments.membership import Build, builds

NAME, TITLE, MODEL = "risk", "Risk of leaving", "churn"
COLUMNS = (
    Column("segment", "Segment"),
    Column("members", "Members", "int"),
    Column("scored", "Scored", "int"),
    Column("risk", "Mean risk", "percent"),
    Column("high", "In the highest band", "int"),
    Column("expected", "Expected to leave", "number"),
)


def section(reading: Reading) -> Section:
    """Bands over all scored customers, and mean risk, highest band and expected losses of each segment."""
    scored = batch(reading, MODEL)
    if scored is None:
        return Section(NAME, TITLE, [Text(f"Nobody has a churn score yet; `rapport score {MODEL}` writes them.")])
    reading.run(
        "create or replace table risk as select customer_id, score, band from batch where customer_id is not null"
    )
    bands = reading.ask(
        "select coalesce(band, '-') as band, count(*) as n, avg(score) as score from risk group by 1 order by 3 desc "
        "nulls last"
    )
    total = reading.ask("select count(*) as n, avg(score) as score, sum(score) as expected from risk")[0]
    numbers = KeyNumbers(
        "risk",
        [
            KeyNumber("Scored customers", people(total["n"]), note=scored.said),
            KeyNumber("Mean risk", total["score"], "percent"),
            KeyNumber("Expected to leave", total["expected"], "number", note="sum of the probabilities"),
            *_worth_acting_on(reading, scored),
        ],
    )
    blocks: list[Block] = [numbers, _bands(bands)]
    blocks += _by_segment(reading, str(bands[0]["band"]))
    return Section(NAME, TITLE, blocks, scored.as_of, {"scores": scored.rows})


def _worth_acting_on(reading: Reading, scored: Batch) -> list[KeyNumber]:
    """How many reach the probability from which on acting pays, where the model that scored is still at hand."""
    threshold = reading.policy(scored.model, scored.version).get("threshold")
    if threshold is None:
        return []
    count = reading.ask("select count(*) as n from risk where score >= $threshold", {"threshold": float(threshold)})
    note = f"probability of {float(threshold):.2f} or more, from where acting pays by the model's costs"
    return [KeyNumber("Worth acting on", people(count[0]["n"]), note=note)]


def _bands(found: list[dict[str, object]]) -> Figure:
    rows: list[tuple[Value, ...]] = []
    for row in found:
        told = people(int(str(row["n"])))
        score = row["score"]
        rows.append((str(row["band"]), told, score if isinstance(told, int) and isinstance(score, float) else None))
    chart = Chart(
        kind="bar",
        title="Customers by risk band",
        x=[str(row[0]) for row in rows],
        y_title="customers",
        format="int",
        series=[Series(name="customers", values=[float(row[1]) if isinstance(row[1], int) else None for row in rows])],
    )
    columns = (Column("band", "Band"), Column("customers", "Customers", "int"), Column("risk", "Mean risk", "percent"))
    return Figure(chart, Table("risk_bands", "Customers by risk band", columns, rows))


def _by_segment(reading: Reading, highest: str) -> list[Block]:
    built = builds(reading.records)
    listed = reading.records.query("select id, name, title from segments order by name").to_pylist()
    rows: list[tuple[Value, ...]] = []
    for item in listed:
        if item["name"] in built:
            facts = Memberships.read(reading.records, item["id"], reading.watermark)
            rows.append(
                _segment(
                    reading, item["title"] or item["name"], facts.at(_moment(reading, built[item["name"]])), highest
                )
            )
    if not rows:
        return [Text("No segment has been built yet; `rapport segment build` does it.")]
    chart = Chart(
        kind="across",
        title="Mean risk by segment",
        x=[str(row[0]) for row in rows],
        format="percent",
        series=[Series(name="mean risk", values=[row[3] if isinstance(row[3], float) else None for row in rows])],
    )
    return [Figure(chart, Table("risk_by_segment", "Risk by segment", COLUMNS, rows))]


def _moment(reading: Reading, made: Sequence[Build]) -> int:
    return int(made[-1].as_of if reading.given is None else reading.given)


def _segment(reading: Reading, title: str, members: NDArray[np.int64], highest: str) -> tuple[Value, ...]:
    reading.put("members", pa.table({"customer_id": members}))
    found = reading.ask(
        "select count(*) as scored, avg(score) as risk, sum(score) as expected, "
        "count(*) filter (coalesce(band, '-') = $highest) as high from risk join members using (customer_id)",
        {"highest": highest},
    )[0]
    scored = people(found["scored"])
    told = isinstance(scored, int)
    return (
        title,
        people(len(members)),
        scored,
        found["risk"] if told else None,
        people(found["high"]) if told else None,
        found["expected"] if told else None,
    )
