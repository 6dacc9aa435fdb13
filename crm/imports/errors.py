"""What keeps an import from being done at all; rows that cannot be used are rejects, not errors."""

from __future__ import annotations

from configs.errors import RapportError


class SourceError(RapportError):
    """The import could not be done; nothing was written."""


class MappingError(SourceError):
    """The mapping says something that cannot be followed."""


class FileError(SourceError):
    """A file is missing or is not what the mapping says."""


class WorkbookError(FileError):
    """A workbook is not one, or asks for more than reading it may take."""
