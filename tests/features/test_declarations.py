"""Declarations: names, types, units and nulls derive from them; what makes no sense is refused in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crm.clock import DAY
from crm.schema import (
    AttributeValue,
    Customer,
    Event,
    Label,
    Lead,
    LeadEvent,
    Opportunity,
    OrderLine,
    Subscription,
    Ticket,
)
from features import (
    DeclarationError,
    FeatureView,
    LeakageError,
    attributes,
    check,
    customer,
    days,
    events,
    expression,
    hours,
    lead,
    lifetime,
    opportunity,
    product,
    ratio,
    states,
)
from features.protected import is_protected
from tests.features.worlds import lines


def test_names_types_units_and_nulls_derive_from_the_declaration() -> None:
    view = FeatureView(
        entity=customer,
        spend=lines.amount.sum(days(30, 90) + lifetime).called("spend"),
        orders=lines.order_id.nunique(hours(6)),
        top=lines.category.mode(days(1)),
        best=lines.product_id.mode(),
        since=lines.time_since_last(),
        trend=lines.quantity.slope(),
        share=lines.kind.share("sale"),
    )
    found = {name: (item.is_category, item.unit, item.title, item.null) for name, item in view.fields.items()}
    assert found == {
        "spend_30d": (False, "money", "spend in the last 30 days", "0 without rows"),
        "spend_90d": (False, "money", "spend in the last 90 days", "0 without rows"),
        "spend": (False, "money", "spend", "0 without rows"),
        "orders_6h": (False, "", "orders in the last 6 hours", "0 without rows"),
        "top_1d": (True, "", "top in the last day", "null without rows"),
        "best": (True, "", "best", "null without rows"),
        "since": (False, "days", "since", "null without rows"),
        "trend": (False, "items per day", "trend", "null without rows"),
        "share": (False, "share", "share", "null without rows"),
    }


def test_the_version_is_the_content() -> None:
    def view(**features: object) -> FeatureView:
        return FeatureView(entity=customer, **features)  # type: ignore[arg-type]  # measures under any name

    same = view(a=lines.count(days(30)), b=lines.amount.sum())
    assert same.version == view(b=lines.amount.sum(), a=lines.count(days(30))).version
    assert same.version == view(a=lines.count(days(30)).called("other words"), b=lines.amount.sum()).version
    others = [
        view(a=lines.count(days(31)), b=lines.amount.sum()),
        view(a=lines.count(days(30)), b=lines.amount.mean()),
        view(a=lines.where(lines.kind == "sale").count(days(30)), b=lines.amount.sum()),
        view(a=lines.count(days(30)), c=lines.amount.sum()),
        view(a=lines.count(days(30)), b=lines.quantity.sum()),
    ]
    assert len({item.version for item in [same, *others]}) == 6


SENTENCES: dict[str, tuple[Callable[[], object], str]] = {
    "no such column": (lambda: lines.colour, "order_lines has no column 'colour' for features; one of amount, .* is"),
    "zero days": (lambda: days(0), "a window of 0 days has no rows; a positive whole number of days is expected"),
    "negative hours": (lambda: hours(-1), "a window of -1 hours has no rows; a positive whole number of hours"),
    "half a day": (lambda: days(0.5), r"a window of 0.5 days has no rows"),  # type: ignore[arg-type]  # the mistake
    "true days": (lambda: days(True), r"a window of True days has no rows"),
    "sum of texts": (lambda: lines.category.sum(), "the sum of order_lines.category makes no sense, it is a text"),
    "mean of ids": (lambda: lines.product_id.mean(), "the mean of order_lines.product_id makes no sense, it is a id"),
    "mode of floats": (
        lambda: lines.quantity.mode(),
        "the mode of order_lines.quantity makes no sense, it holds floats",
    ),
    "share of floats": (lambda: lines.quantity.share(1.0), "the share of order_lines.quantity makes no sense"),
    "age of a number": (lambda: lines.quantity.age(), "the age of order_lines.quantity makes no sense, it is a float"),
    "negative lag": (lambda: lines.amount.lag(-1), "a lag of -1 steps is none; a whole number from 0 on is expected"),
    "and": (lambda: (lines.kind == "a") and (lines.kind == "b"), "a condition on 'kind' was used as yes or no"),
    "a number for windows": (
        lambda: lines.count(30),  # type: ignore[arg-type]  # the mistake
        r"the windows are 30; days\(…\), hours\(…\) or lifetime is expected; write days\(30\)",
    ),
    "no windows": (lambda: lines.amount.sum(days()), "the windows are nothing; days"),
    "a number among windows": (
        lambda: lines.count((*days(1), 30)),  # type: ignore[arg-type]  # the mistake
        r"the windows are \(Window.*, 30\); days",
    ),
    "true for a condition": (
        lambda: lines.where(True),  # type: ignore[arg-type]  # the mistake
        r"the condition True is none; a test of a column is expected; write \.where\(lines.kind ==",
    ),
    "a name for an entity": (
        lambda: FeatureView(entity="customer", a=lines.count()),  # type: ignore[arg-type]  # the mistake
        "the entity of a declaration is 'customer'; one of customer, .*, is expected; write entity=customer",
    ),
    "events of a name": (
        lambda: events(OrderLine, entity="customer"),  # type: ignore[arg-type]  # the mistake
        "the entity of a declaration is 'customer'; one of customer",
    ),
    "attributes of a name": (
        lambda: attributes(AttributeValue, entity="customer"),  # type: ignore[arg-type]  # the mistake
        "the entity of a declaration is 'customer'; one of customer",
    ),
    "no table": (
        lambda: events("order_lines", entity=customer),
        "'order_lines' is no table of the records; a class of crm.schema is expected",
    ),
    "a log for a dynamic part": (
        lambda: FeatureView(entity=customer, dynamic=lines.log),  # type: ignore[arg-type]  # the mistake
        r"the dynamic part of a view is Log\(order_lines.customer\); custom attributes are expected",
    ),
    "a number for a ttl": (
        lambda: FeatureView(entity=customer, ttl=30, a=lines.count()),  # type: ignore[arg-type]  # the mistake
        "the windows are 30; days",
    ),
    "two spans for a ttl": (
        lambda: FeatureView(entity=customer, ttl=days(1, 2), a=lines.count()),
        r"the ttl of a view is .*; one span is expected; write ttl=days\(30\)",
    ),
    "letters": (
        lambda: lines.kind.is_in("sale"),
        r"kind cannot be one of 'sale'; a list of one value or more is expected; write is_in\(\['sale'\]\)",
    ),
    "one of none": (lambda: lines.kind.is_in([]), r"kind cannot be one of \[\]; a list of one value or more is"),
    "one of a number": (lambda: lines.line_no.is_in(3), "line_no cannot be one of 3; a list"),  # type: ignore[arg-type]
    "a number for a text": (lambda: lines.kind == 3, "3 cannot be compared with kind, a text; a text is expected"),
    "a flag for a text": (lambda: lines.kind.is_in(["a", True]), "True cannot be compared with kind, a text; a text"),
    "a day for a text": (lambda: lines.kind == date(2024, 1, 1), "cannot be compared with kind, a text"),
    "a text for a number": (lambda: lines.line_no == "3", "'3' cannot be compared with line_no, a whole; a number is"),
    "a text for money": (lambda: lines.amount >= "3", "'3' cannot be compared with amount, a money; a number is"),
    "no number for money": (lambda: lines.amount >= float("nan"), "nan cannot be compared with amount, a money"),
    "a share of a number": (lambda: lines.kind.share(3), "3 cannot be compared with kind, a text; a text is expected"),
    "a text by order": (lambda: lines.kind < "sale", "kind is a text, which is neither less nor more than 'sale'; a"),
    "no zone": (
        lambda: states(Customer, entity=customer).since_on < datetime(2024, 1, 1),  # noqa: DTZ001 - the mistake
        "cannot be compared with since_on, a day; a day, or a moment with a zone, is expected",
    ),
    "wrong kind of value": (lambda: lines.product_id == "x", "'x' cannot be compared with product_id, a id"),
    "events of a head": (lambda: events(Customer, entity=customer), "customers holds states, not events; the moment"),
    "states of a fact": (lambda: states(OrderLine, entity=customer), "order_lines holds events, not states; a table"),
    "no entity": (lambda: events(OrderLine, entity=lead), "order_lines has no column 'lead_id'; a table that names"),
    "no moment": (lambda: events(Ticket, entity=customer, at="state"), "tickets_versions.state is no moment; a column"),
    "two windows": (lambda: lines.count(days(1, 2)).only, "2 windows were given; one is expected; write days"),
    "two of one name": (
        lambda: FeatureView(entity=customer, a=lines.count(days(1)), a_1d=lines.count()),
        "two features are called 'a_1d'; each needs a name of its own; rename one",
    ),
    "no measure": (
        lambda: FeatureView(entity=customer, a=3),  # type: ignore[arg-type]  # the mistake
        "the feature 'a' is a int; a measure such as .* is expected; correct it",
    ),
    "another entity": (
        lambda: FeatureView(entity=product, a=lines.count()),
        "the feature 'a' is about a customer, its view about a product; one entity per view is expected; move it",
    ),
    "formula over nothing": (
        lambda: FeatureView(entity=customer, a=lines.count(), b=ratio("a", "c")),
        "the expression of 'b' uses 'c'; a number of the same view, declared before it, is expected, one of a; correct",
    ),
    "formula over a text": (
        lambda: FeatureView(entity=customer, a=lines.kind.last(), b=ratio("a", "a")),
        "the expression of 'b' uses 'a'; a number of the same view, declared before it, is expected",
    ),
    "formula over itself": (
        lambda: FeatureView(entity=customer, a=lines.count(), b=expression("a + b")),
        "the expression of 'b' uses 'b'; a number of the same view, declared before it, is expected",
    ),
    "bad syntax": (lambda: expression("a +"), r"the expression 'a \+' cannot be read \(invalid syntax\); a formula"),
    "a call": (lambda: expression("open('x')"), "holds \"open\\('x'\\)\"; names, numbers, arithmetic"),
    "an attribute": (lambda: expression("a.__class__"), "holds 'a.__class__'; names, numbers"),
    "a text": (lambda: expression("a + 'b'"), "holds \"'b'\"; names, numbers"),
    "a list": (lambda: expression("[a for a in b]"), "holds '\\[a for a in b\\]'; names, numbers"),
    "a lambda": (lambda: expression("(lambda: 1)()"), "holds .*lambda"),
    "two comparisons": (lambda: expression("1 < a < 2"), "holds '1 < a < 2'; names, numbers"),
    "too long": (lambda: expression("+".join("a" * 40)), "has 79 parts; at most 32 are expected; split it"),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_what_makes_no_sense_is_refused_in_one_sentence(name: str) -> None:
    declare, sentence = SENTENCES[name]
    with pytest.raises(DeclarationError, match=sentence):
        declare()


LEAKS: dict[str, Callable[[], object]] = {
    "leads.status": lambda: FeatureView(entity=lead, a=states(Lead, entity=lead).status),
    "leads.converted_at": lambda: FeatureView(entity=lead, a=states(Lead, entity=lead).converted_at.age()),
    "opportunities.outcome": lambda: FeatureView(entity=opportunity, a=states(Opportunity, entity=opportunity).outcome),
    "opportunities.close_reason_id": lambda: FeatureView(
        entity=opportunity, a=states(Opportunity, entity=opportunity).close_reason_id
    ),
    "subscriptions.status": lambda: FeatureView(entity=customer, a=states(Subscription, entity=customer).status),
    "labels.value": lambda: FeatureView(entity=customer, a=events(Label, entity=customer).value.last()),
}


@pytest.mark.parametrize("column", LEAKS)
def test_what_the_outcome_fills_in_is_refused_where_it_is_declared(column: str) -> None:
    with pytest.raises(
        LeakageError, match=f"{re.escape(column)} is .*; a feature knows only what came before it; use "
    ):
        LEAKS[column]()


def test_a_condition_on_the_outcome_leaks_as_well() -> None:
    deals = states(Opportunity, entity=opportunity)
    with pytest.raises(LeakageError, match=r"opportunities.outcome is filled in by the outcome"):
        FeatureView(entity=opportunity, won=deals.where(deals.outcome == "won").amount.sum())


def test_the_end_as_an_event_is_safe_by_its_clocks() -> None:
    ended = events(Subscription, entity=customer, at="ended_at")
    view = FeatureView(entity=customer, ended=ended.count(), tired=ended.where(ended.cancel_reason == "price").count())
    rows = [
        {"id": 1, "customer_id": 1, "plan": "a", "status": "active", "occurred_at": 0},
        {
            "id": 1,
            "customer_id": 1,
            "status": "cancelled",
            "cancel_reason": "price",
            "ended_at": DAY,
            "occurred_at": DAY,
        },
    ]
    frame = check(view, {"subscriptions_versions": rows}, [(1, DAY), (1, DAY + 1)])
    assert frame["ended"].tolist() == [0, 1]
    assert frame["tired"].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("sex", False),
        ("gender", False),
        ("SeniorCitizen", False),
        ("age_group", False),
        ("birth_on", False),
        ("language", False),
        ("MaritalStatus", False),
        ("page_views", True),
        ("average_order", True),
        ("usage", True),
        ("message_count", True),
        ("sextant", True),
    ],
)
def test_protected_attributes(name: str, shown: bool) -> None:
    assert is_protected(name) != shown


def test_a_special_column_is_protected_whatever_its_name() -> None:
    assert is_protected("notes", "special")
    assert FeatureView(entity=customer, band=states(Customer, entity=customer).birth_year_band).fields["band"].protected


Values = NDArray[np.float64]
VALUES = {
    "a": np.array([1.0, -2.0, np.nan, 0.0, 7.5, 1e300]),
    "b": np.array([2.0, 0.0, 1.0, np.nan, -3.0, 1e300]),
}
FORMULAS: dict[str, Callable[[Values, Values], Any]] = {
    "a + b * 2 - 1": lambda a, b: a + b * 2 - 1,
    "-a / b": lambda a, b: -a / b,
    "a ** 2": lambda a, b: a**2,
    "abs(a)": lambda a, b: np.abs(a),
    "sqrt(a)": lambda a, b: np.sqrt(a),
    "log(a)": lambda a, b: np.log(a),
    "log1p(a)": lambda a, b: np.log1p(a),
    "exp(a)": lambda a, b: np.exp(a),
    "expm1(-abs(a))": lambda a, b: np.expm1(-np.abs(a)),
    "floor(a) + ceil(a) + sign(a)": lambda a, b: np.floor(a) + np.ceil(a) + np.sign(a),
    "minimum(a, b)": lambda a, b: np.minimum(a, b),
    "maximum(a, b)": lambda a, b: np.maximum(a, b),
    "fmin(a, b)": lambda a, b: np.fmin(a, b),
    "fmax(a, b)": lambda a, b: np.fmax(a, b),
    "clip(a, -1, 2)": lambda a, b: np.clip(a, -1, 2),
    "where(a > b, a, b)": lambda a, b: np.where(a > b, a, b),
    "where(isnan(b), 0, b)": lambda a, b: np.where(np.isnan(b), 0, b),
    "(a < b) + (a <= b) * 2 + (a >= b) * 4": lambda a, b: (a < b) * 1.0 + (a <= b) * 2 + (a >= b) * 4,
    "(a == b) + (a != b) * 2": lambda a, b: (a == b) * 1.0 + (a != b) * 2,
    "a * b": lambda a, b: a * b,
    "nan": lambda a, b: np.full(len(a), np.nan),
}


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_mean_what_numpys_mean_and_infinity_is_null(text: str) -> None:
    rows = [
        {
            "customer_id": i + 1,
            "quantity": None if np.isnan(a) else a,
            "returned_qty": None if np.isnan(b) else b,
            "occurred_at": 0,
        }
        for i, (a, b) in enumerate(zip(VALUES["a"], VALUES["b"], strict=True))
    ]
    view = FeatureView(entity=customer, a=lines.quantity.last(), b=lines.returned_qty.last(), c=expression(text))
    found = check(view, {"order_lines": rows}, [(i + 1, 1) for i in range(6)])["c"].to_numpy()
    with np.errstate(all="ignore"):
        wanted = FORMULAS[text](VALUES["a"], VALUES["b"]).astype(float)
    wanted[~np.isfinite(wanted)] = np.nan
    np.testing.assert_allclose(found, wanted, rtol=1e-15)


def test_formulas_may_use_formulas() -> None:
    view = FeatureView(
        entity=customer, n=lines.count(), double=expression("n * 2"), four=expression("double * 2", unit="rows")
    )
    assert check(view, {"order_lines": [{"customer_id": 1, "occurred_at": 0}]}, [(1, 1)])["four"].tolist() == [4]
    assert view.fields["four"].unit == "rows"


def test_values_are_compared_as_they_are_stored() -> None:
    who = states(Customer, entity=customer)
    tickets = events(Ticket, entity=customer, at="opened_at")
    web = events(Event, entity=customer)
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    view = FeatureView(
        entity=customer,
        dear=lines.where(lines.amount >= 2.5).count(),
        old=who.where(who.since_on < date(2020, 1, 1)).count(),
        quick=tickets.where(tickets.first_response_at <= noon).count(),
        high=web.where(web.value == 3).count(),
    )
    rows: dict[str, list[dict[str, Any]]] = {
        "order_lines": [{"customer_id": 1, "amount": amount, "occurred_at": 0} for amount in (2.4999, 2.5, None)],
        "customers_versions": [{"id": 1, "since_on": date(2019, 12, 31), "occurred_at": 0}],
        "tickets_versions": [
            {"id": 1, "customer_id": 1, "opened_at": 0, "first_response_at": noon, "occurred_at": 0},
        ],
        "events": [
            {"customer_id": 1, "value": 3.0, "occurred_at": 0},
            {"customer_id": 1, "value": 3.1, "occurred_at": 0},
        ],
    }
    assert check(view, rows, [(1, DAY)]).iloc[0][["dear", "old", "quick", "high"]].tolist() == [1, 1, 1, 1]


def test_where_at_the_source_and_the_same_twice_is_computed_once() -> None:
    steps = events(LeadEvent, entity=lead, where=events(LeadEvent, entity=lead).type == "call")
    view = FeatureView(entity=lead, a=steps.count(), b=steps.count())
    assert check(view, {"lead_events": [{"lead_id": 1, "type": "call", "occurred_at": 0}]}, [(1, 1)])["b"].tolist() == [
        1
    ]
    assert view.fields["a"].definition == view.fields["b"].definition


def test_attributes_need_their_table() -> None:
    assert attributes(AttributeValue, entity=lead).log.name == "attribute_values.lead"


def test_what_rises_with_the_calendar_is_known_beforehand() -> None:
    view = FeatureView(
        entity=customer,
        orders=lines.count(days(30) + lifetime),
        products=lines.product_id.nunique(),
        spend=lines.amount.sum(),
        age=lines.time_since_first(),
        recency=lines.time_since_last(),
    )
    growing = {name for name, item in view.fields.items() if getattr(item.definition, "grows", False)}
    assert growing == {"orders", "products", "age"}
