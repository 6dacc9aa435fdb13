"""States: the value in force, one fact per entity, attribute and effective time."""

from __future__ import annotations

import random
from datetime import date

import pandas as pd
import pytest

from crm import AttributeInfo
from crm.clock import DAY
from crm.schema import AttributeValue, Customer, Subscription
from features import FeatureView, InlineRecords, attributes, check, customer, days, states
from tests.features import point_in_time
from tests.features.conftest import Opener

who = states(Customer, entity=customer)
T = 1_700_000_000_000_000


def head(**values: object) -> dict[str, object]:
    return {"id": 1, "customer_no": "K1", "kind": "b2c", **values}


def test_a_version_is_in_force_from_its_effective_time_and_its_knowledge() -> None:
    rows = [
        head(country="FR", occurred_at=T, known_at=T),
        head(country="DE", occurred_at=T + DAY, known_at=T + 3 * DAY),
        head(country=None, occurred_at=T + 5 * DAY, known_at=T + 5 * DAY),
    ]
    view = FeatureView(entity=customer, country=who.country, last=who.country.last())
    moments = [T, T + 1, T + 2 * DAY, T + 3 * DAY + 1, T + 5 * DAY + 1]
    frame = check(view, {"customers_versions": rows}, [(1, moment) for moment in moments])
    assert frame["country"].tolist() == [None, "FR", "FR", "DE", None]
    assert frame["last"].tolist() == [None, "FR", "FR", "DE", "DE"]


def test_a_value_known_before_it_is_in_force_does_not_end_the_one_before() -> None:
    rows = [
        head(country="FR", occurred_at=T, known_at=T),
        head(country="DE", occurred_at=T + 9 * DAY, known_at=T + DAY),
    ]
    view = FeatureView(entity=customer, country=who.country)
    frame = check(view, {"customers_versions": rows}, [(1, T + 5 * DAY), (1, T + 9 * DAY + 1)])
    assert frame["country"].tolist() == ["FR", "DE"]


def test_a_correction_of_the_same_effective_time_replaces() -> None:
    rows = [
        head(country="FR", occurred_at=T, known_at=T),
        head(country="BE", occurred_at=T, known_at=T + DAY),
    ]
    view = FeatureView(entity=customer, country=who.country)
    frame = check(view, {"customers_versions": rows}, [(1, T + DAY), (1, T + DAY + 1)])
    assert frame["country"].tolist() == ["FR", "BE"]


def test_a_retraction_withdraws_every_version() -> None:
    rows = [
        head(country="FR", occurred_at=T, known_at=T),
        head(country="DE", occurred_at=T + DAY, known_at=T + DAY),
        head(op="retract", country="DE", occurred_at=T + DAY, known_at=T + 2 * DAY),
        head(country="IT", occurred_at=T + 4 * DAY, known_at=T + 4 * DAY),
    ]
    view = FeatureView(entity=customer, country=who.country)
    frame = check(view, {"customers_versions": rows}, [(1, T + 2 * DAY), (1, T + 2 * DAY + 1), (1, T + 4 * DAY + 1)])
    assert frame["country"].tolist() == ["DE", None, "IT"]


def test_several_heads_of_one_entity_each_keep_their_versions() -> None:
    plans = states(Subscription, entity=customer)
    rows = [
        {"id": 4, "customer_id": 1, "plan": "small", "monthly_amount": 10, "occurred_at": T},
        {"id": 5, "customer_id": 1, "plan": "large", "monthly_amount": 30, "occurred_at": T},
    ]
    view = FeatureView(entity=customer, n=plans.count(), paid=plans.monthly_amount.sum())
    frame = check(view, {"subscriptions_versions": rows}, [(1, T + 1)])
    assert frame[["n", "paid"]].iloc[0].tolist() == [2, 40]


def test_an_age_is_counted_from_the_day_in_force() -> None:
    view = FeatureView(entity=customer, tenure=who.since_on.age())
    frame = check(view, {"customers_versions": [head(since_on=date(1970, 1, 3), occurred_at=0)]}, [(1, 5 * DAY)])
    assert frame["tenure"].tolist() == [3.0]
    assert view.fields["tenure"].unit == "days"


