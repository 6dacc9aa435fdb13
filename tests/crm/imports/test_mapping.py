"""What a mapping may say, and the sentence for everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.settings import PACKAGED
from crm import clock
from crm.imports import MappingError
from crm.imports.declared import AttributeSpec
from crm.imports.mapping import find, load
from crm.imports.targets import TARGETS
from tests.crm.imports.conftest import Shop

PACKAGED_SOURCES = sorted((PACKAGED / "sources").glob("*.yaml"))


def test_a_whole_mapping_is_read(shop: Shop) -> None:
    mapping = load(
        shop.declare(basis="contract", covers=[{"purpose": "service", "channel": "email"}], ordered=True).path
    )
    assert (mapping.source, mapping.zone, mapping.lag, mapping.ordered) == ("shop", "Europe/London", clock.HOUR, True)
    assert mapping.complete_until == clock.parse("2025-03-01")
    assert [cover.channel for cover in mapping.covers] == ["email"]
    assert mapping.tables["customers"].attributes == (AttributeSpec(code="plan", column="plan", type="picklist"),)
    assert len(mapping.sha256) == 64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sauce": 1}, "sauce is unknown; source, title, .* are expected; write 'source'"),
        ({"source": None}, "source is missing; a name of at most 63 small letters"),
        ({"source": "My Shop"}, "source is 'My Shop'; a name of at most 63 small letters"),
        ({"source": "rapport"}, "source is 'rapport'; .*not rapport, the records' own"),
        ({"zone": "Mars/Phobos"}, "zone is 'Mars/Phobos'; a time zone such as Europe/Berlin is expected"),
        ({"lag": "2 weeks"}, "lag is '2 weeks'; a whole number with us, ms, s, m, h or d"),
        ({"complete_until": "soon"}, "complete_until is 'soon'; a moment such as"),
        ({"complete_until": "2025-03-01T00:00", "zone": None}, "complete_until is .*; a moment with an offset such "
                                                               "as .*, or a zone"),
        ({"complete_until": None}, "says not how far its files go; complete_until, snapshot_at or `live: true` is "
                                   "expected"),
        ({"live": True}, "says live and complete_until; .* write one"),
        ({"live": "yes", "complete_until": None}, "live is 'yes'; true or false is expected"),
        ({"basis": "love"}, "basis is 'love'; consent or contract or"),
        ({"covers": [{"purpose": "service", "channel": "email"}]}, "covers is .*; a list of purpose and channel "
                                                                   "beside a `basis`"),
        ({"basis": "contract", "covers": [{"purpose": "service", "channel": "fax"}]}, "covers.1.channel is 'fax'; "
                                                                                      "email or phone"),
        ({"tables": None}, "tables is missing; at least one table with its sql is expected; add it"),
        ({"tables": {"orders": "SELECT 1"}}, "tables.orders is 'SELECT 1'; keys with values are expected"),
        ({"tables": {"invoices": {"sql": "SELECT 1"}}}, "the table 'invoices' is unknown; .*order_lines"),
        ({"tables": {"sources": {"sql": "SELECT 1"}}}, "the table 'sources' is unknown"),
        ({"tables": {"orders": {"key": "row_number"}}}, "tables.orders.sql is missing; one SELECT is expected"),
        ({"tables": {"orders": {"sql": "SELECT 1", "key": "none"}}}, "tables.orders.key is 'none'; row_number or "
                                                                     "source_key"),
        ({"tables": {"orders": {"sql": "SELECT 1", "attributes": {"a": "int"}}}}, "tables.orders has attributes; "
                                                                                  "only customers"),
        ({"tables": {"products": {"sql": "SELECT 1", "labels": {"a": "b"}}}}, "tables.products has labels; only "
                                                                              "customers"),
        ({"tables": {"leads": {"sql": "SELECT 1", "labels": {"a": 1}}}}, "labels.a is 1; the name of a column"),
        ({"tables": {"leads": {"sql": "SELECT 1", "known": {"status": "later"}}}}, "known.status is 'later'; always "
                                                                                   "or after_outcome"),
        ({"tables": {"leads": {"sql": "SELECT 1", "known": {"mood": "after_outcome"}}}}, "known.mood is no column of "
                                                                                         "leads"),
        ({"tables": {"leads": {"sql": "SELECT 1", "attributes": {"a": "float"}}}}, "attributes.a.type is 'float'; "
                                                                                   "int or decimal"),
        ({"files": {"Sold": {"path": "x.csv"}}}, "the file name 'Sold' is no word"),
        ({"files": {"sold": {}}}, "files.sold.path is missing; a path below the imported folder"),
        ({"files": {"sold": {"path": "x.doc"}}}, "files.sold.format is missing; csv or fixed or jsonl or parquet or "
                                                 "xlsx"),
        ({"files": {"sold": {"path": "x.csv", "delimiter": "||"}}}, r"delimiter is '\|\|'; one character is expected"),
        ({"files": {"sold": {"path": "x.csv", "delimiter": ""}}}, "delimiter is ''; one character is expected"),
        ({"source": "x" * 64}, "a name of at most 63 small letters"),
        ({"files": {"sold": {"path": "x.csv", "skip": -1}}}, "skip is -1; a whole number from 0 on"),
        ({"files": {"sold": {"path": "x.csv", "columns": "a,b"}}}, "columns is 'a,b'; a list of names"),
        ({"files": {"sold": {"path": "x.txt", "format": "fixed"}}}, r"columns is missing; name: \[first place, last "
                                                                    r"place\]"),
        ({"files": {"sold": {"path": "x.txt", "format": "fixed", "columns": {"a": [3, 1]}}}}, r"columns.a is \[3, "
                                                                                              r"1\]; \[first place"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(shop: Shop, changes: dict[str, Any], message: str) -> None:
    path = shop.declare(**changes).path
    with pytest.raises(MappingError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))


def test_broken_yaml_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("source: [")
    with pytest.raises(MappingError, match=r"the mapping cannot be read .*; a YAML file is expected"):
        load(path)
    path.write_text("- a list")
    with pytest.raises(MappingError, match=r"the file is .*; keys with values are expected"):
        load(path)


def test_an_unknown_source_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").touch()
    with pytest.raises(MappingError, match=r"the source 'shoop' is unknown; shop can be imported"):
        find("shoop", (tmp_path, tmp_path / "none"))
    with pytest.raises(MappingError, match=r"the mapping .*shoop.yaml does not exist"):
        find(tmp_path / "shoop.yaml", ())


@pytest.mark.parametrize("path", PACKAGED_SOURCES, ids=lambda path: str(path.stem))
def test_each_mapping_that_comes_along_is_sound_and_says_its_licence(path: Path) -> None:
    mapping = load(path)
    assert mapping.source == path.stem
    assert mapping.licence
    assert mapping.title
    assert mapping.zone
    assert mapping.complete_until is not None


def test_every_table_has_columns_of_kinds_that_can_be_imported() -> None:
    assert {"customers", "order_lines", "opportunities", "pipeline_stages", "consents", "labels"} <= set(TARGETS)
    assert not {"sources", "audit_log", "scores"} & set(TARGETS)
    line = TARGETS["order_lines"]
    assert line.columns["amount"].kind == "money"
    assert line.columns["occurred_at"].kind == "moment"
    assert line.columns["order_key"].is_required
    assert not line.columns["customer_key"].is_required
    assert TARGETS["pipeline_stages"].natural == ("pipeline_key", "name")
