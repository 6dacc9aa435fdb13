"""Rules that every table keeps: a data class on every column, two clocks, history, named constraints."""

from __future__ import annotations

from typing import get_args

import pytest
from sqlalchemy import Double, Table

from crm.schema import Base
from crm.schema.base import DataClass
from crm.shapes import CLOCKED, links, natural_key, ordered, shapes

TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
RESERVED = {"n", "kind_", "is_last", "current_id", "current_version"}  # the writer's own, in its temporary tables


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_has_a_data_class_and_no_name_of_the_writers(table: Table) -> None:
    for column in table.columns:
        assert column.info.get("data_class") in get_args(DataClass), column.name
        assert column.name not in RESERVED
        assert not column.name.endswith("_key") or column.name == "source_key"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_moments_and_money_are_whole_numbers(table: Table) -> None:
    for column in table.columns:
        if column.name.endswith("_at") or column.info["unit"] == "money":
            assert not isinstance(column.type, Double), column.name
        if column.name.endswith("_at"):
            assert column.info["unit"] == "µs", column.name
        if column.name.endswith("_on"):
            assert str(column.type) == "DATE", column.name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_constraints_are_named(table: Table) -> None:
    for constraint in table.constraints:
        assert constraint.name, constraint
    assert len({constraint.name for constraint in table.constraints}) == len(table.constraints)


@pytest.mark.parametrize("name", sorted(name for name, shape in shapes().items() if shape in ("head", "fact")))
def test_heads_and_facts_tell_where_and_when_they_come_from(name: str) -> None:
    table = Base.metadata.tables[name]
    assert {"id", "version", "source_id", "seq", *CLOCKED} <= set(table.columns.keys())
    if shapes()[name] == "fact":
        assert [column.name for column in table.primary_key.columns] == ["id", "version"]


@pytest.mark.parametrize("name", sorted(name for name, shape in shapes().items() if shape == "head"))
def test_every_head_has_its_versions_with_the_same_columns(name: str) -> None:
    head, versions = Base.metadata.tables[name], Base.metadata.tables[f"{name}_versions"]
    mine = {column.name: (str(column.type), column.info) for column in head.columns}
    theirs = {column.name: (str(column.type), column.info) for column in versions.columns}
    assert {key: value for key, value in theirs.items() if key not in ("changed_by", "change_reason")} == mine
    assert {"changed_by", "change_reason"} <= set(theirs)


def test_the_tables_wanted_from_the_first_day_are_there() -> None:
    wanted = {
        "parties",
        "persons",
        "customers",
        "companies",
        "contacts",
        "products",
        "product_categories",
        "orders",
        "order_lines",
        "subscriptions",
        "leads",
        "lead_events",
        "opportunities",
        "opportunity_stage_changes",
        "interactions",
        "events",
        "tickets",
        "ticket_events",
        "campaigns",
        "campaign_members",
        "campaign_events",
        "consents",
        "attribute_definitions",
        "attribute_values",
        "labels",
        "scores",
        "recommendations",
        "segments",
        "segment_memberships",
        "audit_log",
        "sources",
        "import_runs",
        "picklists",
        "picklist_values",
        "currencies",
        "fx_rates",
    }
    assert wanted <= set(Base.metadata.tables)


def test_lists_are_told_apart_by_what_people_call_them() -> None:
    assert natural_key("pipelines") == ("name",)
    assert natural_key("pipeline_stages") == ("pipeline_id", "name")
    assert natural_key("attribute_definitions") == ("entity", "code")
    assert natural_key("currencies") == ("code",)
    assert natural_key("import_runs") == ()


def test_links_say_what_a_key_refers_to() -> None:
    found = {key: (link.target.name, link.version) for key, link in links("order_lines").items()}
    assert found == {
        "order_key": ("orders", "order_version"),
        "return_of_key": ("order_lines", "return_of_version"),
        "customer_key": ("customers", None),
        "product_key": ("products", None),
    }


def test_tables_come_after_those_that_they_refer_to() -> None:
    place = {name: number for number, name in enumerate(ordered())}
    for table in TABLES:
        for constraint in table.foreign_key_constraints:
            if not constraint.use_alter and constraint.referred_table is not table:
                assert place[constraint.referred_table.name] < place[table.name]
