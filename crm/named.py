"""``:named`` parameters of a SELECT, turned into the numbered ones of a driver; everything else is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crm.errors import RecordsError

_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | ::\w+
    | (?P<end>;) | (?<![\w:]):(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)


def bind(sql: str, parameters: Mapping[str, object], form: str) -> tuple[str, list[object]]:
    """Replace each ``:name`` outside quotes and comments by a numbered place.

    Parameters
    ----------
    sql : str
        One SELECT (or WITH … SELECT).
    parameters : mapping
        Value of each name: int, float, str, bool or None.
    form : str
        How a place is written, e.g. ``"?{}"`` or ``"${}"``.

    Raises
    ------
    RecordsError
        If the text is not one SELECT, a name has no value or a value has no place.

    Examples
    --------
    >>> bind("SELECT * FROM t WHERE a = :a AND b > :a", {"a": 1}, "?{}")
    ('SELECT * FROM t WHERE a = ?1 AND b > ?1', [1])
    >>> bind("DELETE FROM t", {}, "?{}")
    Traceback (most recent call last):
    ...
    crm.errors.RecordsError: the query begins with 'DELETE'; SELECT or WITH is expected; write with Records.write
    """
    sql = sql.strip().rstrip(";")
    first = sql.split(None, 1)[0].upper() if sql else ""
    if first not in ("SELECT", "WITH"):
        raise RecordsError(f"the query begins with {first!r}; SELECT or WITH is expected; write with Records.write")
    places: dict[str, int] = {}

    def place(match: re.Match[str]) -> str:
        if match["end"]:
            raise RecordsError("the query holds several statements; one SELECT is expected; ask one after the other")
        name = match["name"]
        if name is None:
            return match[0]
        if name not in parameters:
            given = ", ".join(sorted(parameters)) or "none"
            raise RecordsError(f"the query's parameter :{name} has no value; given are {given}; give it a value")
        return form.format(places.setdefault(name, len(places) + 1))

    text = _TOKEN.sub(place, sql)
    unused = sorted(set(parameters) - set(places))
    if unused:
        raise RecordsError(
            f"the query has no parameter :{unused[0]}, yet a value is given; write it in or leave it out"
        )
    return text, [parameters[name] for name in places]
