"""The default moment: only sources that speak of the entity bind it, whatever else lies in the same tables."""

from __future__ import annotations

import pyarrow as pa

from crm import Records
from crm.schema import AttributeValue
from crm.sources import SourceInfo
from features.as_of import default_as_of
from features.declare.attributes import attributes
from features.entity import customer, lead


def _say(records: Records, source: str, until: int, subject: str) -> None:
    """One custom attribute of one lead or customer, told by a source of its own."""
    records.declare_source(SourceInfo(name=source, complete_until=until))
    records.reference(
        "attribute_definitions",
        pa.Table.from_pylist(
            [
                {
                    "entity": subject,
                    "code": "plan",
                    "type": "text",
                    "data_class": "business",
                    "required": False,
                    "known": "always",
                }
            ]
        ),
    )
    head = {"customer": {"customer_no": "c", "kind": "b2c"}, "lead": {"lead_no": "l", "status": "new"}}[subject]
    table = f"{subject}s"
    party = [{"source_key": "p", "kind": "person", "status": "active", "occurred_at": 1}]
    rows = [{"source_key": "h", "occurred_at": 1, **head}]
    if subject == "customer":
        rows[0]["party_key"] = "p"
    value = [
        {
            "source_key": "v",
            "occurred_at": 1,
            "definition_key": f"{subject}/plan",
            f"{subject}_key": "h",
            "is_cleared": False,
            "value_text": "gold",
        }
    ]
    records.write(
        {
            "parties": pa.Table.from_pylist(party),
            table: pa.Table.from_pylist(rows),
            "attribute_values": pa.Table.from_pylist(value),
        },
        source=source,
        known_at=1,
    )


def test_a_source_that_speaks_of_leads_does_not_bind_a_question_about_customers(records: Records) -> None:
    _say(records, "early_leads", 1_000, "lead")
    _say(records, "shop", 2_000, "customer")
    about_customers = attributes(AttributeValue, entity=customer).log
    about_leads = attributes(AttributeValue, entity=lead).log
    assert default_as_of(records, [about_customers]).binding == "shop"
    assert default_as_of(records, [about_leads]).binding == "early_leads"
    assert default_as_of(records, [about_customers, about_leads]).micros == 1_000
