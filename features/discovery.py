"""Finding views: every file of a folder that defines ``view`` is a feature view named like the file."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path

from configs.errors import RapportError
from features.declare.view import FeatureView
from features.errors import DeclarationError

PACKAGED = Path(__file__).parent / "views"


def find_views(folders: Iterable[Path] = (PACKAGED,)) -> dict[str, FeatureView]:
    """The views of some folders, by name.

    Raises
    ------
    DeclarationError
        If a file cannot be run, defines no view, or two files have one name; the sentence names the file.
    """
    views: dict[str, FeatureView] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.py")):
            if path.name == "__init__.py":
                continue
            if path.stem in views:
                raise DeclarationError(
                    f"{path} is a second view called {path.stem!r}; one file per name is expected; rename it"
                )
            views[path.stem] = _load(path).named(path.stem)
    return views


def _load(path: Path) -> FeatureView:
    name = f"features.views.{path.stem}" if path.parent == PACKAGED else f"_views_{path.stem}_{abs(hash(path))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DeclarationError(f"{path} cannot be loaded; a Python file is expected; rename it to end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except RapportError as error:
        raise type(error)(f"{path.name}: {error}") from error
    except (Exception, SystemExit) as error:  # a file that ends the program would end that of all others
        raise DeclarationError(
            f"{path} cannot be run ({type(error).__name__}: {error}); Python that defines 'view' is expected; mend it"
        ) from error
    view = getattr(module, "view", None)
    if not isinstance(view, FeatureView):
        raise DeclarationError(
            f"{path} defines no feature view; a FeatureView called 'view' is expected; write view = FeatureView(…)"
        )
    return view
