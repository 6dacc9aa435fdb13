"""Environment over file over default; an unknown key is an error that lists the known ones."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from configs import Settings, SettingsError


def test_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    (tmp_path / "rapport.yaml").write_text("memory_mb: 512\nthreads: 3\n")
    settings = Settings.load({"RAPPORT_HOME": str(tmp_path), "RAPPORT_THREADS": "1"})
    assert (settings.memory_mb, settings.threads, settings.serve_port) == (512, 1, 3000)


def test_an_override_wins_over_the_environment_and_none_means_not_given(tmp_path: Path) -> None:
    settings = Settings.load({"RAPPORT_HOME": "/elsewhere", "RAPPORT_THREADS": "1"}, home=str(tmp_path), threads=None)
    assert (settings.home, settings.threads) == (tmp_path.resolve(), 1)


def test_everything_lies_below_the_home_by_default(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert settings.history_dir == tmp_path.resolve() / "history"
    assert settings.records_url == f"sqlite:///{tmp_path.resolve() / 'records.db'}"


def test_an_unknown_key_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the setting 'memori_mb' is unknown; the settings are .*memory_mb"):
        Settings.load({"RAPPORT_HOME": str(tmp_path), "RAPPORT_MEMORI_MB": "1"})


def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the setting 'threads' is 'many'; int is expected"):
        Settings.load({"RAPPORT_HOME": str(tmp_path), "RAPPORT_THREADS": "many"})


def test_a_missing_or_broken_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist; a YAML file is expected"):
        Settings.load({"RAPPORT_CONFIG": str(tmp_path / "none.yaml")})
    (tmp_path / "rapport.yaml").write_text("a: [")
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load({"RAPPORT_HOME": str(tmp_path)})
    (tmp_path / "rapport.yaml").write_bytes(b"home: \xe9\n")
    with pytest.raises(SettingsError, match="YAML in UTF-8 is expected"):
        Settings.load({"RAPPORT_HOME": str(tmp_path)})
    (tmp_path / "rapport.yaml").write_text("just text")
    with pytest.raises(SettingsError, match="holds a str; keys and values are expected"):
        Settings.load({"RAPPORT_HOME": str(tmp_path)})


def test_settings_are_frozen_and_hide_their_key() -> None:
    settings = Settings(api_key="very-secret")
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.threads = 2  # type: ignore[misc]  # that it is refused is the point
    assert "very-secret" not in repr(settings)
