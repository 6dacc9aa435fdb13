"""A state that was opened before the service starts, so that its mistakes are sentences and not a failed start-up."""

from __future__ import annotations

from serving.state import State

_waiting: list[State] = []


def put(state: State) -> None:
    """Hand a state to the service of this process."""
    _waiting[:] = [state]


def take() -> State | None:
    """The state handed over, once; None when the service must open its own.

    Examples
    --------
    >>> take() is None
    True
    """
    return _waiting.pop() if _waiting else None
