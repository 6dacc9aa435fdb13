"""What acting on a model's answers costs and brings, as the operator states it: the workspace's ``costs.yaml``.

.. code-block:: yaml

    churn: {action: 2.5, gain: 120, success: 0.15}   # a contact, a customer kept, the share of contacts that keep one
    lead_score: {action: 1, gain: 40, success: 0.25}

A model that is not named keeps the costs of its own file.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import yaml

from configs.errors import RapportError

NAME = "costs.yaml"
_KEYS = ("action", "gain", "success")


class CostsError(RapportError):
    """The file of costs says something that cannot be reckoned with."""


@dataclass(frozen=True)
class Stated:
    """What one action costs, what one outcome turned brings, and the share of actions that turn one."""

    action: float
    gain: float
    success: float


def read(path: Path, models: Collection[str]) -> dict[str, Stated]:
    """What a file states, by model; nothing where there is none.

    Parameters
    ----------
    path : Path
    models : collection of str
        The models that act by costs.

    Raises
    ------
    CostsError
        If it is no YAML of this form.
    """
    if not path.exists():
        return {}
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise CostsError(f"{path} is no YAML ({reason}); a mapping is expected; correct it") from error
    return of({} if value is None else value, models, str(path))


def of(value: object, models: Collection[str], where: str) -> dict[str, Stated]:
    """The costs that plain values state; raises like `read`.

    Examples
    --------
    >>> of({"churn": {"action": 2, "gain": 80, "success": 0.1}}, ["churn"], "here")
    {'churn': Stated(action=2.0, gain=80.0, success=0.1)}
    >>> of({"churn": {"action": 0, "gain": 80, "success": 0.1}}, ["churn"], "here")
    Traceback (most recent call last):
    ...
    configs.costs.CostsError: action of churn in here is 0; a number above 0 is expected; correct it
    """
    if not isinstance(value, dict):
        raise CostsError(f"{where} is {value!r:.60}; a mapping from models to costs is expected; write one")
    for name in value:
        if name not in models:
            raise CostsError(
                f"{where} states costs of {name!r}; one of {', '.join(sorted(models))} is expected; correct the name"
            )
    return {name: _stated(told, f"{name} in {where}") for name, told in value.items()}


def _stated(told: object, where: str) -> Stated:
    if not isinstance(told, dict) or set(told) != set(_KEYS):
        raise CostsError(f"the costs of {where} are {told!r:.80}; {', '.join(_KEYS)} are expected; state all three")
    action, gain, success = (_number(told[key], key, where, 1.0 if key == "success" else math.inf) for key in _KEYS)
    return Stated(action, gain, success)


def _number(value: object, key: str, where: str, most: float) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 < float(value) <= most or not math.isfinite(float(value)):  # type: ignore[arg-type]
        wanted = "a number above 0" + (f" and up to {most:.0f}" if most < math.inf else "")
        raise CostsError(f"{key} of {where} is {value!r:.40}; {wanted} is expected; correct it")
    return float(value)  # type: ignore[arg-type]
