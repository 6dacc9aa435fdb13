"""What can go wrong with features, as one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from configs.errors import RapportError
from crm.clock import iso
from crm.merges import Survivor


class FeatureError(RapportError):
    """A feature, a spine or a store was asked for something that it cannot give."""


class DeclarationError(FeatureError):
    """A view says something that cannot be computed."""


class MergedError(FeatureError):
    """A customer is asked for who was merged into another before the moment of the question.

    Attributes
    ----------
    survivors : mapping of str to str
        By number that was asked for, the number of the customer who stays.
    """

    def __init__(self, merged: Mapping[str, Survivor]) -> None:
        number, survivor = next(iter(merged.items()))
        more = f" (and {len(merged) - 1} more of those asked for into others)" if len(merged) > 1 else ""
        super().__init__(
            f"the customer {number!r} was merged into {survivor.number!r}{more}, as is known since "
            f"{iso(survivor.since)}; a customer who stays is expected; ask for {survivor.number!r}, or as of a moment "
            "up to then"
        )
        self.survivors = {number: survivor.number for number, survivor in merged.items()}


class LeakageError(FeatureError):
    """A feature would know the outcome that it is meant to foretell."""


class SpineError(FeatureError):
    """The rows to be filled are not ``(entity, as_of)`` rows."""


class InputError(FeatureError):
    """A number that comes with the question is missing, or is no number."""


class TrainingSetError(FeatureError):
    """A training set is unknown, damaged, or cannot be built again as it was."""


class HistoryError(FeatureError):
    """The history on disk is damaged or of another shape."""


def unreadable(path: Path, error: Exception, expected: str) -> HistoryError:
    """The sentence on a file in a folder of a log's generation or delta that cannot be used."""
    why = (str(error) or type(error).__name__).splitlines()[0]
    return HistoryError(
        f"the history part {path} cannot be read ({why}); {expected} written by Rapport is expected; run rapport "
        f"materialize --rebuild {path.parent.parent.name}, which builds this log again from the records; all others "
        "can be used"
    )


class OnlineStoreError(FeatureError):
    """The online store is absent, damaged or of another shape."""


class SparkError(FeatureError):
    """Spark is absent, or does not start where it was told to."""
