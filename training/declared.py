"""What the records and views say about a model's features: their words, answers for suspects, their hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crm.records import Records
from features.content import json_sha256
from features.lineage import Declarations
from features.store import FeatureStore
from training.inputs import Input, inputs_of


def inputs_from(store: FeatureStore, refs: Sequence[str], phrases: Mapping[str, str]) -> list[Input]:
    """Inputs for some references; ``view:*`` names a whole view."""
    return inputs_of(store.features(refs), phrases)


def answered(records: Records, entity: str) -> frozenset[str]:
    """Attributes for which the source's mapping says ``suspect: allowed``, as references."""
    return frozenset(f"{entity}_attributes:{item.code}" for item in records.attributes(entity) if item.suspect)


def attributes_of(records: Records, entity: str) -> frozenset[str]:
    """Every custom attribute of an entity, as references."""
    return frozenset(f"{entity}_attributes:{item.code}" for item in records.attributes(entity))


def declarations_sha256(declarations: Declarations) -> str:
    """Hash of the declarations of every view in use."""
    return json_sha256({name: item["version"] for name, item in declarations.items()})
