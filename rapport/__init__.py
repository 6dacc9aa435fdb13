"""The face of the platform: the `rapport` command, and `open` for notebooks and programs.

In: words on a command line, or Python. Out: what the flows in `pipelines` made. Nothing imports this package.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from rapport.face import Rapport


def open(home: str | Path | None = None, **settings: Any) -> Rapport:  # noqa: A001 - every package offers `open`
    """Open a workspace: its records, features, models, scores and segments hang on the object returned.

    Parameters
    ----------
    home : str or Path, optional
        Workspace folder; default ``RAPPORT_HOME``, else ``./var``.
    **settings
        Any field of `configs.Settings`.

    Returns
    -------
    Rapport
        Closed with ``.close()`` or by ``with``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, open(folder) as r:
    ...     r.records.arrow("customers").num_rows
    0
    """
    # By name, as commands are: `rapport --help` must not pay for the whole platform.
    opened: Rapport = importlib.import_module("rapport.face").load(home, **settings)
    return opened


def example(home: str | Path | None = None, *, customers: int = 1_500, seed: int = 7) -> Rapport:
    """Open a workspace that holds a made-up company; it is made when it is not there yet (some ten seconds).

    What is planted in the company (`crm.synthetic.signals`) lies as Parquet below ``demo/truth`` in the workspace.

    Parameters
    ----------
    home : str or Path, optional
        Workspace folder; default: ``example`` in ``RAPPORT_HOME``, else in ``./var``.
    customers, seed : int
        Size of the company, and the seed that it is drawn from.

    Returns
    -------
    Rapport
    """
    opened: Rapport = importlib.import_module("rapport.face").load_example(home, customers=customers, seed=seed)
    return opened


__all__ = ["example", "open"]
