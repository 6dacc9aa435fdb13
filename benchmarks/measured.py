"""One measurement in a process of its own: what must be there is made first, then the clock runs.

``python -m benchmarks.measured MODULE:FUNCTION JSON`` calls the function with the arguments; it gives what is to be
measured: a callable whose answer, where it is a number, is the figure itself, and else is not looked at.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.case import Reading


def measured(function: Callable[..., object], *, python: str = sys.executable, **arguments: object) -> Reading:
    """Run a function's measurement in a fresh process; its figure, and the peak of resident memory.

    Raises
    ------
    RuntimeError
        With what the process said last, if it fails.
    """
    target = f"{function.__module__}:{function.__name__}"
    words = json.dumps({name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()})
    done = subprocess.run(
        [python, "-m", __name__, target, words],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    if done.returncode:
        raise RuntimeError(f"{target} failed: {done.stderr.strip().splitlines()[-1]}")
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    return Reading(answer["value"], answer["peak_mb"])


def main(arguments: Sequence[str]) -> None:
    """Measure what the arguments name, and print the figure."""
    module, _, function = arguments[0].partition(":")
    run = getattr(importlib.import_module(module), function)(**json.loads(arguments[1]))
    began = time.perf_counter()
    answer = run()
    seconds = time.perf_counter() - began
    print(json.dumps({"value": answer if isinstance(answer, float) else seconds, "peak_mb": peak_mb()}))


def peak_mb() -> float:
    """The peak of this process's resident memory; what it was before it became this program does not count."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(sys.argv[1:])
