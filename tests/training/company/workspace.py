"""An opened workspace that holds the made-up company."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from configs import Settings
from crm import Records
from crm.synthetic import CompanyFiles
from features import FeatureStore
from training import Training

Frame = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Company:
    """Everything that a test may ask."""

    files: CompanyFiles
    settings: Settings
    records: Records
    store: FeatureStore
    training: Training

    def truth(self, name: str, entity: str) -> pd.DataFrame:
        """A planted truth by record id."""
        numbers = self.records.numbers(entity).to_pandas().set_index("number")["id"]
        table: pd.DataFrame = self.files.truth[name].to_pandas()
        return table.set_index(numbers.loc[table[f"{entity}_no"]].to_numpy())

    def frame(self, refs: tuple[str, ...], as_of: int) -> tuple[npt.NDArray[np.int64], Frame]:
        """Ids and values of all customers at a moment."""
        spine = self.store.entities_at("customer", as_of)
        values = self.store.historical_features(refs, spine)
        return spine["customer_id"].to_numpy(), {ref: values[ref.replace(":", "__", 1)].to_numpy() for ref in refs}
