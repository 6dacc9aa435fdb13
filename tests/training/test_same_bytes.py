"""The final fit gives the same bytes from the same rows: again, and with another number of threads."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.planted import inputs_of, rows_of
from training.rungs import Fitted, fit_lightgbm, fit_logistic

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MANY = 21_000  # rows from which on trees are taught by more than one thread
FINGERPRINT = f"""
from tests.training.planted import rows_of
from tests.training.test_same_bytes import fingerprint
from training.boosting import threads_for
from training.rungs import fit_lightgbm, fit_logistic
print(threads_for({MANY}), *(fingerprint(fit, {MANY}) for fit in (fit_lightgbm, fit_logistic)))
"""


def fingerprint(fit: Callable[..., Fitted], count: int, seed: int = 3) -> str:
    """Hash of everything that a fit writes into an artefact."""
    rows = rows_of(count)
    fitted = fit(rows, inputs_of(rows), seed=seed)
    told = json.dumps([dict(fitted.files), fitted.preparation.export()], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


@pytest.mark.parametrize("fit", [fit_lightgbm, fit_logistic])
def test_twenty_fits_of_twenty_are_the_same_bytes(fit: Callable[..., Fitted]) -> None:
    assert len({fingerprint(fit, 1_500) for _ in range(20)}) == 1
    assert fingerprint(fit, 1_501) != fingerprint(fit, 1_500)


def test_threads_change_no_byte() -> None:
    told = []
    for threads in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", FINGERPRINT],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(done.stdout.split())
    assert [found[0] for found in told] == ["1", "2"], "it is two threads that are compared with one"
    assert told[0][1:] == told[1][1:]
