"""Spines in Parquet: looked through by Spark for what `features.spine` refuses, and given clocks in microseconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from features.catalogue import flat
from features.errors import SpineError
from features.recipe import Recipe
from features.spark.session import quiet
from features.spark.stream import CLOCKS, input_column, parquet

PLACE = ("_file", "_row")  # where a row stands
WHOLE = ("tinyint", "smallint", "int", "bigint")


def spine_frame(session: Any, path: Path, asked: Sequence[Recipe]) -> Any:
    """A spine as Spark reads it, once its keys and moments are what they must be.

    Raises
    ------
    SpineError
        If a column is missing, of the wrong type, naive or null, or named like a feature.
    """
    with quiet():
        from pyspark.sql import functions as sql

        frame = parquet(session, path)
        types = dict(frame.dtypes)
        keys, inputs = [item.entity.key for item in asked], [name for item in asked for name in item.inputs]
        for name in (*keys, "as_of", *inputs):
            if name not in types:
                raise SpineError(
                    f"the spine {path} has no column {name!r}; it has {', '.join(frame.columns) or 'none'}; "
                    f"{', '.join([*keys, 'as_of', *inputs])} are expected; add it"
                )
        clash = next((flat(ref) for item in asked for ref in item.refs if flat(ref) in types), None)
        if clash is not None:
            raise SpineError(
                f"the spine {path} has a column {clash!r} already; a name of its own is expected; rename it"
            )
        moments = [name for name in ("as_of", "known_before") if name in types]
        for name in (*keys, *moments):
            _check_type(path, name, types[name], is_moment=name in moments)
        nulls = [sql.count(sql.when(sql.col(name).isNull(), 1)).alias(name) for name in (*keys, *moments)]
        for name, count in frame.select(*nulls).first().asDict().items():
            if count:
                raise SpineError(
                    f"the spine's {name} is null in {count} rows of {path}; a value in every row is expected; "
                    "drop or mend them"
                )
        return frame


def _check_type(path: Path, name: str, kind: str, *, is_moment: bool) -> None:
    if kind in WHOLE or (is_moment and kind == "timestamp"):
        return
    if kind == "timestamp_ntz":
        raise SpineError(
            f"the spine's {name} in {path} has no zone; moments in UTC or whole microseconds are expected; convert it"
        )
    wanted = "moments in UTC or whole microseconds" if is_moment else "whole record ids"
    raise SpineError(f"the spine's {name} in {path} holds {kind}; {wanted} are expected; convert it")


def placed(frame: Any) -> Any:
    """A spine with the place of each row in its files."""
    with quiet():
        from pyspark.sql import functions as sql

        file, row = (sql.col(f"_metadata.{name}") for name in ("file_path", "row_index"))
        return frame.withColumns(dict(zip(PLACE, (file, row), strict=True)))


def clocked(frame: Any, asked: Recipe) -> Any:
    """A spine with the words that the kernel reads: whose row it is, as of when, knowing what, given what."""
    with quiet():
        from pyspark.sql import functions as sql

        types = dict(frame.dtypes)

        def micros(name: str) -> Any:
            return sql.unix_micros(name) if types[name] == "timestamp" else sql.col(name).cast("bigint")

        known = micros("known_before" if "known_before" in types else "as_of")
        clocks = (sql.col(asked.entity.key).cast("bigint"), micros("as_of"), known)
        inputs = {input_column(name): sql.col(name).cast("double") for name in asked.inputs}
        return frame.withColumns(dict(zip(CLOCKS, clocks, strict=True)) | inputs)


def quoted(name: str) -> str:
    """A column's name as Spark's SQL reads it.

    Examples
    --------
    >>> quoted("as of")
    '`as of`'
    """
    return "`" + name.replace("`", "``") + "`"
