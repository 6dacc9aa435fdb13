"""Is the world still the one that the model learned?

In: a loaded model with its reference profile, and current values, scores, moments of arrival and matured outcomes.
Out: a report that says what moved beyond chance and what to do, as JSON, as lines to print and as Evidently's page.
Reports and everything above may import it; it imports serving and what lies below, and never training.
"""

from configs import Settings
from monitoring.alerts import Alert
from monitoring.errors import MonitoringError
from monitoring.freshness import Age
from monitoring.page import preload
from monitoring.performance import Matured
from monitoring.report import WatchReport
from monitoring.watch import Monitoring, Page

__all__ = ["Age", "Alert", "Matured", "Monitoring", "MonitoringError", "Page", "WatchReport", "open", "preload"]


def open(settings: Settings) -> Monitoring:  # noqa: A001 - every package is opened the same way
    """The watch of a workspace.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    Monitoring
    """
    return Monitoring(settings)
