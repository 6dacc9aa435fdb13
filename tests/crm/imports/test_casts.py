"""Texts become our types in DuckDB as Python would have it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from configs import Settings
from crm import clock
from crm.imports.casts import cast, outcome
from crm.imports.sandbox import Sandbox
from crm.imports.targets import Expected, Kind

ZONES = ["Europe/London", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata", "UTC"]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(Settings(memory_mb=512), str(tmp_path)) as opened:
        yield opened


def values(sandbox: Sandbox, kind: Kind, given: list[Any], zone: str | None = "UTC", limit: int = 100_000) -> list[Any]:
    """The value of each, or the code of what is wrong with it."""
    sandbox.load("given", pa.table({"v": given}))
    made = cast(Expected("v", kind, limit), '"v"', sandbox.columns("given")["v"], zone)
    wrong = f"CASE WHEN {made.given} IS NOT NULL AND {made.value} IS NULL THEN {made.why(made.given)} END"
    return [value if code is None else code for value, code in sandbox.rows(f"SELECT {made.value}, {wrong} FROM given")]


@pytest.mark.parametrize("zone", ZONES)
def test_local_times_are_those_of_the_first_of_two_hours(sandbox: Sandbox, zone: str) -> None:
    start = datetime(2025, 1, 1)  # noqa: DTZ001 - a local time
    local = [start + timedelta(minutes=30 * step, microseconds=step) for step in range(48 * 366)]
    wanted = [clock.to_micros(item.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)) for item in local]
    assert values(sandbox, "moment", [item.isoformat(" ") for item in local], zone) == wanted
    assert values(sandbox, "moment", local, zone) == wanted


def test_the_edges_of_summer_time(sandbox: Sandbox) -> None:
    found = values(
        sandbox, "moment", ["2026-03-29T02:30", "2026-10-25T02:30", "2026-10-25T02:30+01:00"], "Europe/Berlin"
    )
    assert [clock.iso(item) for item in found] == [
        "2026-03-29T01:30:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
    ]


def test_moments(sandbox: Sandbox) -> None:
    given = [
        "1969-12-31T23:59:59.999999Z",
        "2025-06-01",
        "2025-06-01T10:00:00.1234569-0130",
        "infinity",
        "epoch",
        "1/6/2025",
        "2025-02-30",
        "",
        None,
    ]
    assert values(sandbox, "moment", given) == [
        -1, clock.parse("2025-06-01"), clock.parse("2025-06-01T11:30:00.123456Z"), *["not_a_moment"] * 4, None, None,
    ]  # fmt: skip
    assert values(sandbox, "moment", ["2025-06-01T10:00", "x", "2025-06-01T10:00Z"], None) == [
        "no_zone",
        "not_a_moment",
        clock.parse("2025-06-01T10:00Z"),
    ]
    assert values(sandbox, "moment", [5, 2**62]) == [5, "out_of_range"]
    assert values(sandbox, "moment", pa.array([5], pa.timestamp("us", "UTC")), None) == [5]
    assert values(sandbox, "moment", pa.array([5], pa.timestamp("us")), None) == ["no_zone"]


@pytest.mark.parametrize(
    ("kind", "given", "wanted"),
    [
        ("money", ["2.55", "-0.0001", "1e3", "12,5", "£5", "inf", "99999999999999999999"],
         [25_500, -1, 10_000_000, "not_an_amount", "not_an_amount", "infinite", "not_an_amount"]),
        ("money", [0.1 + 0.2, None], [3_000, None]),
        ("whole", ["6", "6.0", "+7", "-0", "6.5", "1e3", "9223372036854775808", " 5 "],
         [6, 6, 7, 0, "not_whole", "not_whole", "not_whole", 5]),
        ("whole", [6.0, 6.5, 1e300], [6, "not_whole", "not_whole"]),
        ("whole", [True], [1]),
        ("number", ["1.5", "nan", "NaN", "-Infinity", "1e999", "abc"],
         [1.5, None, None, "infinite", "infinite", "not_a_number"]),
        ("flag", ["Yes", "n", "TRUE", "0", "1.0", "maybe"], [True, False, True, False, True, "not_yes_or_no"]),
        ("day", ["2025-06-01", "2025-06-01T00:00:00", "2025-06-01 10:00", "01.06.2025", "2025-02-30"],
         [datetime(2025, 6, 1, tzinfo=UTC).date()] * 2 + ["not_a_date"] * 3),
        ("text", [" a ", "b\0", ""], ["a", "nul_character", None]),
    ],
)  # fmt: skip
def test_a_text_becomes_a_value_or_a_code(sandbox: Sandbox, kind: Kind, given: list[Any], wanted: list[Any]) -> None:
    assert values(sandbox, kind, given, limit=200) == wanted


def test_a_key_is_cut_off_at_its_limit_and_a_text_keeps_its_spaces(sandbox: Sandbox) -> None:
    assert values(sandbox, "text", ["é" * 200, "é" * 201], limit=200) == ["é" * 200, "too_long"]
    assert values(sandbox, "text", [" a "]) == [" a "]


def test_an_outcome_is_a_number_or_yes_and_no(sandbox: Sandbox) -> None:
    sandbox.load("given", pa.table({"v": ["yes", "No", "1", "0.5", "perhaps", None]}))
    assert [row[0] for row in sandbox.rows(f"SELECT {outcome('v', 'VARCHAR').value} FROM given")] == [
        1.0,
        0.0,
        1.0,
        0.5,
        None,
        None,
    ]
