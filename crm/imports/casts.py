"""How a column of a query becomes a column of ours: DuckDB expressions, whole columns at once, never row by row.

A value that cannot become what is expected is null in the result and has a code beside it; nothing is
rounded or guessed but what is said here: amounts keep four decimals, fractions of a microsecond are
dropped, "NaN" is no value, infinities are refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm.imports.sandbox import literal
from crm.imports.targets import Expected, Kind

_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?"
_OFFSET = r"\s?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)"
_INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "HUGEINT",
    "UHUGEINT",
)
_EARLIEST, _LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999  # the years 1 to 9999 in µs
EXPECTED: dict[Kind, str] = {
    "text": "a text",
    "moment": "a moment such as 2026-06-30T14:00:00+02:00",
    "money": "an amount such as 12.50",
    "whole": "a whole number",
    "number": "a number",
    "flag": "yes or no",
    "day": "a date such as 2026-06-30",
}


@dataclass(frozen=True)
class Cast:
    """Expressions over one column of a query.

    Attributes
    ----------
    value : str
        The value in our type; null where there is none or it does not fit.
    given : str
        The value as text, null where there is none.
    code : str
        Why a given value does not fit: a text; ``{}`` stands for the given value.
    """

    value: str
    given: str
    code: str

    def why(self, given: str) -> str:
        """The code for a given value that does not fit."""
        return self.code.replace("{}", given)


_SPACES = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"  # around a value they mean nothing


def cast(column: Expected, reference: str, kind: str, zone: str | None) -> Cast:
    """The expressions that turn a column of a query into `column`.

    Parameters
    ----------
    column : Expected
        What is wanted.
    reference : str
        The column in SQL, quoted.
    kind : str
        Its DuckDB type.
    zone : str or None
        The source's zone.
    """
    text = reference if kind == "VARCHAR" else f"CAST({reference} AS VARCHAR)"
    given = f"nullif(trim({text}, {_SPACES}), '')"
    match column.kind:
        case "text":
            return _text(given if column.limit <= 1_000 else f"nullif(CAST({reference} AS VARCHAR), '')", column.limit)
        case "whole":
            return Cast(_whole(given, reference, kind), given, "'not_whole'")
        case "number":
            given = f"CASE WHEN lower({given}) <> 'nan' THEN {given} END"
            value = f"TRY_CAST({given} AS DOUBLE)"
            return Cast(f"CASE WHEN isfinite({value}) THEN {value} END", given, _infinite("not_a_number"))
        case "money":
            exact = f"TRY_CAST({given if kind == 'VARCHAR' else reference} AS DECIMAL(24,4))"
            return Cast(f"TRY_CAST({exact} * 10000 AS BIGINT)", given, _infinite("not_an_amount"))
        case "flag":
            return Cast(_flag(given, reference, kind), given, "'not_yes_or_no'")
        case "day":
            return Cast(_day(given, reference, kind), given, "'not_a_date'")
        case "moment":
            return _moment(given, reference, kind, zone)


def outcome(reference: str, kind: str) -> Cast:
    """The expressions that turn a column into an outcome: a number, or 1 and 0 for yes and no."""
    plain = cast(Expected("outcome", "number"), reference, kind, None)
    flag = _flag(plain.given, reference, kind)
    return Cast(f"coalesce({plain.value}, CAST(CAST({flag} AS INTEGER) AS DOUBLE))", plain.given, plain.code)


def _text(given: str, limit: int) -> Cast:
    value = f"CASE WHEN length({given}) <= {limit} AND NOT contains({given}, chr(0)) THEN {given} END"
    return Cast(value, given, f"CASE WHEN length({{}}) > {limit} THEN 'too_long' ELSE 'nul_character' END")


def _infinite(otherwise: str) -> str:
    return f"CASE WHEN isinf(TRY_CAST({{}} AS DOUBLE)) THEN 'infinite' ELSE '{otherwise}' END"


def _whole(given: str, reference: str, kind: str) -> str:
    if kind in _INTEGERS:
        return f"TRY_CAST({reference} AS BIGINT)"
    if kind == "BOOLEAN":
        return f"CAST({reference} AS BIGINT)"
    if kind in ("DOUBLE", "FLOAT"):
        is_whole = f"{reference} = trunc({reference}) AND abs({reference}) < 9007199254740992"
        return f"CASE WHEN {is_whole} THEN TRY_CAST({reference} AS BIGINT) END"
    is_whole = f"regexp_full_match({given}, '[+-]?[0-9]+(\\.0*)?')"
    return f"CASE WHEN {is_whole} THEN TRY_CAST(split_part({given}, '.', 1) AS BIGINT) END"


def _flag(given: str, reference: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return reference
    return (
        f"CASE WHEN lower({given}) IN ('true', 't', 'yes', 'y', '1', '1.0') THEN true "
        f"WHEN lower({given}) IN ('false', 'f', 'no', 'n', '0', '0.0') THEN false END"
    )


def _day(given: str, reference: str, kind: str) -> str:
    if kind == "DATE":
        return f"CASE WHEN isfinite({reference}) THEN {reference} END"
    form = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]00:00(:00(\.0+)?)?)?"
    return f"CASE WHEN regexp_full_match({given}, '{form}') THEN TRY_CAST(left({given}, 10) AS DATE) END"


def _moment(given: str, reference: str, kind: str, zone: str | None) -> Cast:
    if kind in _INTEGERS:
        micros, code = f"TRY_CAST({reference} AS BIGINT)", "'out_of_range'"
    elif kind == "TIMESTAMP WITH TIME ZONE":
        micros, code = f"CASE WHEN isfinite({reference}) THEN epoch_us({reference}) END", "'out_of_range'"
    elif kind == "DATE" or kind.startswith("TIMESTAMP"):
        naive = f"CASE WHEN isfinite({reference}) THEN CAST({reference} AS TIMESTAMP) END"
        micros, code = (_zoned(naive, zone), "'out_of_range'") if zone else ("CAST(NULL AS BIGINT)", "'no_zone'")
    else:
        aware = f"WHEN regexp_full_match({given}, '{_TIME}{_OFFSET}') THEN epoch_us(TRY_CAST({given} AS TIMESTAMPTZ))"
        naive = f"regexp_full_match({given}, '{_TIME}')"
        local = f"WHEN {naive} THEN {_zoned(f'TRY_CAST({given} AS TIMESTAMP)', zone)}" if zone else ""
        micros = f"CASE {local} {aware} END"
        is_naive = f"regexp_full_match({{}}, '{_TIME}')"
        code = "'not_a_moment'" if zone else f"CASE WHEN {is_naive} THEN 'no_zone' ELSE 'not_a_moment' END"
    return Cast(f"CASE WHEN {micros} BETWEEN {_EARLIEST} AND {_LATEST} THEN {micros} END", given, code)


def _zoned(naive: str, zone: str) -> str:
    """Microseconds of local times: by the offset of the day before where that gives this local time, else by the later.

    An hour that occurs twice is thereby its first occurrence, and a skipped one is read with the offset
    before the change, as Python's ``fold=0`` does.
    """
    if zone == "UTC":
        return f"epoch_us({naive})"
    place = literal(zone)
    late = f"timezone({place}, {naive})"  # ICU takes the later of two, and the offset before a gap
    day_before = f"({late} - INTERVAL 24 HOURS)"
    offset = f"(epoch_us(timezone({place}, {day_before})) - epoch_us({day_before}))"
    early = f"make_timestamptz(epoch_us({naive}) - {offset})"
    return f"CASE WHEN timezone({place}, {early}) = {naive} THEN epoch_us({early}) ELSE epoch_us({late}) END"
