"""What may be offered to whom: the workspace's ``assortment.yaml``.

.. code-block:: yaml

    owned: with                                # what a customer bought before: with, without, only
    out_of_stock: [P0012, P0400]               # product numbers that cannot be had now
    rules:                                     # every rule that names a product must let it pass
      - {category: Wine, min_age: 18}          # a category counts with all below it
      - {category: Fireworks, countries: [DE, AT]}
      - {products: [P0007], regions: [North]}
      - {category: Tobacco, never: true}

Whose age, country or region is not known is not shown what a rule limits by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

import yaml

from configs.errors import RapportError

NAME = "assortment.yaml"
Owned: TypeAlias = Literal["with", "without", "only"]
_KEYS = ("owned", "out_of_stock", "rules")
_SUBJECTS = ("category", "products")
_LIMITS = ("min_age", "countries", "regions", "never")
_OLDEST = 150


class AssortmentError(RapportError):
    """The file of the assortment says something that cannot be followed."""


@dataclass(frozen=True)
class Rule:
    """To whom some products may be offered.

    Attributes
    ----------
    category : str
        Name of a category, which counts with all below it; empty when `products` are named.
    products : tuple of str
        Product numbers.
    min_age : int or None
        Years that a customer must have.
    countries, regions : tuple of str
        Where a customer must be; empty for anywhere.
    never : bool
        To nobody.
    """

    category: str = ""
    products: tuple[str, ...] = ()
    min_age: int | None = None
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    never: bool = False


@dataclass(frozen=True)
class Assortment:
    """What may be offered to whom.

    Attributes
    ----------
    owned : {"with", "without", "only"}
        Whether what a customer bought before is offered too, not at all, or alone.
    out_of_stock : tuple of str
        Product numbers.
    rules : tuple of Rule
    """

    owned: Owned = "with"
    out_of_stock: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Assortment:
        """What a file says; everything may be offered where there is none.

        Raises
        ------
        AssortmentError
            If it is no YAML of this form.
        """
        if not path.exists():
            return cls()
        try:
            value = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            reason = " ".join(str(error).split())
            raise AssortmentError(f"{path} is no YAML ({reason}); a mapping is expected; correct it") from error
        return cls.of(value if value is not None else {}, str(path))

    @classmethod
    def of(cls, value: object, where: str) -> Assortment:
        """The assortment that plain values describe; raises like `read`.

        Examples
        --------
        >>> Assortment.of({"rules": [{"category": "Wine", "min_age": 18}]}, "here").rules[0].min_age
        18
        >>> Assortment.of({"rules": [{"category": "Wine"}]}, "here")
        Traceback (most recent call last):
        ...
        configs.assortment.AssortmentError: rule 1 of here limits nothing; one of min_age, countries, regions, never \
is expected; add it
        """
        told = _mapping(value, where, _KEYS)
        owned = told.get("owned", "with")
        if owned not in get_args(Owned):
            raise AssortmentError(
                f"owned of {where} is {owned!r}; with, without or only is expected; write one of them"
            )
        rules = told.get("rules", [])
        if not isinstance(rules, list):
            raise AssortmentError(f"the rules of {where} are {rules!r:.60}; a list is expected; write one")
        return cls(
            cast(Owned, owned),
            _texts(told, "out_of_stock", where),
            tuple(_rule(item, f"rule {number} of {where}") for number, item in enumerate(rules, start=1)),
        )


def _rule(value: object, where: str) -> Rule:
    told = _mapping(value, where, (*_SUBJECTS, *_LIMITS))
    if len(set(told) & set(_SUBJECTS)) != 1:
        raise AssortmentError(f"{where} names {sorted(told)}; either category or products is expected; name one")
    if not set(told) & set(_LIMITS):
        raise AssortmentError(f"{where} limits nothing; one of {', '.join(_LIMITS)} is expected; add it")
    age, never, category = told.get("min_age"), told.get("never", False), told.get("category", "")
    if age is not None and (type(age) is not int or not 0 < age < _OLDEST):
        raise AssortmentError(f"min_age of {where} is {age!r}; a whole number of years is expected; correct it")
    if type(never) is not bool:
        raise AssortmentError(f"never of {where} is {never!r}; true or false is expected; correct it")
    if not isinstance(category, str) or ("category" in told and not category):
        raise AssortmentError(f"category of {where} is {category!r}; a category's name is expected; correct it")
    texts = {name: _texts(told, name, where) for name in ("products", "countries", "regions")}
    return Rule(category, min_age=age, never=never, **texts)


def _mapping(value: object, where: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise AssortmentError(f"{where} is {value!r:.60}; a mapping with {', '.join(known)} is expected; write one")
    for key in value:
        if key not in known:
            near = get_close_matches(str(key), known, 1)
            hint = f"; close to it is {near[0]!r}" if near else ""
            raise AssortmentError(f"{where} has the key {key!r}; one of {', '.join(known)} is expected{hint}")
    return value


def _texts(told: dict[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = told.get(name, [])
    if not isinstance(value, list) or (name in told and name != "out_of_stock" and not value):
        raise AssortmentError(f"{name} of {where} is {value!r:.60}; a list is expected; write one")
    for item in value:
        if type(item) not in (str, int):
            raise AssortmentError(f"{name} of {where} holds {item!r:.60}; texts are expected; put it in quotes")
    return tuple(str(item) for item in value)
