"""The only place where everything meets: the composition root and the flows over it.

In: settings. Out: a `Workspace` with every part on it, and one module per flow (train, score, watch,
daily, demo). Only `rapport` imports this package.
"""
