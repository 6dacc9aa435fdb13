"""Finding the models: every module in ``training/models`` that defines ``model``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from training.errors import TrainingError
from training.spec import ModelSpec

FOLDER = Path(__file__).parent / "models"


def find(folder: Path = FOLDER) -> dict[str, ModelSpec]:
    """Models by name, in the order of their names.

    Parameters
    ----------
    folder : Path
        Files starting with an underscore are left out.

    Raises
    ------
    TrainingError
        If a file cannot be imported, defines no ``model``, or one of another name.

    Examples
    --------
    >>> "churn" in find()
    True
    """
    return {path.stem: _read(path) for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")}


def _read(path: Path) -> ModelSpec:
    try:
        module = importlib.import_module(f"training.models.{path.stem}") if path.parent == FOLDER else _foreign(path)
    except (Exception, SystemExit) as error:  # whatever a file raises is told as one sentence
        raise TrainingError.bad_file(path, f"{type(error).__name__}: {error}") from error
    model = getattr(module, "model", None)
    if not isinstance(model, ModelSpec):
        raise TrainingError.bad_file(path, "it defines no `model`")
    if model.name != path.stem:
        raise TrainingError.bad_file(path, f"its model is called {model.name!r}")
    return model


def _foreign(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"rapport_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError("it is no module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    return module
