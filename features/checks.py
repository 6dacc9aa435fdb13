"""The contract suite of views: every view goes through every check of `VIEW_CHECKS`; see `features.online.checks`.

A new view brings its tests with it: a test walks what there is and calls `check` on each pair.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd

from crm import AttributeInfo
from crm.clock import DAY
from features.declare.log import Log
from features.declare.request import Request
from features.declare.view import FeatureView
from features.entity import Entity
from features.inline import InlineRecords, open_inline
from features.store import FeatureStore

ENTITIES = 6
SPAN = 400 * DAY
TEXTS = ("sale", "return", "sent", "opened", "web", "app", "gold")

ViewCheck = Callable[[FeatureView], None]


def rows_for(view: FeatureView, seed: int, facts: int = 80) -> dict[str, list[dict[str, Any]]]:
    """Random rows of every table that a view reads, and the heads of its entity: late, corrected, deleted, sparse."""
    draw = random.Random(seed)  # noqa: S311 - made-up rows
    tables = {f"{head.table}_versions": _heads(head) for head in view.entity.heads}
    for log in view.logs:
        rows = tables.setdefault(str(log.table.name), [])
        begin = max((int(row["id"]) for row in rows), default=0)
        for number in range(begin + 1, begin + facts + 1):
            occurred = draw.randrange(0, SPAN)
            row = {"id": number, **_row(log, draw), "occurred_at": occurred, "known_at": occurred}
            row["known_at"] += draw.choice([0, 0, draw.randrange(9 * DAY)])
            rows.append(row)
            if draw.random() < 0.2:
                rows.append(row | _row(log, draw) | {"known_at": row["known_at"] + draw.randrange(1, 20 * DAY)})
            if draw.random() < 0.1:
                rows.append(row | {"op": "retract", "known_at": row["known_at"] + 30 * DAY})
    return tables


def _heads(head: Entity) -> list[dict[str, Any]]:
    return [{"id": i, head.number: f"N{i}", "occurred_at": -1, "known_at": -1} for i in range(1, ENTITIES + 1)]


def _row(log: Log, draw: random.Random) -> dict[str, Any]:
    free = {name: column for name, column in log.columns.items() if not name.endswith("_no")}  # numbers are unique
    row = {name: _value(column.kind, draw) for name, column in free.items() if draw.random() < 0.9}
    if log.key != "id":
        row |= {key: draw.randrange(1, ENTITIES + 1) for key in log.keys}
    if "definition_id" in log.columns:
        row["definition_id"] = draw.randrange(1, 4)
    return row


def _value(kind: str, draw: random.Random) -> Any:
    match kind:
        case "text":
            return draw.choice(TEXTS)
        case "float" | "money":
            return round(draw.uniform(-50, 500), 2)
        case "flag":
            return draw.random() < 0.5
        case "moment":
            return draw.randrange(0, SPAN)
        case "day":
            return None
    return draw.randrange(1, 9)


@contextlib.contextmanager
def opened(view: FeatureView, rows: dict[str, list[dict[str, Any]]]) -> Iterator[FeatureStore]:
    """A store with one view, called ``view``, over rows given inline."""
    kinds = ("int", "text", "decimal")
    known = [
        AttributeInfo(i + 1, f"made_{kind}", None, kind, None, "business", "always", None)
        for i, kind in enumerate(kinds)
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = open_inline(
            {"view": view}, InlineRecords(rows, attributes={view.entity.name: known}), Path(folder), compact_rows=50
        )
        try:
            store.refresh()
            yield store
        finally:
            store.close()


def spine_for(view: FeatureView, seed: int, rows: int = 60) -> pd.DataFrame:
    """Random ``(entity, as_of)`` rows, some of an unknown entity, some twice."""
    draw = random.Random(seed)  # noqa: S311 - made-up rows
    ids = {key: [draw.randrange(1, ENTITIES + 3) for _ in range(rows)] for key in view.entity.keys}
    moments = [draw.randrange(-DAY, SPAN + 100 * DAY) for _ in range(rows)]
    inputs = {name: [draw.choice([0, 1.5, 2**40, None]) for _ in range(rows)] for name in inputs_of(view)}
    frame = pd.DataFrame({**ids, "as_of": moments, **inputs})
    return pd.concat([frame, frame.head(5)], ignore_index=True)


def inputs_of(view: FeatureView) -> list[str]:
    """The inputs that a view asks for."""
    return list(dict.fromkeys(x.definition.name for x in view.fields.values() if isinstance(x.definition, Request)))


def _expect(holds: object, sentence: str) -> None:
    if not holds:
        raise AssertionError(sentence)


def same_bits(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Two frames hold the same rows and columns in the same order, and every value to the last bit.

    Parameters
    ----------
    found, wanted : pandas.DataFrame

    Raises
    ------
    AssertionError
        One sentence that names the first column and row that differ.

    Examples
    --------
    >>> same_bits(pd.DataFrame({"a": [0.0]}), pd.DataFrame({"a": [-0.0]}))
    Traceback (most recent call last):
        ...
    AssertionError: a is 0.0 in row 0; -0.0 is expected
    """
    columns, expected = list(found.columns), list(wanted.columns)
    _expect(columns == expected, f"the columns are {columns}; {expected} are expected")
    _expect(found.index.equals(wanted.index), f"the rows are {found.index}; {wanted.index} are expected")
    for name in columns:
        left, right = found[name].to_numpy(), wanted[name].to_numpy()
        _expect(left.dtype == right.dtype, f"{name} holds {left.dtype}; {right.dtype} is expected")
        if not same_words(left, right):
            place = next(i for i in range(len(left)) if not same_words(left[i : i + 1], right[i : i + 1]))
            one, other = left.tolist()[place], right.tolist()[place]
            raise AssertionError(f"{name} is {one!r} in row {place}; {other!r} is expected")


