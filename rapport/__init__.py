"""The face of the platform: the `rapport` command, and `open` for notebooks and programs.

In: words on a command line, or Python. Out: what the flows in `pipelines` made. Nothing imports this package.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.workspace import Workspace


def open(home: str | None = None, **settings: Any) -> Workspace:  # noqa: A001 - every package offers `open`
    """Open a workspace: its records, features, models, scores and segments hang on the object returned.

    Parameters
    ----------
    home : str, optional
        Workspace folder; default ``RAPPORT_HOME``, else ``./var``.
    **settings
        Any field of `configs.Settings`.

    Returns
    -------
    Workspace
        Closed with ``.close()`` or by ``with``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, open(folder) as r:
    ...     r.records.arrow("customers").num_rows
    0
    """
    # By name, as commands are: `rapport --help` must not pay for the whole platform.
    workspace: Workspace = importlib.import_module("pipelines.workspace").load(home=home, **settings)
    return workspace


__all__ = ["open"]
