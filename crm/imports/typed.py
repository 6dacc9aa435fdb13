"""The SQL that turns a query's answer into rows of ours, each with the first thing that is wrong with it.

Casts, needed values, the schema's own check constraints and the two clocks are one pass of DuckDB over
the whole table. What concerns several rows is in `crm.imports.checks`.
"""

from __future__ import annotations

import re

from crm import clock
from crm.imports.casts import EXPECTED, Cast
from crm.imports.declared import SourceMapping
from crm.imports.plan import ATTRIBUTE_KINDS, Plan
from crm.imports.rows import ROW_NO
from crm.imports.sandbox import literal, quoted
from crm.imports.targets import BEARERS, DEFAULTS, PERSON, Expected, Kind
from crm.schema import Base
from crm.schema.base import KEY_LENGTH

SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "moment": "BIGINT",
    "money": "BIGINT",
    "whole": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "day": "DATE",
}
PARTY_PREFIX = {"companies": "company:", "leads": "lead:", "contacts": "contact:"}  # customers: none
_SHOWN = 60


def shortened(text: str) -> str:
    """A key made of others, kept within a key's length by its hash."""
    return f"CASE WHEN length({text}) <= {KEY_LENGTH} THEN {text} ELSE sha256({text}) END"


def typed_sql(plan: Plan, mapping: SourceMapping) -> str:
    """The statement that makes ``#typed <table>``.

    Its columns: ``#`` (place in the query's answer), ``#row`` (row in the file), the table's own; ``@code`` and
    ``%label`` for attributes and labels, with ``!@code`` and ``!%label`` for what is wrong with them; ``problem``.
    """
    row = f"TRY_CAST({ROW_NO} AS BIGINT)" if plan.has_row_no else "CAST(NULL AS BIGINT)"
    parts = ['"#"', f'{row} AS "#row"', *_values(plan, mapping)]
    parts += [f"{item.given} AS {quoted('g:' + name)}" for name, item in plan.given.items()]
    parts += [f"{item.value} AS {quoted('@' + code)}" for code, item in plan.attributes.items()]
    parts += [f"{item.value} AS {quoted('%' + name)}" for name, item in plan.labels.items()]
    parts += [
        f"CASE WHEN {item.given} IS NOT NULL AND {item.value} IS NULL THEN "
        f"{_further_problem(sign, name, item, kind)} END "
        f"AS {quoted('!' + sign + name)}"
        for sign, name, item, kind in _further(plan)
    ]
    kept = [
        *plan.columns,
        *(sign + name for sign, name, *_ in _further(plan)),
        *("!" + s + n for s, n, *_ in _further(plan)),
    ]
    inner = f"SELECT {', '.join(parts)} FROM {quoted(plan.raw)}"
    outer = f"SELECT *, {', '.join(_placeholders(plan)) or 'NULL AS nothing'} FROM ({inner})"
    shown = ", ".join(['"#"', '"#row"', *(quoted(name) for name in kept)])
    return f"CREATE TABLE {quoted(plan.typed)} AS SELECT {shown}, {_problem(plan, mapping)} AS problem FROM ({outer})"


def _further(plan: Plan) -> list[tuple[str, str, Cast, Kind]]:
    kinds = {item.code: ATTRIBUTE_KINDS[item.type] for item in plan.spec.attributes}
    found: list[tuple[str, str, Cast, Kind]] = [
        ("@", code, item, kinds[code]) for code, item in plan.attributes.items()
    ]
    return found + [("%", name, item, "number") for name, item in plan.labels.items()]


def _further_problem(sign: str, name: str, item: Cast, kind: Kind) -> str:
    expected = EXPECTED[kind] if sign == "@" else "a number or yes or no"
    return _struct(
        literal(name),
        item.why(item.given),
        f"{literal(name + ' is ')} || {_short(item.given)} || {literal(f'; {expected} is expected')}",
    )


def _values(plan: Plan, mapping: SourceMapping) -> list[str]:
    """Each column in our type: as given, by default, or null."""
    values = {
        name: plan.given[name].value if name in plan.given else f"CAST(NULL AS {SQL_TYPES[column.kind]})"
        for name, column in plan.columns.items()
    }
    for (table, name), default in DEFAULTS.items():
        if table == plan.name:
            values[name] = f"coalesce({values[name]}, {default})"
    if plan.is_clocked:
        _clocks(plan, mapping, values)
    if plan.target.number and plan.target.number not in plan.given:
        values[plan.target.number] = values["source_key"]
    if plan.name in BEARERS:
        _party(plan, values)
    return [f"{value} AS {quoted(name)}" for name, value in values.items()]


def _clocks(plan: Plan, mapping: SourceMapping, values: dict[str, str]) -> None:
    if plan.spec.is_keyless:
        values["source_key"] = f"CAST({ROW_NO} AS VARCHAR)"
    values["op"] = f"coalesce({values['op']}, 'assert')"
    choices = [values["known_at"], f"{values['occurred_at']} + {mapping.lag}"]
    choices += [str(mapping.snapshot_at)] if mapping.snapshot_at is not None else []
    values["known_at"] = f"coalesce({', '.join(choices)})"


