"""Which version of a model answers, and why.

In: a candidate from training. Out: numbered versions, the pointers champion, challenger, previous and shadow, and
decisions with their reasons. MLflow's store keeps all of it; this package is the only one that talks to MLflow.
Segments, serving and everything above may import it; it imports scoring, crm and configs, and never training.
"""

from configs import Settings
from registry.decision import Decision
from registry.errors import RegistryError
from registry.gate import Contender, Rules, decide
from registry.tracking import preload
from registry.version import ALIASES, Entry, ModelVersion
from registry.versions import Registry

__all__ = [
    "ALIASES",
    "Contender",
    "Decision",
    "Entry",
    "ModelVersion",
    "Registry",
    "RegistryError",
    "Rules",
    "decide",
    "open",
    "preload",
]


def open(settings: Settings) -> Registry:  # noqa: A001 - every package is opened the same way
    """The registry of a workspace; nothing is made or loaded before it is needed.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    Registry
    """
    return Registry(settings)
