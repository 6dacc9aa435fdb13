"""The folders, the build, the type checker and the import contract speak of the same packages; doors stay shut."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
BESIDE = {"notebooks", "benchmarks", "tests"}

DOORS = {
    "sqlalchemy": {"crm", "features"},
    "alembic": {"crm"},
    "mlflow": {"registry"},
    "bentoml": {"serving"},
    "evidently": {"monitoring"},
    "optuna": {"training"},
    "feature_engine": {"training"},
    "lightgbm": {"training", "scoring"},
    "fastapi": {"serving"},
    "starlette": {"serving", "console"},
    "markdown_it": {"scoring"},
    "numba": {"features"},
    "pyspark": {"features"},
}
"""One library, one door: the packages that may import it."""

SLOW = {"mlflow", "bentoml", "evidently", "optuna", "splink", "pyspark"}
"""Third parties that are imported only inside the function that needs them."""

DECORATED = "serving/service.py"
"""Only BentoML itself loads it, and its decorator needs BentoML at the module's top."""

VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "data"}


def modules() -> list[Path]:
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module.partition(".")[0]


def test_folders_build_types_and_layers_name_the_same_packages() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - BESIDE
    linter = PROJECT["tool"]["importlinter"]
    layers = {name.strip() for layer in linter["contracts"][0]["layers"] for name in layer.split("|")}
    assert folders == PACKAGES
    assert set(PROJECT["tool"]["mypy"]["packages"]) - BESIDE == PACKAGES
    assert set(linter["root_packages"]) == PACKAGES
    assert layers == PACKAGES


def test_no_installed_distribution_claims_one_of_our_names() -> None:
    owners = packages_distributions()
    claimed = {name: owners[name] for name in PACKAGES if set(owners.get(name, [])) - {"rapport"}}
    assert claimed == {}


def test_each_library_comes_in_through_its_door() -> None:
    trespassers = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules()
        for node in ast.walk(tree(path))
        for name in imported(node)
        if name in DOORS and path.relative_to(ROOT).parts[0] not in DOORS[name]
    ]
    assert trespassers == []


def test_features_open_the_database_only_in_the_online_stores() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "features").rglob("*.py")
        for node in ast.walk(tree(path))
        if "sqlalchemy" in imported(node)
    }
    assert all(user.startswith("features/online/") for user in users), users


def test_slow_libraries_are_imported_inside_functions_only() -> None:
    early = [
        f"{path.relative_to(ROOT)} imports {name} at its top"
        for path in modules()
        for node in tree(path).body
        for name in imported(node)
        if name in SLOW and path.relative_to(ROOT).as_posix() != DECORATED
    ]
    assert early == []


def test_no_import_of_our_own_hides_inside_a_function() -> None:
    hidden = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path in modules()
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom) and set(imported(inner)) & PACKAGES
    ]
    assert hidden == []


def test_nobody_imports_the_face() -> None:
    callers = [
        str(path.relative_to(ROOT))
        for path in modules()
        for node in ast.walk(tree(path))
        for name in imported(node)
        if name in BESIDE | {"rapport"} and path.relative_to(ROOT).parts[0] != "rapport"
    ]
    assert callers == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_named_for_one_noun_and_says_what_it_is(path: Path) -> None:
    inside = path.relative_to(ROOT).parts[1:]
    assert not {Path(part).stem for part in inside} & (VAGUE | PACKAGES), "named like a package, or vaguely"
    assert ast.get_docstring(tree(path)), "has no docstring"


def test_nothing_is_unpickled() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for path in modules()
        for node in ast.walk(tree(path))
        for name in imported(node)
        if name in {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    ]
    assert guilty == []
