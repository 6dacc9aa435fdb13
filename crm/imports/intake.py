"""From files to checked rows: read, query, cast, check; everything inside the sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa

from configs import Settings
from crm.imports.checks import check_doubles, check_retractions, collect, number_apart
from crm.imports.declared import SourceMapping
from crm.imports.derived import Derived, derive
from crm.imports.errors import MappingError
from crm.imports.files import opened
from crm.imports.locate import Located
from crm.imports.orphans import check_references, complete_keys, inherited
from crm.imports.plan import Plan, make_plan
from crm.imports.rejects import Reject
from crm.imports.rows import Malformed
from crm.imports.sandbox import Sandbox, quoted
from crm.imports.stored import Stored
from crm.imports.targets import BEARERS, DEFAULTS
from crm.imports.typed import typed_sql

Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass
class Intake:
    """The rows of one import inside the sandbox.

    Attributes
    ----------
    sandbox : Sandbox
    mapping : SourceMapping
    stored : Stored
    progress : callable
        Told stage, steps done and steps in all.
    malformed : dict of str to list of Malformed
        By file: rows that are no rows.
    plans : dict of str to Plan
    derived : list of Derived
    reading : dict of str to set of str
        The files that each table's query names.
    """

    sandbox: Sandbox
    mapping: SourceMapping
    stored: Stored
    progress: Progress
    malformed: dict[str, list[Malformed]] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    derived: list[Derived] = field(default_factory=list)
    reading: dict[str, set[str]] = field(default_factory=dict)

    def read(self, files: Mapping[str, Located], settings: Settings) -> None:
        """Load every file; afterwards the sandbox is locked."""
        for done, (name, located) in enumerate(files.items()):
            self.progress("read", done, len(files))
            with opened(self.mapping.files[name], located, settings) as file:
                self.sandbox.create(name, file.schema)
                for batch in file.batches:
                    self.sandbox.append(name, batch)
            self.malformed[name] = file.malformed
        for name, micros in (
            ("snapshot_at", self.mapping.snapshot_at),
            ("complete_until", self.mapping.complete_until),
        ):
            if micros is not None:
                self.sandbox.remember(name, micros)
        self.sandbox.lock()
        self.progress("read", len(files), len(files))

    def check(self) -> None:
        """Run the mapping's queries, cast their answers and check them."""
        tables = self.mapping.tables
        for done, spec in enumerate(tables.values()):
            self.progress("check", done, len(tables) + 1)
            place = f"{self.mapping.path}: the query of {spec.name}"
            self.sandbox.keep(f"#raw {spec.name}", spec.sql, place)
            self.reading[spec.name] = {
                name for name in self.mapping.files if re.search(rf"\b{name}\b", spec.sql, re.IGNORECASE)
            }
            plan = make_plan(spec, self.mapping, self.sandbox.columns(f"#raw {spec.name}"))
            self.sandbox.run(typed_sql(plan, self.mapping))
            self.sandbox.run(f"DROP TABLE {quoted(plan.raw)}")
            collect(self.sandbox, plan)
            self._refuse_naive_times(plan)
            self.plans[spec.name] = plan
        for name in self.mapping.files:
            self.sandbox.run(f"DROP TABLE {quoted(name)}")
        self.progress("check", len(tables), len(tables) + 1)
        for plan in self.plans.values():
            number_apart(self.sandbox, plan, self.stored, self.mapping.source)
            check_doubles(self.sandbox, plan)
            check_retractions(self.sandbox, plan, self.stored)
        complete_keys(self.sandbox, self.plans, self.stored)
        check_references(self.sandbox, self.plans, self.stored)
        self.derived = derive(self.sandbox, self.plans, self.mapping, self.stored)
        self.progress("check", len(tables) + 1, len(tables) + 1)

    def _refuse_naive_times(self, plan: Plan) -> None:
        found = self.sandbox.rows(
            f"SELECT row_no, message FROM {quoted(plan.out)} WHERE code = 'no_zone' ORDER BY \"#\" LIMIT 1"
        )
        if found:
            row = f" in row {found[0][0]}" if found[0][0] is not None else ""
            message = str(found[0][1]).partition(";")[0]
            raise MappingError(
                f"{self.mapping.path}: {message}{row} of {plan.name}, a time without a zone; an offset in each time "
                f"or the source's "
                "zone is expected; add `zone: …` (such as Europe/London)"
            )

    def rejects(self) -> list[Reject]:
        """Every rejected row, by table and row."""
        found = [reject for plan in self.plans.values() for reject in self._rejects(plan)]
        return [*found, *(reject for plan in self.plans.values() for reject in self._further_rejects(plan))]

    def _rejects(self, plan: Plan) -> Iterator[Reject]:
        for file in self._broken_files(plan):
            for row in self.malformed[file]:
                yield Reject(row.row_no, plan.name, "", "malformed_row", f"{file}: {row.message}")
        once = (
            'QUALIFY row_number() OVER (PARTITION BY source_key, row_no ORDER BY "#") = 1'
            if plan.spec.has_history
            else ""
        )
        key = f'JOIN (SELECT "#", source_key FROM {quoted(plan.typed)}) USING ("#")' if once else ""
        sql = (
            f'SELECT row_no, "column", code, message FROM {quoted(plan.out)} {key} {once} ORDER BY row_no NULLS '
            f'LAST, "#"'
        )
        for row_no, column, code, message in self.sandbox.rows(sql):
            yield Reject(row_no, plan.name, column, code, message)

    def read_rows(self) -> dict[str, int]:
        """How many rows each table was offered; a row of a file that brings several versions of a key counts once."""
        found = {}
        for plan in self.plans.values():
            counted = (
                'count(DISTINCT {"key": source_key, "row": coalesce("#row", -"#")})'
                if plan.spec.has_history
                else "count(*)"
            )
            rows = int(self.sandbox.rows(f"SELECT {counted} FROM {quoted(plan.typed)}")[0][0])
            found[plan.name] = rows + sum(len(self.malformed[file]) for file in self._broken_files(plan))
        return found

    def _further_rejects(self, plan: Plan) -> Iterator[Reject]:
        for sign, table, names in (("@", "attribute_values", plan.attributes), ("%", "labels", plan.labels)):
            for name in names:
                problem = quoted(f"!{sign}{name}")
                sql = (
                    f'SELECT "#row", {problem}.code, {problem}.message FROM {plan.accepted} AND {problem} IS NOT '
                    f'NULL ORDER BY "#"'
                )
                for row_no, code, message in self.sandbox.rows(sql):
                    yield Reject(row_no, table, name, code, message)

    def _broken_files(self, plan: Plan) -> list[str]:
        """Files with broken rows that count for a table: those that its query reads row by row."""
        broken = {name for name, rows in self.malformed.items() if rows}
        if not broken:
            return []
        numbered = {name for name, other in self.plans.items() if other.has_row_no}
        return [
            file
            for file in sorted(broken & self.reading[plan.name])
            if plan.has_row_no or not any(file in self.reading[name] for name in numbered)
        ]

    def accepted(self) -> dict[str, pa.Table]:
        """The rows to hand over to the records, by table of ours, in the order of the files."""
        found: dict[str, list[pa.Table]] = {}
        for plan in self.plans.values():
            columns = (*handed_over(plan), *inherited(plan, self.plans))
            found.setdefault(plan.name, []).append(self._rows(columns, plan.accepted, 'ORDER BY "#"'))
        for item in self.derived:
            found.setdefault(item.table, []).append(self._rows(item.columns, quoted(item.place), 'ORDER BY "#"'))
        return {
            name: tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")
            for name, tables in found.items()
        }

    def _rows(self, columns: tuple[str, ...], source: str, order: str) -> pa.Table:
        return self.sandbox.arrow(f"SELECT {', '.join(quoted(name) for name in columns)} FROM {source} {order}")


def handed_over(plan: Plan) -> tuple[str, ...]:
    """The columns of a table that an import hands over: those that it gives or derives; the others stay as they are."""
    derived = {plan.target.number, *(name for table, name in DEFAULTS if table == plan.name)}
    if plan.is_clocked:
        derived |= {"source_key", "known_at"}
    if plan.name in BEARERS or plan.subject is not None:
        derived.add("party_key")
    return tuple(name for name in plan.target.columns if name in plan.given or name in derived)
