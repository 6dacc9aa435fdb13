"""Erase one customer from every layer; each erases for itself, and a run that was cut short is taken up again."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm.kept import remove_files
from features.entity import ENTITIES
from pipelines.workspace import Workspace
from scoring.unlogging import erase_answers

PENDING = "erasing.json"
"""In the workspace while an erasure runs, and only then: it names the person."""


@dataclass(frozen=True)
class Receipt:
    """What was erased, by place; it names nobody.

    Attributes
    ----------
    id : str
        By which the audit log tells of it.
    is_found : bool
        Whether the records knew the customer.
    counts : dict of str to dict of str to int
        ``removed`` and ``unlinked`` rows of the records by table, then ``features``, ``predictions``, ``files``.
    """

    id: str
    is_found: bool
    counts: dict[str, dict[str, int]]

    @property
    def total(self) -> int:
        """Everything that was taken out, changed or made anew."""
        return sum(count for place in self.counts.values() for count in place.values())

    def to_json(self) -> dict[str, Any]:
        """What ``erase --json`` prints."""
        return {"receipt": self.id, "found": self.is_found, **self.counts}

    def lines(self) -> list[str]:
        """What ``erase`` prints for people."""
        if not self.is_found and not self.total:
            return ["No customer has this number, and nothing under it was found: nothing was erased."]
        rows = [
            f"  {place}: {', '.join(f'{count:,} {name}' for name, count in counts.items() if count) or 'nothing'}"
            for place, counts in self.counts.items()
        ]
        return [
            f"Erased; receipt {self.id} is in the audit log. There is no way back.",
            *rows,
            "A source that still tells of this customer brings them back with its next import: erase them there too.",
        ]


def erase(workspace: Workspace, customer_no: str) -> Receipt:
    """Take one customer out of records, features, predictions and kept files, for good.

    Whoever runs it again after it was killed finishes it; an unfinished erasure of somebody else is finished first.

    Parameters
    ----------
    customer_no : str
        A present or former number.

    Raises
    ------
    RapportError
        If a part does not answer; run it again then.
    """
    path = workspace.settings.home / PENDING
    pending = _read(path)
    if pending is not None and pending["customer_no"] != customer_no:
        _run(workspace, path, pending)
        pending = None
    return _run(workspace, path, pending or _plan(workspace, customer_no))


def _plan(workspace: Workspace, customer_no: str) -> dict[str, Any]:
    told = workspace.records.erase(customer_no, is_trial=True)
    return {
        "id": uuid.uuid4().hex,
        "customer_no": customer_no,
        "is_found": told.is_found,
        "ids": told.ids,
        "texts": sorted({customer_no, *told.texts}),
        "counts": {"removed": told.removed, "unlinked": told.unlinked},
        "done": [],
    }


def _run(workspace: Workspace, path: Path, pending: dict[str, Any]) -> Receipt:
    _write(path, pending)
    for place, act in _steps(workspace, pending):
        if place not in pending["done"]:
            workspace.progress(f"erasing: {place}", 0, 0)
            pending["counts"] |= act()
            pending["done"].append(place)
            _write(path, pending)
    path.unlink()
    return Receipt(pending["id"], pending["is_found"], pending["counts"])


def _steps(workspace: Workspace, pending: dict[str, Any]) -> list[tuple[str, Callable[[], dict[str, dict[str, int]]]]]:
    settings, ids, texts = workspace.settings, pending["ids"], pending["texts"]
    by_kind = {kind.name: set(ids[kind.table]) for kind in ENTITIES.values() if kind.table in ids}
    folders = [settings.rejects_dir]  # whom the records never held, only rejected rows can name
    if pending["is_found"]:
        folders += [settings.exports_dir, settings.reports_dir, settings.home / "demo"]

    def records() -> dict[str, dict[str, int]]:
        workspace.records.erase(pending["customer_no"])
        return {}

    def features() -> dict[str, dict[str, int]]:
        touched = {*pending["counts"]["removed"], *pending["counts"]["unlinked"]}
        return {"features": workspace.features.erase(ids, touched) if touched else {}}

    def predictions() -> dict[str, dict[str, int]]:
        return {"predictions": {"answers": erase_answers(settings.predictions_dir, by_kind, texts)}}

    def files() -> dict[str, dict[str, int]]:
        return {"files": remove_files(folders, texts)}

    def audit() -> dict[str, dict[str, int]]:
        workspace.records.audit("erase", pending["id"], {"found": pending["is_found"], **pending["counts"]})
        return {}

    return [
        ("records", records),
        ("features", features),
        ("predictions", predictions),
        ("files", files),
        ("audit", audit),
    ]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def _write(path: Path, pending: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(pending, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
