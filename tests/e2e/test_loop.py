"""From an export to scored customers, by the commands that a person types."""

from __future__ import annotations

import csv
import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import rapport
from tests.e2e.conftest import Company

pytestmark = pytest.mark.slow


def rows(company: Company, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Plain SQL on the records, past everything of ours."""
    with closing(sqlite3.connect(company.home / "records.db")) as database:
        return database.execute(sql, parameters).fetchall()


def test_the_demo_trains_what_can_be_trained_and_every_step_is_done(company: Company) -> None:
    models = {item["model"]: item for item in company.demo["models"]}
    assert {"churn", "lead_score", "segmentation", "recommendation"} <= set(models)
    assert "next_purchase" not in models, "it is trained on request"
    assert models["churn"]["promoted"]
    assert models["churn"]["protocol"] == "time"
    assert models["churn"]["metrics"]["auc"]["low"] > models["churn"]["naive"]["auc"]
    judged = models["recommendation"]["tables"]["judged"]
    assert {"chosen", "best sellers", "personal frequency, then popular now", "EASE", "iALS"} <= set(judged)
    assert models["recommendation"]["metrics"]["ndcg_10"] == judged["chosen"]["ndcg_10"]
    failed = [step for step in company.demo["daily"]["steps"] if step["state"] == "failed"]
    assert failed == []


def test_the_batch_and_the_server_give_the_same_score(company: Company, ask: Callable[..., Any]) -> None:
    scored = company.rapport("score", "churn")
    kept = dict(
        rows(
            company,
            "select c.customer_no, s.score from scores s join customers c on c.id = s.customer_id "
            "where s.model = 'churn' and s.version = (select max(version) from scores o where o.id = s.id) "
            "order by c.id limit 200",
        )
    )
    answer = ask("/v1/churn/score", {"ids": list(kept), "explain": 3})
    assert answer["as_of"] == scored["as_of"]
    assert answer["version"] == scored["version"]
    found = {item["id"]: item for item in answer["answers"]}
    assert {name: item["score"] for name, item in found.items()} == kept
    assert all(item["status"] == "ok" and 1 <= len(item["reasons"]) <= 3 for item in found.values())


def test_scoring_again_changes_nothing(company: Company) -> None:
    before = rows(company, "select count(*), max(seq) from scores")
    company.rapport("score", "churn")
    assert rows(company, "select count(*), max(seq) from scores") == before


def test_a_moment_to_come_is_refused(company: Company) -> None:
    before = rows(company, "SELECT count(*) FROM scores")
    error = company.rapport("score", "churn", "--as-of", "2999-01-01", code=1)["error"]
    assert error.startswith("the moment 2999-01-01T00:00:00Z has not come yet; one up to ")
    assert rows(company, "SELECT count(*) FROM scores") == before


def test_an_unknown_id_is_said_to_be_unknown(ask: Callable[..., Any]) -> None:
    answer = ask("/v1/churn/score", {"ids": ["nobody-at-all"]})
    assert [item["status"] for item in answer["answers"]] == ["unknown"]


def test_recommendations_come_with_reasons(company: Company, ask: Callable[..., Any]) -> None:
    company.rapport("promote", "recommendation", "1")  # so small a company is not enough for the gate
    someone = rows(company, "select customer_no from customers order by id limit 1")[0][0]
    answer = ask("/v1/recommendation/recommend", {"ids": [someone], "k": 7})
    items = answer["answers"][0]["products"]
    assert len(items) == 7
    assert all(item["reason"] for item in items)


def test_every_answer_is_in_the_prediction_log(company: Company, ask: Callable[..., Any]) -> None:
    someone = rows(company, "select customer_no from customers order by id desc limit 1")[0][0]
    ask("/v1/churn/score", {"ids": [someone]})
    lines = [line for path in (company.home / "predictions").rglob("*.jsonl") for line in path.read_text().splitlines()]
    assert any(f'"{someone}"' in line for line in lines)
    served = company.rapport("features", "skew", "churn")
    assert served["rows"] > 0
    assert served["skews"] == []


def test_a_promotion_and_a_rollback_reach_the_server_without_a_restart(
    company: Company, ask: Callable[..., Any]
) -> None:
    import time

    first = ask("/v1/churn/score", {"ids": ["x"]})["version"]
    second = company.rapport("train", "churn", "--seed", "11")["version"]
    assert second != first
    company.rapport("promote", "churn", second)
    deadline = time.monotonic() + 30
    while ask("/v1/churn/score", {"ids": ["x"]})["version"] != second:
        assert time.monotonic() < deadline, "the promoted version never answered"
        time.sleep(0.1)
    assert company.rapport("rollback", "churn")["champion"] == first


def test_every_list_that_leaves_has_passed_the_consent_gate(company: Company) -> None:
    built = company.rapport("segment", "list")["segments"]
    name = max((item for item in built if item["members"]), key=lambda item: item["members"])["name"]
    report = company.rapport("segment", "export", name)
    with open(report["path"], encoding="utf-8", newline="") as file:  # noqa: PTH123
        listed = [line["customer_no"] for line in csv.DictReader(file)]
    assert len(listed) == report["rows"]
    granted = {
        number
        for (number,) in rows(
            company,
            "select c.customer_no from customers c join consents g on g.party_id = c.party_id "
            "where g.decision = 'granted'",
        )
    }
    assert set(listed) <= granted
    assert sum(report["suppressed"].values()) > 0, "the made-up company has people without consent"
    again = company.rapport("segment", "export", name)
    assert (again["added"], again["removed"], again["sha256"]) == (0, 0, report["sha256"])


def test_the_daily_run_is_complete_and_says_what_it_did(company: Company) -> None:
    report = company.rapport("run", "daily")
    assert report["complete"]
    assert {step["name"] for step in report["steps"]} >= {"materialize", "score churn", "segments", "report overview"}


def test_watching_the_same_moment_names_every_input(company: Company) -> None:
    found = company.rapport("watch", "churn", "--no-page")
    assert found["model"] == "churn"
    assert len(found["columns"]) > 20
    assert all({"status"} <= set(column) for column in found["columns"].values())


def test_a_table_comes_back_whole(company: Company) -> None:
    report = company.rapport("export", "orders", "--format", "csv")
    assert report["rows"] == rows(company, "select count(*) from orders")[0][0]


def test_reasons_add_up_to_the_score_and_show_their_rows(company: Company) -> None:
    ((number, score),) = rows(
        company,
        "select c.customer_no, s.score from scores s join customers c on c.id = s.customer_id "
        "where s.model = 'churn' and s.version = (select max(version) from scores o where o.id = s.id) "
        "order by s.score desc, c.id limit 1",
    )
    told = company.rapport("explain", "churn", "--id", number, "--all")
    assert told["score"] == score
    log_odds = told["base"] + sum(item["effect"] for item in told["reasons"])
    assert log_odds == pytest.approx(math.log(score / (1 - score)), abs=1e-6)
    behind = [item for item in told["reasons"] if item.get("rows")]
    assert behind
    assert all(row["known_at"] < told["as_of"] for item in behind for row in item["rows"])


def test_a_version_compared_with_itself_differs_by_nothing(company: Company) -> None:
    told = company.rapport("compare", "churn", "1", "1")
    assert told["fair"]
    assert told["rows"] > 1_000
    assert {name: item["value"] for name, item in told["difference"].items()} == {"auc": 0, "lift": 0, "calibration": 0}


def test_recipes_of_recommendation_are_compared_on_the_last_thirty_days(company: Company) -> None:
    told = company.rapport("compare", "recommendation", "1", "1")
    assert told["fair"]
    assert told["recipes"][0] == told["recipes"][1]
    assert "every known item ranked" in told["protocol"]
    kept = rows(company, "select count(distinct customer_id) from orders")[0][0]
    assert 20 <= told["rows"] < kept
    assert set(told["difference"]) >= {"ndcg_10", "ndcg_10_new"}
    assert all(item == {"value": 0, "low": 0, "high": 0} for item in told["difference"].values())
    judged = company.demo["models"][[item["model"] for item in company.demo["models"]].index("recommendation")]
    for name in ("ndcg_10", "ndcg_10_new"):  # the very rows that the training was judged on
        assert told["model"][name] == pytest.approx(judged["metrics"][name]["value"], abs=1e-6)
    month_ago = rows(company, "select date(max(occurred_at) / 1000000 - 30 * 86400, 'unixepoch') from orders")[0][0]
    assert not company.rapport("compare", "recommendation", "1", "1", "--as-of", month_ago)["fair"]
    early = company.rapport("compare", "recommendation", "1", "1", "--as-of", "1990-01-01", code=1)["error"]
    assert early.startswith("versions of 'recommendation' cannot be compared (its records hold no purchase)")
    other = company.rapport("compare", "segmentation", "1", "1", code=1)["error"]
    assert other.startswith("'segmentation' gives neither a probability nor lists of items; a yes-or-no model or a")


def test_python_says_what_the_commands_say(company: Company) -> None:
    with rapport.open(company.home) as r:
        scores = r.scores("churn")
        kept = rows(company, "select max(occurred_at) from scores where model = 'churn'")[0][0]
        assert scores["as_of"].unique().tolist() == [pd.Timestamp(kept, unit="us", tz="UTC")]
        assert r.scores("churn", as_of="2020-01-01").empty
        number, score = scores.iloc[0][["customer_no", "score"]]
        told = company.rapport("explain", "churn", "--id", number)
        assert told == r.explain("churn", number, as_of=told["as_of"]).to_json()
        assert told["score"] == score
        assert r.compare("churn", "1", "1").to_json() == company.rapport("compare", "churn", "1", "1")


def test_the_past_is_replayed_and_drawn(company: Company) -> None:
    told = company.rapport("backtest", "churn", "--cutoffs", "1")
    assert len(told["cutoffs"]) == 1
    assert told["total"]["gain"]["low"] > 0
    assert b"<svg" in Path(told["picture"]).read_bytes()


def test_the_past_of_a_recommendation_is_replayed_and_drawn(company: Company) -> None:
    told = company.rapport("backtest", "recommendation", "--cutoffs", "1")
    assert len(told["cutoffs"]) == 1
    lists, naive, gain = (told["total"][side]["ndcg_10"] for side in ("lists", "naive", "gain"))
    assert gain["value"] == pytest.approx(lists["value"] - naive["value"])
    assert gain["low"] < gain["value"] < gain["high"]
    assert gain["high"] > 0  # one cutoff of a small company: no worse than personal frequency, by its interval
    assert told["cutoffs"][0]["lists"]["sales"]["value"] < told["cutoffs"][0]["bought"]
    assert b"<svg" in Path(told["picture"]).read_bytes()
