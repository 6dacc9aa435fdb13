"""How much memory a process takes for itself, files that it maps not counted: those are the system's to take back."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread


class Peak:
    """The peak of this process's anonymous resident memory from now on, looked at every two milliseconds."""

    def __init__(self) -> None:
        self._began = self._highest = _anonymous_mb()
        self._ended = Event()
        Thread(target=self._look, daemon=True).start()

    def grown_mb(self) -> float:
        """How far the peak so far lies above the beginning."""
        return max(self._highest, _anonymous_mb()) - self._began

    def _look(self) -> None:
        while not self._ended.wait(0.002):
            self._highest = max(self._highest, _anonymous_mb())


def _anonymous_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024
