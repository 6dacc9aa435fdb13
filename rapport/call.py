"""One call of one command: parse its words, run it in a workspace, print its answer or one sentence."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType

from configs import RapportError, Settings
from pipelines.workspace import Workspace
from rapport.answer import Answer
from rapport.main import COMMANDS
from rapport.progress import progress

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "BENTOML_DO_NOT_TRACK": "True",
    "DO_NOT_TRACK": "1",
    "GOMP_SPINCOUNT": "1000",  # OpenMP threads that wait soon sleep: as fast alone, many times faster beside other work
}
"""Set before third parties are imported, unless the caller has set them."""


def call(name: str, words: Sequence[str]) -> int:
    """Run one command; its answer goes to the output as text, or as one JSON object under ``--json``.

    Returns
    -------
    int
        0 only when the command did what it says; 1 with one sentence on the error stream otherwise,
        130 when stopped by hand.
    """
    _quiet()
    module = _load(name)
    arguments = _parse(name, module, words)
    try:
        with (
            progress(silent=arguments.json) as bar,
            Workspace(Settings.load(home=arguments.home), progress=bar) as workspace,
        ):
            answer: Answer = module.run(arguments, workspace)
    except RapportError as error:
        return _refuse(error, arguments.json)
    except KeyboardInterrupt:
        sentence = "stopped by hand; nothing half done was kept; run the command again to go on"
        _refuse(RapportError(sentence), arguments.json)
        return 130
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        sentence = f"the system refused ({what}); nothing half done was kept; mend that and run the command again"
        return _refuse(RapportError(sentence), arguments.json)
    _show(json.dumps(answer.data, ensure_ascii=False, default=str) if arguments.json else answer.text())
    return answer.exit_code


def _load(name: str) -> ModuleType:
    stem = name if (COMMANDS / f"{name}.py").exists() else f"{name}_"  # `import` is a word of Python's
    return importlib.import_module(f"rapport.commands.{stem}")


def _parse(name: str, module: ModuleType, words: Sequence[str]) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    common.add_argument("--home", help="workspace folder (default: RAPPORT_HOME, else ./var)")
    common.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    parser = argparse.ArgumentParser(
        prog=f"rapport {name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    module.arguments(parser)
    known, rest = common.parse_known_args(list(words))  # these two may stand anywhere, after `segment list` as well
    return parser.parse_args(rest, known)


def _refuse(error: RapportError, as_json: bool) -> int:
    if as_json:
        _show(json.dumps(error.to_json(), ensure_ascii=False, default=str))
    print(f"rapport: {error}", file=sys.stderr)
    return 1


def _show(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # the reader went away (`| head`), which is no failure of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _quiet() -> None:
    """Keep third parties from phoning home, from writing over our answers, and from spinning on a shared machine."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    signal.signal(signal.SIGTERM, _stop)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt
