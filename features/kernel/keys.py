"""Keys as words: what two rows that tie on both clocks are ordered by, the same in whatever order they arrived."""

from __future__ import annotations

import numpy as np

from features.kernel.compiled import compiled
from features.kernel.program import Ints

DIGITS = 6  # of a key's end, which count as a number
_START, _PRIME, _MIX = np.uint64(14695981039346656037), np.uint64(1099511628211), np.uint64(11400714819323198485)
_ZERO, _NINE = np.uint8(48), np.uint8(57)


@compiled
def key_words(sources: Ints, offsets: Ints, letters: np.ndarray, words: Ints) -> None:
    """One word for each key: 40 bits of its source and its text before the last digits, then these as a number.

    Keys that differ only in their last digits (the lines of one order, the numbers of rows) keep the order of these
    numbers; others have an order that hangs on nothing but the keys (FNV-1a, mixed once more).

    Parameters
    ----------
    sources : int64[n]
    offsets : int64[n + 1]
        Where each key begins among the letters.
    letters : uint8[]
        UTF-8.
    words : int64[n]
        Filled; none is negative.
    """
    for row in range(len(words)):
        begin, end = offsets[row], offsets[row + 1]
        digits, number = end, np.int64(0)
        while digits > begin and end - digits < DIGITS and _ZERO <= letters[digits - 1] <= _NINE:
            digits -= 1
        for place in range(digits, end):
            number = np.int64(10) * number + np.int64(letters[place] - _ZERO)
        mark = (_START ^ np.uint64(sources[row])) * _PRIME
        for place in range(begin, digits):
            mark = (mark ^ np.uint64(letters[place])) * _PRIME
        mark = (mark ^ (mark >> np.uint64(32))) * _MIX
        words[row] = np.int64(mark >> np.uint64(24)) << 23 | number << 3 | (end - digits)
