"""Lists of values: told apart by their natural key, changed in place, called by name."""

from __future__ import annotations

import pyarrow as pa
import pytest

from crm import AttributeInfo, Records, RecordsError, SourceInfo, WriteCounts
from tests.crm.company import CUSTOMERS, PARTIES, rows

STAGES = rows(
    {"pipeline_key": "deals", "name": "offer", "ordinal": 1, "category": "open"},
    {"pipeline_key": "deals", "name": "won", "ordinal": 2, "category": "won"},
    {"pipeline_key": "renewals", "name": "won", "ordinal": 1, "category": "won"},
)
REASONS = rows(kind=["lost", "won"], code=["price", "price"], active=[True, True])


def stages(records: Records) -> None:
    records.write({"pipeline_stages": STAGES, "pipelines": rows(name=["deals", "renewals"])})


def test_put_in_then_changed_in_place(any_records: Records) -> None:
    assert any_records.reference("teams", rows(name=["north", "south"])) == WriteCounts(read=2, inserted=2)
    managers = rows(name=["south", "west"], manager=["Ann", None])
    assert any_records.reference("teams", managers) == WriteCounts(read=2, inserted=1, corrected=1)
    assert any_records.reference("teams", managers) == WriteCounts(read=2, unchanged=2)
    assert any_records.arrow("teams").to_pylist() == [
        {"id": 1, "name": "north", "manager": None},
        {"id": 2, "name": "south", "manager": "Ann"},
        {"id": 3, "name": "west", "manager": None},
    ]


def test_lists_may_refer_to_lists_of_the_same_write(any_records: Records) -> None:
    stages(any_records)
    assert any_records.arrow("pipeline_stages", ["pipeline_id", "name"]).num_rows == 3
    stages(any_records)
    assert any_records.arrow("pipeline_stages").num_rows == 3


def test_a_row_is_called_by_all_parts_or_by_the_last_where_that_is_enough(any_records: Records) -> None:
    stages(any_records)
    deal = {"source_key": "o", "opportunity_no": "O", "pipeline_key": "deals", "outcome": "open"}
    for key, stage in (("offer", 1), ("renewals/won", 3)):
        any_records.write({"opportunities": rows(deal | {"stage_key": key})})
        assert any_records.arrow("opportunities", ["stage_id"])["stage_id"].to_pylist() == [stage]
    with pytest.raises(
        RecordsError, match=r"opportunities.stage_key refers in 1 rows to 'won', which pipeline_stages does not have"
    ):
        any_records.write({"opportunities": rows(deal | {"stage_key": "won"})})
    asked = pa.array(["offer", "deals/won", "won", None])
    assert any_records.resolve("pipeline_stages", "rapport", asked).to_pylist() == [1, 2, None, None]


def test_lists_of_heads_refer_to_their_source(any_records: Records) -> None:
    campaign = {"source_key": "c", "campaign_no": "C", "state": "running"}
    arms = rows({"campaign_key": "c", "name": "letter", "kind": "treatment"})
    member = rows({"source_key": "m", "campaign_key": "c", "customer_key": "a", "arm": "letter"})
    written = any_records.write(
        {
            "parties": PARTIES,
            "customers": CUSTOMERS,
            "campaigns": rows(campaign),
            "campaign_arms": arms,
            "campaign_members": member,
        }
    )
    assert written["campaign_arms"].inserted == written["campaign_members"].inserted == 1
    with pytest.raises(
        RecordsError, match=r"campaign_members is given .*arm = 'e-mail'.* which campaign_arms does not hold"
    ):
        any_records.write(
            {"campaign_members": rows({"source_key": "n", "campaign_key": "c", "customer_key": "b", "arm": "e-mail"})}
        )


def test_a_source_can_be_declared_in_the_write_that_uses_it(any_records: Records) -> None:
    info = SourceInfo(
        name="shop", kind="file", zone="Europe/Berlin", complete_until=5, basis="contract", title="The shop"
    )
    any_records.write({"sources": info.row(), "parties": PARTIES}, source="shop")
    found = {source.name: source for source in any_records.sources()}["shop"]
    assert found == info
    assert found.tables == {"parties": 2}
    any_records.declare_source(SourceInfo(name="shop", complete_until=6))
    assert {source.name: source.complete_until for source in any_records.sources()} == {"rapport": None, "shop": 6}


def test_rows_without_a_natural_key_are_new_each_time(any_records: Records) -> None:
    run = rows({"source_id": 1, "state": "applied", "started_at": 1, "finished_at": 2, "files": "{}", "counts": "{}"})
    any_records.reference("import_runs", run)
    assert any_records.reference("import_runs", run).inserted == 1
    assert any_records.arrow("import_runs").num_rows == 2


def test_lists_with_their_own_key(any_records: Records) -> None:
    assert any_records.reference("currencies", rows(code=["EUR", "QQQ"], name=["Euro", None])).inserted == 1
    rate = {"currency": "USD", "on_day": "2026-01-01", "known_at": 1, "rate": 0.9}
    any_records.reference("fx_rates", rows(rate))
    assert any_records.reference("fx_rates", rows(rate | {"rate": 0.8})) == WriteCounts(read=1, corrected=1)


def test_attributes_of_an_entity(any_records: Records) -> None:
    definition = {
        "entity": "lead",
        "code": "visits",
        "title": "Visits",
        "type": "int",
        "unit": "visits",
        "data_class": "business",
        "required": False,
        "known": "after_outcome",
    }
    any_records.reference("attribute_definitions", rows(definition))
    assert any_records.attributes("lead") == [
        AttributeInfo(1, "visits", "Visits", "int", "visits", "business", "after_outcome", None)
    ]
    assert any_records.attributes("customer") == []


@pytest.mark.parametrize(
    ("table", "given", "sentence"),
    [
        ("parties", rows(kind=["person"]), "parties is written without source_key"),
        ("audit_log", rows(at=[1]), "the table 'audit_log' cannot be written"),
        ("teams", rows(manager=["Ann"]), "teams is given without name; its rows are told apart by name"),
        ("teams", rows(name=["x", "x"]), "teams is given name = 'x' twice"),
        ("teams", rows(name=["x", None]), "teams: row 2 .* has no name"),
        ("teams", rows(name=["x"], size=[1]), "teams cannot be written with a column 'size'"),
        (
            "pipeline_stages",
            STAGES,
            "pipeline_stages.pipeline_key refers in 3 rows to 'deals', 'renewals', which pipelines",
        ),
        ("users", rows(name=["x"]), r"users: row 1 \(name 'x'\) has no active; a value is expected"),
        (
            "close_reasons",
            rows(kind=["maybe"], code=["x"], active=[True]),
            r"row 1 \(code 'x'\) breaks the rule ck_close_reasons_kind",
        ),
        ("users", rows(name=["x"], active=[True], team_id=[9]), "users is given team_id = 9, which teams"),
    ],
)
def test_what_a_list_refuses(any_records: Records, table: str, given: pa.Table, sentence: str) -> None:
    with pytest.raises(RecordsError, match=sentence):
        any_records.reference(table, given)
    assert any_records.arrow("teams").num_rows == any_records.arrow("users").num_rows == 0
