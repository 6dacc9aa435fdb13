"""What a model was made from, as hashes."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("features", "scoring", "training")  # whose code decides what a model becomes


@cache
def code_sha256() -> str:
    """Hash of every Python file of the packages that make a model.

    Examples
    --------
    >>> len(code_sha256())
    64
    """
    total = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            total.update(f"{path.relative_to(ROOT).as_posix()}\n".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def commit() -> str | None:
    """The commit that is checked out, or None outside a repository."""
    head = ROOT / ".git" / "HEAD"
    if not head.is_file():
        return None
    text = head.read_text(encoding="utf-8").strip()
    if not text.startswith("ref: "):
        return text
    ref = ROOT / ".git" / text.removeprefix("ref: ")
    return ref.read_text(encoding="utf-8").strip() if ref.is_file() else None
