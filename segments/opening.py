"""The segments of a workspace: listed, built as of a moment, shown and exported through the gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from configs import Settings
from crm import Records
from crm.clock import iso, now, to_micros
from features import FeatureStore
from segments import build as building
from segments import consent, export, scored
from segments import profile as profiles
from segments import search as searching
from segments.build import BuildReport
from segments.catalogue import Catalogue, SegmentInfo
from segments.columns import ENTITY
from segments.consent import ReleasedList
from segments.decisions import Verdict
from segments.errors import SegmentError
from segments.export import ExportReport
from segments.ledger import FEW_IDS, Memberships
from segments.membership import Build, builds
from segments.overlap import Overlap, overlaps
from segments.pages import MembersPage, parse_cursor, write_cursor, wrong_cursor
from segments.profile import Profile
from segments.reach import Mean, Reach
from segments.search import Alike

SHOWN = "segment.members"
MOST = 10_000


class Segments:
    """Segments of customers. Made by `segments.open`.

    Parameters
    ----------
    settings : Settings
    records : Records
    store : FeatureStore
    """

    def __init__(self, settings: Settings, records: Records, store: FeatureStore) -> None:
        self._settings, self._records, self._store = settings, records, store
        self._catalogue = Catalogue(settings, records)
        self._kept: tuple[tuple[int, int], Memberships] | None = None

    def list(self) -> list[SegmentInfo]:
        """Every segment: rule segments from their files, model segments from the latest scores, and those once built.

        A definition that cannot be read is listed with its sentence in ``problem``.
        """
        return self._catalogue.list()

    def build(self, name: str | None = None, as_of: int | datetime | None = None) -> BuildReport:
        """Work out who belongs, and write who entered and who left.

        Parameters
        ----------
        name : str, optional
            One segment by name or title; default all. Of all, those that cannot be built now are skipped, each
            with its sentence; one alone raises it.
        as_of : int (µs) or aware datetime, optional
            Default: the earliest ``complete_until`` of the sources that the rule uses; for model segments the moment of
            the latest batch.

        Raises
        ------
        SegmentError
            If the segment is unknown, or is the only one asked for and cannot be built.
        """
        moment = to_micros(as_of) if isinstance(as_of, datetime) else as_of
        return building.build(self._catalogue, self._records, self._store, name, moment)

    def alike(
        self, name: str, *, top: int | None = None, share: float | None = None, as_of: int | datetime | None = None
    ) -> Alike:
        """Look for the customers outside a segment who are most like its members, tried on hidden members.

        They are compared by all features of customers as of the moment but those on which the segment's own rule
        rests, those that are protected, and those that come with a question.

        Parameters
        ----------
        name : str
        top, share : int, float
            So many, or this share of the others; default a twentieth.
        as_of : int (µs) or aware datetime, optional
            Default: the earliest ``complete_until`` of the sources of the features.

        Raises
        ------
        SegmentError
            If the segment is unknown or has fewer than 50 members, or `top` or `share` cannot be.
        """
        moment = to_micros(as_of) if isinstance(as_of, datetime) else as_of
        return searching.search(self._catalogue, self._records, self._store, name, searching.choice(top, share), moment)

    def save_alike(self, name: str, new: str, *, top: int | None = None, share: float | None = None) -> Path:
        """Keep those most like a segment as a rule segment `new`, which is built with all others; its file.

        Raises
        ------
        SegmentError
            If the segment is unknown, `new` is taken or no name, or the file cannot be written.
        """
        folder = self._settings.segments_dirs[0]
        return searching.save(self._catalogue, folder, name, searching.choice(top, share), new)

    def profile(self, name: str, most: int = profiles.MOST) -> Profile:
        """In what the members of a built segment differ most from all other customers.

        Raises
        ------
        SegmentError
            If the segment is unknown or not built, or has fewer than 20 members.
        """
        info, built = self._built(name)
        definition = self._catalogue.definitions()[0].get(info.name)
        rule = None if definition is None else definition.rule
        members = self._facts(info).at(built.as_of)
        return profiles.profile(self._store, info.name, rule, members, built.as_of, most)

    def overlap(self, *names: str) -> Sequence[Overlap]:
        """How far built segments overlap, each pair; by default of all that were built.

        Raises
        ------
        SegmentError
            If one is unknown or not built, or only one is named.
        """
        if len(set(names)) == 1:
            raise SegmentError(f"only {names[0]!r} is named; two segments or more are expected; name another, or none")
        chosen = [self._built(name)[0] for name in dict.fromkeys(names)] if names else self._catalogue.list()
        held = {item.name: (item.as_of, self._members(item)) for item in chosen if item.as_of is not None}
        latest = max((moment for moment, _ in held.values()), default=0)
        customers = len(self._store.entities_at(ENTITY, latest)) if held else 0
        return overlaps({name: members for name, (_, members) in held.items()}, customers)

    def reach(self, name: str) -> Reach:
        """How many members there are, how many may be contacted now, why the others may not, who came and went.

        Raises
        ------
        SegmentError
            If the segment is unknown or not built.
        """
        info, built = self._built(name)
        members = self._facts(info).at(built.as_of)
        verdict = self._judged(info, members)
        earlier = [item.as_of for item in builds(self._records, info.name)[info.name] if item.as_of < built.as_of]
        return Reach(
            segment=info.name,
            as_of=built.as_of,
            members=len(members),
            allowed=int(verdict.allowed.sum()),
            suppressed=verdict.suppressed(),
            added=built.added,
            removed=built.removed,
            before=max(earlier, default=None),
            means=self._means(members, built.as_of),
        )

    def allowed(self) -> dict[str, int]:
        """How many members of each built segment may be contacted now; each purpose and channel is judged once."""
        held = {item: self._members(item) for item in self._catalogue.list() if item.as_of is not None}
        counts: dict[str, int] = {}
        for purpose, channel in {(item.purpose, item.channel) for item in held}:
            mine = {item: who for item, who in held.items() if (item.purpose, item.channel) == (purpose, channel)}
            everybody = np.unique(np.concatenate(list(mine.values())))
            allowed = self._judged(next(iter(mine)), everybody).allowed
            counts |= {item.name: int(allowed[np.searchsorted(everybody, who)].sum()) for item, who in mine.items()}
        return counts

    def members(self, name: str, cursor: str | None = None, limit: int = 1_000) -> MembersPage:
        """One page of the members who may be contacted, in the order of their ids.

        Parameters
        ----------
        name : str
        cursor : str, optional
            ``next_cursor`` of the page before; pages of one walk show one membership, whatever is built meanwhile.
        limit : int
            People on a page, 1 to 10,000; only the last page has fewer. Those whom the gate leaves out on the way are
            counted by reason.

        Raises
        ------
        SegmentError
            If the segment is unknown or not built, or the cursor or limit cannot be.
        """
        if not 1 <= limit <= MOST:
            raise SegmentError(
                f"the limit is {limit}; a number from 1 to {MOST} is expected; ask for a page of that size"
            )
        info, built = self._built(name)
        as_of, after = parse_cursor(cursor) if cursor else (built.as_of, -1)
        if cursor and as_of not in {item.as_of for item in builds(self._records, info.name)[info.name]}:
            raise wrong_cursor(cursor)
        page = self._page(info, as_of, after, self._looked_at(info, as_of, after, limit))
        self._disclose(SHOWN, page.released, {"rows": page.released.rows.num_rows})
        return page

    def stream(self, name: str, size: int = FEW_IDS) -> Iterator[ReleasedList]:
        """All members who may be contacted, in lists of at most `size`, each judged when it is made.

        Raises
        ------
        SegmentError
            Like `members`, before the first list.
        """
        info, built = self._built(name)
        return self._stream(info, built.as_of, size)

    def stream_csv(self, name: str) -> Iterator[bytes]:
        """The same as CSV in UTF-8, piece by piece: a heading, then the rows with formulas defused."""
        pieces = self.stream(name)
        return _chain(export.csv_bytes([export.COLUMNS]), (export.csv_bytes(export.texts(item)) for item in pieces))

    def export(self, name: str, format: str = "csv", path: Path | None = None) -> ExportReport:  # noqa: A002 - says what it is
        """Write the members who may be contacted to a file with its manifest, and tell the audit log.

        Parameters
        ----------
        name : str
        format : {"csv", "xlsx"}
        path : Path, optional
            Default: ``<segment>_<day>.<format>`` in the settings' ``exports_dir``.

        Raises
        ------
        SegmentError
            If the segment is unknown or not built, the format is unknown, or the file cannot be written.
        """
        if format not in export.FORMATS:
            raise SegmentError(f"the format is {format!r}; one of {', '.join(export.FORMATS)} is expected; name one")
        info, built = self._built(name)
        facts = self._facts(info)
        released = consent.release(self._records, info, *facts.held(built.as_of), built.as_of)
        present, before = set(released.rows["customer_id"].to_pylist()), self._exported(info)
        target = path or self._settings.exports_dir / f"{info.name}_{iso(built.as_of)[:10]}.{format}"
        report = export.write(released, format, target, added=len(present - before), removed=len(before - present))
        try:
            self._disclose(
                export.EXPORTED, released, {"rows": report.rows, "sha256": report.sha256, "path": str(target)}
            )
        except BaseException:
            target.unlink()
            raise
        return report

    def _built(self, name: str) -> tuple[SegmentInfo, Build]:
        info = self._catalogue.find(name)
        made = builds(self._records, info.name).get(info.name)
        if not made:
            raise SegmentError(
                f"the segment {info.name!r} has not been built; a membership is expected; run `rapport segment build "
                f"{info.name}`"
            )
        return info, made[-1]

    def _facts(self, info: SegmentInfo) -> Memberships:
        key = (self._catalogue.id(info.name), self._records.watermark())
        if self._kept is None or self._kept[0] != key:
            self._kept = key, Memberships.read(self._records, *key)
        return self._kept[1]

    def _members(self, info: SegmentInfo) -> NDArray[np.int64]:
        facts = Memberships.read(self._records, self._catalogue.id(info.name), self._records.watermark())
        return facts.at(info.as_of or 0)

    def _judged(self, info: SegmentInfo, customers: NDArray[np.int64]) -> Verdict:
        return consent.gate(self._records, customers, info.purpose, info.channel, now(), self._records.watermark())

    def _means(self, members: NDArray[np.int64], as_of: int) -> dict[str, Mean]:
        found: dict[str, Mean] = {}
        for model in scored.models(self._records):
            batch = scored.latest(self._records, model, as_of)
            if batch is not None:
                scores = batch.score[np.isin(batch.customer_id, members)]
                known = scores[np.isfinite(scores)]
                found |= {model: Mean(float(known.mean()), len(known))} if len(known) else {}
        return found

    def _looked_at(self, info: SegmentInfo, as_of: int, after: int, limit: int) -> int:
        """How many members from `after` on hold `limit` who may be contacted; all of them where no others follow."""
        who = self._facts(info).held(as_of)[0]
        rest = who[np.searchsorted(who, after, side="right") :]
        place, found, end = 0, 0, 0
        while place < len(rest) and found <= limit:
            part = rest[place : place + max(4 * limit, place)]
            allowed = np.flatnonzero(self._judged(info, part).allowed)
            if found < limit <= found + len(allowed):
                end = place + int(allowed[limit - found - 1]) + 1
            place, found = place + len(part), found + len(allowed)
        return end if found > limit else max(len(rest), 1)

    def _page(self, info: SegmentInfo, as_of: int, after: int, limit: int) -> MembersPage:
        who, since = self._facts(info).held(as_of)
        start = int(np.searchsorted(who, after, side="right"))
        end = min(start + limit, len(who))
        released = consent.release(self._records, info, who[start:end], since[start:end], as_of)
        return MembersPage(released, write_cursor(as_of, int(who[end - 1])) if end < len(who) else None, len(who))

    def _stream(self, info: SegmentInfo, as_of: int, size: int) -> Iterator[ReleasedList]:
        after: int | None = -1
        rows, released = 0, None
        try:
            while after is not None:
                page = self._page(info, as_of, after, size)
                after = None if page.next_cursor is None else parse_cursor(page.next_cursor)[1]
                released = page.released
                rows += released.rows.num_rows
                yield released
        finally:
            if released is not None:
                self._disclose(SHOWN, released, {"rows": rows})

    def _exported(self, info: SegmentInfo) -> set[int]:
        """Whom the last export let out: worked out again from what had arrived by then."""
        found = self._records.query(
            "select detail from audit_log where action = :action and subject = :name order by id desc limit 1",
            {"action": export.EXPORTED, "name": info.name},
        )
        if not found.num_rows:
            return set()
        last = _detail(found)
        members = Memberships.read(self._records, self._catalogue.id(info.name), last["upto_seq"]).at(last["as_of"])
        verdict = consent.gate(self._records, members, last["purpose"], last["channel"], last["at"], last["upto_seq"])
        return set(members[verdict.allowed].tolist())

    def _disclose(self, action: str, released: ReleasedList, more: dict[str, Any]) -> None:
        parts = {name: getattr(released, name) for name in ("purpose", "channel", "as_of", "at", "upto_seq")}
        self._records.audit(action, released.segment, {**parts, "suppressed": dict(released.suppressed), **more})


def _detail(found: pa.Table) -> dict[str, Any]:
    import json

    detail: dict[str, Any] = json.loads(found["detail"][0].as_py())
    return detail


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def open(settings: Settings, records: Records, store: FeatureStore) -> Segments:  # noqa: A001 - crm's way
    """The segments of a workspace."""
    return Segments(settings, records, store)
