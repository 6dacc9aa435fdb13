"""Every customer with risk, value and last order: made once for what has arrived, sorted and searched as asked."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from crm import Records
from crm.clock import DAY
from reports.reading import Reading
from reports.sections import sales
from reports.sections.answers import Batch, batch

RISK, YEAR = "churn", 365 * DAY
ORDERS = {
    "risk": "score desc nulls last, id",
    "value": "value desc nulls last, id",
    "last": "last_order desc nulls last, id",
    "name": "lower(name) nulls last, id",
    "number": "number, id",
}
"""How the list may be sorted."""

_PEOPLE = """
select c.id, c.customer_no as number, p.display_name as name, c.country
from customers c join parties p on p.id = c.party_id where c.op <> 'retract'
"""
_ROSTER = """
create or replace table roster as
with bought as (
    select customer_id, currency, sum(amount) filter (occurred_at >= $since) as amount,
        max(occurred_at) filter (kind = 'sale') as last_order
    from sales where customer_id is not null group by customer_id, currency
),
worth as (
    select customer_id, max(amount) as value, arg_max(currency, amount) as currency, max(last_order) as last_order
    from bought group by customer_id
)
select p.id::bigint as id, p.number::varchar as number, p.name::varchar as name, p.country::varchar as country,
    b.score, b.band, w.value, w.currency, w.last_order
from people p left join batch b on b.customer_id = p.id left join worth w on w.customer_id = p.id
"""
_MATCH = "starts_with(lower(number), $words) or contains(lower(name), $words)"


@dataclass(frozen=True)
class Found:
    """Some of the customers: how many there are in all, and those asked for as rows."""

    total: int
    rows: list[dict[str, Any]]


class Roster:
    """The customers as of what had arrived when it was made.

    Parameters
    ----------
    records : Records

    Attributes
    ----------
    watermark : int
        The greatest arrival number that it knows.
    moment : int or None
        Moment (µs) up to which orders count; None without orders.
    scored : Batch or None
        The batch of the churn model that tells the risk.
    """

    def __init__(self, records: Records) -> None:
        self._lock = threading.Lock()
        self._reading = Reading(records)
        self.watermark = self._reading.watermark
        self.moment = sales.lines(self._reading)
        self.scored: Batch | None = batch(self._reading, RISK)
        self._reading.put("people", records.query(_PEOPLE))
        if self.moment is None:
            self._reading.run("create table sales (customer_id bigint, order_id bigint, kind varchar, amount bigint, "
                              "currency varchar, occurred_at bigint)")  # fmt: skip
        if self.scored is None:
            self._reading.run("create table batch (customer_id bigint, score double, band varchar)")
        self._reading.run(_ROSTER, {"since": (self.moment or 0) - YEAR})

    def close(self) -> None:
        """Forget it."""
        self._reading.close()

    def find(self, words: str, order: str, start: int, most: int) -> Found:
        """Customers whose number begins with `words` or whose name holds them.

        Parameters
        ----------
        words : str
            In any case; empty for all.
        order : str
            One of `ORDERS`.
        start, most : int
        """
        asked = {"words": words.lower()}
        with self._lock:
            total = self._reading.ask(f"select count(*) as n from roster where {_MATCH}", asked)[0]["n"]  # noqa: S608 - ours
            rows = self._reading.ask(
                f"select * from roster where {_MATCH} order by {ORDERS[order]} limit $most offset $start",  # noqa: S608 - ours
                {**asked, "most": most, "start": start},
            )
        return Found(int(total), rows)

    def totals(self, customer: int) -> list[dict[str, Any]]:
        """What one customer bought, by currency: spend and year (ten-thousandths, net), orders, first, last."""
        with self._lock:
            return self._reading.ask(
                "select currency, sum(amount)::bigint as spend, "
                "coalesce(sum(amount) filter (occurred_at >= $since), 0)::bigint as year, "
                "count(distinct order_id) filter (kind = 'sale') as orders, "
                "min(occurred_at) filter (kind = 'sale') as first, max(occurred_at) filter (kind = 'sale') as last "
                "from sales where customer_id = $customer group by currency order by spend desc",
                {"customer": customer, "since": (self.moment or 0) - YEAR},
            )
