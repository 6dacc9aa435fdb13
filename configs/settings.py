"""Where, how often, how much: one frozen `Settings`, read once at a process's composition root.

Environment (``RAPPORT_<KEY>``) wins over the file (``rapport.yaml`` in the workspace folder, or the
path in ``RAPPORT_CONFIG``), which wins over the defaults below.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import yaml

from configs.errors import SettingsError

PREFIX = "RAPPORT_"
PACKAGED = Path(__file__).parent
_UNREAD = {"config"}  # RAPPORT_CONFIG names the file itself


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything about a workspace that is not code.

    Attributes
    ----------
    home : Path
        Workspace folder; every default path lies below it.
    records_url : str
        SQLAlchemy URL of the records. Default: ``records.db`` (SQLite) in `home`.
    online_url : str
        URL of the online store: ``sqlite:///path``, ``redis://host:port/database`` or
        ``postgresql://user@host:port/database``; servers take ``?prefix=name``, one for each workspace. Default:
        ``online.db`` (SQLite) in `home`.
    online_password : str
        Password of the online store's server, so that the URL need not hold it.
    tracking_url : str
        MLflow tracking and registry URL. Default: ``mlflow.db`` (SQLite) in `home`.
    history_dir, artefacts_dir, predictions_dir, reports_dir, rejects_dir, exports_dir, exchange_dir : Path
        Folders of the feature history, model artefacts, prediction log, reports, rejected rows,
        exported lists, and of the history as Parquet, which every worker of Spark sees under this path.
    sources_dirs, segments_dirs : tuple of Path
        Folders searched for source mappings and rule segments, first hit wins.
    memory_mb : int
        Upper bound of working memory of offline work, MiB.
    threads : int
        Threads of offline work; 0 means one per core.
    query_seconds : int
        Time after which a mapping's query is stopped; 0: never.
    spark_master : str
        Where Spark runs: ``local[*]`` (this machine), ``spark://host:7077``, ``yarn``, …
    serve_host : str
        Address that `rapport serve` listens on; beyond loopback an `api_key` is required.
    serve_port : int
        Port of `rapport serve`.
    console_port : int
        Port of `rapport console`.
    serve_poll_seconds : float
        How often the scoring server asks whether an alias moved.
    api_key : str
        Key that callers send as ``Authorization: Bearer …``; empty means loopback only.
    max_ids : int
        Most ids in one scoring request.
    stale_days : int
        Age of the online features, in days before the moment asked for, beyond which an answer says ``stale``.
    tune_seconds : float
        Time box of hyper-parameter search for one training; 0 trains with the defaults.
    actor : str
        Who is written into the audit log.
    """

    home: Path = Path("var")
    records_url: str = ""
    online_url: str = ""
    online_password: str = field(default="", repr=False)
    tracking_url: str = ""
    history_dir: Path = Path()
    artefacts_dir: Path = Path()
    predictions_dir: Path = Path()
    reports_dir: Path = Path()
    rejects_dir: Path = Path()
    exports_dir: Path = Path()
    exchange_dir: Path = Path()
    sources_dirs: tuple[Path, ...] = ()
    segments_dirs: tuple[Path, ...] = ()
    memory_mb: int = 2048
    threads: int = 0
    query_seconds: int = 900
    spark_master: str = "local[*]"
    serve_host: str = "127.0.0.1"
    serve_port: int = 3000
    console_port: int = 3001
    serve_poll_seconds: float = 1.0
    api_key: str = field(default="", repr=False)
    max_ids: int = 10_000
    stale_days: int = 7
    tune_seconds: float = 0.0
    actor: str = "rapport"

    def __post_init__(self) -> None:
        home = self.home.expanduser().resolve()
        defaults: dict[str, Any] = {
            "home": home,
            "records_url": f"sqlite:///{home / 'records.db'}",
            "online_url": f"sqlite:///{home / 'online.db'}",
            "tracking_url": f"sqlite:///{home / 'mlflow.db'}",
            "history_dir": home / "history",
            "artefacts_dir": home / "artefacts",
            "predictions_dir": home / "predictions",
            "reports_dir": home / "reports",
            "rejects_dir": home / "rejects",
            "exports_dir": home / "exports",
            "exchange_dir": home / "exchange",
            "sources_dirs": (home / "sources", PACKAGED / "sources"),
            "segments_dirs": (home / "segments", PACKAGED / "segments"),
        }
        for name, value in defaults.items():
            if name == "home" or getattr(self, name) in ("", Path(), ()):
                object.__setattr__(self, name, value)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Self:
        """Read the settings: `overrides` over environment over file over default.

        Parameters
        ----------
        environ : mapping of str to str, optional
            Default: the process's environment.
        **overrides
            Values by name, as given on a command line; ``None`` means not given.

        Raises
        ------
        SettingsError
            If a key is unknown or a value has the wrong type.

        Examples
        --------
        >>> Settings.load({"RAPPORT_HOME": "/tmp/shop", "RAPPORT_MEMORY_MB": "512"}).memory_mb
        512
        """
        environ = os.environ if environ is None else environ
        given = {
            key.removeprefix(PREFIX).lower(): value
            for key, value in environ.items()
            if key.startswith(PREFIX) and key.removeprefix(PREFIX).lower() not in _UNREAD
        }
        given |= {key: value for key, value in overrides.items() if value is not None}
        if given.get("home") == "":
            raise SettingsError("the home is empty; a folder for the workspace is expected; name one, or leave it out")
        home = Path(str(given.get("home", cls.home))).expanduser()
        path = Path(environ.get("RAPPORT_CONFIG", home / "rapport.yaml"))
        values = (_read_file(path) if path.exists() or "RAPPORT_CONFIG" in environ else {}) | given
        kinds = {item.name: str(item.type) for item in fields(cls)}
        unknown = sorted(set(values) - set(kinds))
        if unknown:
            raise SettingsError(
                f"the setting {unknown[0]!r} is unknown; the settings are {', '.join(sorted(kinds))}; "
                f"correct it in {path} or in the environment ({PREFIX}{unknown[0].upper()})"
            )
        return cls(**{key: _convert(key, kinds[key], value) for key, value in values.items()})


def _read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise SettingsError(f"the settings file {path} does not exist; a YAML file is expected; mend RAPPORT_CONFIG")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(
            f"the settings file {path} cannot be read ({reason}); YAML in UTF-8 is expected; mend it"
        ) from error
    if not isinstance(values, dict):
        raise SettingsError(f"the settings file {path} holds a {type(values).__name__}; keys and values are expected")
    return values


def _convert(key: str, kind: str, value: Any) -> Any:
    try:
        match kind:
            case "int":
                return int(value)
            case "float":
                return float(value)
            case "Path":
                return Path(str(value)).expanduser()
            case "tuple[Path, ...]":
                parts = value.split(os.pathsep) if isinstance(value, str) else value
                return tuple(Path(str(part)).expanduser() for part in parts)
            case _:
                return str(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"the setting {key!r} is {value!r}; {kind} is expected; mend the file or {PREFIX}{key.upper()}"
        ) from error
