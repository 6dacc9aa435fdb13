"""Pages and files for people who will not open a notebook.

In: records and what the models wrote back into them. Out: report objects, and their HTML, XLSX, CSV and JSON forms
with charts drawn as SVG. Imported by console, pipelines and rapport; imports nothing above `monitoring`.
"""

from reports.charts import Chart, Series
from reports.errors import ReportError
from reports.opening import Reports, open  # noqa: A004 - `reports.open(settings, records)`, as each package is opened
from reports.report import Figure, Finding, Findings, KeyNumber, KeyNumbers, Report, Section, SourceLine, Text
from reports.table import FEW, Column, Table, people

__all__ = [
    "FEW",
    "Chart",
    "Column",
    "Figure",
    "Finding",
    "Findings",
    "KeyNumber",
    "KeyNumbers",
    "Report",
    "ReportError",
    "Reports",
    "Section",
    "Series",
    "SourceLine",
    "Table",
    "Text",
    "open",
    "people",
]
