"""Content hashes: of columns whatever their order, and of plain JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


def columns_sha256(columns: Mapping[str, npt.NDArray[Any]]) -> str:
    """Hash of named columns: names, kinds, lengths and every value.

    Examples
    --------
    >>> one = {"a": np.array([1.0]), "b": np.array(["x", None], object)}
    >>> columns_sha256(one) == columns_sha256(dict(reversed(one.items())))
    True
    """
    total = hashlib.sha256()
    for name in sorted(columns):
        values = columns[name]
        total.update(f"{name}:{values.dtype.kind}:{len(values)}\n".encode())
        if values.dtype == object:
            total.update("\0".join("\1" if value is None else str(value) for value in values).encode())
        else:
            total.update(np.ascontiguousarray(values).tobytes())
    return total.hexdigest()


def json_sha256(value: Mapping[str, Any]) -> str:
    """Hash of plain JSON, whatever the order of its keys.

    Examples
    --------
    >>> json_sha256({"a": 1, "b": 2}) == json_sha256({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
