"""Compiling the kernel ahead of time, so that the first question does not wait for it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features import kernel
from features.history.ties import key_words
from features.kernel import codes
from features.kernel.program import assemble, memory_for


def warm() -> None:
    """Compile the kernel, or load what was compiled before; run by the installation.

    Examples
    --------
    >>> warm()
    """
    run = kernel.load()
    code = assemble(
        {
            "logs": [[0]],
            "steps": [[codes.TALLY, 0, -1, -1, codes.WHOLE, 0, 1, 0, 1]],
            "windows": [[codes.FOREVER]],
            "outputs": [[0, codes.COUNT, 0, 0, 1]],
        }
    )
    words = np.frombuffer(np.array([0, 1, 1, 4, 0, 0, codes.FOREVER], np.int64).tobytes(), np.int64)
    memory, out, tiles = memory_for(code, 3, 1), np.empty((1, 1)), run.no_tiles(code)
    one, span = np.ones(1, np.int64), np.array([[0, 1]], np.int64)
    run.join_rows(words, words)
    sources = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 2]], np.int64)
    run.build_tiles(words, sources, code, memory, 1)
    run.run_packed(words, one - 1, sources, 1, code, memory, tiles, out, 0)
    columns = np.array([4, 5, 6], np.int64)
    run.run_bucket(words, columns, span, span, one - 1, one, one, code, memory, tiles, out)
    run.run_rows(code, out)
    run.run_starts(words)
    run.pack_rows(words, columns, span, words.copy(), one - 1)
    kernel.load("sorting").sort_rows(one - 1, np.array([0, 1]), one, one, one, one, one - 1, one - 1)
    key_words(pa.array(["a1"]), one)
    no, real = np.zeros(1, bool), np.zeros(1)
    leaf = np.array([[-1, -1]], np.int32)
    walk = kernel.load("trees").walk_trees
    walk(real[None], leaf[0, :1] + 1, real, no, leaf, leaf[0, :1] + 1, real, real.copy())


if __name__ == "__main__":
    warm()
