"""Logging one training to MLflow: everything in one batch, the files written where they stay."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from crm.clock import iso
from registry.errors import RegistryError
from scoring import cards
from scoring.artefact import encode
from scoring.candidate import Candidate

MODEL_FOLDER, PICTURES, TABLES = "model", "pictures", "tables"
CARD = "card.html"
_BATCH = 100  # most parameters and tags that MLflow takes at once
_DIGEST = 36  # most digits of a data-set hash that MLflow takes


def log(client: Any, candidate: Candidate, root: Path | None) -> tuple[str, str]:
    """Log a candidate as a finished run of the experiment named like its model.

    Parameters
    ----------
    client : mlflow.MlflowClient
    candidate : Candidate
    root : Path or None
        Folder under which the run's files are written; None lets the server choose.

    Returns
    -------
    run_id, source : str
        The run, and where the artefact's folder lies.
    """
    run = client.create_run(_experiment(client, candidate.name, root), run_name=f"{candidate.name} {candidate.rung}")
    run_id: str = run.info.run_id
    with _failing(client, run_id):
        _log_figures(client, run_id, candidate)
        place = local_path(run.info.artifact_uri)
        if place is not None:
            _write_files(place, candidate)
        else:
            with tempfile.TemporaryDirectory() as folder:
                _write_files(Path(folder) / "run", candidate)
                client.log_artifacts(run_id, str(Path(folder) / "run"))
    client.set_terminated(run_id)
    return run_id, f"{run.info.artifact_uri.rstrip('/')}/{MODEL_FOLDER}"


def fetch(client: Any, run_id: str, target: Path) -> None:
    """Download a run's artefact folder to `target`, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=target.parent) as folder:
        Path(client.download_artifacts(run_id, MODEL_FOLDER, folder)).replace(target)


def local_path(uri: str) -> Path | None:
    """The path of a local URI or path; None for any other scheme.

    Examples
    --------
    >>> local_path("file:///tmp/a%20b"), local_path("/tmp/a"), local_path("s3://bucket/a")
    (PosixPath('/tmp/a b'), PosixPath('/tmp/a'), None)
    """
    parts = urlparse(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme else Path(uri)


def pictures(artefact: Path) -> dict[str, Path]:
    """The pictures that were drawn when a model was trained, by file name; none where a server keeps them.

    Parameters
    ----------
    artefact : Path
        Folder of the model's artefact.
    """
    folder = artefact.parent / PICTURES
    return {path.name: path for path in sorted(folder.glob("*.*"))} if artefact.name == MODEL_FOLDER else {}


def card(artefact: Path) -> Path | None:
    """The card of a model as one HTML file with its pictures; None where a server keeps it, or it has none."""
    path = artefact.parent / CARD
    return path if artefact.name == MODEL_FOLDER and path.is_file() else None


def table(artefact: Path, name: str) -> Any:
    """A table that was kept when a model was trained, as plain values; None if there is none of that name."""
    path = artefact.parent / TABLES / f"{name}.json"
    if artefact.name != MODEL_FOLDER or not path.is_file():
        return None
    return json.loads(path.read_text(encoding="utf-8"))["value"]


@contextmanager
def _failing(client: Any, run_id: str) -> Iterator[None]:
    """A run that is cut off says so."""
    try:
        yield
    except BaseException:
        with suppress(Exception):  # the first failure is the one to tell
            client.set_terminated(run_id, status="FAILED")
        raise


def _experiment(client: Any, name: str, root: Path | None) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifact_location=str(root / name) if root else None))


def _log_figures(client: Any, run_id: str, candidate: Candidate) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    metrics = [Metric(key, value, 0, 0) for key, value in _metrics(candidate).items()]
    params = [Param(key, str(value)) for key, value in sorted(_flat(candidate.params).items())]
    tags = [RunTag(key, value) for key, value in _tags(candidate).items()]
    client.log_batch(run_id, metrics=metrics, params=params[:_BATCH], tags=tags)
    for start in range(_BATCH, len(params), _BATCH):
        client.log_batch(run_id, params=params[start : start + _BATCH])
    data = candidate.hashes.get("data", "")
    if data:
        source = json.dumps({"as_of": iso(candidate.as_of), "rows": candidate.rows, "sha256": data})
        dataset = Dataset(name=candidate.name, digest=data[:_DIGEST], source_type="records", source=source)
        client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])


def _metrics(candidate: Candidate) -> dict[str, float]:
    figures: dict[str, float | None] = {
        "rows": candidate.rows,
        "base_rate": candidate.base_rate,
        "seconds": candidate.seconds,
    }
    for prefix, metrics in (("", candidate.metrics), ("naive_", candidate.naive.metrics)):
        for name, metric in metrics.items():
            key = f"{prefix}{name}"
            figures |= {key: metric.value, f"{key}_low": metric.low, f"{key}_high": metric.high}
    return {name: float(value) for name, value in figures.items() if value is not None}


def _flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in params.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def _tags(candidate: Candidate) -> dict[str, str]:
    return {
        "mlflow.note.content": cards.without_pictures(candidate.card),
        "kind": candidate.kind,
        "entity": candidate.model.entity,
        "grade": candidate.grade,
        "rung": candidate.rung,
        "protocol": candidate.protocol,
        "protocol_note": candidate.protocol_note,
        "naive_rule": candidate.naive.rule,
        "as_of": iso(candidate.as_of),
        "artefact_sha256": candidate.model.sha256,
    } | {f"{name}_sha256": value for name, value in candidate.hashes.items()}


def _write_files(target: Path, candidate: Candidate) -> None:
    """Artefact, pictures, tables, card and further files: all of them, or no folder."""
    temporary = target.parent / f".writing-{target.name}-{os.getpid()}"
    try:
        temporary.mkdir(parents=True)
        shutil.copytree(candidate.directory, temporary / MODEL_FOLDER)
        _put(temporary / "card.md", candidate.card.encode())
        _put(temporary / CARD, cards.page(candidate.card, candidate.pictures).encode())
        for name, content in candidate.pictures.items():
            _put(temporary / PICTURES / name, content)
        for name, content in candidate.files.items():
            _put(temporary / name, content)
        results = {
            "candidate": candidate.to_json(),
            "grade_reasons": list(candidate.grade_reasons),
            "hashes": dict(candidate.hashes),
            **candidate.tables,
        }
        for name, table in results.items():
            _put(temporary / TABLES / f"{name}.json", encode({"value": table}))
        for path in temporary.rglob("*"):
            if path.is_file():
                _flush(path)
        if target.is_dir() and not any(target.iterdir()):
            target.rmdir()  # MLflow made it, empty
        temporary.replace(target)
    except OSError as error:
        raise RegistryError.unwritable(target, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
