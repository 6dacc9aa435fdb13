"""What a writer or reader of records can get wrong."""

from __future__ import annotations

from configs.errors import RapportError


class RecordsError(RapportError):
    """Records could not be read or written as asked; nothing was written."""
