"""References between the rows of a run and to what the records hold: completed where they may be short, else rejected.

Rejecting a row can make others orphans, so references are checked again until nothing more falls.
"""

from __future__ import annotations

from collections.abc import Mapping

from crm.imports.checks import reject
from crm.imports.plan import SUBJECTS, Plan
from crm.imports.sandbox import Sandbox, literal, quoted
from crm.imports.stored import Stored
from crm.imports.targets import BEARERS, INHERITED, TARGETS, composite_parents


def complete_keys(sandbox: Sandbox, plans: Mapping[str, Plan], stored: Stored) -> None:
    """Spell out short keys of lists, and find the party of rows that name a customer, lead or company."""
    for plan in plans.values():
        for name, column in plan.columns.items():
            reference = column.refers
            if name in plan.given and reference is not None and reference.kind == "natural":
                parts = TARGETS[reference.table].natural
                if len(parts) > 1:
                    _spell_out(sandbox, plan, name, parts[0], _keys(plans, stored, reference.table))
        if plan.subject is not None:
            _find_party(sandbox, plan, plans, stored, plan.subject)
        for name in inherited(plan, plans):
            _inherit(sandbox, plan, name, plans)


def inherited(plan: Plan, plans: Mapping[str, Plan]) -> list[str]:
    """The keys that a table's query does not give, and that its rows have from those which they belong to."""
    return [
        name
        for (table, name), (owner, through) in INHERITED.items()
        if table == plan.name and name not in plan.given and through in plan.given
        if owner in plans and name in plans[owner].given
    ]


def _inherit(sandbox: Sandbox, plan: Plan, name: str, plans: Mapping[str, Plan]) -> None:
    owner, through = INHERITED[plan.name, name]
    sandbox.run(
        f"UPDATE {quoted(plan.typed)} SET {name} = found.{name} FROM "
        f'(SELECT source_key, arg_max({name}, "#") AS {name} '
        f"FROM {quoted(plans[owner].typed)} GROUP BY 1) AS found WHERE {through} = found.source_key"
    )


def _spell_out(sandbox: Sandbox, plan: Plan, name: str, first_part: str, keys: str) -> None:
    """``stage`` becomes ``pipeline/stage``: by the row's own pipeline, else where the last part alone is unique."""
    column = quoted(name)
    if first_part in plan.given:
        sandbox.run(
            f"UPDATE {quoted(plan.typed)} SET {column} = {first_part} || '/' || {column} "
            f"WHERE {first_part} || '/' || {column} IN ({keys})"
        )
    unique = (
        f"SELECT split_part(key, '/', -1) AS short, min(key) AS whole FROM (SELECT DISTINCT key FROM ({keys})) "
        f"GROUP BY 1 HAVING count(*) = 1"
    )
    sandbox.run(
        f"UPDATE {quoted(plan.typed)} SET {column} = found.whole FROM ({unique}) AS found "
        f"WHERE {column} = found.short AND {column} NOT IN ({keys})"
    )


def _find_party(sandbox: Sandbox, plan: Plan, plans: Mapping[str, Plan], stored: Stored, subject: str) -> None:
    table = SUBJECTS[subject]
    known = f"SELECT key, party_key FROM {stored.parties(table)}"
    if table in plans:
        known = f"SELECT source_key AS key, party_key FROM {quoted(plans[table].typed)} UNION ALL {known}"
    sandbox.run(
        f"UPDATE {quoted(plan.typed)} SET party_key = found.party_key "
        f"FROM (SELECT key, min(party_key) AS party_key FROM ({known}) GROUP BY key) AS found WHERE {subject} = "
        f"found.key"
    )


def check_references(sandbox: Sandbox, plans: Mapping[str, Plan], stored: Stored) -> None:
    """Reject rows that refer to what is neither accepted in this run nor in the records, until none is left."""
    fallen = {*TARGETS}
    while fallen:
        fallen = {plan.name for plan in plans.values() if _check_table(sandbox, plan, plans, stored, fallen)}
        if fallen & {*BEARERS}:
            fallen.add("parties")


def _check_table(sandbox: Sandbox, plan: Plan, plans: Mapping[str, Plan], stored: Stored, fallen: set[str]) -> int:
    """Check the references of one table to tables that lost rows; how many of its own rows fell."""
    links = [
        (name, column.refers.table) for name, column in plan.columns.items() if column.refers and name in plan.given
    ]
    if plan.subject is not None and (plan.subject, SUBJECTS[plan.subject]) not in links:
        links.append((plan.subject, SUBJECTS[plan.subject]))
    count = 0
    for name, parent in links:
        if parent in fallen and not (parent == "parties" and plan.name in BEARERS):
            count += _check_reference(sandbox, plan, plans, stored, name, quoted(name), parent)
    for parent, columns in composite_parents(plan.name):
        if parent in fallen:
            key = " || '/' || ".join(quoted(column) for column in columns)
            count += _check_reference(sandbox, plan, plans, stored, columns[-1], key, parent)
    if plan.subject is not None:
        empty = literal(f"{plan.subject} is empty; a value is expected")
        required = plan.columns["party_key"].is_required
        count += reject(sandbox, plan, plan.subject, "missing", empty, "party_key IS NULL") if required else 0
    return count


def _check_reference(
    sandbox: Sandbox, plan: Plan, plans: Mapping[str, Plan], stored: Stored, name: str, key: str, parent: str
) -> int:
    in_run = _in_run(plans, parent)
    missing = f"SELECT DISTINCT {key} AS key FROM {plan.accepted} AND {key} IS NOT NULL"
    if in_run is not None:
        missing += f" AND {key} NOT IN ({in_run})"
    sandbox.run(f'CREATE OR REPLACE TABLE "#missing" AS {missing}')
    if not sandbox.rows('SELECT 1 FROM "#missing" LIMIT 1'):
        return 0
    sandbox.run(f'DELETE FROM "#missing" WHERE key IN (SELECT key FROM {stored.keys(parent)})')
    why = literal(f"'; no row of {parent} has this key")
    if parent in plans and plans[parent].is_clocked:
        out, typed = quoted(plans[parent].out), quoted(plans[parent].typed)
        reason = (
            f'SELECT min(o.message) FROM {out} o JOIN {typed} p ON p."#" = o."#" WHERE p.source_key = t.{quoted(name)}'
        )
        rejected = literal(f"'; that row of {parent} was rejected because ")
        why = f"coalesce({rejected} || ({reason}), {why})"
    message = f"""{literal(name + " is '")} || {key} || {why}"""
    return reject(sandbox, plan, name, "orphan", message, f'{key} IN (SELECT key FROM "#missing")')


def _in_run(plans: Mapping[str, Plan], parent: str) -> str | None:
    """A query for the keys of a table that stand in this run."""
    parts = []
    if parent in plans:
        plan = plans[parent]
        key = (
            "source_key"
            if plan.is_clocked
            else f"concat_ws('/', {', '.join(quoted(name) for name in plan.target.natural)})"
        )
        parts.append(f"SELECT {key} AS key FROM {plan.accepted}")
    if parent == "parties":
        parts += [f"SELECT party_key AS key FROM {plans[name].accepted}" for name in BEARERS if name in plans]
    return " UNION ".join(parts) or None


def _keys(plans: Mapping[str, Plan], stored: Stored, parent: str) -> str:
    """A query for the keys of a list, in this run or in the records."""
    in_run = _in_run(plans, parent)
    known = f"SELECT key FROM {stored.keys(parent)}"
    return f"{in_run} UNION {known}" if in_run else known
