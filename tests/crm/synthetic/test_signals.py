"""What is planted is there: anybody who knew the truth could tell silence, conversion and taste beforehand."""

from __future__ import annotations

import gzip
import itertools

import numpy as np
import pandas as pd
import pytest

from crm.synthetic import CompanyFiles, write_company
from crm.synthetic.truth import auc


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> CompanyFiles:
    return write_company(tmp_path_factory.mktemp("company"), customers=4000, seed=11)


def test_true_churn_probability_ranks_and_is_calibrated(company: CompanyFiles) -> None:
    truth = company.truth["churn"].to_pandas()
    recent = truth[truth["weeks_since_order"] < 26]
    assert 0.81 < auc(recent["probability"].to_numpy(), recent["silent"]) < 0.89
    assert abs(recent["probability"].mean() - recent["silent"].mean()) < 0.02


def test_recency_alone_tells_much_less_of_churn(company: CompanyFiles) -> None:
    truth = company.truth["churn"].to_pandas()
    recent = truth[truth["weeks_since_order"] < 26]
    assert 0.58 < auc(recent["weeks_since_order"].to_numpy(dtype=float), recent["silent"]) < 0.72


def test_true_lead_probability_ranks_and_is_calibrated(company: CompanyFiles) -> None:
    leads = company.truth["leads"].to_pandas()
    assert 0.76 < auc(leads["probability"].to_numpy(), leads["converts"]) < 0.84
    assert abs(leads["probability"].mean() - leads["converts"].mean()) < 0.03


def test_trouble_makes_customers_fade(company: CompanyFiles) -> None:
    with gzip.open(company.tables["ticket_events"]) as stream:
        events = pd.read_csv(stream)
    urged = events[events["type"] == "urged"].copy()
    urged["happened_at"] = pd.to_datetime(urged["happened_at"], utc=True)
    truth = company.truth["churn"].to_pandas()
    faded: dict[bool, list[bool]] = {True: [], False: []}
    moments = sorted(truth["as_of"].unique())
    for moment, later in itertools.pairwise(moments):
        as_of = pd.Timestamp(moment, unit="us", tz="UTC")
        soon = urged["happened_at"].between(as_of, as_of + pd.Timedelta(days=42))
        troubled = set(urged.loc[soon, "customer_no"])
        states = truth[truth["as_of"] == later].set_index("customer_no")["state"]
        active = truth.loc[(truth["as_of"] == moment) & (truth["state"] == "active"), "customer_no"]
        for number in active:
            faded[number in troubled].append(states[number] != "active")
    assert len(faded[True]) > 50
    assert np.mean(faded[True]) > np.mean(faded[False]) + 0.15


def test_products_of_one_cluster_are_bought_together(company: CompanyFiles) -> None:
    cluster = company.truth["products"].to_pandas().set_index("product_no")["cluster"]
    lines = pd.read_parquet(company.tables["order_lines"])
    lines = lines[lines["op"] == "assert"]
    first = lines.groupby("order_no")["product_no"].transform("first")
    others = lines["product_no"] != first
    same = (cluster.loc[lines["product_no"]].to_numpy() == cluster.loc[first].to_numpy())[others]
    assert same.mean() > 0.3  # one in twenty by chance


def test_five_segments_have_the_stated_shares(company: CompanyFiles) -> None:
    shares = company.truth["customers"].to_pandas()["segment"].value_counts(normalize=True)
    assert set(shares.index) == {"bulk", "loyal", "bargain", "occasional", "browser"}
    assert np.all((shares > 0.05) & (shares < 0.40))
