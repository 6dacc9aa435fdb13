"""Features: rapport features list | show VIEW | diff MODEL | explain REF | skew MODEL.

What there is and who uses it; what one feature rests on and how its values are spread; what its declaration says today
beside what a model was trained on; the rows behind a number; served values beside the same computed offline.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime
from typing import Any

from crm import clock
from features.catalogue import flat
from pipelines.feature_sheet import Compared, Sheet, Shown, compare, listed, show
from pipelines.skew import SAMPLE, skew
from pipelines.workspace import Workspace
from rapport.answer import Answer, table
from rapport.moments import moment

ROWS = 50  # printed of the rows behind a number; --json has all
TEXT = 90  # digits of a definition in a table


def arguments(parser: ArgumentParser) -> None:
    """Declare the command's words."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|diff|explain|skew")
    every = actions.add_parser(
        "list", help="every feature, its entity, type, unit, version, and the models that use it"
    )
    every.add_argument("view", metavar="VIEW", nargs="?", help="default: all")
    one = actions.add_parser(
        "show", help="what a view or view:feature rests on, who uses it, how its values are spread"
    )
    one.add_argument("name", metavar="VIEW[:FEATURE]")
    diff = actions.add_parser("diff", help="what the declarations say today beside what a model was trained on")
    diff.add_argument("model", metavar="MODEL")
    diff.add_argument("version", metavar="VERSION", nargs="?", help="default: the one that answers, else the newest")
    explain = actions.add_parser("explain", help="the rows behind a number")
    explain.add_argument("--feature", metavar="VIEW:FEATURE", required=True)
    explain.add_argument("--entity", metavar="NUMBER", nargs="+", required=True, help="of a pair: two numbers")
    explain.add_argument("--as-of", type=moment, help="moment (default: where the sources are complete)")
    served = actions.add_parser("skew", help="a sample of served values beside the same computed offline")
    served.add_argument("model", metavar="MODEL")
    served.add_argument("--rows", type=int, default=SAMPLE, help=f"size of the sample (default: {SAMPLE})")
    served.add_argument("--since", type=moment, help="only answers given since this moment")


def run(arguments: Namespace, workspace: Workspace) -> Answer:
    """Do one of the five."""
    match arguments.action:
        case "list":
            return _list(workspace, arguments.view)
        case "show":
            sheet = show(workspace, arguments.name)
            return Answer(sheet.to_json(), _sheet(sheet))
        case "diff":
            compared = compare(workspace, arguments.model, arguments.version)
            return Answer(compared.to_json(), _compared(compared))
        case "explain":
            return _explain(workspace, arguments)
        case _:
            found = skew(workspace, arguments.model, since=arguments.since, rows=arguments.rows)
            return Answer(found.to_json(), found.lines())


def _list(workspace: Workspace, view: str | None) -> Answer:
    names = sorted(workspace.features.views) if view is None else [view]
    found = listed(workspace, [f"{name}:*" for name in names])
    rows = [
        (
            item.feature.ref,
            item.entity,
            item.feature.dtype,
            item.feature.unit or "–",
            item.version[:8],
            ", ".join(use.words() for use in item.used_by) or "–",
        )
        for item in found
    ]
    lines = table(("feature", "entity", "type", "unit", "version", "used by"), rows)
    return Answer({"features": [item.to_json() for item in found]}, lines)


def _sheet(sheet: Sheet) -> list[str]:
    view = sheet.view
    head = [
        f"{view.name}: {sheet.about}" if sheet.about else view.name,
        f"of a {view.entity.name}, version {view.version}",
    ]
    if sheet.rows:
        head.append(f"Values of {sheet.rows:,} {view.entity.table} as of {sheet.as_of}")
    if len(sheet.features) == 1:
        return [*head, "", *_feature(sheet.features[0])]
    rows = [
        (
            item.listed.feature.ref.partition(":")[2],
            _share(item.statistics.get("null_share")),
            *(item.statistics.get(name) for name in ("mean", "min", "max")),
            _made(item)[:TEXT],
            ", ".join(use.words() for use in item.listed.used_by) or "–",
        )
        for item in sheet.features
    ]
    return [*head, "", *table(("feature", "null", "mean", "min", "max", "made of", "used by"), rows)]


def _made(item: Shown) -> str:
    return item.formula or (item.origins[0].words() if item.origins else "–")


def _share(value: Any) -> str:
    return "–" if value is None else f"{value:.1%}"


def _feature(item: Shown) -> list[str]:
    told = item.listed.feature
    lines = [
        f"{told.ref}: {told.title}",
        f"{told.dtype}{f' in {told.unit}' if told.unit else ''}, {told.null}{', protected' if told.protected else ''}",
        *([f"formula: {item.formula}"] if item.formula else []),
        *(f"from {origin.words()}" for origin in item.origins),
        f"used by: {', '.join(use.words() for use in item.listed.used_by) or 'no registered model'}",
    ]
    shown = {name: value for name, value in item.statistics.items() if value is not None}
    return [*lines, *(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in shown.items())]


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value[:10])) + (" …" if len(value) > 10 else "")
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _compared(found: Compared) -> list[str]:
    who = f"{found.model} version {found.version}"
    if not found.changes:
        return [f"The declarations are those that {who} was trained on."]
    rows = [
        (item.ref, item.change, found.uses(item), item.before[:TEXT] or "–", item.after[:TEXT] or "–")
        for item in found.changes
    ]
    return [f"Since {who} was trained:", *table(("feature", "change", "used", "before", "now"), rows)]


def _explain(workspace: Workspace, arguments: Namespace) -> Answer:
    store, ref = workspace.features, arguments.feature
    store.refresh(progress=workspace.progress)
    refs = store.catalogue.expand([ref])
    default = store.default_as_of(refs)
    at = arguments.as_of if arguments.as_of is not None else default.micros
    note = default.beyond(at)
    key = arguments.entity[0] if len(arguments.entity) == 1 else tuple(arguments.entity)
    behind = store.explain(ref, key, at)
    value = _value(workspace, ref, key, at)
    rows = behind.to_pylist()
    data = {"feature": ref, "entity": key, "as_of": clock.iso(at), "value": value, "note": note, "rows": rows}
    columns = [name for name in behind.column_names if behind.column(name).null_count < max(behind.num_rows, 1)]
    cells = [[_cell(name, row[name]) for name in columns] for row in rows[-ROWS:]]
    left_out = f" (the last {ROWS})" if len(rows) > ROWS else ""
    lines = [
        f"{ref} of {arguments.entity[0]} as of {clock.iso(at)} is {value}",
        *([note] if note else []),
        f"{len(rows):,} rows behind it{left_out}",
    ]
    return Answer(data, [*lines, *(["", *table(columns, cells)] if cells else [])])


def _value(workspace: Workspace, ref: str, key: Any, at: int) -> Any:
    store = workspace.features
    entity = store.catalogue.view(ref).entity
    ids = store.history.keys.ids(entity, store.ids(entity, [key]))
    spine = dict(zip(entity.keys, ids, strict=True)) | {"as_of": [at]}
    value = store.historical_features([ref], spine)[flat(ref)].tolist()[0]
    return None if value != value else value


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.iso(clock.to_micros(value))
    return str(value) if name == "fact" or name.endswith("_id") else value  # a name, not a number
