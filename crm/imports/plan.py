"""What the query of one table gives, matched with what the table expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from crm.imports.casts import Cast, cast, outcome
from crm.imports.declared import SourceMapping, TableSpec
from crm.imports.errors import MappingError
from crm.imports.rows import ROW_NO
from crm.imports.sandbox import quoted
from crm.imports.targets import BEARERS, DEFAULTS, PARTY, PERSON, TARGETS, Expected, Kind, Target

ATTRIBUTE_KINDS: dict[str, Kind] = {
    "int": "whole", "decimal": "number", "text": "text", "bool": "flag", "date": "day", "picklist": "text",
}  # fmt: skip
SUBJECTS = {"customer_key": "customers", "lead_key": "leads", "company_key": "companies"}
_UNGIVEN = ("op", "known_at", "occurred_at")


@dataclass(frozen=True)
class Plan:
    """One table on its way in.

    Attributes
    ----------
    spec : TableSpec
    target : Target
    columns : dict of str to Expected
        What its rows hold: all columns of the target, and of a bearer the party's and the person's.
    given : dict of str to Cast
        Expressions over the query's answer for the columns that it gives.
    attributes, labels : dict of str to Cast
        The same by code and by name.
    has_row_no : bool
    subject : str or None
        The column by which a party is named (``customer_key``) where the table wants ``party_key``.
    """

    spec: TableSpec
    target: Target
    columns: dict[str, Expected]
    given: dict[str, Cast]
    attributes: dict[str, Cast]
    labels: dict[str, Cast]
    has_row_no: bool
    subject: str | None

    @property
    def name(self) -> str:
        """The table's name."""
        return self.target.name

    @property
    def raw(self) -> str:
        """The DuckDB table with the query's answer."""
        return f"#raw {self.name}"

    @property
    def typed(self) -> str:
        """The DuckDB table with the rows in our types."""
        return f"#typed {self.name}"

    @property
    def out(self) -> str:
        """The DuckDB table with the rows that were rejected."""
        return f"#out {self.name}"

    @property
    def is_clocked(self) -> bool:
        """Whether the rows carry the two clocks; rows of lists do not."""
        return self.target.shape != "reference"

    @property
    def accepted(self) -> str:
        """A query's FROM and WHERE for the rows that stand so far."""
        return f'{quoted(self.typed)} WHERE "#" NOT IN (SELECT "#" FROM {quoted(self.out)})'


def make_plan(spec: TableSpec, mapping: SourceMapping, answered: Mapping[str, str]) -> Plan:
    """Match the columns of a query's answer with those of its table.

    Parameters
    ----------
    spec : TableSpec
    mapping : SourceMapping
    answered : mapping of str to str
        Name and DuckDB type of each column of the answer.

    Raises
    ------
    MappingError
        If a needed column is missing or one is neither a column of the table nor an attribute or label.
    """
    target = TARGETS[spec.name]
    place = f"{mapping.path}: the query of {spec.name}"
    answered = {name.lower(): kind for name, kind in answered.items()}  # as in SQL, capitals do not matter
    columns = dict(target.columns)
    aliases: dict[str, str] = {}
    if spec.name in BEARERS:
        columns |= {**PARTY, **PERSON, **columns}
        aliases = {} if "name" in columns else {"name": "display_name"}
    wants_party = "party_key" in columns and spec.name not in BEARERS
    subjects = [name for name in SUBJECTS if name in answered] if wants_party and "party_key" not in answered else []
    columns |= {name: Expected(name, "text", 200) for name in subjects if name not in columns}

    def casted(name: str, column: Expected) -> Cast:
        return cast(column, quoted(name), answered[name], mapping.zone)

    given = {}
    for name in answered:
        column = columns.get(aliases.get(name, name))
        if column is not None:
            given[column.name] = casted(name, column)
    attributes = {
        item.code: casted(
            _needed(item.column, answered, place, f"attribute {item.code}"),
            Expected(item.code, ATTRIBUTE_KINDS[item.type]),
        )
        for item in spec.attributes
    }
    labels = {}
    for name, label in spec.labels.items():
        wanted = _needed(label, answered, place, f"label {name}")
        labels[name] = outcome(quoted(wanted), answered[wanted])
    extra = {column.lower() for column in (*(item.column for item in spec.attributes), *spec.labels.values())}
    extra |= {"#", ROW_NO, *aliases}
    _check_known(place, answered, {*columns, *extra}, columns)
    _check_needed(place, spec, mapping, columns, {*given, *subjects, *(("party_key",) if subjects else ())}, answered)
    subject = subjects[0] if subjects else None
    return Plan(spec, target, columns, given, attributes, labels, ROW_NO in answered, subject)


def _needed(column: str, answered: Mapping[str, str], place: str, who: str) -> str:
    """The column of the answer that an attribute or a label wants."""
    if column.lower() not in answered:
        raise MappingError(
            f"{place} gives no {column}, which the {who} wants; it is expected there; add the column or mend the {who}"
        )
    return column.lower()


def _check_known(place: str, answered: Mapping[str, str], known: set[str], columns: Mapping[str, Expected]) -> None:
    for name in answered:
        if name not in known:
            near = get_close_matches(name, columns, 1)
            todo = f"did you mean {near[0]}?" if near else "leave it out, or declare it under attributes"
            raise MappingError(f"{place} gives a column {name}; {', '.join(columns)} are expected; {todo}")


def _check_needed(
    place: str,
    spec: TableSpec,
    mapping: SourceMapping,
    columns: Mapping[str, Expected],
    given: set[str],
    answered: Mapping[str, str],
) -> None:
    target = TARGETS[spec.name]
    derived = {*_UNGIVEN, target.number, *(column for table, column in DEFAULTS if table == spec.name)}
    derived |= {"party_key"} if spec.name in BEARERS else set()
    derived |= {"source_key"} if spec.is_keyless else set()
    missing = [name for name, column in columns.items() if column.is_required and name not in given | derived]
    if missing:
        raise MappingError(f"{place} gives no {' and no '.join(missing)}, which {spec.name} needs; add the column")
    if spec.is_keyless and ROW_NO not in answered:
        raise MappingError(f"{place} gives no {ROW_NO}, which stands for the key; add the column or give a source_key")
    if target.shape != "reference" and "occurred_at" not in given and mapping.snapshot_at is None:
        raise MappingError(
            f"{place} gives no occurred_at and the source no snapshot_at; the moment of each row is expected; add "
            f"one of them"
        )
