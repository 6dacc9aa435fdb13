"""Entities: what a feature is about, and by which columns and numbers it is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from features.errors import DeclarationError, FeatureError


@dataclass(frozen=True)
class Entity:
    """Something that features describe: a head of the records, or a combination of several.

    Attributes
    ----------
    name : str
        ``customer``, ``lead``, …
    table : str
        Its head table in the records; of a combination, its plural in words.
    number : str
        The column of its number, by which people and programs ask for it; empty for a combination.
    parts : tuple of Entity
        What a combination consists of, in order.

    Examples
    --------
    >>> customer.key, customer.keys
    ('customer_id', ('customer_id',))
    >>> customer_product.key, customer_product.keys
    ('customer_product_id', ('customer_id', 'product_id'))
    """

    name: str
    table: str
    number: str = ""
    parts: tuple[Entity, ...] = ()

    @property
    def key(self) -> str:
        """The column of its record id; of a combination, that of the dense code of the ids of its parts."""
        return f"{self.name}_id"

    @property
    def keys(self) -> tuple[str, ...]:
        """Its id columns in spines and in other tables, one for each part."""
        return tuple(item.key for item in self.heads)

    @property
    def heads(self) -> tuple[Entity, ...]:
        """The entities with records of their own that it consists of; itself, when it is one."""
        return self.parts or (self,)

    def number_of(self, key: str | Sequence[str]) -> str:
        """The text by which it is found: its number, or a JSON list of the numbers of its parts.

        Parts are quoted, never run together: ``("1", "23")`` and ``("12", "3")`` differ.

        Raises
        ------
        FeatureError
            If a number is no text, or one is given where several are expected, or the other way round.

        Examples
        --------
        >>> customer.number_of("12583"), customer_product.number_of(("1", "23"))
        ('12583', '["1","23"]')
        """
        if isinstance(key, str) and not self.parts:
            return key
        wanted = len(self.parts)
        if isinstance(key, str) or not isinstance(key, Sequence) or [type(item) for item in key] != [str] * wanted:
            form = f"{'a tuple of texts' if wanted else 'one text'} ({', '.join(item.number for item in self.heads)})"
            raise FeatureError(f"{key!r} names no {self.name}; {form} is expected; correct it")
        return json.dumps(list(key), ensure_ascii=False, separators=(",", ":"))


customer = Entity("customer", "customers", "customer_no")
lead = Entity("lead", "leads", "lead_no")
product = Entity("product", "products", "product_no")
opportunity = Entity("opportunity", "opportunities", "opportunity_no")
customer_product = Entity("customer_product", "pairs of customer and product", parts=(customer, product))


def declared(entity: object) -> Entity:
    """The entity that a declaration names; DeclarationError if it is none, its name as a text for example."""
    if not isinstance(entity, Entity):
        raise DeclarationError(
            f"the entity of a declaration is {entity!r}; one of {', '.join(ENTITIES)}, imported from features, is "
            "expected; write entity=customer"
        )
    return entity


ENTITIES = {item.name: item for item in (customer, lead, product, opportunity, customer_product)}
COMPOSITES = {item.key: item for item in ENTITIES.values() if item.parts}
