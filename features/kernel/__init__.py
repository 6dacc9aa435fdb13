"""The kernel: pure functions of arrays that turn sorted rows and moments into columns, in every home.

`load` brings the compiled functions; numba is imported there and then, so that importing features stays cheap.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

_COMPILED = "features.kernel.run"


@cache
def load() -> Any:
    """The module `features.kernel.run`, compiled on first use and kept on disk."""
    return importlib.import_module(_COMPILED)
