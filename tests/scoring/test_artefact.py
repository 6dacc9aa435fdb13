"""An artefact is read as it was written, or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from scoring import ArtefactError, load
from scoring.artefact import MANIFEST, read
from tests.scoring.conftest import Write


def test_reads_what_was_written(write_artefact: Write) -> None:
    artefact = write_artefact()
    again = read(artefact.path, sha256=artefact.sha256)
    assert again.files == artefact.files
    assert again.manifest["kind"] == "binary"


def test_the_same_content_is_the_same_folder(write_artefact: Write) -> None:
    assert write_artefact().path == write_artefact().path


def test_another_content_is_another_identity(write_artefact: Write) -> None:
    assert write_artefact().sha256 != write_artefact(name="other").sha256


@pytest.mark.parametrize("name", ["features.json", "linear.json", "calibration.json", "policy.json", "card.md"])
def test_an_altered_byte_is_refused(write_artefact: Write, name: str) -> None:
    path = write_artefact().path
    content = bytearray((path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (path / name).write_bytes(bytes(content))
    with pytest.raises(ArtefactError, match=rf"{name} was altered .* restore the file or train the model again"):
        load(path)


def test_a_missing_file_is_refused(write_artefact: Write) -> None:
    path = write_artefact().path
    (path / "linear.json").unlink()
    with pytest.raises(ArtefactError, match=r"lacks linear.json; its manifest lists them"):
        load(path)


def test_an_extra_file_is_refused(write_artefact: Write) -> None:
    path = write_artefact().path
    (path / "model.pkl").write_bytes(b"anything")
    with pytest.raises(ArtefactError, match=r"holds model.pkl, which its manifest does not list"):
        load(path)


def test_a_manifest_that_was_rewritten_has_another_identity(write_artefact: Write) -> None:
    artefact = write_artefact()
    manifest = json.loads((artefact.path / MANIFEST).read_text())
    manifest["grade"] = "A"
    (artefact.path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtefactError, match=r"manifest.json was altered"):
        load(artefact.path, sha256=artefact.sha256)


def test_a_manifest_cannot_list_what_is_no_data(write_artefact: Write) -> None:
    path = write_artefact().path
    (path / "run.py").write_bytes(b"")
    manifest = json.loads((path / MANIFEST).read_text())
    manifest["files"]["run.py"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtefactError, match=r"'run.py' is no file of an artefact"):
        load(path)


def test_a_name_that_leaves_the_folder_is_refused(write_artefact: Write) -> None:
    with pytest.raises(ArtefactError, match=r"is no file of an artefact"):
        write_artefact(**{"../evil_json": {}})


def test_an_unknown_kind_is_refused(write_artefact: Write) -> None:
    with pytest.raises(ArtefactError, match=r"kind is 'oracle'; one of binary.* is expected"):
        load(write_artefact(kind="oracle").path)


def test_another_format_is_refused(write_artefact: Write) -> None:
    path = write_artefact().path
    manifest = json.loads((path / MANIFEST).read_text())
    manifest["format"] = 99
    (path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtefactError, match=r"format is 99; this version reads format 1"):
        load(path)


def test_an_empty_folder_is_no_artefact(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"there is no model artefact in .*; train the model again"):
        load(tmp_path)


def test_a_broken_manifest_is_refused(write_artefact: Write) -> None:
    path = write_artefact().path
    (path / MANIFEST).write_text("{")
    with pytest.raises(ArtefactError, match=r"manifest.json cannot be read"):
        load(path)


def test_a_file_that_holds_no_object_is_refused(write_artefact: Write) -> None:
    with pytest.raises(ArtefactError, match=r"policy.json cannot be read \(it holds a list\)"):
        load(write_artefact(policy_json="[]").path)


def test_a_disk_that_fills_up_leaves_nothing(
    write_artefact: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_artefact()
    assert list((tmp_path / "artefacts").iterdir()) == []


def test_nan_is_not_written(write_artefact: Write) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_artefact(policy_json={"threshold": float("nan")})


def test_a_copy_elsewhere_is_the_same_model(write_artefact: Write, tmp_path: Path) -> None:
    artefact = write_artefact()
    shutil.copytree(artefact.path, tmp_path / "copy")
    assert load(tmp_path / "copy").sha256 == artefact.sha256
