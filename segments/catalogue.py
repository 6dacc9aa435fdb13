"""Which segments there are: rule files, the labels of the segmentation model, and what was built before."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from configs import Settings
from crm import Records
from crm.clock import iso
from segments import scored
from segments.definitions import Definition, canonical, find, load, safe_name
from segments.errors import SegmentError, near
from segments.membership import builds
from segments.rule import Comparison, Subject, words

MODEL = "segmentation"
PURPOSE, CHANNEL = "marketing", "email"
_FOREVER = 2**62


@dataclass(frozen=True)
class SegmentInfo:
    """One segment as it is listed.

    Attributes
    ----------
    name, kind, title, purpose, channel : str
    as_of : int or None
        Moment of the last build (µs); None before the first.
    members : int or None
        Members then, before the consent gate.
    problem : str or None
        Why it cannot be built now.
    description, rule : str
        What it is in a sentence, and its rule in words; empty where there is none.
    """

    name: str
    kind: str
    title: str
    purpose: str
    channel: str
    as_of: int | None = None
    members: int | None = None
    problem: str | None = None
    description: str = ""
    rule: str = ""

    def to_json(self) -> dict[str, Any]:
        """The segment as plain values; the moment in ISO."""
        return {**asdict(self), "as_of": None if self.as_of is None else iso(self.as_of)}


class Catalogue:
    """Definitions by name, from files and from scores, and their rows in the records."""

    def __init__(self, settings: Settings, records: Records) -> None:
        self._settings, self._records = settings, records

    def definitions(self) -> tuple[dict[str, Definition], dict[str, str]]:
        """What can be built, and a sentence for each that cannot be read; both by name."""
        good, bad = self._models(), {}
        for name, path in find(self._settings.segments_dirs).items():
            try:
                if name in good:
                    raise _clash(name, path)
                good[name] = load(path)
            except SegmentError as error:
                bad[name] = str(error)
        return good, bad

    def _models(self) -> dict[str, Definition]:
        """One definition per label of the latest segmentation, and per label once built and no longer used."""
        batch = scored.latest(self._records, MODEL, _FOREVER)
        stored = self._records.query("select title from segments where kind = 'model'")["title"].to_pylist()
        labels = sorted({*(batch.bands() if batch else ()), *(item for item in stored if item)})
        return {safe_name(label): _of_label(label) for label in labels}

    def list(self) -> list[SegmentInfo]:
        """Every segment by name, with its last build."""
        good, bad = self.definitions()
        made = builds(self._records)
        rows = {row["name"]: row for row in self._records.arrow("segments").to_pylist()}
        listed = []
        for name in sorted({*good, *bad, *rows}):
            last = made[name][-1] if name in made else None
            when, count = (last.as_of, last.members) if last else (None, None)
            if name in good:
                what = good[name]
                told = {"description": what.description, "rule": words(what.rule)}
                listed.append(SegmentInfo(name, what.kind, what.title, what.purpose, what.channel, when, count, **told))
            elif name in rows:
                row = rows[name]
                problem = bad.get(
                    name, f"the definition of {name!r} is gone; a file {name}.yaml is expected; put it back"
                )
                listed.append(
                    SegmentInfo(name, row["kind"], row["title"], row["purpose"], row["channel"], when, count, problem)
                )
            else:
                listed.append(SegmentInfo(name, "rule", name, "", "", when, count, bad[name]))
        return listed

    def find(self, name: str) -> SegmentInfo:
        """A segment by its name or title.

        Raises
        ------
        SegmentError
            If there is none; the sentence names what is close.
        """
        listed = self.list()
        for item in listed:
            if name == item.name:
                return item
        for item in listed:
            if name.casefold() == item.title.casefold():
                return item
        raise SegmentError(
            f"the segment {name!r} is unknown; a segment's name is expected, "
            f"{near(name, [item.name for item in listed])}; "
            "see `rapport segment list`"
        )

    def store(self, definition: Definition) -> int:
        """Put the definition into the records; its id."""
        row = {
            "name": definition.name,
            "kind": definition.kind,
            "title": definition.title,
            "definition": definition.text,
            "definition_sha256": definition.sha256,
            "purpose": definition.purpose,
            "channel": definition.channel,
        }
        stored = {item["name"]: item for item in self._records.arrow("segments").to_pylist()}
        if {**stored.get(definition.name, {}), **row} != stored.get(definition.name):
            self._records.reference("segments", pa.Table.from_pylist([row]))
        return self.id(definition.name)

    def id(self, name: str) -> int:
        """The id of a segment that has been stored."""
        found = self._records.query("select id from segments where name = :name", {"name": name})
        return int(found["id"][0].as_py())


def _of_label(label: str) -> Definition:
    rule = Comparison(Subject("band", MODEL), "is", (label,))
    text = canonical({"purpose": PURPOSE, "channel": CHANNEL, "where": {"band": MODEL, "is": label}})
    return Definition(safe_name(label), "model", label, PURPOSE, CHANNEL, rule, text)


def _clash(name: str, path: Path) -> SegmentError:
    return SegmentError(
        f"{path} has the name of a segment of the model {MODEL!r}, {name!r}; a name of its own is expected; rename the "
        "file"
    )
