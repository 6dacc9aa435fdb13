"""The kernel: pure functions of arrays that sort rows and turn them and moments into columns, in every home.

`load` brings the compiled functions; numba is imported there and then, so that importing features stays cheap.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any


@cache
def load(module: str = "run") -> Any:
    """A module of compiled functions (``run``, ``sorting``), compiled on first use and kept on disk."""
    return importlib.import_module(f"features.kernel.{module}")
