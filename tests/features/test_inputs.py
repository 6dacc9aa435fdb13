"""Numbers that come with the question: the same in a spine's column and in a request, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.clock import DAY
from features import (
    DeclarationError,
    FeatureError,
    FeatureStore,
    FeatureView,
    InlineRecords,
    InputError,
    check,
    customer,
    days,
    expression,
    ratio,
    request,
)
from features.checks import same_bits, same_words
from tests.features.conftest import Opener
from tests.features.worlds import lines

T = 1_700_000_000_000_000
VIEW = FeatureView(
    entity=customer,
    basket=request("basket_value", unit="EUR"),
    spend=lines.amount.sum(days(90)),
    part=ratio("basket", "spend_90d"),
    odd=expression("log1p(basket) + where(isnan(basket), -1, basket ** 0.5) / 3"),
)


@pytest.fixture
def store(open_store: Opener) -> FeatureStore:
    rows = [{"customer_id": i, "amount": 7 * i, "occurred_at": T - DAY} for i in (1, 2)]
    people = [{"id": i, "customer_no": f"K{i}", "occurred_at": 0} for i in (1, 2)]
    store = open_store(InlineRecords({"order_lines": rows, "customers_versions": people}), v=VIEW, w=VIEW)
    store.materialize()
    return store


def test_a_request_is_a_feature_with_words_and_a_version(store: FeatureStore) -> None:
    [basket] = store.features(["v:basket"])
    assert (basket.dtype, basket.unit, basket.null) == ("float", "EUR", "null where null is given")
    assert store.inputs(["v:part", "w:*"]) == ["basket_value"]
    assert store.inputs(["v:spend_90d"]) == []
    other = FeatureView(entity=customer, basket=request("basket_weight"))
    assert FeatureView(entity=customer, basket=request("basket_value")).version != other.version


def test_a_spine_brings_its_own_and_keeps_its_column(store: FeatureStore) -> None:
    spine = pd.DataFrame({"customer_id": [1, 2, 9], "as_of": T, "basket_value": [14, None, 3]})
    found = store.historical_features(["v:*"], spine)
    assert found["v__basket"].tolist()[::2] == [14, 3]
    assert found["v__part"].tolist()[0] == 2
    assert found["v__part"].isna().tolist() == [False, True, True]
    same_bits(found[list(spine.columns)], spine)
    inline = check(VIEW, {}, [(1, T)], inputs={"basket_value": [5.0]})
    assert inline["basket"].tolist() == [5]


NUMBERS = st.one_of(st.none(), st.integers(-(2**60), 2**60), st.floats(allow_infinity=False))


@given(values=st.lists(NUMBERS, min_size=2, max_size=2))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_online_equals_offline_bit_for_bit(store: FeatureStore, values: list[float | None]) -> None:
    frame = pd.DataFrame({"customer_id": [1, 2], "as_of": T, "basket_value": pd.Series(values, dtype=object)})
    offline = store.historical_features(["v:*"], frame)
    online = store.online_features(["v:*"], ["K1", "K2"], T, inputs={"basket_value": values})
    for ref, column in online.values.items():
        assert same_words(column, offline[ref.replace(":", "__")].to_numpy()), ref


def test_one_number_for_all_or_one_for_each(store: FeatureStore) -> None:
    both = store.online_features(["v:basket"], ["K1", "K2"], T, inputs={"basket_value": 4}).values["v:basket"]
    each = store.online_features(["v:basket"], ["K1", "K2"], T, inputs={"basket_value": np.array([4, 5])})
    assert (both.tolist(), each.values["v:basket"].tolist()) == ([4, 4], [4, 5])


def test_no_rows_are_behind_it(store: FeatureStore) -> None:
    with pytest.raises(FeatureError, match="'v:basket' comes with the question, no rows are behind it; a feature over"):
        store.explain("v:basket", "K1", T)


BAD: dict[str, tuple[dict[str, Any] | None, str]] = {
    "missing": (None, "the input 'basket_value' is missing; the features asked for take basket_value; give a number"),
    "unknown": ({"basket_value": 1, "bsket": 2}, "the input 'bsket' is unknown; .* take basket_value; correct or drop"),
    "text": ({"basket_value": "much"}, "the input 'basket_value' is 'much', a str; a number or null is expected"),
    "flag": ({"basket_value": [True, False]}, "the input 'basket_value' is True, a bool; a number or null"),
    "infinite": ({"basket_value": float("inf")}, "the input 'basket_value' is infinite; a finite number or null"),
    "too many": ({"basket_value": [1, 2, 3]}, "the input 'basket_value' has 3 numbers for 2 entities; one for all"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_input_is_one_sentence(name: str, store: FeatureStore) -> None:
    inputs, sentence = BAD[name]
    with pytest.raises(InputError, match=sentence):
        store.online_features(["v:part"], ["K1", "K2"], T, inputs=inputs)


def test_an_input_that_nothing_asks_for_is_refused(store: FeatureStore) -> None:
    with pytest.raises(InputError, match="the input 'basket_value' is unknown; the features asked for take none"):
        store.online_features(["v:spend_90d"], ["K1"], T, inputs={"basket_value": 1})


def test_a_spine_without_the_column_or_with_texts_is_one_sentence(store: FeatureStore) -> None:
    spine = pd.DataFrame({"customer_id": [1], "as_of": [T]})
    with pytest.raises(InputError, match="the spine has no column 'basket_value', which comes with the question"):
        store.historical_features(["v:part"], spine)
    with pytest.raises(InputError, match="the input 'basket_value' is 'a lot', a str; a number or null is expected"):
        store.historical_features(["v:part"], spine.assign(basket_value="a lot"))


@pytest.mark.parametrize("name", ["as_of", "customer_id", "Basket", "basket value", "", "ids"])
def test_a_name_that_means_something_else_is_refused(name: str) -> None:
    with pytest.raises(DeclarationError, match=f"the request '{name}' cannot be told from other columns; a name of"):
        request(name)
