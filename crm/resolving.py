"""From a source's keys to our ids."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import func, select

from crm.connections import Connection
from crm.errors import RecordsError
from crm.reader import find
from crm.shapes import listed, shapes
from crm.writer import find_source


def resolve(connection: Connection, name: str, source: str, keys: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The id (int64) of each key, null where there is none; see `Records.resolve`."""
    table, _ = find(name)
    shape = shapes()[name]
    if shape == "reference":
        named = listed(table)
        known = connection.table(select(named.c.key, named.c.id))
    elif shape in ("head", "fact"):
        query = select(table.c.source_key, func.max(table.c.id)).where(
            table.c.source_id == find_source(connection, source)
        )
        known = connection.table(query.group_by(table.c.source_key))
    else:
        raise RecordsError(
            f"rows of {name} have no keys of a source; a head, a fact or a list is expected; name its table"
        )
    known = pa.table([known.column(0).cast(pa.string()), known.column(1).cast(pa.int64())], ["key", "id"])
    places = pc.index_in(keys.cast(pa.string()), value_set=known.column("key").combine_chunks())
    ids = pc.take(known.column("id").combine_chunks(), places)
    return ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
