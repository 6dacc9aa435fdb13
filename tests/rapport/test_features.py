"""`rapport features`: what there is, what it rests on, what changed, the rows behind a number."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import crm
import features
from configs import Settings
from crm.clock import DAY, iso
from rapport.call import call
from registry.tracking import Tracking
from scoring.artefact import read, write
from tests.segments.shop import END, NUMBERS, fill
from tests.serving.conftest import AGE, ORDERS, add, artefact

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small shop, ten customers, with its history; made once."""
    settings = Settings(home=tmp_path_factory.mktemp("shop") / "home")
    with crm.open(settings) as records:
        fill(records)
        store = features.open(settings, records)
        store.refresh()
        store.close()
    return settings.home


@pytest.fixture
def home(shop: Path, settings: Settings) -> Path:
    """A copy of it."""
    shutil.copytree(shop, settings.home, dirs_exist_ok=True)
    return settings.home


def ask(home: Path, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert call("features", [*words, "--json", "--home", str(home)]) == code
    return json.loads(capsys.readouterr().out)


def told(home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert call("features", [*words, "--home", str(home)]) == 0
    return capsys.readouterr().out.splitlines()


def register(settings: Settings, declarations: dict[str, Any] | None) -> None:
    """A promoted churn model over two features whose views said this when it was trained."""
    with Tracking(settings.tracking_url, settings.artefacts_dir / "registry.lock").client():
        pass
    made = read(artefact(settings.artefacts_dir))
    files = dict(made.files) | ({} if declarations is None else {"declarations.json": declarations})
    refs = tuple(made.manifest["refs"])
    hashes = {"data": "d" * 64}
    path = write(
        settings.artefacts_dir, kind="binary", name="churn", entity="customer", refs=refs, files=files, hashes=hashes,
        rung="logistic",
    ).path  # fmt: skip
    add(settings, path)


def declared(settings: Settings) -> dict[str, Any]:
    with crm.open(settings) as records:
        store = features.open(settings, records)
        said = store.declarations([AGE, ORDERS])
        store.close()
    return json.loads(json.dumps(said))  # type: ignore[no-any-return]  # what was written


def test_the_list_names_every_feature_and_who_uses_it(
    home: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    register(settings, declared(settings))
    found = {item["ref"]: item for item in ask(home, capsys, "list")["features"]}
    assert len(found) > 80
    assert {"entity": "customer", "dtype": "float", "unit": "days"}.items() <= found[AGE].items()
    assert found[AGE]["used_by"] == [{"model": "churn", "version": "1", "alias": "champion"}]
    assert found["buying:spend_30d"]["used_by"] == []
    assert found[AGE]["version"] == declared(settings)["buying"]["version"]
    lines = told(home, capsys, "list", "buying")
    assert lines[0].split() == ["feature", "entity", "type", "unit", "version", "used", "by"]
    assert next(line for line in lines if line.startswith(AGE)).endswith("churn 1 (champion)")
    assert ask(home, capsys, "list", "nonsense", code=1)["error"].startswith("the view of 'nonsense:*' is unknown")


def test_a_view_and_a_feature_are_shown_with_lineage_and_statistics(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = ask(home, capsys, "show", "buying")
    assert (sheet["view"], sheet["entity"], sheet["rows"]) == ("buying", "customer", len(NUMBERS))
    assert sheet["about"].startswith("What a customer buys.")
    shown = {item["ref"]: item for item in sheet["features"]}
    assert shown["buying:order_trend"]["formula"] == "orders_90d / orders_365d"
    assert {item["column"] for item in shown["buying:order_trend"]["origins"]} == {"order_id"}
    assert shown[ORDERS]["origins"] == [
        {
            "ref": ORDERS,
            "table": "order_lines",
            "column": "order_id",
            "tests": "kind in sale",
            "operation": "nunique",
            "window": "in the last 365 days",
        }
    ]
    statistics = shown[AGE]["statistics"]
    assert (statistics["min"], statistics["null_share"]) == (20.0, pytest.approx(0.1))
    lines = told(home, capsys, "show", ORDERS)
    assert "from order_lines.order_id where kind in sale: different values in the last 365 days" in lines
    assert "used by: no registered model" in lines
    assert any(line.startswith("mean: ") for line in lines)
    assert told(home, capsys, "show", "lead_activity")[1].startswith("of a lead, version ")


def test_changed_declarations_are_told_and_whether_the_model_needs_them(
    home: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    now = declared(settings)
    before = json.loads(json.dumps(now))
    before["buying"]["fields"]["orders_365d"] = "order_lines.customer[].order_id.count(None) over 1 by fact"
    before["buying"]["fields"]["old_feature"] = before["buying"]["fields"].pop("spend")
    before["gone"] = {"version": "f" * 64, "entity": "customer", "ttl": [], "fields": {"x": "y"}}
    before["buying"]["ttl"] = [DAY]
    register(settings, before)
    found = ask(home, capsys, "diff", "churn")
    assert [(item["ref"], item["change"], item["used"]) for item in found["changes"]] == [
        ("buying, ttl", "changed", True),
        ("buying:old_feature", "removed", False),
        (ORDERS, "changed", True),
        ("buying:spend", "added", False),
        ("gone", "removed", False),
    ]
    assert found["changes"][2]["after"] == now["buying"]["fields"]["orders_365d"]
    assert told(home, capsys, "diff", "churn", "1")[0] == "Since churn version 1 was trained:"


def test_without_a_change_the_difference_is_none(
    home: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    register(settings, declared(settings))
    assert told(home, capsys, "diff", "churn") == ["The declarations are those that churn version 1 was trained on."]
    assert ask(home, capsys, "diff", "chrun", code=1)["error"].startswith("there is no model 'chrun'")


def test_an_artefact_that_does_not_tell_says_so(
    home: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    register(settings, None)
    error = ask(home, capsys, "diff", "churn", code=1)["error"]
    assert error.startswith("version 1 of 'churn' does not tell what its views said; an artefact that does is")


def test_the_rows_behind_a_number(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("explain", "--feature", "buying:spend_365d", "--entity", "C2", "--as-of", iso(END))
    found = ask(home, capsys, *words)
    assert (found["feature"], found["entity"], found["as_of"]) == ("buying:spend_365d", "C2", iso(END))
    assert found["rows"]
    assert found["value"] == pytest.approx(sum(row["amount"] for row in found["rows"]))
    lines = told(home, capsys, *words)
    assert lines[0] == f"buying:spend_365d of C2 as of {iso(END)} is {found['value']}"
    assert lines[1] == f"{len(found['rows'])} rows behind it"
    assert lines[3].split()[:3] == ["occurred_at", "known_at", "fact"]


def test_a_moment_beyond_the_end_of_a_source_is_allowed_and_said(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = iso(END + DAY)
    said = f"{late} lies beyond the end of shop ({iso(END)}): what happened since is not known"
    words = ("explain", "--feature", "buying:orders_365d", "--entity", "C2", "--as-of")
    assert (ask(home, capsys, *words, late)["note"], ask(home, capsys, *words, iso(END))["note"]) == (said, "")
    assert told(home, capsys, *words, late)[1] == said
    assert call("materialize", ["--as-of", late, "--json", "--home", str(home)]) == 0
    assert json.loads(capsys.readouterr().out)["note"] == said
    assert call("materialize", ["--as-of", late, "--home", str(home)]) == 0
    assert capsys.readouterr().out.splitlines()[1] == said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "nonsense"), "the view of 'nonsense:*' is unknown"),
        (("show", "buying:nonsense"), "the view 'buying' has no feature 'nonsense'"),
        (("explain", "--feature", "buying:spend_30d", "--entity", "C77"), "no customer has the number 'C77'"),
        (("explain", "--feature", "service:resolved_share", "--entity", "C1"), "'service:resolved_share' is a formula"),
        (("skew", "churn"), "the prediction log holds no answer of 'churn'"),
    ],
)
def test_mistakes_are_told_in_one_sentence(
    words: tuple[str, ...], sentence: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(home, capsys, *words, code=1)["error"].startswith(sentence)
