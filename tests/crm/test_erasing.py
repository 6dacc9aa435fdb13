"""Erasure from the records: nothing of the person stays in any version or file, what happened stays without them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import update

from crm import Records
from crm.clock import parse
from crm.connections import connect
from crm.erasing import is_needed, is_personal, references, versions_and
from crm.schema import Base
from crm.shapes import shapes
from tests.segments.shop import SOURCE, fill, rows

pytestmark = pytest.mark.slow

AT = parse("2011-06-01")
GONE, MAIL = "ERASE-4711", "erna.weg@mail.example"
PERSON, NICKNAME = "Erna Weggang", "Ernchen"


def several(records: Records) -> None:
    """A shop, and a customer of whom every kind of table knows something, merged from two parties."""
    fill(records)
    records.reference("attribute_definitions", rows(entity=["customer"], code=["mail"], type=["text"],
        data_class=["contact"], required=[False], known=["always"]))  # fmt: skip

    def dated(**columns: object) -> pa.Table:
        count = len(next(iter(columns.values())))  # type: ignore[arg-type]  # lists
        return rows(**columns, occurred_at=[AT] * count, known_at=[AT] * count)

    party = dated(source_key=[GONE], kind=["person"], status=["active"], display_name=[PERSON])
    records.write({"parties": party}, source=SOURCE)
    parties = dated(
        source_key=[GONE, "dup"], kind=["person"] * 2, status=["active", "merged"], merged_into_key=[None, GONE],
        display_name=[NICKNAME, PERSON],
    )  # fmt: skip
    tables = {
        "parties": parties,
        "persons": dated(source_key=[GONE], party_key=[GONE], given_name=["Erna"], family_name=["Weggang"]),
        "customers": dated(
            source_key=[GONE], party_key=[GONE], customer_no=[GONE], kind=["b2c"], occupation=["diver"]
        ),
        "leads": dated(source_key=["L9"], lead_no=["L-ERASE-9"], party_key=[GONE], name=[PERSON], status=["new"]),
        "lead_events": dated(source_key=["le"], lead_key=["L9"], type=["visit"]),
        "events": dated(
            source_key=["ev"], type=["view"], customer_key=[GONE], anonymous_id=["anon-77"], properties=[MAIL]
        ),
        "orders": dated(source_key=["o9"], order_no=["o9"], customer_key=[GONE], kind=["sale"], currency=["EUR"]),
        "order_lines": dated(
            source_key=["o9"], order_key=["o9"], line_no=[1], customer_key=[GONE], kind=["sale"], quantity=[2.0],
            amount=[50_000], currency=["EUR"], returned_qty=[0.0],
        ),
        "tickets": dated(
            source_key=["t"], ticket_no=["T9"], customer_key=[GONE], subject=[f"call {PERSON}"], priority=["low"],
            state=["new"],
        ),
        "ticket_events": dated(source_key=["te"], ticket_key=["t"], type=["opened"], data=[f"from {MAIL}"]),
        "interactions": dated(source_key=["i"], party_key=[GONE], type=["call"], body=[f"{PERSON} called"]),
        "consents": dated(
            source_key=["c"], party_key=[GONE], purpose=["marketing"], channel=["email"], decision=["granted"],
            basis=["consent"],
        ),
        "scores": dated(source_key=["s"], model=["churn"], model_version=["1"], customer_key=[GONE], score=[0.5]),
        "attribute_values": dated(
            source_key=["a"], definition_key=["mail"], customer_key=[GONE], is_cleared=[False], value_text=[MAIL]
        ),
    }  # fmt: skip
    records.write(tables, source=SOURCE)


def everything(records: Records) -> str:
    return "\n".join(str(records.arrow(name).to_pylist()) for name in Base.metadata.tables)


def test_nothing_of_the_person_stays_and_what_happened_does(any_records: Records) -> None:
    several(any_records)
    amounts = any_records.arrow("order_lines", ["amount"])
    others = any_records.numbers("customer").filter(
        pa.compute.not_equal(any_records.numbers("customer")["number"], GONE)
    )
    told = any_records.erase(GONE)
    after = everything(any_records)
    for text in (GONE, MAIL, "Erna", NICKNAME, "anon-77", "diver", "L-ERASE-9"):
        assert text not in after, text
    assert {GONE, MAIL, "L-ERASE-9"} <= set(told.texts)
    assert any_records.numbers("customer").equals(others)
    assert any_records.arrow("order_lines", ["amount"]).equals(amounts)
    assert (
        any_records.query("select count(*) n from order_lines where amount = 50000 and customer_id is null")["n"][
            0
        ].as_py()
        == 1
    )
    assert any_records.query("select status s from parties where erased_at is not null")["s"].to_pylist() == ["erased"]
    assert told.removed["customers"] == told.removed["leads"] == told.removed["scores"] == told.removed["parties"] == 1
    assert told.unlinked["order_lines"] == told.unlinked["tickets"] == told.unlinked["ticket_events"] == 1
    assert not any_records.erase(GONE).is_found


def test_heads_are_still_their_last_versions_and_the_guards_are_back(any_records: Records) -> None:
    several(any_records)
    any_records.erase(GONE)
    for name, shape in shapes().items():
        if shape == "head":
            heads, versions = any_records.arrow(name), any_records.arrow(f"{name}_versions")
            last = {row["id"]: row for row in versions.to_pylist()}
            assert {row["id"]: row for row in heads.to_pylist()} == {
                number: {key: row[key] for key in heads.column_names} for number, row in last.items()
            }, name
    connection = connect(any_records._url, writes=True)
    try:
        for table in ("order_lines", "parties_versions"):
            with pytest.raises(Exception, match="append-only"):
                connection.execute(update(Base.metadata.tables[table]).values(known_at=0))
    finally:
        connection.close()
    any_records.verify_audit()


def test_a_trial_says_the_same_and_changes_nothing(any_records: Records) -> None:
    several(any_records)
    before = everything(any_records)
    trial = any_records.erase(GONE, is_trial=True)
    assert everything(any_records) == before
    assert trial == any_records.erase(GONE)


def test_a_failure_leaves_everything_as_it_was(any_records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    several(any_records)
    before = everything(any_records)

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("crm.erasing._Erasure._tombstone", cut_off)
        with pytest.raises(KeyboardInterrupt):
            any_records.erase(GONE)
    assert everything(any_records) == before
    assert any_records.erase(GONE).is_found


def test_the_files_of_sqlite_hold_nothing_either(records: Records, settings: object) -> None:
    several(records)
    records.erase(GONE)
    home: Path = records.settings.home
    for path in home.glob("records.db*"):
        content = path.read_bytes()
        for text in (GONE, MAIL, "Weggang"):
            assert text.encode() not in content, (path.name, text)


def test_a_former_number_finds_the_person(records: Records) -> None:
    fill(records)
    at = {"occurred_at": [AT + 1], "known_at": [AT + 1]}
    records.write({"customers": rows(source_key=["C3"], customer_no=["C3-new"], **at)}, source=SOURCE)
    assert records.erase("C3").texts == ["C3", "C3-new"]
    assert "C3-new" not in records.numbers("customer")["number"].to_pylist()


def test_every_link_to_a_person_is_followed() -> None:
    followed = {
        f"{link.table.name}.{link.name}" for name in ("customers", "parties", "leads") for link in references(name)
    }
    every = {
        f"{name}.{item.name}"
        for name, shape in shapes().items()
        if shape in ("head", "fact")
        for item in Base.metadata.tables[name].columns
        if item.name in ("customer_id", "party_id", "lead_id", "converted_customer_id", "merged_into_id")
    }
    assert every - {"tickets.merged_into_id"} <= followed
    assert is_needed(Base.metadata.tables["scores"].columns["customer_id"])
    assert not is_needed(Base.metadata.tables["order_lines"].columns["customer_id"])
    assert is_personal(Base.metadata.tables["events"].columns["properties"])
    assert [item.name for item in versions_and(Base.metadata.tables["parties"])] == ["parties_versions", "parties"]


def test_nobody_is_nothing(records: Records) -> None:
    fill(records)
    before = everything(records)
    assert not records.erase("nobody").is_found
    assert everything(records) == before
