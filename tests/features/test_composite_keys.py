"""Composite keys: a combination of several entities is an entity, by dense codes and never by joined texts."""

from __future__ import annotations

import multiprocessing
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.clock import DAY
from crm.schema import Customer, OrderLine
from features import (
    DeclarationError,
    FeatureError,
    FeatureStore,
    FeatureView,
    InlineRecords,
    SpineError,
    check,
    customer_product,
    days,
    events,
    states,
)
from features.history.codebook import Codebook
from features.kernel.codes import NULL
from tests.features import point_in_time
from tests.features.conftest import Opener

T = 1_700_000_000_000_000
BIG = 2**53 + 1
lines = events(OrderLine, entity=customer_product)
VIEW = FeatureView(entity=customer_product, n=lines.count(days(90)), spend=lines.amount.sum(), last=lines.kind.last())


def bought(who: int | None, what: int | None, **values: Any) -> dict[str, Any]:
    return {"customer_id": who, "product_id": what, "occurred_at": T - DAY, "amount": 1, **values}


def heads(customers: dict[int, str], products: dict[int, str]) -> dict[str, list[dict[str, Any]]]:
    return {
        "customers_versions": [{"id": i, "customer_no": no, "occurred_at": 0} for i, no in customers.items()],
        "products_versions": [{"id": i, "product_no": no, "occurred_at": 0} for i, no in products.items()],
    }


def test_parts_are_never_run_together(open_store: Opener) -> None:
    numbers = heads({1: "1", 12: "12"}, {23: "23", 3: "3"})
    records = InlineRecords({**numbers, "order_lines": [bought(1, 23), bought(12, 3), bought(12, 3)]})
    store = open_store(records, v=VIEW)
    store.materialize(customer_product)
    spine = pd.DataFrame({"customer_id": [1, 12, 1, 12], "product_id": [23, 3, 3, 23], "as_of": T})
    assert store.historical_features(["v:n_90d"], spine)["v__n_90d"].tolist() == [1, 2, 0, 0]
    answer = store.online_features(["v:n_90d"], [("1", "23"), ("12", "3"), ("1", "3"), ("123", "")], T)
    assert answer.values["v:n_90d"].tolist() == [1, 2, 0, 0]
    assert answer.status["v"] == ["OK", "OK", "NOT_FOUND", "NOT_FOUND"]


def test_numbers_with_quotes_commas_and_any_letters_are_told_apart(open_store: Opener) -> None:
    odd = ['a","b', "a", "ä|ß", " ", "1,2", "[]"]
    numbers = heads(dict(enumerate(odd)), dict(enumerate(odd)))
    pairs = [(i, j) for i in range(len(odd)) for j in range(len(odd))]
    rows = [bought(i, j) for place, (i, j) in enumerate(pairs) for _ in range(place % 4)]
    store = open_store(InlineRecords({**numbers, "order_lines": rows}), v=VIEW)
    store.materialize(customer_product)
    answer = store.online_features(["v:n_90d"], [(odd[i], odd[j]) for i, j in pairs], T)
    assert answer.values["v:n_90d"].tolist() == [place % 4 for place in range(len(pairs))]


def test_ids_beyond_2_to_the_53_are_kept_apart() -> None:
    rows = {"order_lines": [bought(BIG, BIG + 1), bought(BIG + 1, BIG)]}
    spine = [((BIG, BIG + 1), T), ((BIG - 1, BIG + 1), T), ((BIG + 1, BIG), T), ((BIG, BIG), T)]
    assert check(VIEW, rows, spine)["n_90d"].tolist() == [1, 0, 1, 0]


def test_a_row_without_one_of_the_parts_belongs_to_no_pair() -> None:
    rows = {"order_lines": [bought(1, 2), bought(None, 2), bought(1, None), bought(None, None)]}
    assert check(VIEW, rows, [((1, 2), T)])["n_90d"].tolist() == [1]


