"""What every loaded model has in common, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from scoring.artefact import Artefact

Frame: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""Feature values by reference ``view:feature``: float64 with NaN for null, or object with str and None."""

Floats: TypeAlias = npt.NDArray[np.float64]


class Model:
    """A model as loaded from its artefact; each kind adds how it answers.

    Parameters
    ----------
    artefact : Artefact
        Verified content. ``policy.json``, ``profile.json`` and ``card.md`` are expected in every kind.

    Attributes
    ----------
    manifest, policy, profile : mapping
        Contents of ``manifest.json``, ``policy.json`` and ``profile.json``.
    refs : tuple of str
        Features that the model needs, population included.
    """

    def __init__(self, artefact: Artefact) -> None:
        self.artefact = artefact
        self.manifest: Mapping[str, Any] = artefact.manifest
        self.policy: Mapping[str, Any] = artefact.json("policy.json")
        self.profile: Mapping[str, Any] = artefact.json("profile.json")
        self.refs: tuple[str, ...] = tuple(self.manifest["refs"])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.sha256[:12]}>"

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self.manifest["name"])

    @property
    def kind(self) -> str:
        """The model's kind, as in the manifest."""
        return str(self.manifest["kind"])

    @property
    def entity(self) -> str:
        """What it scores: ``customer``, ``lead``, ``opportunity``."""
        return str(self.manifest["entity"])

    @property
    def sha256(self) -> str:
        """The artefact's identity."""
        return self.artefact.sha256

    @property
    def card(self) -> str:
        """The model card, markdown in a manager's words."""
        return self.artefact.text("card.md")
