"""What must not be said: data-set names outside mappings and benchmarks, paths of one machine, package index hosts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = [path for path in ROOT.glob("*/__init__.py") if path.parent.name not in ("tests", "benchmarks")]
OURS = {"synthetic"}


def test_no_product_code_names_a_data_set() -> None:
    names = {path.stem for path in (ROOT / "configs" / "sources").glob("*.yaml")} - OURS
    assert names, "no mapping was found"
    pattern = re.compile("|".join(map(re.escape, sorted(names))))
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for package in PRODUCT
        for path in package.parent.rglob("*.py")
        if (match := pattern.search(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-spark.lock"])
def test_a_lock_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|index-url|find-links", text)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)
