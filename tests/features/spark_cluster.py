"""A standalone Spark cluster on this machine's loopback: a master and two workers, each a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOOPBACK = "127.0.0.1"
WORKERS = 2


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Start it, give the master's URL, and end its processes.

    Parameters
    ----------
    folder : Path
        For logs and the workers' files.
    """
    port = _free_port()
    url = f"spark://{LOOPBACK}:{port}"
    master = ["master.Master", "--host", LOOPBACK, "--port", str(port), "--webui-port", "0"]
    worker = ["worker.Worker", "--host", LOOPBACK, "--cores", "1", "--memory", "1g", "--webui-port", "0"]
    processes = [_started(master, folder / "master.log")]
    try:
        for number in range(WORKERS):
            work = ["--work-dir", str(folder / f"work{number}"), url]
            processes.append(_started([*worker, *work], folder / f"worker{number}.log"))
        _wait(folder / "master.log", "Registering worker", WORKERS)
        yield url
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=60)


def _started(words: list[str], log: Path) -> subprocess.Popen[bytes]:
    import pyspark

    home = Path(pyspark.__file__).parent
    name, *rest = words
    program = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *rest]
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_LOCAL_DIRS": str(log.parent),
    }
    with log.open("wb") as file:
        return subprocess.Popen(program, stdout=file, stderr=subprocess.STDOUT, env=environment)


def _wait(log: Path, words: str, times: int, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while log.read_text(encoding="utf-8").count(words) < times:
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port: int = free.getsockname()[1]
        return port
