"""Importing features is cheap; compiling the kernel ahead of time works and is kept."""

from __future__ import annotations

import subprocess
import sys

import pytest

import features

HEAVY = ("pandas", "numba", "sqlalchemy", "pyarrow")


def test_importing_the_package_brings_nothing_slow() -> None:
    program = f"import sys, features; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    assert all(getattr(features, name) is not None for name in features.__all__)
    with pytest.raises(AttributeError, match="module 'features' has no attribute 'nonsense'"):
        features.nonsense  # noqa: B018 - the mistake


def test_the_kernel_can_be_compiled_ahead_of_time() -> None:
    subprocess.run([sys.executable, "-m", "features.warm"], check=True)
