"""Records: what happened, and when we knew it.

In: rows of a source as Arrow tables, with its keys. Out: the same rows as heads with versions, facts and
lists, read as Arrow. Every layer above may import this package; it imports only `configs`. Nothing else
in the project speaks to the records' database, and all writing goes through `Records.write`,
`Records.reference` and `Records.audit`.
"""

from crm.errors import RecordsError
from crm.merges import Merges
from crm.opening import open  # noqa: A004 - `crm.open(settings)`, as each package is opened
from crm.records import Records
from crm.sources import AttributeInfo, SourceInfo
from crm.writing import WriteCounts

__all__ = ["AttributeInfo", "Merges", "Records", "RecordsError", "SourceInfo", "WriteCounts", "open"]
