"""Where, how often, how much: never what.

In: environment and YAML files. Out: one frozen `Settings`. Every layer may import this package; it
imports none of ours. The folders `sources` and `segments` hold mappings and rule segments.
"""

from configs.errors import RapportError, SettingsError
from configs.settings import Settings

__all__ = ["RapportError", "Settings", "SettingsError"]
