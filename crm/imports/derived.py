"""Rows that follow from others: the party and person behind a customer, typed attributes, labels, declared consents.

Each kind becomes a table of the sandbox with the columns to hand over. Several rows of one key are its
history: one for each change, known when the row that brought it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm.imports.declared import AttributeSpec, SourceMapping
from crm.imports.plan import Plan
from crm.imports.sandbox import Sandbox, literal, quoted
from crm.imports.stored import Stored
from crm.imports.targets import ENTITIES, PERSON
from crm.imports.typed import shortened

PRIORITY = ("companies", "customers", "leads", "contacts")  # whose word counts for a party that has several roles
_VALUES = {
    "int": "value_int",
    "decimal": "value_decimal",
    "text": "value_text",
    "picklist": "value_text",
    "bool": "value_bool",
    "date": "value_on",
}
_TYPES = {
    "value_int": "BIGINT",
    "value_decimal": "DOUBLE",
    "value_text": "VARCHAR",
    "value_bool": "BOOLEAN",
    "value_on": "DATE",
}
_PARTY = ("kind", "display_name", "locale", "timezone")


@dataclass(frozen=True)
class Derived:
    """Rows of one table of ours that follow from others.

    Attributes
    ----------
    table : str
    place : str
        The sandbox's table that holds them, ``#`` in the order to write.
    columns : tuple of str
    """

    table: str
    place: str
    columns: tuple[str, ...]


def derive(sandbox: Sandbox, plans: Mapping[str, Plan], mapping: SourceMapping, stored: Stored) -> list[Derived]:
    """All rows that follow from the rows that stand."""
    found = []
    if any(name in plans for name in PRIORITY):
        found.append(_parties(sandbox, plans))
        if any(set(plans[name].given) & set(PERSON) for name in PRIORITY if name in plans):
            found.append(_persons(sandbox, plans))
    if mapping.covers:
        found.append(_consents(sandbox, plans, mapping))
    if any(plan.attributes for plan in plans.values()):
        found.append(_attributes(sandbox, plans, stored))
    if any(plan.labels for plan in plans.values()):
        found.append(_labels(sandbox, plans))
    return found


def _bearers(plans: Mapping[str, Plan], columns: tuple[str, ...]) -> str:
    """The standing rows of all bearers of parties, with those columns of theirs."""
    parts = []
    for rank, name in enumerate(PRIORITY):
        if name in plans:
            plan = plans[name]
            kind = {
                "companies": "'organisation'",
                "customers": "CASE kind WHEN 'b2b' THEN 'organisation' ELSE 'person' END",
            }
            shown = [
                f"{kind.get(name, literal('person'))} AS kind" if item == "kind" else quoted(item) for item in columns
            ]
            parts.append(
                f'SELECT {rank} AS "#role", "#", party_key AS source_key, occurred_at, known_at, {", ".join(shown)} '
                f"FROM {plan.accepted} AND op <> 'retract'"
            )
    return " UNION ALL ".join(parts)


def _parties(sandbox: Sandbox, plans: Mapping[str, Plan]) -> Derived:
    """One row for each change of a party; a party with several roles has one row, told by the first of them."""
    given = (
        f"WHERE source_key NOT IN (SELECT source_key FROM {plans['parties'].accepted})" if "parties" in plans else ""
    )
    sandbox.run(f'CREATE TABLE "#roles" AS SELECT * FROM ({_bearers(plans, _PARTY)}) {given}')
    several = 'SELECT source_key FROM "#roles" GROUP BY 1 HAVING count(DISTINCT "#role") > 1'
    first = ", ".join(f'arg_min({name}, ("#role", "#")) FILTER ({name} IS NOT NULL) AS {name}' for name in _PARTY)
    sandbox.run(
        "CREATE TABLE \"#final parties\" AS SELECT *, 'active' AS status FROM ("
        f'{_changes(f"""SELECT * FROM "#roles" WHERE source_key NOT IN ({several})""", _PARTY)} UNION ALL BY NAME '
        f'SELECT min("#") AS "#", source_key, min(occurred_at) AS occurred_at, min(known_at) AS known_at, {first} '
        f'FROM "#roles" WHERE source_key IN ({several}) GROUP BY source_key)'
    )
    return Derived("parties", "#final parties", ("source_key", "occurred_at", "known_at", "status", *_PARTY))


def _persons(sandbox: Sandbox, plans: Mapping[str, Plan]) -> Derived:
    columns = tuple(PERSON)
    some = " OR ".join(f"{name} IS NOT NULL" for name in columns)
    rows = f"SELECT * EXCLUDE (kind) FROM ({_bearers(plans, ('kind', *columns))}) WHERE kind = 'person' AND ({some})"
    first = 'QUALIFY "#role" = min("#role") OVER (PARTITION BY source_key)'
    sandbox.run(
        f'CREATE TABLE "#final persons" AS SELECT *, source_key AS party_key FROM '
        f"({_changes(f'{rows} {first}', columns)})"
    )
    return Derived("persons", "#final persons", ("source_key", "party_key", "occurred_at", "known_at", *columns))


def _changes(rows: str, columns: tuple[str, ...]) -> str:
    """Of the rows of each key, the first and those that differ from the one before."""
    over = 'OVER (PARTITION BY source_key ORDER BY known_at NULLS LAST, "#")'
    state = f"({', '.join(columns)})"
    return (
        f'SELECT "#", source_key, occurred_at, known_at, {", ".join(columns)} FROM ('
        f"SELECT *, row_number() {over} AS place, lag({state}) {over} AS state_before FROM ({rows})) "
        f"WHERE place = 1 OR state_before IS DISTINCT FROM {state}"
    )


def _consents(sandbox: Sandbox, plans: Mapping[str, Plan], mapping: SourceMapping) -> Derived:
    """The source's basis, for what it covers, of every customer and lead."""
    people = " UNION ALL ".join(
        f"SELECT \"#\", party_key, occurred_at, known_at FROM {plans[name].accepted} AND op <> 'retract'"
        for name in ("customers", "leads")
        if name in plans
    )
    first = (
        f'SELECT party_key, min("#") AS "#", min(occurred_at) AS occurred_at, min(known_at) AS known_at FROM '
        f"({people}) GROUP BY 1"
    )
    parts = []
    for cover in mapping.covers:
        key = shortened(f"'basis/{cover.purpose}/{cover.channel}/' || party_key")
        parts.append(
            f"SELECT *, {key} AS source_key, {literal(cover.purpose)} AS purpose, {literal(cover.channel)} AS channel, "
            f"'granted' AS decision, {literal(mapping.basis or '')} AS basis FROM ({first})"
        )
    sandbox.run(f'CREATE TABLE "#basis" AS {" UNION ALL ".join(parts)}')
    columns = ("source_key", "party_key", "occurred_at", "known_at", "purpose", "channel", "decision", "basis")
    return Derived("consents", "#basis", columns)


def _attributes(sandbox: Sandbox, plans: Mapping[str, Plan], stored: Stored) -> Derived:
    subjects = [f"{ENTITIES[name]}_key" for name, plan in plans.items() if plan.attributes]
    columns = ("source_key", "definition_key", "occurred_at", "known_at", "is_cleared", *_TYPES, *subjects)
    keys = ", ".join(f"{subject} VARCHAR" for subject in subjects)
    values = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())
    sandbox.run(
        'CREATE TABLE "#final attribute_values" ("#" BIGINT, source_key VARCHAR, definition_key VARCHAR, occurred_at '
        "BIGINT, "
        f"known_at BIGINT, is_cleared BOOLEAN, {values}, {keys})"
    )
    for plan in plans.values():
        for item in plan.spec.attributes:
            sandbox.run(f'INSERT INTO "#final attribute_values" BY NAME {_attribute(plan, item, stored)}')
    return Derived("attribute_values", "#final attribute_values", columns)


def _attribute(plan: Plan, item: AttributeSpec, stored: Stored) -> str:
    """The values of one attribute; where there is none any more, a row that says so."""
    entity = ENTITIES[plan.name]
    key = shortened(literal(f"{entity}/") + " || source_key || " + literal(f"/{item.code}"))
    rows = (
        f'SELECT "#", {key} AS source_key, source_key AS {entity}_key, occurred_at, known_at, '
        f"{quoted('@' + item.code)} AS value "
        f"FROM {plan.accepted} AND op <> 'retract' AND {quoted('!@' + item.code)} IS NULL"
    )
    told = f"value IS NOT NULL OR source_key IN (SELECT key FROM {stored.attributes()})"
    if plan.spec.has_history:
        over = 'OVER (PARTITION BY source_key ORDER BY known_at NULLS LAST, "#")'
        rows = f"SELECT *, lag(value) {over} AS before, row_number() {over} AS place FROM ({rows})"
        told = f"CASE WHEN place = 1 THEN {told} ELSE value IS DISTINCT FROM before END"
    return (
        f'SELECT "#", source_key, {literal(f"{entity}/{item.code}")} AS definition_key, occurred_at, known_at, '
        f"value IS NULL AS is_cleared, value AS {_VALUES[item.type]}, {entity}_key FROM ({rows}) WHERE {told}"
    )


def _labels(sandbox: Sandbox, plans: Mapping[str, Plan]) -> Derived:
    parts, subjects = [], set()
    for plan in plans.values():
        for name in plan.labels:
            entity = ENTITIES[plan.name]
            subjects.add(f"{entity}_key")
            key = shortened(literal(f"{entity}/") + " || source_key || " + literal(f"/{name}"))
            rows = (
                f'SELECT "#", {key} AS source_key, source_key AS {entity}_key, {literal(name)} AS name, occurred_at, '
                f"known_at, "
                f"{quoted('%' + name)} AS value FROM {plan.accepted} AND op <> 'retract' AND {quoted('%' + name)} IS "
                f"NOT NULL"
            )
            parts.append(f"SELECT * FROM ({_changes(rows, ('name', f'{entity}_key', 'value'))})")
    sandbox.run(f'CREATE TABLE "#labels" AS {" UNION ALL BY NAME ".join(parts)}')
    return Derived("labels", "#labels", ("source_key", "occurred_at", "known_at", "name", "value", *sorted(subjects)))
