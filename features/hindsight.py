"""Hindsight: which features would be other values if one forgot when things became known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from features.catalogue import flat
from features.kernel.codes import FOREVER
from features.spine import as_frame

if TYPE_CHECKING:
    from features.past import Past


def hindsight(store: Past, refs: Sequence[str], spine: Any) -> dict[str, int]:
    """For each feature that knows later than it happens, the rows whose value a join by event time alone would falsify.

    What came late, was corrected or was withdrawn after the moment is left out where both clocks are honoured; a
    system with one clock would have trained on it.

    Parameters
    ----------
    store : Past
    refs : sequence of str
        Written out.
    spine : pandas.DataFrame or Arrow table

    Returns
    -------
    dict of str to int
        Rows that differ, most first; features that agree everywhere are absent.
    """
    frame = as_frame(spine)
    honest = store.historical_features(refs, frame)
    late = store.historical_features(refs, frame, known_before=FOREVER)
    found = {ref: _differing(honest[flat(ref)].to_numpy(), late[flat(ref)].to_numpy()) for ref in refs}
    return dict(sorted(((ref, rows) for ref, rows in found.items() if rows), key=lambda item: (-item[1], item[0])))


def _differing(left: np.ndarray, right: np.ndarray) -> int:
    if left.dtype == object:
        return sum(one != other for one, other in zip(left.tolist(), right.tolist(), strict=True))
    return int((~((left == right) | (np.isnan(left) & np.isnan(right)))).sum())
