"""A model card's Markdown as HTML: headings, tables, lists, bold and code; everything else stays text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

KNOWN = ("heading", "list", "table", "emphasis", "backticks")


def html(text: str, leave_out: Collection[str] = ()) -> Markup:
    """The card as HTML that stands below a heading of the second level; its own title is left to that one.

    Parameters
    ----------
    text : str
        Markdown. Markup in it, links and pictures stay text.
    leave_out : collection of str
        Titles of chapters (``##``) that are not shown.

    Examples
    --------
    >>> str(html("# Churn\\n\\n## Limits\\n\\n- **not** <b>sure</b>\\n"))
    '<h3>Limits</h3>\\n<ul>\\n<li><strong>not</strong> &lt;b&gt;sure&lt;/b&gt;</li>\\n</ul>\\n'
    """
    parser = _parser()
    tokens = [
        token for chapter in _chapters(parser.parse(text)) if _title(chapter) not in leave_out for token in chapter
    ]
    return Markup(parser.renderer.render(list(_lowered(tokens)), parser.options, {}))  # noqa: S704 - the parser escapes


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("zero", {"html": False}).enable(list(KNOWN))


def _chapters(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The tokens before the first chapter, then those of each."""
    number = 0

    def chapter(token: Token) -> int:
        nonlocal number
        number += token.type == "heading_open" and token.tag == "h2"
        return number

    return (list(found) for _, found in groupby(tokens, chapter))


def _title(chapter: Sequence[Token]) -> str:
    return chapter[1].content if chapter[0].type == "heading_open" and chapter[0].tag == "h2" else ""


def _lowered(tokens: Sequence[Token]) -> Iterator[Token]:
    """Headings one level lower, without the card's title; no alignment, which would need inline style."""
    is_title = False
    for token in tokens:
        is_title = token.tag == "h1" if token.type == "heading_open" else is_title
        if not is_title:
            if token.type.startswith("heading"):
                token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
            token.attrs.pop("style", None)
            yield token
        is_title = is_title and token.type != "heading_close"
