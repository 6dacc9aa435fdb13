"""Who is on a list, and who may be: rules, membership over time, the consent gate, export.

In: records, features as of a moment, scores that came back as records. Out: membership facts, and lists that have
passed the gate. Imported by serving and everything above it.
"""

from segments.build import BuildReport, Built
from segments.catalogue import SegmentInfo
from segments.consent import ReleasedList
from segments.contrast import Contrast
from segments.errors import SegmentError
from segments.export import ExportReport
from segments.opening import Segments, open  # noqa: A004 - `segments.open(settings, …)`, as each package is opened
from segments.overlap import Overlap
from segments.pages import MembersPage
from segments.profile import Profile
from segments.reach import Mean, Reach
from segments.search import Alike

__all__ = [
    "Alike",
    "BuildReport",
    "Built",
    "Contrast",
    "ExportReport",
    "Mean",
    "MembersPage",
    "Overlap",
    "Profile",
    "Reach",
    "ReleasedList",
    "SegmentError",
    "SegmentInfo",
    "Segments",
    "open",
]
