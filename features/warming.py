"""Compiling the kernel ahead of time, so that the first question does not wait for it."""

from __future__ import annotations

import numpy as np

from features import kernel
from features.kernel import codes
from features.kernel.program import Program, scratch_for, table
from features.plan import empty


def warm() -> None:
    """Compile the kernel, or load what was compiled before; run by the installation.

    Examples
    --------
    >>> warm()
    """
    run = kernel.load()
    program = Program(
        np.zeros(1, np.int64), table([], 3), table([], 5), np.zeros(0, np.int64),
        table([[codes.TALLY, 0, -1, -1, codes.WHOLE, 0, 1, 0, 1]], 9), np.array([codes.FOREVER]),
        table([[0, codes.COUNT, 0, 0, 1]], 5),
    )
    words = np.array([0, 1, 1, 4, 0, 0, codes.FOREVER], np.int64)
    scratch, (out, out_ints) = scratch_for(program, 3, 1), empty(1, 1)
    one, span = np.ones(1, np.int64), np.array([[0, 1]], np.int64)
    places = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 2]], np.int64)
    run.run_packed(words, words.view(np.float64), one - 1, places, program, scratch, 1, out, out_ints)
    columns = np.array([4, 5, 6], np.int64)
    run.run_bucket(
        words, words.view(np.float64), columns, span, span, one - 1, one, one, program, scratch, out, out_ints
    )
    run.pack_rows(words, columns, span, words.copy(), one - 1)


if __name__ == "__main__":
    warm()
