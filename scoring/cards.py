"""A model card's Markdown as HTML: headings, tables, lists, bold, code and pictures; everything else stays text.

A picture stands in a card as ``![how to read it](pictures/roc.svg)``, pictures of consecutive lines side by side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Show: TypeAlias = Callable[[str, str], str]
"""From a picture's file name and words to its HTML; empty where there is no such picture."""

KNOWN = ("heading", "list", "table", "emphasis", "backticks", "image")
FOLDER = "pictures/"
WIDE = 400.0  # points; a wider picture is not made narrower than its words can be read
_LINES = re.compile(r"\n(?:^!\[[^\n]*\]\(pictures/[^\n]*\)\n)+", re.MULTILINE)
_EMPTY = re.compile(r"^## [^\n]*\n\n(?=## )", re.MULTILINE)
_GROUP = re.compile(r'<g id="[^"]*">')
_SIZE = re.compile(r' (?:width|height)="[^"]*"')
_VIEW = re.compile(r'viewBox="0 0 ([\d.]+) ')


def html(text: str, leave_out: Collection[str] = (), show: Show | None = None) -> Markup:
    """The card as HTML that stands below a heading of the second level; its own title is left to that one.

    Parameters
    ----------
    text : str
        Markdown. Markup in it and links stay text; a picture that `show` does not know is told by its words.
    leave_out : collection of str
        Titles of chapters (``##``) that are not shown.
    show : callable, optional
        Draws a picture.

    Examples
    --------
    >>> str(html("# Churn\\n\\n## Limits\\n\\n- **not** <b>sure</b>\\n"))
    '<h3>Limits</h3>\\n<ul>\\n<li><strong>not</strong> &lt;b&gt;sure&lt;/b&gt;</li>\\n</ul>\\n'
    """
    chapters = _chapters(_parser().parse(text))
    tokens = [token for chapter in chapters if _title(chapter) not in leave_out for token in chapter]
    return _rendered(list(_lowered(tokens)), show)


def page(text: str, pictures: Mapping[str, bytes]) -> str:
    """The card as one HTML file with its pictures in it, which fetches nothing and runs nothing.

    Parameters
    ----------
    text : str
        Markdown.
    pictures : mapping of str to bytes
        SVG by file name.

    Examples
    --------
    >>> told = page("# Churn\\n\\n![Found](pictures/roc.svg)\\n", {"roc.svg": b'<svg viewBox="0 0 300 200"></svg>'})
    >>> "<title>Churn</title>" in told, '<svg role="img" aria-label="Found" viewBox="0 0 300 200"></svg>' in told
    (True, True)
    """

    def show(name: str, words: str) -> str:
        return _inline(pictures[name].decode(), words) if name in pictures else ""

    tokens = _parser().parse(text)
    title = next((after.content for token, after in pairwise(tokens) if token.tag == "h1"), "Card")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f"<body>\n<main>\n{_rendered(tokens, show)}</main>\n</body>\n</html>\n"
    )


def without_pictures(text: str) -> str:
    """The card for a place that has no pictures, without the chapters that hold nothing else.

    Examples
    --------
    >>> without_pictures("## Seen\\n\\n![Found](pictures/roc.svg)\\n\\n## Limits\\n\\n- small\\n")
    '## Limits\\n\\n- small\\n'
    """
    return _EMPTY.sub("", _LINES.sub("", text))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # only who shows a card waits for it

    return MarkdownIt("zero", {"html": False}).enable(list(KNOWN))


@cache
def _style() -> str:
    return Path(__file__).with_name("card.css").read_text(encoding="utf-8")


def _rendered(tokens: Sequence[Token], show: Show | None) -> Markup:
    """HTML without alignment, which would need inline style; lines of pictures are one block."""
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        token.attrs.pop("style", None)
        is_gallery = all(child.type == "image" or not child.content.strip() for child in token.children or ())
        drawn = [child for child in token.children or () if child.type == "image"]
        for child in drawn:
            child.content, child.type = _figure(child, show), "html_inline"
        if drawn and before.type == "paragraph_open" and is_gallery:
            before.tag = after.tag = "div"
            before.attrs["class"] = "pictures"
    parser = _parser()
    return Markup(parser.renderer.render(list(tokens), parser.options, {}))  # noqa: S704 - the parser escapes


def _figure(image: Token, show: Show | None) -> str:
    """A picture above its words; the words alone where it is not to be had."""
    words = escape(image.content)
    drawn = show(str(image.attrs["src"]).removeprefix(FOLDER), image.content) if show else ""
    return f"<figure>{drawn}<figcaption>{words}</figcaption></figure>" if drawn else words


def _inline(svg: str, words: str) -> str:
    """An SVG file as an element of a page: no prolog, no metadata, no size and no names of its own."""
    body = _GROUP.sub("<g>", re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL))
    head, closing, rest = body.partition(">")
    seen = _VIEW.search(head)
    wide = ' class="wide"' if seen and float(seen[1]) > WIDE else ""
    told = f'<svg role="img" aria-label="{escape(words)}"{wide}'
    return _SIZE.sub("", head).replace("<svg", told, 1) + closing + rest


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
    """Headings one level lower, without the card's title."""
    is_title = False
    for token in tokens:
        is_title = token.tag == "h1" if token.type == "heading_open" else is_title
        if not is_title:
            if token.type.startswith("heading"):
                token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
            yield token
        is_title = is_title and token.type != "heading_close"
