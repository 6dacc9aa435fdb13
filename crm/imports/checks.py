"""What concerns several rows of one table: keys and values that occur twice, numbers that others have.

Each check puts the rows that fail into ``#out <table>``; the first reason stands.
"""

from __future__ import annotations

from collections.abc import Sequence

from crm.imports.plan import Plan
from crm.imports.sandbox import Sandbox, literal, quoted
from crm.imports.stored import Stored


def collect(sandbox: Sandbox, plan: Plan) -> None:
    """Make ``#out <table>`` of what is wrong with single rows."""
    sandbox.run(
        f'CREATE TABLE {quoted(plan.out)} AS SELECT "#", "#row" AS row_no, problem."column" AS "column", '
        f"problem.code AS code, "
        f"problem.message AS message FROM {quoted(plan.typed)} WHERE problem IS NOT NULL"
    )


def reject(sandbox: Sandbox, plan: Plan, column: str, code: str, message: str, condition: str) -> int:
    """Reject the standing rows (named ``t``) for which a condition holds.

    Parameters
    ----------
    sandbox : Sandbox
    plan : Plan
    column, code : str
    message, condition : str
        SQL.

    Returns
    -------
    int
        How many rows fell.
    """
    found = sandbox.rows(
        f'INSERT INTO {quoted(plan.out)} SELECT "#", "#row", {literal(column)}, {literal(code)}, {message} '
        f"FROM (SELECT * FROM {plan.accepted}) t WHERE {condition}"
    )
    return int(found[0][0])


def check_doubles(sandbox: Sandbox, plan: Plan) -> None:
    """Reject every row but the first of a key, and of each set of columns that must be unique."""
    if not plan.is_clocked:
        _check_double(sandbox, plan, plan.target.natural, "duplicate_key")
        return
    _check_double(
        sandbox, plan, ("source_key", "known_at") if plan.spec.has_history else ("source_key",), "duplicate_key"
    )
    for columns in plan.target.uniques:
        _check_double(sandbox, plan, columns, "duplicate")


def _check_double(sandbox: Sandbox, plan: Plan, columns: Sequence[str], code: str) -> None:
    """The rows of one key that are its versions do not double each other's values."""
    names = ", ".join(quoted(name) for name in columns)
    is_given = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in columns)
    are_versions = plan.spec.has_history and columns[0] != "source_key"
    rows = f"{plan.accepted} AND {is_given}"
    counted = "count(DISTINCT source_key)" if are_versions else "count(*)"
    if not sandbox.rows(f"SELECT 1 FROM {rows} GROUP BY {names} HAVING {counted} > 1 LIMIT 1"):
        return
    first = f'OVER (PARTITION BY {names} ORDER BY "#row" NULLS LAST, "#")'
    mark = "source_key" if are_versions else '"#"'
    sandbox.run(
        'CREATE OR REPLACE TABLE "#double" AS SELECT "#", first_row FROM ('
        f'SELECT "#", first_value("#row") {first} AS first_row, first_value({mark}) {first} <> {mark} AS is_double '
        f"FROM {rows}"
        ") WHERE is_double"
    )
    shown = [name for name in columns if name != "known_at"]
    values = " || ', ' || ".join(
        f"{literal(name + ' is ')} || '''' || CAST({quoted(name)} AS VARCHAR) || ''''" for name in shown
    )
    row = '(SELECT d.first_row FROM "#double" d WHERE d."#" = t."#")'
    message = f"{values} || coalesce(' as in row ' || {row}, ' a second time') || '; each once is expected'"
    reject(sandbox, plan, shown[0], code, message, 't."#" IN (SELECT "#" FROM "#double")')


def number_apart(sandbox: Sandbox, plan: Plan, stored: Stored, source: str) -> None:
    """Give a number that a row of another source has the source's name in front."""
    number = plan.target.number
    if number is None or plan.target.shape == "fact":
        return
    sandbox.run(
        f"UPDATE {quoted(plan.typed)} SET {number} = {literal(source + ':')} || {number} "
        f"WHERE {number} IN (SELECT key FROM {stored.numbers(plan.name)})"
    )


def check_retractions(sandbox: Sandbox, plan: Plan, stored: Stored) -> None:
    """Reject the withdrawal of what the source never said."""
    if "op" not in plan.given or not sandbox.rows(f"SELECT 1 FROM {plan.accepted} AND op = 'retract' LIMIT 1"):
        return
    reject(
        sandbox, plan, "op", "nothing_to_retract",
        "'source_key is ''' || source_key || '''; a row that was imported before is expected of one to retract'",
        f"op = 'retract' AND source_key NOT IN (SELECT key FROM {stored.keys(plan.name)}) "
        f"AND source_key NOT IN (SELECT source_key FROM {plan.accepted} AND op <> 'retract')",
    )  # fmt: skip