def test_a_fact_that_moves_to_another_product_leaves_the_pair() -> None:
    first = bought(1, 2, id=7, known_at=T - DAY)
    rows = {"order_lines": [first, first | {"product_id": 3, "known_at": T}]}
    spine = [((1, 2), T), ((1, 3), T), ((1, 2), T + 1), ((1, 3), T + 1)]
    assert check(VIEW, rows, spine)["n_90d"].tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize("compact_rows", [0, 10**9])
def test_pairs_equal_the_oracles_however_they_arrive(compact_rows: int, open_store: Opener) -> None:
    draw = random.Random(compact_rows)
    rows = [
        bought(draw.randrange(1, 5), draw.randrange(1, 5), id=draw.randrange(1, 60), amount=draw.randrange(1, 100))
        | {"occurred_at": draw.randrange(0, 200) * DAY, "known_at": draw.randrange(0, 300) * DAY}
        for _ in range(150)
    ]
    records = InlineRecords({})
    store = open_store(records, compact_rows, v=VIEW)
    for begin in range(0, len(rows), 40):
        records.add("order_lines", rows[begin : begin + 40])
        store.refresh()
    spine = [(i, j, draw.randrange(0, 320) * DAY) for i in range(1, 6) for j in range(1, 6) for _ in range(4)]
    found = store.historical_features(["v:*"], pd.DataFrame(spine, columns=["customer_id", "product_id", "as_of"]))
    facts = [
        {"pk": row["id"], "entity": (row["customer_id"], row["product_id"])}
        | {name: row[name] for name in ("occurred_at", "known_at", "amount")}
        for row in rows
    ]
    for place, (i, j, at) in enumerate(spine):
        wanted = point_in_time.feature(facts, (i, j), at, "sum", "amount")
        assert found["v__spend"][place] == wanted, (i, j, at)


def test_both_ids_stand_in_logs_spines_and_explanations(open_store: Opener) -> None:
    numbers = heads({1: "K1", 2: "K2"}, {5: "P5"})
    records = InlineRecords({**numbers, "order_lines": [bought(1, 5), bought(2, 5), bought(2, 5, occurred_at=T)]})
    store = open_store(records, v=VIEW)
    assert store.log(lines).select(["customer_id", "product_id"]).to_pylist()[0] == {"customer_id": 1, "product_id": 5}
    spine = store.every("month", customer_product, T, T + 40 * DAY, lines.count(days(30)))
    assert spine[["customer_id", "product_id"]].drop_duplicates().to_numpy().tolist() == [[1, 5], [2, 5]]
    assert store.explain("v:spend", ("K2", "P5"), T + 1).num_rows == 2
    assert store.ids(customer_product, [("K2", "P5")]).tolist() == [1]


def test_pairs_are_materialized_once_they_were_asked_for_and_then_kept(open_store: Opener) -> None:
    records = InlineRecords({**heads({1: "K1"}, {5: "P5", 6: "P6"}), "order_lines": [bought(1, 5)]})
    store = open_store(records, v=VIEW)
    assert store.materialize().entities == {}
    assert store.materialize("customer_product").entities == {"customer_product": 1}
    records.add("order_lines", [bought(1, 6)])
    store.refresh()
    assert store.materialize().entities == {"customer_product": 1}
    assert store.online_features(["v:n_90d"], [("K1", "P6")], T).values["v:n_90d"].tolist() == [1]


def test_what_makes_no_sense_is_one_sentence(open_store: Opener) -> None:
    store: FeatureStore = open_store(InlineRecords({"order_lines": [bought(1, 5)]}), v=VIEW)
    with pytest.raises(DeclarationError, match="customers_versions has no column 'customer_id'"):
        states(Customer, entity=customer_product)
    with pytest.raises(SpineError, match="has no column 'product_id'; it has customer_id, as_of; customer_id, product"):
        store.historical_features(["v:n_90d"], pd.DataFrame({"customer_id": [1], "as_of": [T]}))
    with pytest.raises(FeatureError, match=r"'K1' names no customer_product; a tuple of texts \(customer_no, product"):
        store.online_features(["v:n_90d"], ["K1"], T)
    with pytest.raises(SpineError, match="pairs of customer and product have no records of their own"):
        store.entities_at(customer_product, T)
    with pytest.raises(FeatureError, match="a customer_no and a product_no of the records is expected"):
        store.ids(customer_product, [("K1", "P9")])


