"""A run that was cut short is taken up; a finished one begins anew; another key shares nothing."""

from __future__ import annotations

from pathlib import Path

from pipelines.journal import Journal


def test_an_unfinished_run_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "daily.json"
    Journal.load(path, key="a").add("materialize")
    assert Journal.load(path, key="a").has("materialize")
    assert not Journal.load(path, key="a").has("score")


def test_a_finished_run_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "daily.json"
    journal = Journal.load(path, key="a")
    journal.add("materialize")
    journal.finish()
    assert not Journal.load(path, key="a").has("materialize")


def test_another_key_or_a_restart_shares_nothing(tmp_path: Path) -> None:
    path = tmp_path / "daily.json"
    Journal.load(path, key="a").add("materialize")
    assert not Journal.load(path, key="b").has("materialize")
    assert not Journal.load(path, key="a", restart=True).has("materialize")


def test_an_unreadable_journal_costs_only_work(tmp_path: Path) -> None:
    path = tmp_path / "daily.json"
    path.write_text("{half")
    assert Journal.load(path, key="a").done == []
