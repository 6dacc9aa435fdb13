"""Ties: rows of one entity with both clocks alike stand in the order of their sources' own keys."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features import kernel
from features.kernel.program import Ints


def key_words(keys: pa.Array | pa.ChunkedArray, sources: Ints) -> Ints:
    """The word of each source key; 0 where rows have none.

    Parameters
    ----------
    keys : string[n]
    sources : int64[n]
        Which source each key is of.

    Returns
    -------
    int64[n]
        Ordered by a key's last digits, up to six, where the rest is the same; else by a hash of source and rest.

    Examples
    --------
    >>> first, tenth, other = key_words(pa.array(["order 7-2", "order 7-10", "order 8-1"]), np.array([1, 1, 1]))
    >>> bool(first < tenth), bool(first == key_words(pa.array(["order 7-2"]), np.array([1]))[0])
    (True, True)
    """
    if keys.null_count == len(keys):
        return np.zeros(len(keys), np.int64)
    texts = pc.fill_null(pc.cast(keys, pa.large_string()), "")
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    _, offsets, letters = texts.buffers()
    bounds = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    words = np.empty(len(texts), np.int64)
    held = np.zeros(0, np.uint8) if letters is None else np.frombuffer(letters, np.uint8)
    kernel.load("keys").key_words(np.ascontiguousarray(sources), bounds, held, words)
    return words
