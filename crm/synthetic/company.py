"""The company as files: everything is drawn, written, and counted."""

from __future__ import annotations

import gzip
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from crm.synthetic import (
    behaviour,
    campaigns,
    catalogue,
    choices,
    deals,
    leads,
    life,
    people,
    receipts,
    service,
    shop,
    truth,
)
from crm.synthetic.world import World

LARGE = ("order_lines", "web_events")  # written as Parquet, the others as CSV


@dataclass(frozen=True)
class CompanyFiles:
    """What was written.

    Attributes
    ----------
    directory : Path
        Where the export lies; this is what is imported.
    tables : mapping of str to Path
        The files by name.
    rows : mapping of str to int
        Rows of each file.
    truth : mapping of str to pyarrow.Table
        What is planted: ``customers``, ``products``, ``churn``, ``leads`` (columns in `crm.synthetic.truth`). The
        same lies in ``truth/<name>.parquet``, which no mapping reads.
    complete_until : int
        Microseconds since 1970 at which the export was made.
    drift_from : int or None
        Microseconds since 1970 from which prices and channels are shifted.
    """

    directory: Path
    tables: Mapping[str, Path]
    rows: Mapping[str, int]
    truth: Mapping[str, Any]
    complete_until: int
    drift_from: int | None


def write_company(
    directory: str | Path,
    *,
    customers: int = 10_000,
    seed: int = 7,
    drift: bool = False,
    end: date = date(2026, 6, 30),
    weeks: int = 104,
) -> CompanyFiles:
    """Write the CRM export of a made-up company, to be imported as the source ``synthetic``.

    Same arguments, same bytes. All people, firms and addresses are invented. With another `end` the mapping's
    ``complete_until`` has to be changed too.

    Parameters
    ----------
    directory : path
        Created if it does not exist; files of the same names are replaced.
    customers, seed, drift, end, weeks
        See `World`.

    Raises
    ------
    SyntheticError
        If a number is out of its range.

    Examples
    --------
    >>> import tempfile
    >>> files = write_company(tempfile.mkdtemp(), customers=60, seed=1)
    >>> files.rows["products"] > 400, files.truth["customers"].num_rows
    (True, 60)
    """
    world = World(customers=customers, seed=seed, drift=drift, end=end, weeks=weeks)
    folder = Path(directory)
    tables, planted = draw(world)
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, table in tables.items():
        paths[name] = folder / (f"{name}.parquet" if name in LARGE else f"{name}.csv.gz")
        _write(table, paths[name])
    for name, table in planted.items():
        _write(table, folder / "truth" / f"{name}.parquet")
    return CompanyFiles(
        directory=folder,
        tables=paths,
        rows={name: table.num_rows for name, table in tables.items()},
        truth=planted,
        complete_until=world.stop * 1_000_000,
        drift_from=None if world.drift_from is None else world.drift_from * 1_000_000,
    )


def draw(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """The export's tables and the truths, as Arrow tables by name.

    Examples
    --------
    >>> tables, planted = draw(World(customers=60, seed=1))
    >>> sorted(planted)
    ['churn', 'customers', 'leads', 'products']
    """
    crowd, goods, prospects = people.make(world), catalogue.make(world), leads.make(world)
    plan = campaigns.make(world, crowd)
    lives = life.live(world, crowd, plan)
    sales = shop.sell(world, crowd, goods, lives)
    won = deals.winners(world, crowd, prospects)
    tables = {
        **catalogue.tables(world, goods),
        **people.tables(world, crowd),
        **choices.tables(world, crowd),
        **receipts.tables(world, goods, sales),
        **behaviour.tables(world, crowd, goods, lives),
        **service.tables(world, crowd, lives),
        **campaigns.tables(world, crowd, plan, lives.states),
        **leads.tables(world, prospects, won),
        **deals.tables(world, crowd, prospects, lives, won),
    }
    return tables, truth.tables(world, crowd, goods, lives, prospects)


def _write(table: Any, path: Path) -> None:
    """One file, whole or not at all; no time of writing in it."""
    draft = path.with_name(path.name + ".part")
    with draft.open("wb") as stream:
        if path.suffix == ".parquet":
            pq.write_table(table, stream, compression="zstd", store_schema=False)
        else:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=3, fileobj=stream, mtime=0) as packed:
                pacsv.write_csv(table, packed, pacsv.WriteOptions(quoting_style="needed"))
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
