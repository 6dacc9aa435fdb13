"""What can be wrong with the values that a watch is given."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Self

from configs.errors import RapportError


class MonitoringError(RapportError):
    """A watch cannot be made from what was given."""

    @classmethod
    def without_reference(cls, model: str) -> Self:
        """The artefact's profile holds no feature and no score."""
        return cls(
            f"the profile of {model!r} describes no feature and no score; a reference distribution is expected "
            f"in its profile.json; run `rapport train {model}` again"
        )

    @classmethod
    def absent(cls, model: str, refs: Collection[str]) -> Self:
        """The current values lack columns that the reference has."""
        names = sorted(refs)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return cls(
            f"the current values for {model!r} lack {', '.join(names[:3])}{more}; every column of its reference "
            "is expected; read the features named in the model's refs"
        )

    @classmethod
    def uneven(cls, model: str, lengths: Collection[int]) -> Self:
        """Columns and scores have different lengths."""
        told = ", ".join(str(length) for length in sorted(lengths))
        return cls(
            f"the current columns and scores of {model!r} have {told} rows; one length is expected; "
            "take them from the same answers"
        )

    @classmethod
    def unwritable(cls, path: Path, error: OSError) -> Self:
        """The disk takes no more, or the folder may not be written."""
        return cls(
            f"{path} cannot be written ({error.strerror or error}); room and the right to write are expected; "
            "free some or mend RAPPORT_REPORTS_DIR"
        )
