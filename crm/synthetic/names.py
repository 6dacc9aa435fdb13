"""Names that nobody bears, put together from syllables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ONSETS = ("Bl", "Zor", "Qui", "Vex", "Mup", "Tra", "Plo", "Fnar", "Gli", "Wub", "Kres", "Hjo", "Drim", "Spa", "Yel")
MIDDLES = ("a", "ibi", "olo", "umi", "eka", "ando", "irr", "ossa", "uvi", "eph")
ENDS = ("x", "nim", "dra", "lop", "tek", "wyn", "zu", "mer", "quist", "bo", "rell", "vath")
FIRMS = ("Works", "Supplies", "Trading", "Studio", "Collective", "Stores")


def words(random: np.random.Generator, count: int) -> NDArray[np.object_]:
    """Invented words with a capital, 1,800 different ones.

    Examples
    --------
    >>> words(np.random.default_rng(1), 2).tolist()
    ['Fnaravath', 'Fnarirrbo']
    """
    every = np.array([a + b + c for a in ONSETS for b in MIDDLES for c in ENDS], dtype=object)
    picked: NDArray[np.object_] = every[random.integers(0, len(every), count)]
    return picked


def firms(random: np.random.Generator, count: int) -> NDArray[np.object_]:
    """Invented names of firms.

    Examples
    --------
    >>> firms(np.random.default_rng(1), 1).tolist()
    ['Fnarirrbo Trading']
    """
    kinds = np.array(FIRMS, dtype=object)[random.integers(0, len(FIRMS), count)]
    named: NDArray[np.object_] = words(random, count) + np.array(" ", dtype=object) + kinds
    return named


def addresses(names: NDArray[np.object_], numbers: NDArray[np.int64]) -> NDArray[np.object_]:
    """Mail addresses under a domain that is reserved for examples.

    Examples
    --------
    >>> addresses(np.array(["Zoribix"], dtype=object), np.array([4])).tolist()
    ['zoribix.4@mail.example']
    """
    pairs = zip(names, numbers, strict=True)
    return np.array([f"{name.lower()}.{number}@mail.example" for name, number in pairs], dtype=object)
