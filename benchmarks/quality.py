"""The models on real data, by their own protocol: `python -m benchmarks.quality` appends to quality.jsonl.

Figures stand beside targets in the printed table; answers and pictures are kept in the workspace's reports, with a
page of all that was measured there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.quality_page import keep, write_page
from benchmarks.studies import STUDIES, Answer, Study, spread

DATA = Path(__file__).parents[2] / "shared" / "data"
RESULTS = Path(__file__).parent / "quality.jsonl"
METRICS = (
    "auc", "average_precision", "ece_excess", "brier", "lift_10", "ndcg_10", "recall_20", "ndcg_10_new", "gain",
    "gain_source", "earned", "earned_gain",
)  # fmt: skip
HEAD = f"{'data':<22}{'task':<16}{'figure':<13}{'measured':<28}{'target':<24}{'naive rule':<12}verdict"


def rapport(*words: str) -> Any:
    """One call of the command with ``--json``; its answer.

    Raises
    ------
    RuntimeError
        With the command's own sentence, if it refuses.
    """
    done = subprocess.run(
        [sys.executable, "-m", "rapport.main", *words, "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def measure(study: Study, home: str) -> tuple[dict[str, Any], list[Path]]:
    """The answer of the study's command in a workspace that holds this data only, and the pictures it drew."""
    answer = rapport(study.command, study.model, *study.options, "--home", home)
    if study.command == "backtest":
        return as_figures(answer), [Path(answer["picture"])]
    return answer, sorted(Path(home, "artefacts", study.model).rglob("pictures/*.svg"))


def as_figures(answer: Answer) -> dict[str, Any]:
    """A backtest's answer in the form of a training's: what was earned in all, beside the naive rule's list."""
    total = answer["total"]
    return {
        "protocol": "time",
        "metrics": {"earned": total["earned"], "earned_gain": total["gain"]},
        "naive": {"rule": "an equally long list by the naive rule", "earned": total["naive"]["value"]},
        "grade": None,
        "grade_reasons": [],
        "cutoffs": answer["cutoffs"],
    }


def rows(study: Study, answer: Answer) -> Iterator[dict[str, Any]]:
    """One row of ``quality.jsonl`` for each metric."""
    for name in METRICS:
        if name in answer["metrics"]:
            yield {
                "data": study.data,
                "task": study.task,
                "protocol": answer["protocol"],
                "metric": name,
                **answer["metrics"][name],
                "naive": answer["naive"].get(name),
                "grade": answer["grade"],
            }


def lines(study: Study, answer: Answer) -> list[str]:
    """The study's part of the printed table: a line for each target, and below it the sentence it rests on."""
    told = []
    for place, item in enumerate(study.verdicts(answer)):
        names = (study.data, study.task) if not place else ("", "")
        told.append(
            f"{names[0]:<22}{names[1]:<16}{item.metric:<13}{item.figure:<28}{item.target:<24}{item.naive:<12}{item.word}"
        )
        told += [f"    {item.why}"] if item.why else []
    for cutoff in answer.get("cutoffs", ()):
        told.append(f"    {cutoff['as_of'][:10]}: {replay(cutoff)}")
    return told


def replay(cutoff: Mapping[str, Any]) -> str:
    """One cutoff of a backtest in words."""
    earned, naive, gain = (spread(cutoff[name]) for name in ("earned", "naive", "gain"))
    return f"earned {earned}, the naive rule {naive}, difference {gain}"


def to_json(study: Study, answer: Answer) -> dict[str, Any]:
    """The study's part of ``--json``."""
    told = ("protocol", "grade", "grade_reasons", "metrics", "naive", "cutoffs")
    return {
        "data": study.data,
        "task": study.task,
        "reached": study.is_reached(answer),
        "targets": [asdict(verdict) for verdict in study.verdicts(answer)],
        **{name: answer[name] for name in told if name in answer},
    }


def asked(words: Sequence[str]) -> argparse.Namespace:
    """What the command line says."""
    names = ", ".join(study.name for study in STUDIES)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("studies", nargs="*", metavar="STUDY", help=f"a data set, or one of {names} (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the table")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the file of rows (default: %(default)s)")
    return parser.parse_args(words)


def measured(chosen: Sequence[Study]) -> Iterator[tuple[Study, dict[str, Any] | str, list[Path]]]:
    """Every study with its answer and pictures, or the sentence why there is none; a data set is imported once."""
    for data in dict.fromkeys(study.data for study in chosen):
        with tempfile.TemporaryDirectory() as home:
            refused = ""
            try:
                rapport("import", data, str(DATA / data), "--home", home)
            except RuntimeError as error:
                refused = str(error)
            for study in [item for item in chosen if item.data == data]:
                try:
                    yield (study, refused, []) if refused else (study, *measure(study, home))
                except RuntimeError as error:
                    yield study, str(error), []


def main(words: Sequence[str]) -> int:
    """Measure the named studies, or all; 0 when every target is reached."""
    options = asked(words)
    if not DATA.exists():
        print(f"the data is not at {DATA}; the published data sets are expected beside the project; put them there")
        return 2
    known = {name for study in STUDIES for name in (study.data, study.name)}
    unknown = [name for name in options.studies if name not in known]
    if unknown:
        print(f"the study {unknown[0]!r} is unknown; one of {', '.join(sorted(known))} is expected; name one of them")
        return 2
    chosen = [study for study in STUDIES if not options.studies or {study.data, study.name} & set(options.studies)]
    folder = Path(os.environ.get("RAPPORT_HOME") or "var") / "reports" / "quality"
    table = sys.stderr if options.json else sys.stdout
    told: list[dict[str, Any]] = []
    print(HEAD, file=table, flush=True)
    for study, answer, pictures in measured(chosen):
        if isinstance(answer, str):
            told.append({"data": study.data, "task": study.task, "reached": False, "error": answer})
            print(f"{study.data:<22}{study.task:<16}NOT MEASURED: {answer}", file=table, flush=True)
            continue
        with options.results.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows(study, answer))
        keep(folder, study, answer, pictures)
        told.append(to_json(study, answer))
        print(*lines(study, answer), sep="\n", file=table, flush=True)
    reached, page = all(item["reached"] for item in told), write_page(folder)
    print(f"\npictures and the whole table: {page}", file=table)
    if options.json:
        print(json.dumps({"reached": reached, "studies": told, "page": str(page)}, ensure_ascii=False))
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
