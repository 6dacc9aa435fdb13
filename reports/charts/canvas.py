"""SVG elements, escaped, with numbers written the same way every time."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

INK = "currentColor"
FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NARROW, _WIDE = set("iljtfrI.,:;'|!()[] "), set("mwMWGOQ@%ABCDEHKNRSTUVXYZ")


def escape(text: str) -> str:
    """`text` for an element or a quoted attribute; characters that XML forbids become replacement marks."""
    return html.escape(_FORBIDDEN.sub("\ufffd", text), quote=True)


def number(value: float) -> str:
    """A coordinate with at most two decimals.

    Examples
    --------
    >>> number(3.0), number(-0.001), number(2.345678)
    ('3', '0', '2.35')
    """
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def width(text: str, size: float = 12) -> float:
    """About how wide `text` is in pixels; a little more than most fonts need."""
    return size * sum(0.36 if c in _NARROW else 0.78 if c in _WIDE else 1.02 if ord(c) > 0x2E80 else 0.62 for c in text)


def fit(text: str, room: float, size: float = 12) -> str:
    """`text`, cut with an ellipsis to fit into `room` pixels.

    Examples
    --------
    >>> fit("a very long name of a product", 80)
    'a very long…'
    """
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


class Canvas:
    """A growing list of SVG elements."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def add(self, tag: str, content: str = "", tip: str = "", **attributes: object) -> None:
        """One element; underscores in attribute names become hyphens, `tip` is shown by the browser on hovering."""
        self._add(tag, content, tip, attributes)

    def text(
        self, x: float, y: float, content: str, *, anchor: str = "start", size: float = 12, **more: object
    ) -> None:
        """A piece of text; `x`, `y` is its baseline's start, middle or end."""
        place = {"x": x, "y": y, "text_anchor": anchor, "font_size": size, "fill": INK}
        self._add("text", content, "", {**place, **more})

    def line(self, x1: float, y1: float, x2: float, y2: float, *, opacity: float = 0.15, **more: object) -> None:
        """A thin straight line in the colour of the text."""
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": INK, "stroke_opacity": opacity}
        self._add("line", "", "", {**ends, **more})

    def box(self, x: float, y: float, width: float, height: float, tip: str, **more: object) -> None:
        """A rectangle with a tooltip."""
        self._add("rect", "", tip, {"x": x, "y": y, "width": width, "height": height, **more})

    def _add(self, tag: str, content: str, tip: str, attributes: Mapping[str, object]) -> None:
        written = "".join(f' {name.strip("_").replace("_", "-")}="{_value(item)}"' for name, item in attributes.items())
        inner = (f"<title>{escape(tip)}</title>" if tip else "") + escape(content)
        self.parts.append(f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>")


def _value(item: object) -> str:
    return number(item) if isinstance(item, int | float) else escape(str(item))
