"""A segmentation: every customer in one named segment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.artefact import Artefact
from scoring.grouping import Places, check, read
from scoring.model import Frame, Model
from scoring.population import Population


@dataclass(frozen=True)
class Segment:
    """One segment.

    Attributes
    ----------
    id : str
        Stays with the segment from version to version (``s3``).
    name : str
        In business words; one name per segment, and a matched segment keeps it.
    words : str
        What sets its customers apart, as a sentence.
    share : float
        Share of the customers at training.
    later : float or None
        Mean of the later outcome in this segment at the last period that could be judged.
    """

    id: str
    name: str
    words: str
    share: float
    later: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values by field."""
        return asdict(self)


class SegmentationModel(Model):
    """Assigns every row of a frame to a segment.

    ``segments.json`` holds ``grouping`` (scales and centres, or the quantiles of the rule) and ``segments``, in the
    order of the groups' numbers.
    """

    def __init__(self, artefact: Artefact) -> None:
        super().__init__(artefact)
        content = artefact.json("segments.json")
        self.grouping = read(content["grouping"])
        self.segments = tuple(Segment(**item) for item in content["segments"])
        self._population = Population(self.policy["population"])

    @property
    def rung(self) -> str:
        """``clusters`` or ``rule``."""
        return str(self.manifest["rung"])

    def places(self, frame: Frame) -> Places:
        """Place of each row's segment in `segments`.

        Raises
        ------
        FrameError
            If a feature is missing from the frame.
        """
        check(self.name, self.grouping, frame)
        return self.grouping.place(frame)

    def assign(self, frame: Frame) -> list[str]:
        """Name of each row's segment; a row's segment is the same alone and among others.

        Parameters
        ----------
        frame : mapping of str to ndarray
            Values of at least the grouping's refs.

        Raises
        ------
        FrameError
            If a feature is missing from the frame.
        """
        names = [segment.name for segment in self.segments]
        return [names[place] for place in self.places(frame)]

    def eligible(self, frame: Frame) -> npt.NDArray[np.bool_]:
        """Whether each row belongs to the population that the segments were made for.

        Raises
        ------
        FrameError
            If a feature of the population's expression is missing from the frame.
        """
        return self._population.holds(self.name, frame)
