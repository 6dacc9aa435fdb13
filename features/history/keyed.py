"""Records whose rows carry a code for each composite key, so that a combination is an entity like any other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.entity import COMPOSITES, ENTITIES, Entity
from features.history.codebook import Codebook
from features.history.rows import words
from features.kernel.codes import NULL
from features.kernel.program import Ints
from features.reading import Reading, grouped


class Keyed:
    """Reads records, and translates between ids and the codes under which the history knows an entity.

    Parameters
    ----------
    records : Reading
    folder : Path
        Where the codebooks lie.
    """

    def __init__(self, records: Reading, folder: Path) -> None:
        self._records = records
        self._books = {
            item.name: Codebook(folder / f"{item.name}.codes", len(item.parts)) for item in COMPOSITES.values()
        }

    def watermark(self) -> int:
        """The greatest arrival number."""
        return self._records.watermark()

    def arrived(self, table: str, after_seq: int) -> bool:
        """Whether rows of a table have arrived since."""
        return self._records.arrived(table, after_seq)

    def batches(
        self, table: str, columns: Sequence[str], *, after_seq: int | None = None, upto_seq: int | None = None
    ) -> Iterator[pa.Table]:
        """Columns of a table, many rows at a time; a composite key is computed from the columns of its parts."""
        composite = [COMPOSITES[name] for name in columns if name in COMPOSITES]
        plain = [name for name in columns if name not in COMPOSITES]
        wanted = dict.fromkeys([*plain, *(key for entity in composite for key in entity.keys)])
        for found in grouped(self._records.batches(table, list(wanted), after_seq=after_seq, upto_seq=upto_seq)):
            yield self.coded(found, composite).select(list(columns))

    def coded(self, table: pa.Table, entities: Sequence[Entity]) -> pa.Table:
        """Rows with a column for the code of each composite entity; null where a part is null."""
        for entity in entities:
            codes = self._books[entity.name].encode([words(table.column(key)) for key in entity.keys])
            table = table.append_column(entity.key, pa.array(codes, mask=codes == NULL))
        return table

    def numbers(self, entity: str, ids: Sequence[int] | None = None) -> pa.Table:
        """``id`` (the code of a combination) and ``number`` of every row of an entity, or of some ids."""
        kind = ENTITIES[entity]
        if not kind.parts:
            return self._records.numbers(entity, ids)
        codes = np.arange(len(self._books[entity].ids()[0])) if ids is None else np.array(ids, np.int64)
        books = zip(kind.parts, self.ids(kind, codes), strict=True)
        texts = [self._numbers_of(part, column) for part, column in books]
        places = np.flatnonzero(np.logical_and.reduce([[text is not None for text in column] for column in texts]))
        numbers = [kind.number_of([str(column[place]) for column in texts]) for place in places.tolist()]
        return pa.table({"id": pa.array(codes[places], pa.int64()), "number": pa.array(numbers, pa.string())})

    def _numbers_of(self, entity: Entity, ids: Ints) -> list[str | None]:
        table = self._records.numbers(entity.name, np.unique(ids).tolist())
        places = pc.index_in(pa.array(ids), value_set=table.column("id").combine_chunks())
        found: list[str | None] = table.column("number").combine_chunks().take(places).to_pylist()
        return found

    def find(self, entity: Entity, ids: Sequence[Ints]) -> Ints:
        """The code of each row of ids, one array for each id column; -1 for an unknown combination."""
        return self._books[entity.name].find(ids) if entity.parts else ids[0]

    def ids(self, entity: Entity, codes: Ints) -> list[Ints]:
        """The ids behind codes, one array for each id column."""
        return [part[codes] for part in self._books[entity.name].ids()] if entity.parts else [codes]

    def forget(self, entity: Entity, ids: Ints) -> int:
        """Blank every combination with one of some ids of `entity`; how many there were."""
        return sum(
            self._books[item.name].forget(item.parts.index(entity), ids)
            for item in COMPOSITES.values()
            if entity in item.parts
        )
