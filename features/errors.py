"""What can go wrong with features, as one sentence each."""

from __future__ import annotations

from configs.errors import RapportError


class FeatureError(RapportError):
    """A feature, a spine or a store was asked for something that it cannot give."""


class DeclarationError(FeatureError):
    """A view says something that cannot be computed."""


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


class OnlineStoreError(FeatureError):
    """The online store is absent, damaged or of another shape."""


class SparkError(FeatureError):
    """Spark is absent, or does not start where it was told to."""
