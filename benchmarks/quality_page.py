"""What was measured on real data as one page: every target beside its figure, and the pictures of every study."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from benchmarks.studies import STUDIES, Answer, Study, spread
from crm import clock
from reports import render

PAGE = "index.html"
STYLE = Path(render.__file__).parent / "templates" / "report.css"


@dataclass(frozen=True)
class Kept:
    """One study as it was measured last.

    Attributes
    ----------
    study : Study
    answer : mapping
        Of ``train --json``, or a backtest's in that form.
    pictures : mapping of str to bytes
        SVG by name.
    at : int
        When (µs).
    """

    study: Study
    answer: Answer
    pictures: Mapping[str, bytes]
    at: int


def keep(folder: Path, study: Study, answer: Answer, pictures: Sequence[Path]) -> None:
    """Keep a study's answer and pictures in ``<folder>/<data>/<task>/`` in place of those before."""
    target = folder / study.data / study.task
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in pictures:
        shutil.copyfile(path, target / path.name)
    text = json.dumps({"at": clock.now(), "answer": answer}, ensure_ascii=False, indent=1)
    (target / "answer.json").write_text(text, encoding="utf-8")


def kept(folder: Path) -> list[Kept]:
    """Every study that is kept in a folder, in the order of the studies."""
    found = []
    for study in STUDIES:
        path = folder / study.data / study.task / "answer.json"
        if path.exists():
            told = json.loads(path.read_text(encoding="utf-8"))
            pictures = {item.stem: item.read_bytes() for item in sorted(path.parent.glob("*.svg"))}
            found.append(Kept(study, told["answer"], pictures, int(told["at"])))
    return found


def page(measured: Sequence[Kept]) -> str:
    """The whole page; no script, nothing from elsewhere: the pictures lie inside it."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(inside=_inside, spread=spread, words=_words, short=clock.short)
    verdicts = [(item, item.study.verdicts(item.answer)) for item in measured]
    style = Markup(STYLE.read_text(encoding="utf-8"))  # noqa: S704 - our own file
    reached = [verdict.is_reached for _, found in verdicts for verdict in found]
    template = environment.get_template("quality.html")
    return template.render(measured=verdicts, reached=sum(reached), targets=len(reached), style=style)


def write_page(folder: Path) -> Path:
    """Draw the page of everything that is kept in a folder; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PAGE
    path.write_text(page(kept(folder)), encoding="utf-8")
    return path


def _inside(picture: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(picture).decode()}"


def _words(name: Any) -> str:
    return str(name).replace("_", " ")