IDS = st.integers(min_value=-(2**63) + 1, max_value=2**63 - 1)


@given(st.lists(st.tuples(IDS, IDS, IDS), max_size=40), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_a_code_for_each_combination_whatever_the_portions(rows: list[tuple[int, int, int]], portions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book = Codebook(Path(folder) / "book.codes", 3)
        codes: dict[tuple[int, int, int], int] = {}
        for part in [rows[place::portions] for place in range(portions)]:
            columns = [np.array([row[i] for row in part], np.int64) for i in range(3)]
            for row, code in zip(part, book.encode(columns).tolist(), strict=True):
                assert codes.setdefault(row, code) == code
        assert sorted(codes.values()) == list(range(len(codes)))
        again = Codebook(Path(folder) / "book.codes", 3)
        columns = [np.array([row[i] for row in codes], np.int64) for i in range(3)]
        assert again.find(columns).tolist() == list(codes.values())


def test_nulls_have_no_code_and_what_is_forgotten_is_not_found(tmp_path: Path) -> None:
    book = Codebook(tmp_path / "book.codes", 2)
    columns = [np.array([1, NULL, 2, 1]), np.array([5, 5, NULL, 6])]
    assert book.encode(columns).tolist() == [0, NULL, NULL, 1]
    assert book.forget(1, np.array([5])) == 1
    assert book.find([np.array([1, 1]), np.array([5, 6])]).tolist() == [-1, 1]
    assert book.encode([np.array([1]), np.array([5])]).tolist() == [2]


def test_what_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "book.codes"
    book = Codebook(path, 2)
    book.encode([np.array([1, 2]), np.array([5, 6])])
    whole = path.read_bytes()
    for left in (1, 8, 15):
        path.write_bytes(whole + b"x" * left)
        fresh = Codebook(path, 2)
        assert fresh.find([np.array([2, 1]), np.array([6, 6])]).tolist() == [1, -1]
        assert fresh.encode([np.array([9]), np.array([9])]).tolist() == [2]
        assert path.read_bytes()[: len(whole)] == whole
    path.write_bytes(b"")
    assert Codebook(path, 2).encode([np.array([1]), np.array([5])]).tolist() == [0]


def test_a_process_that_has_read_it_before_takes_up_additions_and_forgettings(tmp_path: Path) -> None:
    one, other = Codebook(tmp_path / "book.codes", 2), Codebook(tmp_path / "book.codes", 2)
    assert one.encode([np.array([1, 2]), np.array([5, 6])]).tolist() == [0, 1]
    assert other.encode([np.array([3, 1]), np.array([7, 5])]).tolist() == [2, 0]
    assert one.find([np.array([3]), np.array([7])]).tolist() == [2]
    assert other.forget(0, np.array([1])) == 1
    assert one.find([np.array([1, 3]), np.array([5, 7])]).tolist() == [-1, 2]
    assert [column.tolist() for column in one.ids()] == [[NULL, 2, 3], [NULL, 6, 7]]


def _extend(path: Path, seed: int) -> None:
    draw = np.random.default_rng(seed)
    book = Codebook(path, 2)
    for _ in range(20):
        book.encode([draw.integers(0, 30, 20), draw.integers(0, 30, 20)])


@pytest.mark.slow
def test_several_processes_give_each_combination_one_code(tmp_path: Path) -> None:
    path, context = tmp_path / "book.codes", multiprocessing.get_context("spawn")
    workers = [context.Process(target=_extend, args=(path, seed)) for seed in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    pairs = list(zip(*(column.tolist() for column in Codebook(path, 2).ids()), strict=True))
    assert len(set(pairs)) == len(pairs) > 400
