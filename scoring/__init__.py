"""The model artefact: its format, prediction and reasons.

In: a folder of data files that training wrote and the registry keeps. Out: scores with reasons, for
one row in microseconds or a million in a batch, always the same. Serving, segments and monitoring
import this package; it imports features, crm and configs, and never training.
"""

from scoring.artefact import Artefact
from scoring.binary import BinaryModel
from scoring.candidate import Candidate, Evidence, Leak, Metric, Naive, Parity
from scoring.errors import ArtefactError, FrameError
from scoring.loading import READERS, load
from scoring.model import Floats, Frame, Model
from scoring.recommendation import RecommendationModel, Recommended
from scoring.segmentation import SegmentationModel

__all__ = [
    "READERS",
    "Artefact",
    "ArtefactError",
    "BinaryModel",
    "Candidate",
    "Evidence",
    "Floats",
    "Frame",
    "FrameError",
    "Leak",
    "Metric",
    "Model",
    "Naive",
    "Parity",
    "RecommendationModel",
    "Recommended",
    "SegmentationModel",
    "load",
]