INFO = [
    AttributeInfo(1, "visits", "Visits", "int", "visits", "business", "always", None),
    AttributeInfo(2, "plan", None, "text", None, "business", "always", None),
    AttributeInfo(3, "score", None, "decimal", None, "business", "always", None),
    AttributeInfo(4, "born", None, "date", None, "identity", "always", None),
    AttributeInfo(5, "is_member", None, "bool", None, "business", "always", None),
    AttributeInfo(6, "SeniorCitizen", None, "bool", None, "identity", "always", None),
    AttributeInfo(7, "churn_reason", None, "text", None, "business", "after_outcome", None),
]
VIEW = FeatureView(entity=customer, dynamic=attributes(AttributeValue, entity=customer))


def attribute(definition: int, at: int, **value: object) -> dict[str, object]:
    cleared = not value
    return {"definition_id": definition, "customer_id": 1, "is_cleared": cleared, "occurred_at": at, **value}


def test_custom_attributes_of_every_type(open_store: Opener) -> None:
    rows = [
        attribute(1, 5, value_int=3),
        attribute(1, 9, value_int=4),
        attribute(2, 5, value_text="gold"),
        attribute(2, 8),
        attribute(3, 5, value_decimal=1.5),
        attribute(4, 5, value_on=date(1970, 1, 1)),
        attribute(5, 5, value_bool=True),
    ]
    store = open_store(InlineRecords({"attribute_values": rows}, attributes={"customer": INFO}), a=VIEW)
    frame = store.historical_features(["a:*"], pd.DataFrame({"customer_id": [1, 1], "as_of": [7, DAY]}))
    assert frame["a__visits"].tolist() == [3, 4]
    assert frame["a__plan"].tolist() == ["gold", None]
    assert frame["a__score"].tolist() == [1.5, 1.5]
    assert frame["a__born"].tolist() == [7 / DAY, 1.0]
    assert frame["a__is_member"].tolist() == [1.0, 1.0]
    described = {item.ref: item for item in store.features(["a:*"])}
    assert described["a:visits"].title == "Visits"
    assert described["a:visits"].unit == "visits"
    assert described["a:plan"].dtype == "category"
    assert described["a:SeniorCitizen"].protected
    assert not described["a:visits"].protected
    assert "a:churn_reason" not in described


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("compact_rows", [0, 15, 10**9])
def test_states_equal_the_oracles_however_they_arrive(seed: int, compact_rows: int, open_store: Opener) -> None:
    draw = random.Random(seed)
    rows = []
    for fact in range(1, 30):
        when, known = draw.randrange(0, 40), draw.randrange(0, 20)
        for _ in range(draw.choice([1, 1, 1, 2, 3])):
            known += draw.randrange(0, 9)
            value = None if draw.random() < 0.2 else draw.randrange(10, 99)
            rows.append(
                {
                    "id": fact,
                    "entity": draw.randrange(1, 3),
                    "attribute": draw.randrange(1, 3),
                    "occurred_at": when,
                    "known_at": when + known,
                    "value": value,
                }
            )
            when += draw.choice([0, 0, 3])
    draw.shuffle(rows)
    records = InlineRecords(
        {},
        attributes={
            "customer": [
                AttributeInfo(1, "one", None, "int", None, "business", "always", None),
                AttributeInfo(2, "two", None, "int", None, "business", "always", None),
            ]
        },
    )
    store = open_store(records, compact_rows, a=VIEW, b=FeatureView(entity=customer, ttl=days(1), x=who.country))
    for begin in range(0, len(rows), 7):
        records.add(
            "attribute_values",
            [
                {
                    "id": row["id"],
                    "customer_id": row["entity"],
                    "definition_id": row["attribute"],
                    "is_cleared": row["value"] is None,
                    "value_int": row["value"],
                    "occurred_at": row["occurred_at"],
                    "known_at": row["known_at"],
                }
                for row in rows[begin : begin + 7]
            ],
        )
        store.refresh()
    spine = pd.DataFrame(
        [(entity, moment) for moment in range(70) for entity in (1, 2)], columns=["customer_id", "as_of"]
    )
    frame = store.historical_features(["a:*"], spine)
    for row in frame.to_dict("records"):
        for number, name in ((1, "one"), (2, "two")):
            facts = [
                {
                    "entity": item["entity"],
                    "occurred_at": item["occurred_at"],
                    "known_at": item["known_at"],
                    "pk": (item["entity"], item["occurred_at"]),
                    "value": item["value"],
                    "fact": item["id"],
                }
                for item in rows
                if item["attribute"] == number
            ]
            wanted = point_in_time.state(facts, row["customer_id"], row["as_of"], "value")
            found = row[f"a__{name}"]
            assert (pd.isna(found) and wanted is None) or found == wanted, (row, facts)
