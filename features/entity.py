"""Entities: what a feature is about, and by which column and number it is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entity:
    """Something that features describe.

    Attributes
    ----------
    name : str
        ``customer``, ``lead``, …
    table : str
        Its head table in the records.
    number : str
        The column of its number, by which people and programs ask for it.

    Examples
    --------
    >>> customer.key
    'customer_id'
    """

    name: str
    table: str
    number: str

    @property
    def key(self) -> str:
        """Its id column in spines and in other tables."""
        return f"{self.name}_id"


customer = Entity("customer", "customers", "customer_no")
lead = Entity("lead", "leads", "lead_no")
product = Entity("product", "products", "product_no")
opportunity = Entity("opportunity", "opportunities", "opportunity_no")

ENTITIES = {item.name: item for item in (customer, lead, product, opportunity)}