def _party(plan: Plan, values: dict[str, str]) -> None:
    prefix = PARTY_PREFIX.get(plan.name)
    own = shortened(f"{literal(prefix)} || {values['source_key']}") if prefix else values["source_key"]
    values["party_key"] = f"coalesce({values['party_key']}, {own})"
    names = [values["display_name"]]
    names += [values[name] for name in ("name", "legal_name") if name in values]
    if set(plan.given) & set(PERSON):
        names.append(f"nullif(concat_ws(' ', {values['given_name']}, {values['family_name']}), '')")
    values["display_name"] = f"coalesce({', '.join(names)})"


def _placeholders(plan: Plan) -> list[str]:
    """Stand-ins for the id columns that check constraints speak of: 1, or 0 for the row itself."""
    found = []
    for name, column in plan.columns.items():
        if column.refers is not None and column.refers.id_column != name:
            is_self = column.refers.table == plan.name and plan.is_clocked
            other = f"CASE WHEN {quoted(name)} = source_key THEN 0 ELSE 1 END" if is_self else "1"
            found.append(f"CASE WHEN {quoted(name)} IS NOT NULL THEN {other} END AS {quoted(column.refers.id_column)}")
    return [*found, "0 AS id"] if found else found


def _problem(plan: Plan, mapping: SourceMapping) -> str:
    cases = [_not_cast(plan.columns[name], plan.given[name]) for name in plan.given]
    if plan.is_clocked:
        cases.append(f"WHEN source_key IS NULL THEN {_missing('source_key')}")
        cases.append("WHEN op = 'retract' THEN NULL")
    derived = {"source_key", "known_at", *(("party_key",) if plan.subject else ())}
    required = [name for name, item in plan.columns.items() if item.is_required and name not in derived]
    if plan.is_clocked and mapping.snapshot_at is None:
        required.append("occurred_at")
    cases += [f"WHEN {quoted(name)} IS NULL THEN {_missing(name)}" for name in required]
    rules = {name: rule for name, rule in plan.target.checks.items() if name != "occurred"}
    for name in sorted(
        rules, key=lambda name: (len(_columns_of(plan, rules[name])), name)
    ):  # the plainest reason first
        cases.append(_broken(plan, name, rules[name]))
    if plan.is_clocked:
        cases += _unclear(mapping)
    return f"CASE {' '.join(cases)} END"


def _not_cast(column: Expected, item: Cast) -> str:
    given = quoted("g:" + column.name)
    code = item.why(given)
    expected = f"at most {column.limit:,} characters without NUL" if column.kind == "text" else EXPECTED[column.kind]
    message = f"{literal(column.name + ' is ')} || {_short(given)} || {literal(f'; {expected} is expected')}"
    if column.kind == "text":
        message = (
            f"{literal(column.name + ' has ')} || length({given}) || {literal(f' characters; {expected} are expected')}"
        )
    return (
        f"WHEN {given} IS NOT NULL AND {quoted(column.name)} IS NULL THEN "
        f"{_struct(literal(column.name), code, message)}"
    )


def _missing(name: str) -> str:
    return _struct(literal(name), "'missing'", literal(f"{name} is empty; a value is expected"))


def _broken(plan: Plan, name: str, rule: str) -> str:
    """The case of a check constraint that is false; null passes, as in SQL."""
    columns = _columns_of(plan, rule)
    inputs = {item.refers.id_column: item.name for item in plan.columns.values() if item.refers}
    shown = [inputs.get(column, column) for column in columns if inputs.get(column, column) in plan.columns]
    values = [
        f"{literal(column + ' is ')} || {_short(quoted('g:' + column) if column in plan.given else quoted(column))}"
        for column in shown
    ]
    message = f"concat_ws(', ', {', '.join(values)}) || {literal(f'; {rule} is expected')}"
    return f"WHEN NOT ({rule}) THEN {_struct(literal(shown[0]), literal(name), message)}"


def _columns_of(plan: Plan, rule: str) -> list[str]:
    """The columns of the table that a rule speaks of."""
    names = [column.name for column in Base.metadata.tables[plan.name].columns]
    return [name for name in names if re.search(rf"\b{name}\b", rule)]


def _unclear(mapping: SourceMapping) -> list[str]:
    """The cases of clocks that cannot be."""
    early = (
        f"'known_at is ' || {_iso('known_at')} || '; no moment before occurred_at (' || {_iso('occurred_at')} || "
        f"') is expected'"
    )
    until = clock.now() if mapping.complete_until is None else mapping.complete_until
    end = "the present" if mapping.complete_until is None else f"the source's complete_until ({clock.iso(until)})"
    late = f"'occurred_at is ' || {_iso('occurred_at')} || {literal(f'; no moment after {end} is expected')}"
    return [
        f"WHEN known_at < occurred_at THEN {_struct(literal('known_at'), literal('known_before_it_occurred'), early)}",
        f"WHEN occurred_at > {until} THEN {_struct(literal('occurred_at'), literal('after_the_end'), late)}",
    ]


def _iso(column: str) -> str:
    form = literal("'%Y-%m-%dT%H:%M:%S.%fZ'")
    return f"strftime(make_timestamp({column}), {form})"


def _short(value: str) -> str:
    """A value for a message: quoted, on one line, cut."""
    text = f"CAST({value} AS VARCHAR)"
    cut = f"CASE WHEN length({text}) <= {_SHOWN} THEN {text} ELSE left({text}, {_SHOWN}) || '…' END"
    return f"coalesce('''' || regexp_replace({cut}, '\\s+', ' ', 'g') || '''', 'empty')"


def _struct(column: str, code: str, message: str) -> str:
    return f"{{'column': {column}, 'code': {code}, 'message': {message}}}"
