"""Compilation: machine code once, kept beside the source under the hash of the whole kernel.

Numba alone keeps a function's code until its own file changes; here a function calls those of other files, so the
code is kept in a folder named by the content of all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

_FOLDER = Path(__file__).parent
_DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_FOLDER.glob("*.py")))).hexdigest()[:16]


def compiled(function: F) -> F:
    """Compile `function` on first use, keep the result, and let other threads run beside it."""
    return _compile(function, {})


def inlined(function: F) -> F:
    """Compile `function` into each function that calls it: handing arrays over costs more than a comparison."""
    return _compile(function, {"forceinline": True})


def _compile(function: F, options: dict[str, Any]) -> F:
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(_FOLDER / "__pycache__" / _DIGEST)
    try:
        return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy", **options)(function))
    finally:
        settings.CACHE_DIR = before


def _borrow(_: Any, array: Any) -> tuple[Any, Callable[..., Any]]:
    """The same array without its owner, who keeps it for as long as the caller runs.

    Every function that is handed an owned array counts one more user and one less, each an atomic instruction: in the
    inner loops that cost more than their sums.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        found = context.make_array(signature.args[0])(context, builder, arguments[0])
        found.meminfo = ir.Constant(cgutils.voidptr_t, None)
        return found._getvalue()

    return array(array), generate


borrowed: Any = intrinsic(_borrow)
