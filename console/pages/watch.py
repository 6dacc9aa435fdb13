"""What moved: the latest watch of every model."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from console.blocks import Alarm, Cell, Empty, Facts, Heading, Link, Part, View, to
from console.desk import Desk
from console.page import Asked, Page
from crm.clock import parse, short
from reports import Chart, Series, Text

SCORE = "score"
EXPLAINED = (
    "An input or a score is told as moved when chance is an unlikely explanation (in at most {chance:.0%} of watches "
    "anything is told although nothing moved) and the change is large enough to matter: the stability index (PSI, "
    "which compares the shares of values with those at training) is 0.05 or more, or a share of unknown or new values "
    "changed by a hundredth or more. From 0.1 or five hundredths on it is medium, from 0.25 or a fifth on high."
)
STATES = {
    "stable": "did not move",
    "drifted": "moved",
    "insufficient": "cannot be judged: too few rows",
}


def view(desk: Desk, _asked: Asked) -> View:
    """How alarms come about, then each model: what was compared, its score, and what moved, worst first."""
    found = desk.watches()
    if not found:
        return View("Watch", [Empty("No model has been watched yet.", "rapport watch")])
    chance = max(float(watch.get("false_alarm", 0.05)) for watch in found)
    parts: list[Part] = [Text(EXPLAINED.format(chance=chance))]
    return View("Watch", [*parts, *(part for watch in found for part in _watch(desk, watch))])


def _watch(desk: Desk, watch: Mapping[str, Any]) -> list[Part]:
    model = str(watch["model"])
    parts: list[Part] = [Heading(f"{desk.title(model)}, version {watch['version']}"), _facts(watch)]
    alarms = _alarms(watch)
    if not alarms and watch["columns"]:
        parts.append(Text("No alarms."))
    return [*parts, *alarms]


def _facts(watch: Mapping[str, Any]) -> Facts:
    window = watch["window"]
    told: list[tuple[str, Cell]] = [
        ("Now", f"{window['rows']:,} rows as of {_moment(window['as_of'])}"),
        ("Compared with", f"{window['reference_rows']:,} rows as of {_moment(window['reference_as_of'])}"),
        ("Inputs", _inputs(watch)),
        ("Score", _score(watch.get(SCORE))),
    ]
    if watch.get("catalogue"):
        found = watch["catalogue"]
        told.append((
            "Recommended", f"{found['named']:,} of {found['products']:,} products; {found['most_named']} took "
            f"{found['most_named_share']:.1%} of the places",
        ))  # fmt: skip
    told += [(f"Age of {item['what']}", _age(item)) for item in watch.get("freshness", ())]
    told.append(("Watched", _moment(watch.get("at"))))
    if watch.get("drawn"):
        told.append(("Every input", Link("Evidently's page (needs script)", to("/watch", watch["drawn"]))))
    return Facts("What was compared", told)


def _inputs(watch: Mapping[str, Any]) -> str:
    states = [column["status"] for column in watch["columns"].values()]
    if not states:
        return "nothing is watched: this model has no inputs of its own"
    short_of = states.count("insufficient")
    return f"{states.count('drifted')} of {len(states)} moved" + (f", {short_of} cannot be judged" if short_of else "")


def _score(column: Mapping[str, Any] | None) -> str:
    if column is None:
        return "nothing is watched: no scores were given"
    state, distance = STATES[column["status"]], column.get("distribution")
    means = f", mean {column['reference_mean']:.3g} then, {column['mean']:.3g} now" if "mean" in column else ""
    return f"{state}{means}" + (f" (PSI {distance['value']:.3f})" if distance else "")


def _age(item: Mapping[str, Any]) -> str:
    return "never renewed" if item["days"] is None else f"{item['days']:g} days; {item['limit_days']:g} are allowed"


def _alarms(watch: Mapping[str, Any]) -> list[Alarm]:
    """One for each subject, worst first; what was found on it and what to do about it once each."""
    titles, columns = watch.get("titles", {}), {**watch["columns"], SCORE: watch.get(SCORE)}
    order = {item["subject"]: place for place, item in reversed(list(enumerate(watch["alerts"])))}
    alerts = sorted(watch["alerts"], key=lambda item: order[item["subject"]])
    alarms = []
    for subject, group in groupby(alerts, lambda item: str(item["subject"])):
        mine = list(group)
        title = str(titles.get(subject, subject))
        alarms.append(Alarm(
            title[:1].upper() + title[1:], str(mine[0]["severity"]), [_sentence(item["text"]) for item in mine],
            list(dict.fromkeys(str(item["action"]) for item in mine)), _chart(title, columns.get(subject)),
        ))  # fmt: skip
    return alarms


def _chart(title: str, column: Mapping[str, Any] | None) -> Chart | None:
    """The shares of the reference's bins, then and now."""
    if not column or "bins" not in column:
        return None
    names = {"null": "unknown", "unseen": "new values"}
    kept = [
        place for place in range(len(column["bins"])) if column["reference_shares"][place] or column["shares"][place]
    ]
    return Chart(
        kind="across",
        title=f"Shares of the rows: {title}",
        x=[names.get(column["bins"][place], str(column["bins"][place])) for place in kept],
        format="percent",
        series=[
            Series(name="at training", values=[column["reference_shares"][place] for place in kept]),
            Series(name="now", values=[column["shares"][place] for place in kept]),
        ],
    )


def _moment(text: str | None) -> str:
    return "not told" if text is None else short(parse(text))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


page = Page("/watch", view, "Watch", 4)
