"""Products for customers: what each buys again, what is bought together with it, and what is popular now."""

from __future__ import annotations

from training.recommending import Recommender

model = Recommender(name="recommendation", title="Products for customers")
