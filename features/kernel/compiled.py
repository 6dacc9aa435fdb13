"""Compilation: machine code once, kept beside the source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile `function` on first use, keep the result, and let other threads run beside it."""
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
