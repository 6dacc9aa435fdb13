"""The feature store: one object that answers every question about features, past and present."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from features.erasing import erase
from features.past import Past
from features.present import Present


class FeatureStore(Past, Present):
    """Features of customers, leads, products and opportunities as of any moment.

    Open it with `features.open(settings, records)`.

    Parameters
    ----------
    records : Reading
        `crm.Records`, or rows given inline.
    catalogue : Catalogue
    history : History
    online : OnlineStore
    threads : int
    spark : SparkHome, optional
        Default: one on this machine, its files beside the history.
    """

    def erase(self, ids: Mapping[str, Sequence[int]], tables: Collection[str]) -> dict[str, int]:
        """Take people who have left the records out of what was made from them; see `features.erasing.erase`."""
        return erase(self, ids, tables)
