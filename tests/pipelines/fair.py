"""Leads of a fair with dates: who converts hangs on two things at once, so that trees answer."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from crm.imports import run_import
from pipelines.workspace import Workspace

MAPPING = """
source: fair
title: Leads of a trade fair
zone: UTC
complete_until: 2025-01-01T00:00:00
files:
  leads: {path: leads.csv}
tables:
  leads:
    sql: >
      SELECT lead AS source_key, lead AS lead_no, channel AS source, 'new' AS status,
        CAST(day AS TIMESTAMP) AS occurred_at, converted, minutes, pages, row_no
      FROM leads
    labels: {converted: converted}
    attributes:
      minutes: {type: decimal, unit: minutes}
      pages: {type: decimal, unit: pages}
"""


def visit(workspace: Workspace, folder: Path, rows: int = 2_000) -> None:
    """Import so many leads."""
    draw = np.random.default_rng(1)
    minutes, pages = draw.uniform(0, 20, rows), draw.uniform(0, 10, rows)
    chance = np.where((minutes > 10) == (pages > 5), 0.75, 0.2)
    converted = (draw.random(rows) < chance).astype(int)
    channel = draw.choice(["stand", "talk", "web"], rows)
    with (folder / "leads.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["lead", "channel", "minutes", "pages", "converted", "day"])
        for place in range(rows):
            day = f"2024-{1 + place * 12 // rows:02d}-{1 + place % 28:02d}"
            told = (f"{minutes[place]:.3f}", f"{pages[place]:.3f}", converted[place], day)
            writer.writerow([f"L{place}", channel[place], *told])
    (folder / "fair.yaml").write_text(MAPPING)
    run_import(workspace.records, folder / "fair.yaml", folder)
