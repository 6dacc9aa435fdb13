"""Loaded by its import: what every training needs, so that processes made from this one need not load it again."""

import registry
import training

training.preload()
registry.preload()
