"""The forms of a report: each function takes a report and gives the bytes of one file."""

from reports.render.archive import csv
from reports.render.page import html
from reports.render.tree import json
from reports.render.workbook import xlsx

FORMS = {"html": html, "xlsx": xlsx, "csv": csv, "json": json}
SUFFIXES = {"html": ".html", "xlsx": ".xlsx", "csv": ".csv.zip", "json": ".json"}

__all__ = ["FORMS", "SUFFIXES", "csv", "html", "json", "xlsx"]
