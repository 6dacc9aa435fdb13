"""The `implicit` package beside our recommenders, run by an interpreter of its own.

Reads every .npz of a folder (who bought what, and whose items are to be completed), fits with the settings that are
asked for, and leaves the scores of all items in an .npy beside it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from implicit.als import AlternatingLeastSquares  # type: ignore[import-not-found]  # in its own environment


def matrix(held: Any, name: str) -> Any:
    """A sparse matrix from its rows, columns and shape."""
    rows, columns = held[f"{name}_row"], held[f"{name}_column"]
    return scipy.sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=held[f"{name}_shape"])


def als(bought: Any, asked: Any, setting: dict[str, Any]) -> Any:
    """Scores by factors; the customers asked about are solved against the items."""
    model = AlternatingLeastSquares(
        factors=setting["factors"],
        regularization=setting["regularization"],
        alpha=setting["alpha"],
        iterations=setting["iterations"],
        random_state=1,
        num_threads=1,
        use_gpu=False,
    )
    model.fit(bought, show_progress=False)
    customers = model.recalculate_user(np.arange(asked.shape[0]), asked)
    return customers @ model.item_factors.T


if __name__ == "__main__":
    folder, setting = Path(sys.argv[1]), json.loads(sys.argv[2])
    for source in sorted(folder.glob("*.npz")):
        held = np.load(source)
        np.save(source.with_suffix(".npy"), als(matrix(held, "bought"), matrix(held, "asked"), setting))
