"""The models on real data, by their own protocol: `python -m benchmarks.quality [DATA …]` appends to quality.jsonl."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "shared" / "data"
RESULTS = Path(__file__).parent / "quality.jsonl"
METRICS = (
    "auc", "average_precision", "ece_excess", "brier", "lift_10", "ndcg_10", "recall_20", "ndcg_10_new", "gain_source",
)  # fmt: skip


@dataclass(frozen=True)
class Study:
    """One model on one data set.

    Attributes
    ----------
    data, task, model : str
        Folder and source name, the task's name, the model trained.
    metric : str
        The figure with a target.
    target : float
        The better honest figure known, less 0.01.
    grade : str
        The grade that it must get, where the data are known to hold no signal.
    options : tuple of str
        Further words of ``rapport train``.
    """

    data: str
    task: str
    model: str
    metric: str
    target: float
    grade: str = ""
    options: tuple[str, ...] = ()

    def is_reached(self, answer: dict[str, Any]) -> bool:
        """Whether the figure reaches the target, and the grade is the one that is due."""
        return bool(answer["metrics"][self.metric]["value"] >= self.target) and self.grade in ("", answer["grade"])


STUDIES = (
    Study("telco_ibm", "churn", "churn", "auc", 0.835),
    Study("telco_ibm_relational", "churn", "churn", "auc", 0.895),
    Study("online_retail", "churn", "churn", "auc", 0.731),
    Study("cdnow", "churn", "churn", "auc", 0.760, options=("--horizon-days", "273")),
    Study("bank_marketing", "lead", "lead_score", "auc", 0.738),
    Study("leads_xeducation", "lead", "lead_score", "auc", 0.864),
    Study("maven_crm", "win", "opportunity_win", "auc", 0.0, grade="D"),
    Study("online_retail", "recommendation", "recommendation", "ndcg_10", 0.335),
)


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


def train(study: Study, home: str) -> dict[str, Any]:
    """The answer of ``train --json`` in a workspace that holds this data only."""
    rapport("import", study.data, str(DATA / study.data), "--home", home)
    answer: dict[str, Any] = rapport("train", study.model, *study.options, "--home", home)
    return answer


def rows(study: Study, answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
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


def line(study: Study, answer: dict[str, Any]) -> str:
    """One line of the printed table: the figure beside its target and the naive rule."""
    figure = answer["metrics"][study.metric]
    verdict = "reached" if study.is_reached(answer) else "MISSED"
    due = f"grade {study.grade}" if study.grade else f"{study.target:.3f}"
    naive = answer["naive"].get(study.metric)
    beside = "–" if naive is None else f"{naive:.3f}"
    spread = "" if figure["low"] is None else f" ({figure['low']:.3f} to {figure['high']:.3f})"
    return (
        f"{study.data:<22}{study.task:<16}{answer['protocol']:<8}{study.metric:<9}{figure['value']:.3f}{spread:<19}"
        f" target {due} {verdict:<8} naive {beside}  grade {answer['grade']}  {answer['rung']}"
    )


def main(names: Sequence[str]) -> int:
    """Train every study of the named data sets, or all; 0 when every target is reached."""
    if not DATA.exists():
        print(f"the data is not at {DATA}; the published data sets are expected beside the project; put them there")
        return 2
    reached = True
    for study in STUDIES:
        if names and study.data not in names:
            continue
        with tempfile.TemporaryDirectory() as home:
            answer = train(study, home)
        with RESULTS.open("a", encoding="utf-8") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in rows(study, answer))
        reached &= study.is_reached(answer)
        print(line(study, answer), flush=True)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