def same_words(found: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> bool:
    """Whether two columns hold the same values to the last bit; texts and their nulls are compared as they are."""
    if found.dtype == object:
        return [(type(value), value) for value in found] == [(type(value), value) for value in wanted]
    return found.dtype == wanted.dtype and found.tobytes() == wanted.tobytes()


def check_features_are_named_and_described(view: FeatureView) -> None:
    """Names are lower case with underscores, titles say the window, protected ones are marked."""
    for name, item in view.fields.items():
        _expect(re.fullmatch(r"[a-z][a-z0-9_]*", name), f"{name} is not a plain name")
        _expect(item.title and "_" not in item.title, f"{name} has no title in words ({item.title!r})")


def check_its_version_is_its_content(view: FeatureView) -> None:
    """The same declaration has the same version, another a different one."""
    _expect(view.named("other").version == view.version, "the version depends on the name")
    if view.fields:
        _expect(view.without(next(iter(view.fields))).version != view.version, "the version misses a feature")


def check_rows_keep_their_number_and_order(view: FeatureView) -> None:
    """One answer for each spine row, in its order, duplicates included."""
    spine = spine_for(view, 1)
    with opened(view, rows_for(view, 1)) as store:
        frame = store.historical_features(["view:*"], spine)
    same_bits(frame[list(spine.columns)], spine)
    same_bits(frame.tail(5).reset_index(drop=True), frame.head(5))


def check_without_rows_the_answer_is_zero_or_null(view: FeatureView) -> None:
    """An entity without history has what the declaration says."""
    with opened(view, {}) as store:
        frame = store.historical_features(["view:*"], spine_for(view, 2, 3))
        for name, item in store.views["view"].fields.items():
            column = frame[f"view__{name}"]
            if item.null.startswith("0"):
                _expect((column == 0).all(), f"{name} is not 0 without rows")
            elif item.is_category:
                _expect(column.isna().all(), f"{name} is not null without rows")


def check_later_rows_change_nothing(view: FeatureView) -> None:
    """What happens, or becomes known, at or after the moment is not seen."""
    rows, spine = rows_for(view, 3), spine_for(view, 3)
    spine["as_of"] = spine["as_of"].clip(upper=SPAN // 2)
    early = {
        table: [row for row in items if row["known_at"] < SPAN // 2 and row["occurred_at"] < SPAN // 2]
        for table, items in rows.items()
    }
    with opened(view, rows) as store:
        whole = store.historical_features(["view:*"], spine)
    with opened(view, early) as store:
        same_bits(store.historical_features(["view:*"], spine), whole)


def check_other_entities_change_nothing(view: FeatureView) -> None:
    """An entity's values come from its own rows."""
    rows, spine = rows_for(view, 4), spine_for(view, 4)
    own_key = view.entity.keys[0]
    spine = spine[spine[own_key] == 1].reset_index(drop=True)
    keys = {str(log.table.name): log.keys[0] for log in view.logs}
    heads = {f"{head.table}_versions" for head in view.entity.heads}
    own = {
        table: [row for row in items if _ever(row, items, keys.get(table, "id")) or table in heads]
        for table, items in rows.items()
    }
    with opened(view, rows) as store:
        whole = store.historical_features(["view:*"], spine)
    with opened(view, own) as store:
        same_bits(store.historical_features(["view:*"], spine), whole)


def _ever(row: dict[str, Any], rows: list[dict[str, Any]], key: str) -> bool:
    return any(other["id"] == row["id"] and other.get(key) == 1 for other in rows)


def check_online_equals_offline(view: FeatureView) -> None:
    """The online answer is the offline one, bit for bit."""
    everybody = list(itertools.product(range(1, ENTITIES + 1), repeat=len(view.entity.keys)))
    keys = [[f"N{i}" for i in ids] if view.entity.parts else f"N{ids[0]}" for ids in everybody]
    with opened(view, rows_for(view, 5)) as store:
        store.materialize(view.entity)
        for moment in (0, SPAN // 3, SPAN - 1, SPAN + 50 * DAY):
            inputs = {name: [moment % 997 / (place + 1) for place in range(len(keys))] for name in inputs_of(view)}
            answer = store.online_features(["view:*"], keys, moment, inputs=inputs)
            spine = pd.DataFrame(everybody, columns=list(view.entity.keys)).assign(as_of=moment, **inputs)
            offline = store.historical_features(["view:*"], spine)
            for ref, found in answer.values.items():
                wanted = offline[ref.replace(":", "__")].to_numpy()
                _expect(same_words(found, wanted), f"{ref} is {found} online and {wanted} offline as of {moment}")


VIEW_CHECKS: tuple[ViewCheck, ...] = (
    check_features_are_named_and_described,
    check_its_version_is_its_content,
    check_rows_keep_their_number_and_order,
    check_without_rows_the_answer_is_zero_or_null,
    check_later_rows_change_nothing,
    check_other_entities_change_nothing,
    check_online_equals_offline,
)
