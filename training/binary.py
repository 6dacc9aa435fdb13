"""One training of a yes-or-no model, from labelled rows to a candidate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from features.content import json_sha256
from scoring import BinaryModel, Candidate, Leak, Parity, load
from scoring.artefact import write
from scoring.profile import describe
from scoring.reasons import topics
from training import bars, cards, hashes, pictures
from training.declared import declarations_sha256
from training.errors import TrainingError
from training.inputs import Input, telling
from training.ladder import Step, Teacher, choose, climb, taught_again
from training.leaks import audit, rank
from training.problem import Problem
from training.rows import Rows
from training.rungs import FEWEST
from training.spec import Context
from training.splits import Split, check
from training.suspicion import after_fit
from training.tuning import TRIALS, search, trials_file
from training.verdict import Verdict, judge

INFLUENCE_ROWS = 500
MOST_TOPICS = 12  # of a picture


@dataclass(frozen=True)
class Lesson:
    """What one training learned, before it is written down."""

    problem: Problem
    rows: Rows
    split: Split
    kept: Sequence[Input]
    dropped: Mapping[str, str]
    leaks: Sequence[Leak]
    steps: Mapping[str, Step]
    rung: str
    rung_reasons: Sequence[str]
    verdict: Verdict
    trials: pa.Table = field(default_factory=TRIALS.empty_table)
    seed: int = 0

    @property
    def step(self) -> Step:
        """The chosen rung."""
        return self.steps[self.rung]

    @cached_property
    def deals(self) -> dict[str, Any] | None:
        """What outcomes are expected to bring beside what they brought on the test rows; None where none are dealt."""
        if self.problem.deals is None:
            return None
        test = self.rows.take(self.split.test)
        return self.problem.deals.check(test, self.verdict.evidence.score, seed=self.seed)

    @cached_property
    def waiting(self) -> dict[str, Any] | None:
        """How many outcomes came by the days told of the test rows; None where no days are told."""
        if self.problem.waited is None:
            return None
        test = self.rows.take(self.split.test)
        return self.problem.waited.check(test, self.verdict.evidence.score, seed=self.seed)

    @cached_property
    def influence(self) -> list[tuple[str, float]]:
        """Mean absolute effect of each topic in log-odds, strongest first; protected ones are left out."""
        hidden = {item.topic for item in self.step.fitted.inputs if item.protected}
        return [(topic, effect) for topic, effect in self._effects(lambda item: item.topic) if topic not in hidden]

    @cached_property
    def by_family(self) -> list[tuple[str, float]]:
        """Mean absolute effect of each family of features in log-odds, strongest first."""
        return self._effects(lambda item: item.family or item.ref.partition(":")[0])

    def _effects(self, group: Callable[[Input], str]) -> list[tuple[str, float]]:
        return _influence(self.step, self.rows.take(self.split.test[:INFLUENCE_ROWS]), group)


def fit(context: Context, problem: Problem, rows: Rows, split: Split) -> Candidate:
    """Train, judge and write one yes-or-no model.

    Parameters
    ----------
    context : Context
    problem : Problem
    rows : Rows
        All labelled rows, in an order that does not depend on chance.
    split : Split

    Returns
    -------
    Candidate
        ``seconds`` is 0; the caller knows the time.

    Raises
    ------
    TrainingError
        If there are too few labels, one class, no telling feature, a feature that seems to know the outcome, or
        the exported form differs from the fitted pipeline.
    """
    lesson = learn(context, problem, rows, split)
    made_from = _made_from(context, problem, rows, split)
    context.progress("drawing")
    drawn = _pictures(lesson)
    context.progress("writing the artefact")
    card = _card(lesson, context, drawn)
    model = _write(context, lesson, made_from, card)
    parity = _parity(model, lesson)
    if not parity.is_proven:
        raise TrainingError.no_parity(problem.name, parity.largest_difference)
    return Candidate(
        model=model,
        directory=model.artefact.path,
        metrics=lesson.verdict.metrics,
        naive=lesson.verdict.naive,
        protocol=split.protocol,
        protocol_note=split.note,
        rows=len(split.taught),
        base_rate=rows.take(split.taught).base_rate,
        grade=lesson.verdict.grade,
        grade_reasons=lesson.verdict.grade_reasons,
        rung=lesson.rung,
        card=card,
        hashes=made_from,
        as_of=_as_of(context, rows),
        seconds=0.0,
        leaks=lesson.leaks,
        params={"rung": lesson.rung, "seed": context.seed, "commit": hashes.commit(), **lesson.step.fitted.params},
        parity=parity,
        tables=_tables(lesson),
        files=trials_file(lesson.trials),
        evidence=lesson.verdict.evidence,
        training_set=rows.training_set,
        pictures=drawn,
    )


def _made_from(context: Context, problem: Problem, rows: Rows, split: Split) -> dict[str, str]:
    """Hashes of all that decides what is learned."""
    settings = {
        "seed": context.seed,
        "tune_seconds": context.settings.tune_seconds,
        "protocol": split.protocol,
        "costs": [problem.costs.action, problem.costs.gain, problem.costs.success],
        **problem.settings,
    }
    return {
        "data": rows.data_sha256(),
        "spine": rows.spine_sha256(),
        "code": hashes.code_sha256(),
        "settings": json_sha256(settings),
        "declarations": declarations_sha256(problem.declarations),
        **({} if rows.training_set is None else {"training_set": rows.training_set.sha256}),
    }


def learn(context: Context, problem: Problem, rows: Rows, split: Split) -> Lesson:
    """Audit, climb the ladder and judge; nothing is written."""
    check(problem.name, rows, problem.outcome)
    taught = rows.take(split.train)
    kept, dropped = telling(taught, problem.inputs)
    context.progress("auditing for leaks")
    suspects = rank(taught, kept, seed=context.seed)
    rule, words = problem.naive(kept, suspects)
    leaks = audit(problem.name, suspects, answered=problem.answered, clocked=problem.clocked)
    tuned = search(taught, kept, context) if taught.rarer >= FEWEST["lightgbm"] else None
    teacher = Teacher(kept, rule, context.seed, tuned.params if tuned else None)
    steps = climb(rows, split, teacher, progress=context.progress)
    rung, reasons = choose(steps)
    clocks = [] if problem.late is None else [problem.late.leak()]
    leaks = after_fit(leaks, clocks, rows, split, steps, rung, teacher)
    context.progress(f"fitting {rung} on all rows before the test")
    steps |= {name: taught_again(rows, split, steps[name], teacher) for name in dict.fromkeys(("rule", rung))}
    context.progress("judging on rows that nothing has seen")
    verdict = judge(problem.entity, rows, split, steps[rung], steps["rule"], words, seed=context.seed)
    trials = tuned.trials if tuned else TRIALS.empty_table()
    return Lesson(problem, rows, split, kept, dropped, leaks, steps, rung, reasons, verdict, trials, context.seed)


def _declarations(lesson: Lesson) -> dict[str, Any]:
    """What the views of the features in use say."""
    used = [*(item.ref for item in lesson.step.fitted.inputs), *lesson.problem.needs]
    views = sorted({ref.partition(":")[0] for ref in used})
    return {view: dict(lesson.problem.declarations[view]) for view in views}


def _write(context: Context, lesson: Lesson, made_from: Mapping[str, str], card: str) -> BinaryModel:
    problem, step, verdict = lesson.problem, lesson.step, lesson.verdict
    used = {item.ref for item in step.fitted.inputs}
    exported = step.fitted.preparation.export()
    artefact = write(
        context.candidates_dir / problem.name,
        kind="binary",
        name=problem.name,
        entity=problem.entity,
        refs=tuple(sorted(used | problem.needs)),
        files={
            "features.json": {"inputs": [item.to_json() for item in lesson.kept if item.ref in used], **exported},
            "calibration.json": dict(step.knots),
            "policy.json": _policy(lesson),
            "profile.json": _profile(lesson),
            "card.md": card,
            "declarations.json": _declarations(lesson),
            **step.fitted.files,
        },
        hashes=made_from,
        rung=lesson.rung,
        title=problem.title,
        outcome=problem.outcome,
        protocol=lesson.split.protocol,
        horizon_days=problem.horizon_days,
        grade=verdict.grade,
        grade_reasons=list(verdict.grade_reasons),
        as_of=_as_of(context, lesson.rows),
        rows=len(lesson.split.taught),
        base_rate=lesson.rows.take(lesson.split.taught).base_rate,
        naive=verdict.naive.to_json(),
        metrics={name: metric.to_json() for name, metric in verdict.metrics.items()},
    )
    model = load(artefact.path, sha256=artefact.sha256)
    assert isinstance(model, BinaryModel)  # noqa: S101 - the kind was written above
    return model


def _policy(lesson: Lesson) -> dict[str, Any]:
    problem = lesson.problem
    return {
        "threshold": problem.costs.threshold,
        "threshold_words": problem.costs.words,
        "costs": {"action": problem.costs.action, "gain": problem.costs.gain, "success": problem.costs.success},
        "bands": problem.bands.cut(lesson.verdict.evidence.score),
        "population": {
            "expression": problem.population.expression,
            "refs": list(problem.population.refs),
            "words": problem.population.words,
        },
        **({} if problem.deals is None else {"deals": dict(problem.deals.policy)}),
        **({} if problem.waited is None else {"waiting": dict(problem.waited.policy)}),
    }


def _profile(lesson: Lesson) -> dict[str, Any]:
    test, score = lesson.rows.take(lesson.split.test), lesson.verdict.evidence.score
    used = {item.ref for item in lesson.step.fitted.inputs}
    return {
        "rows": len(test),
        "is_taught": bool(lesson.split.folds),  # judged in folds: the version that answers was taught on these rows
        "as_of": int(test.as_of.max()),
        "base_rate": test.base_rate,
        "features": {item.ref: describe(test.frame[item.ref], item.dtype) for item in lesson.kept if item.ref in used},
        "score": describe(score, "float", has_zero_bin=False),
    }


def _parity(model: BinaryModel, lesson: Lesson) -> Parity:
    """Exported form against fitted pipeline on every row that was not learned from."""
    rows = lesson.rows.take(np.unique(np.concatenate([lesson.split.calibrate, lesson.split.test])))
    gaps = np.abs(model.raw(rows.frame) - lesson.step.fitted.original(rows.frame))
    return Parity(len(rows), float(gaps.max()))


def _card(lesson: Lesson, context: Context, drawn: Collection[str]) -> str:
    problem, verdict, rows, split = lesson.problem, lesson.verdict, lesson.rows, lesson.split
    train, test = rows.take(split.taught), rows.take(split.test)
    names = topics((item.topic, item.title) for item in lesson.step.fitted.inputs)
    return cards.write(
        cards.Story(
            title=problem.title,
            outcome=problem.outcome,
            population=problem.population.words,
            form=problem.form,
            grade=verdict.grade,
            grade_reasons=verdict.grade_reasons,
            rung=lesson.rung,
            rung_reasons=lesson.rung_reasons,
            metrics=verdict.metrics,
            naive=verdict.naive,
            protocol=split.protocol,
            protocol_note=split.note,
            rows=len(train),
            base_rate=train.base_rate,
            test_rows=len(test),
            test_base_rate=test.base_rate,
            as_of=_as_of(context, rows),
            threshold=problem.costs.threshold,
            costs=problem.costs.words,
            bands=problem.bands.cut(verdict.evidence.score),
            leaks=lesson.leaks,
            dropped=lesson.dropped,
            inputs=[item.ref for item in lesson.step.fitted.inputs],
            protected=sum(item.protected for item in lesson.step.fitted.inputs),
            influence=[(names.get(topic, topic), effect) for topic, effect in lesson.influence[:10]],
            limits=problem.limits,
            deals=lesson.deals,
            waiting=lesson.waiting,
            calibration=str(lesson.step.knots["method"]),
            pictures=drawn,
        )
    )


def _influence(step: Step, rows: Rows, group: Callable[[Input], str]) -> list[tuple[str, float]]:
    """Mean absolute effect of each group of features, strongest first."""
    effects = step.fitted.core.contributions(step.fitted.encoder.matrix(rows.frame))
    by_ref = {item.ref: item for item in step.fitted.inputs}
    total: dict[str, Any] = {}
    for column, item in enumerate(step.fitted.encoder.columns):
        name = group(by_ref[item["ref"]])
        total[name] = total.get(name, 0.0) + effects[:, column]
    found = [(name, float(np.abs(effect).mean())) for name, effect in total.items()]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _pictures(lesson: Lesson) -> dict[str, bytes]:
    verdict, problem = lesson.verdict, lesson.problem
    curves = pictures.draw_all(
        problem.title,
        lesson.rows.take(lesson.split.test).y,
        verdict.evidence.score,
        verdict.evidence.naive_score,
        verdict.naive.rule,
        problem.costs,
        verdict.by_period,
    )
    return curves | _influence_picture(lesson) | _families_picture(lesson)


def _influence_picture(lesson: Lesson) -> dict[str, bytes]:
    """The strongest topics; nothing where no feature moves the answer."""
    words = topics((item.topic, item.title) for item in lesson.step.fitted.inputs)
    told: dict[str, float] = {}
    for topic, effect in lesson.influence[:MOST_TOPICS]:
        told.setdefault(words[topic], effect)
    title = f"What moves the answer: {lesson.problem.title}"
    return bars.draw("influence", title, "mean effect, in log-odds", told, form=".2f") if told else {}


def _families_picture(lesson: Lesson) -> dict[str, bytes]:
    title = f"What moves the answer, by family: {lesson.problem.title}"
    told = {family.replace("_", " "): effect for family, effect in lesson.by_family}
    return bars.draw("families", title, "mean effect, in log-odds", told, form=".2f")


def _tables(lesson: Lesson) -> dict[str, Any]:
    return {
        "ladder": {
            rung: {"log_loss": float(step.loss.mean()), "calibrations": dict(step.calibrations)}
            for rung, step in lesson.steps.items()
        },
        "ladder_reasons": list(lesson.rung_reasons),
        "stability": dict(lesson.verdict.by_period),
        "influence": dict(lesson.influence),
        "families": dict(lesson.by_family),
        "dropped": dict(lesson.dropped),
        "form": lesson.problem.form,
        **({} if lesson.deals is None else {"deals": lesson.deals}),
        **({} if lesson.waiting is None else {"waiting": lesson.waiting}),
    }


def _as_of(context: Context, rows: Rows) -> int:
    return int(rows.as_of.max()) if context.as_of is None else context.as_of
