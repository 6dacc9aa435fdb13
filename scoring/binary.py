"""A model of a yes-or-no outcome: probability, bands, reasons."""

from __future__ import annotations

from scoring.model import Model


class BinaryModel(Model):
    """Probability that an outcome happens."""
