"""Learning what is popular with customers in the same state, from purchases before a moment.

Every visit counts in the state in which its customer was just before it. Late visits count more, and a state of few
visits leans on what all states buy.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse

from scoring.states import STATES, States, state
from training.recommenders import DAY, Basket

HALF_LIFE_DAYS = 60.0
LEAN = 50.0  # purchases of all states that are added to each


def popular_states(basket: Basket) -> States:
    """Shares of the items by state.

    Examples
    --------
    >>> from training.purchases import Purchases
    >>> from training.recommenders import gather
    >>> one, at = np.array([1, 1, 2]), np.array([0, 3, 0]) * DAY
    >>> purchases = Purchases(one, np.array([7, 8, 7]), at, at, np.full(3, 2**63 - 1))
    >>> shares = popular_states(gather(purchases, 9 * DAY, recent_days=9)).shares
    >>> bool(shares[0, 1] < shares[1, 1])  # 8 is bought by those who come back after three days
    True
    """
    visitor, moment = basket.visitor, basket.moment
    if not len(moment):
        return States(np.zeros((STATES, len(basket.items))))
    place = np.arange(len(visitor))
    before = place - np.searchsorted(visitor, visitor)  # visits rise by customer, and in time within each
    since = np.full(len(moment), np.inf)
    since[1:] = np.where(before[1:] > 0, np.diff(moment) / DAY, np.inf)
    loud = np.exp2(-(moment.max() - moment) / DAY / HALF_LIFE_DAYS)
    by_state = scipy.sparse.csr_matrix((loud, (state(before, since), place)), shape=(STATES, len(place)))
    counts = np.asarray((by_state @ basket.orders).todense())
    whole = counts.sum(axis=0)
    leaning = counts + LEAN * whole / whole.sum()
    return States(leaning / leaning.max(axis=1, keepdims=True))
