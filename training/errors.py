"""What can keep a model from being trained, as one sentence each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Self

from configs.errors import RapportError
from scoring import Leak


class TrainingError(RapportError):
    """A model cannot be trained from what there is."""

    @classmethod
    def unknown_model(cls, name: str, known: Collection[str]) -> Self:
        """No file defines this model."""
        return cls(
            f"there is no model {name!r}; the models are {', '.join(sorted(known))}; "
            f"name one of them, or add training/models/{name}.py"
        )

    @classmethod
    def bad_file(cls, path: Path, reason: object) -> Self:
        """A file in training/models does not define a model."""
        return cls(
            f"training/models/{path.name} cannot be used ({reason}); a module that defines `model` with name, kind, "
            "entity, title and fit(context) is expected; mend or remove the file"
        )

    @classmethod
    def too_few(cls, name: str, labels: int, fewest: int) -> Self:
        """There are not enough outcomes to learn from."""
        return cls(
            f"{name!r} has {labels} labelled rows; at least {fewest} are expected; "
            "import more history, or wait until more outcomes are known"
        )

    @classmethod
    def one_class(cls, name: str, labels: int, outcome: str, rare: int) -> Self:
        """All outcomes are (almost) the same."""
        return cls(
            f"{rare} of the {labels} labelled rows of {name!r} differ from the rest in their outcome ({outcome}); "
            "at least 2 of each are expected; import records that hold both outcomes"
        )

    @classmethod
    def contradicted(cls, name: str, count: int, labels: int, outcome: str, most: float) -> Self:
        """Too many labels say both."""
        return cls(
            f"{count} of the {labels} labels of {name!r} state both outcomes of one moment ({outcome}); at most "
            f"{most:.0%} are expected, which are left out; mend the sources that state them"
        )

    @classmethod
    def nobody(cls, name: str, population: str) -> Self:
        """The population is empty."""
        return cls(
            f"nobody is in the population of {name!r} ({population}) at any past moment; "
            "at least one row is expected; import records that cover it, or set another --as-of"
        )

    @classmethod
    def no_records(cls, name: str, wanted: str) -> Self:
        """The records hold nothing that this model could learn from."""
        return cls(
            f"the records hold nothing that {name!r} could learn from; {wanted} is expected; "
            "import a source that has it"
        )

    @classmethod
    def no_history(cls, name: str, days: int, horizon_days: int) -> Self:
        """No label window has ended yet."""
        return cls(
            f"the records of {name!r} cover {days} days; more than {horizon_days} are expected, because an outcome is "
            f"only known {horizon_days} days later; import more history, or set a later --as-of"
        )

    @classmethod
    def bad_horizon(cls, name: str, days: int) -> Self:
        """The horizon is no span."""
        return cls(
            f"the horizon of {name!r} is {days} days; a whole number of days from 1 on is expected; "
            "correct --horizon-days"
        )

    @classmethod
    def no_list_size(cls, name: str, size: int) -> Self:
        """A length of list was asked for where lists of items are replayed."""
        return cls(
            f"{name!r} cannot be replayed with {size} (--size); it gives every customer a list of 10 items; leave the "
            "size out"
        )

    @classmethod
    def no_count(cls, name: str, word: str, value: int) -> Self:
        """The length of a list, or the number of cutoffs, is no count."""
        return cls(
            f"{name!r} cannot be replayed with {word} {value}; a whole number from 1 on is expected; correct it, or "
            "leave it out"
        )

    @classmethod
    def nothing_to_replay(cls, name: str, why: str) -> Self:
        """There are no past cutoffs at which it could have been asked."""
        return cls(
            f"the past of {name!r} cannot be replayed ({why}); a history with outcomes before and after a past moment "
            "is expected; import more history, or judge it by `rapport train`"
        )

    @classmethod
    def nothing_to_compare(cls, name: str, days: int, why: str) -> Self:
        """No past moment has enough purchases before and after it."""
        return cls(
            f"versions of {name!r} cannot be compared ({why}); purchases before and after a moment {days} days before "
            "the end are expected; import more history, or give a later --as-of"
        )

    @classmethod
    def no_features(cls, name: str) -> Self:
        """No feature says anything."""
        return cls(
            f"no feature of {name!r} varies over its labelled rows; at least one is expected; "
            "import records with more columns, or mend the mapping"
        )

    @classmethod
    def leak(cls, name: str, suspects: Sequence[Leak]) -> Self:
        """The audit found features that almost certainly know the outcome; `told` has them and the suspects after them.

        Parameters
        ----------
        name : str
        suspects : sequence of Leak
            Everything that blocks, and the first suspects that do not, strongest first.
        """
        blocking = [leak for leak in suspects if leak.blocks]
        others = [f"{leak.feature} {leak.value:.3f}" for leak in suspects if not leak.blocks]
        after = f", and the next suspects by AUC, which do not block, are {', '.join(others)}" if others else ""
        if len(blocking) == 1:
            wrong = f"the feature {blocking[0].feature} of {name!r} seems to know the outcome ({blocking[0].finding})"
            expected, it = "a feature known before the outcome is expected", "it"
        else:
            names = ", ".join(leak.feature for leak in blocking)
            why = "; ".join(f"{leak.feature}: {leak.finding}" for leak in blocking)
            wrong = f"the features {names} of {name!r} seem to know the outcome ({why})"
            expected, it = "features known before the outcome are expected", "each of them"
        return cls(
            f"{wrong}{after}; {expected}; say `known: after_outcome`, or `suspect: allowed, because …`, for {it} in "
            "the source's mapping and import again",
            told={"leaks": [leak.to_json() | {"blocks": leak.blocks} for leak in suspects]},
        )

    @classmethod
    def dated(cls, name: str, where: str) -> Self:
        """A random split was asked for although the outcomes have times."""
        return cls(
            f"a random split of {name!r} was asked for, but its outcomes have times ({where}); only outcomes without "
            "times may be split at random, because what is learned from later rows flatters; leave --random-split out"
        )

    @classmethod
    def no_split(cls, name: str, where: str) -> Self:
        """The outcomes have neither times nor an order, and nobody asked for a random split."""
        return cls(
            f"the outcomes of {name!r} have no times ({where}), so nothing but a random split is possible, and that "
            "only on demand; import outcomes with their times, or pass --random-split and read its figures with care"
        )

    @classmethod
    def no_parity(cls, name: str, difference: float) -> Self:
        """The exported model does not reproduce the fitted pipeline."""
        return cls(
            f"the exported form of {name!r} differs from its pipeline by {difference:.3g} in log-odds; "
            "equality up to 1e-9 is expected; report the sources and features that it was trained on"
        )
