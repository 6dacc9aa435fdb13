"""What a page is made of, beside the blocks of reports: links, grids with links, facts, a search field, ways on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote, urlencode

from reports.charts import Chart
from reports.report import Block


@dataclass(frozen=True)
class Link:
    """A text that leads to another page of the desk."""

    text: str
    href: str


Cell: TypeAlias = str | int | float | Link | None


@dataclass(frozen=True)
class Heading:
    """The title of a part of a page."""

    text: str


@dataclass(frozen=True)
class Grid:
    """A table whose cells may be links; columns named in `numbers` are set to the right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: frozenset[str] = frozenset()
    note: str = ""


@dataclass(frozen=True)
class Facts:
    """Names and values, one below the other."""

    title: str
    items: Sequence[tuple[str, Cell]]


@dataclass(frozen=True)
class Search:
    """One search field, sent as ``?q=``."""

    label: str
    action: str
    value: str


@dataclass(frozen=True)
class Empty:
    """Nothing is here yet: why, and the command that changes it."""

    text: str
    command: str


@dataclass(frozen=True)
class Markdown:
    """A text in Markdown, a model card for instance; chapters named in `leave_out` are not shown.

    `pictures` are the addresses of those that the text may show, by file name.
    """

    title: str
    text: str
    leave_out: frozenset[str] = frozenset()
    pictures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side: the title and the address of each."""

    title: str
    items: Sequence[Link]


@dataclass(frozen=True)
class Alarm:
    """One thing that moved: how badly, what was found, what to do, and a picture of it where there is one."""

    title: str
    severity: str
    findings: Sequence[str]
    actions: Sequence[str]
    chart: Chart | None = None


@dataclass(frozen=True)
class Choices:
    """Ways to see the same page; the one without an address is the present one."""

    label: str
    items: Sequence[Link]


@dataclass(frozen=True)
class Pager:
    """The pages beside this one of a list; an address is empty where there is none."""

    previous: str
    next: str
    text: str = ""


Part: TypeAlias = Block | Heading | Grid | Facts | Search | Empty | Markdown | Pictures | Alarm | Choices | Pager


@dataclass(frozen=True)
class View:
    """A page ready to be drawn."""

    title: str
    parts: Sequence[Part]
    note: str = ""


@dataclass(frozen=True)
class Sent:
    """A file sent as it is: its bytes, their media type, and its own policy where the desk's would empty it."""

    content: bytes
    media_type: str
    policy: str = ""


def to(path: str, *names: str, **query: str) -> str:
    """An address of the desk, with every part quoted.

    Examples
    --------
    >>> to("/customers", "a/b", q="x y")
    '/customers/a%2Fb?q=x+y'
    """
    address = "/".join([path, *(quote(name, safe="") for name in names)])
    return f"{address}?{urlencode(query)}" if query else address
