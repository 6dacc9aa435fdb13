"""Views are found by walking a folder; a bad file is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crm.clock import DAY
from features import DeclarationError, LeakageError, check
from features.discovery import find_views

GOOD = """
from crm.schema import OrderLine
from features import FeatureView, customer, events
view = FeatureView(entity=customer, n=events(OrderLine, entity=customer).count())
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_a_view_named_like_it(tmp_path: Path) -> None:
    write(tmp_path, "mine.py", GOOD)
    views = find_views([tmp_path])
    assert list(views) == ["mine"]
    assert views["mine"].name == "mine"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("view = 3", "defines no feature view; a FeatureView called 'view' is expected; write view"),
        ("x = 1", "defines no feature view"),
        ("import nothing_of_that_name", r"cannot be run \(ModuleNotFoundError: No module named"),
        (
            "import sys\nsys.exit(0)",
            r"cannot be run \(SystemExit: 0\); Python that defines",
        ),
        ("view = (", r"cannot be run \(SyntaxError: "),
        (GOOD.replace("n=events(OrderLine, entity=customer).count()", "n=1"), "bad.py: the feature 'n' is a int"),
    ],
)
def test_a_bad_file_is_named(text: str, sentence: str, tmp_path: Path) -> None:
    write(tmp_path, "bad.py", text)
    with pytest.raises(DeclarationError, match=sentence) as caught:
        find_views([tmp_path])
    assert "bad.py" in str(caught.value)


def test_the_documented_view_counts_calls_and_nothing_else(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```python\n(\"\"\"How often a customer calls.*?)```", guide, re.DOTALL)
    write(tmp_path, "calls.py", text)
    view = find_views([tmp_path])["calls"]
    rows = [{"customer_id": 1, "type": kind, "occurred_at": day * DAY} for day, kind in enumerate(["call", "mail"])]
    found = check(view, {"interactions": rows}, [(1, 5 * DAY)]).iloc[0]
    assert found[["calls_30d", "calls_90d", "days_since_last_call"]].tolist() == [1, 1, 5]


def test_a_leak_is_a_leak_and_names_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("OrderLine", "Label").replace(
        "n=events(Label, entity=customer).count()", "n=events(Label, entity=customer).value.last()"
    )
    write(tmp_path, "leaky.py", text)
    with pytest.raises(LeakageError, match=r"leaky.py: labels.value is the outcome itself"):
        find_views([tmp_path])


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, "same.py", GOOD)
    with pytest.raises(DeclarationError, match=r"two/same.py is a second view called 'same'; one file per name"):
        find_views([tmp_path / "one", tmp_path / "two"])
