"""The generator's promises: same bytes from the same seed, invented people, two honest clocks, and its speed."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from crm.synthetic import CompanyFiles, SyntheticError, write_company

HAPPENED = ("ordered_at", "returned_at", "happened_at", "changed_at")
MOMENTS = ("known_at", "changed_at", "happened_at", "ordered_at", "returned_at", "created_at", "assigned_at")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> CompanyFiles:
    return write_company(tmp_path_factory.mktemp("company"), customers=800, seed=3)


def _read(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    strings = pacsv.ConvertOptions(strings_can_be_null=True, timestamp_parsers=["none"])
    with gzip.open(path) as stream:
        return pacsv.read_csv(stream, convert_options=strings)


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_same_seed_gives_the_same_bytes_in_another_process(company: CompanyFiles, tmp_path: Path) -> None:
    program = f"from crm.synthetic import write_company; write_company({str(tmp_path)!r}, customers=800, seed=3)"
    environ = os.environ | {"PYTHONHASHSEED": "12345", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environ, cwd=Path(__file__).parents[3])
    assert _hashes(tmp_path) == _hashes(company.directory)


def test_another_seed_gives_another_company(company: CompanyFiles, tmp_path: Path) -> None:
    write_company(tmp_path, customers=800, seed=4)
    assert _hashes(tmp_path)["orders.csv.gz"] != _hashes(company.directory)["orders.csv.gz"]


def test_counts_are_those_of_the_files(company: CompanyFiles) -> None:
    assert {name: _read(path).num_rows for name, path in company.tables.items()} == dict(company.rows)


def test_nothing_was_known_at_or_after_the_end(company: CompanyFiles) -> None:
    for name, path in company.tables.items():
        table = _read(path)
        for column in set(MOMENTS) & set(table.column_names):
            assert str(pc.max(table[column])) < "2026-06-30 00:00:00Z", (name, column)


def test_nothing_is_known_before_it_happened(company: CompanyFiles) -> None:
    late = 0
    for name, path in company.tables.items():
        table = _read(path)
        happened = next((item for item in HAPPENED if item in table.column_names), None)
        if "known_at" in table.column_names and happened:
            assert pc.all(pc.greater_equal(table["known_at"], table[happened])).as_py(), name
            late += pc.sum(pc.greater(table["known_at"], table[happened])).as_py()
    assert late > 1000


def test_order_amounts_are_the_sums_of_their_lines_at_every_moment(company: CompanyFiles) -> None:
    orders = _read(company.tables["orders"]).to_pandas()
    lines = _read(company.tables["order_lines"]).to_pandas()
    assert set(orders["op"]) == {"assert", "correct", "retract"}
    for op in ("assert", "correct"):
        rows = lines[lines["op"].isin(["assert", op])].groupby("line_no").last()  # the file is in the order of known_at
        sums = rows.groupby("order_no")["amount"].sum().astype(float)
        stated = orders[orders["op"] == op].set_index("order_no")["amount"].astype(float)
        assert len(stated) > 5
        assert abs(sums.loc[stated.index] - stated).max() < 0.005


def test_people_and_addresses_are_invented(company: CompanyFiles) -> None:
    customers = _read(company.tables["customers"])
    assert pc.all(pc.ends_with(customers["email"], "@mail.example")).as_py()


def test_drift_shifts_prices_and_channels_only_and_only_from_its_moment(company: CompanyFiles, tmp_path: Path) -> None:
    drifted = write_company(tmp_path, customers=800, seed=3, drift=True)
    assert drifted.drift_from is not None
    both = [_read(item.tables["order_lines"]).to_pandas() for item in (company, drifted)]
    before, after = (item.set_index(["line_no", "op"]).sort_index() for item in both)
    shared = before.index.intersection(
        after.index
    )  # what the shop and the phone knew a night later may miss the export
    assert len(shared) > 0.999 * len(before)
    before, after = before.loc[shared], after.loc[shared]
    moved = ["unit_price", "amount", "known_at"]
    assert before.drop(columns=moved).equals(after.drop(columns=moved))
    ratio = after["unit_price"].astype(float) / before["unit_price"].astype(float)
    shifted = before["ordered_at"] >= "2026-04-30"
    assert ratio[~shifted].eq(1.0).all()
    assert ratio[shifted].between(1.58, 1.62).all()


def test_ten_thousand_customers_are_made_in_seconds(tmp_path: Path) -> None:
    begin = time.perf_counter()
    files = write_company(tmp_path, customers=10_000)
    assert time.perf_counter() - begin < 20  # some 4 s alone on a machine
    assert files.rows["order_lines"] > 90_000
    assert sum(files.rows.values()) < 500_000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"customers": 3}, "a company of 3 customers is too small; at least 50 are expected; ask for more"),
        ({"seed": -1}, "the seed is -1; a number from 0 on is expected; give another"),
        ({"weeks": 10}, "a history of 10 weeks is too short; at least 60 are expected; ask for more"),
    ],
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, arguments: dict[str, int], sentence: str) -> None:
    with pytest.raises(SyntheticError, match=sentence):
        write_company(tmp_path, **arguments)  # type: ignore[arg-type]  # one number by name
