"""The Spark session: the one that runs in this process already, else one that is started."""

from __future__ import annotations

import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from features.errors import SparkError

LOOPBACK = "127.0.0.1"


def start(master: str, memory_mb: int) -> tuple[Any, bool]:
    """The session, and whether it was started here.

    Parameters
    ----------
    master : str
        ``local[2]``, ``spark://host:7077``, ``yarn``, …; a session that runs already is taken as it is.
    memory_mb : int
        Memory of the driver's Java, MiB, when Spark runs inside this process's machine alone.

    Raises
    ------
    SparkError
        If pyspark or Java is absent, or the master cannot be used.
    """
    with quiet():
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise SparkError(
                f"Spark is not installed ({error}); pyspark is expected; install it: "
                "pip install --require-hashes -r requirements-spark.lock"
            ) from error
        running = SparkSession.getActiveSession()
        if running is not None:
            return running, False
        _check_java()
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.appName("rapport").master(master)
        for name, value in _settings(master, memory_mb).items():
            builder = builder.config(name, value)
        try:
            return builder.getOrCreate(), True
        except Exception as error:
            raise SparkError(
                f"Spark does not start at {master!r} ({_last_words(error)}); a master such as local[*] or "
                "spark://host:7077 is expected; mend RAPPORT_SPARK_MASTER"
            ) from error


def keep(frame: Any, folder: Path) -> None:
    """Compute a Spark frame into a new folder of Parquet files.

    Raises
    ------
    SparkError
        If the job fails; the sentence tells the worker's own last words.
    """
    with quiet():
        try:
            frame.write.parquet(folder.as_uri())
        except Exception as error:
            raise SparkError(
                f"the Spark job failed ({_last_words(error)}); workers that have Rapport installed and see {folder} "
                "under this path are expected; see docs/spark.md"
            ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pyspark's warning about pandas 3 away: rows travel as Arrow, and pandas is not used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _settings(master: str, memory_mb: int) -> dict[str, str]:
    common = {"spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false"}
    if not master.startswith("local"):
        return common
    os.environ.setdefault("SPARK_LOCAL_IP", LOOPBACK)
    return common | {
        "spark.driver.memory": f"{memory_mb}m",
        "spark.driver.host": LOOPBACK,
        "spark.driver.bindAddress": LOOPBACK,
        "spark.ui.enabled": "false",
    }


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and (Path(home) / "bin" / "java").exists()):
        raise SparkError(
            "no Java was found (no java on the path, and JAVA_HOME names none); Java 17 or later is expected; "
            "install it, or set JAVA_HOME"
        )


def _last_words(error: Exception) -> str:
    """What a chain of errors in Java and Python ends with, in one line.

    Examples
    --------
    >>> _last_words(ValueError("it failed\\n  File x.py, line 3\\nKeyError: 'amount'"))
    "KeyError: 'amount'"
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    named = [line for line in lines if re.match(r"[\w.]+(Error|Exception): .", line)]
    return (named or lines)[-1 if named else 0][:200]
