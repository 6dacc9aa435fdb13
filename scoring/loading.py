"""Reading any artefact: verified first, then handed to the reader of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from scoring.artefact import Artefact, read
from scoring.binary import BinaryModel
from scoring.errors import ArtefactError
from scoring.model import Model
from scoring.recommendation import RecommendationModel
from scoring.segmentation import SegmentationModel

READERS: Mapping[str, Callable[[Artefact], Model]] = MappingProxyType(
    {
        "binary": BinaryModel,
        "recommendation": RecommendationModel,
        "segmentation": SegmentationModel,
    }
)
"""How each ``kind`` of a manifest is read; a new kind is one module and one line here."""


def load(path: Path, *, sha256: str | None = None) -> Model:
    """Load a model after verifying every byte of its artefact.

    Parameters
    ----------
    path : Path
        The artefact's folder.
    sha256 : str, optional
        The identity that it must have, as the registry stores it.

    Raises
    ------
    ArtefactError
        If the artefact is missing, altered, incomplete or of an unknown kind.
    """
    artefact = read(path, sha256=sha256)
    kind = artefact.manifest.get("kind")
    if kind not in READERS:
        raise ArtefactError.unknown_kind(kind, READERS)
    return READERS[str(kind)](artefact)
