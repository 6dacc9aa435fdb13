"""Which steps of a run are done, on disk, so that a run that was cut short is taken up where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self


class Journal:
    """The steps done by the latest run.

    Parameters
    ----------
    path : Path
        Its file; replaced whole at every step.
    key : str
        What the run works on; steps of a run with another key are not taken over.
    done : list of str
        Names of the steps done.
    """

    def __init__(self, path: Path, key: str, done: list[str]) -> None:
        self.path = path
        self.key = key
        self.done = done

    @classmethod
    def load(cls, path: Path, *, key: str, restart: bool = False) -> Self:
        """The journal of an unfinished run with the same key, else an empty one."""
        if restart or not path.exists():
            return cls(path, key, [])
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:  # an unreadable journal only costs the work of a run
            return cls(path, key, [])
        is_same = kept.get("key") == key and not kept.get("finished")
        return cls(path, key, list(kept["done"]) if is_same else [])

    def has(self, step: str) -> bool:
        """Whether `step` was done."""
        return step in self.done

    def add(self, step: str) -> None:
        """Note that `step` is done."""
        if step not in self.done:
            self.done.append(step)
        self._write(finished=False)

    def finish(self) -> None:
        """Note that the run went through; the next one begins anew."""
        self._write(finished=True)

    def _write(self, *, finished: bool) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"key": self.key, "done": self.done, "finished": finished}), encoding="utf-8")
        fresh.replace(self.path)
