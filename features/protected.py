"""Which attributes are protected: used where a model may, but never shown as a reason."""

from __future__ import annotations

import re

WORDS = {
    "sex",
    "gender",
    "age",
    "birth",
    "birthday",
    "birthdate",
    "senior",
    "language",
    "nationality",
    "ethnicity",
    "race",
    "religion",
    "disability",
    "disabled",
    "pregnant",
    "pregnancy",
    "marital",
    "married",
    "orientation",
}


def is_protected(name: str, data_class: str = "") -> bool:
    """Whether a column or attribute describes sex, age, origin, belief, health or family.

    Parameters
    ----------
    name : str
        A column's name or an attribute's code.
    data_class : str
        Columns of the class ``special`` are always protected.

    Examples
    --------
    >>> is_protected("SeniorCitizen"), is_protected("birth_year_band"), is_protected("page_views")
    (True, True, False)
    """
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    words = set(re.split(r"[^a-z]+", split.lower()))
    return data_class == "special" or bool(words & WORDS)
