"""A question in, a score with its reasons out.

In: ids over HTTP; champions from the registry, features from the online store, lists from the segments. Out: answers,
each written to the prediction log before it is sent. Imported by monitoring and everything above it; it never imports
training.

.. code-block:: console

    $ rapport serve
    $ curl -s localhost:3000/v1/churn/score -d '{"ids": ["12583", 17850], "explain": 3}'
    $ curl -s localhost:3000/v1/recommendation/recommend -d '{"ids": ["12583"], "k": 10}'
    $ curl -s localhost:3000/v1/segments
    $ curl -s 'localhost:3000/v1/segments/loyal/members?format=csv'

The web framework and BentoML are loaded when `run` is called.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from serving.errors import ServingError
from serving.guard import is_loopback

if TYPE_CHECKING:
    from serving.server import ServerError, run

_HOMES = {"ServerError": "serving.server", "run": "serving.server"}

__all__ = ["ServerError", "ServingError", "is_loopback", "run"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'serving' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
