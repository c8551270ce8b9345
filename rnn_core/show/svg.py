"""SVG as element trees: whatever text goes in, a learner's `<script>` too, comes out as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

Element = ElementTree.Element
MINUS, ELLIPSIS = "\N{MINUS SIGN}", "\N{HORIZONTAL ELLIPSIS}"


def element(tag: str, *children: Element | str | None, **attributes: Any) -> Element:
    """Return `<tag>` with these children; `stroke_width=2` is written stroke-width="2".

    A string among the children is text; attributes that are None are left out.
    """
    node = Element(
        tag,
        {
            name.rstrip("_").replace("_", "-"): _text(value)
            for name, value in attributes.items()
            if value is not None
        },
    )
    for child in children:
        if isinstance(child, str):
            if len(node):
                node[-1].tail = (node[-1].tail or "") + child
            else:
                node.text = (node.text or "") + child
        elif child is not None:
            node.append(child)
    return node


def group(*children: Element | str | None, **attributes: Any) -> Element:
    """Return `<g>` with these children."""
    return element("g", *children, **attributes)


def text(x: float, y: float, *parts: Element | str, **attributes: Any) -> Element:
    """Return `<text>` at (x, y)."""
    return element("text", *parts, x=x, y=y, **attributes)


def rect(
    x: float, y: float, width: float, height: float, *children: Element, **attributes: Any
) -> Element:
    """Return `<rect>`."""
    return element("rect", *children, x=x, y=y, width=width, height=height, **attributes)


def symbol(name: str, index: int | str | None = None) -> list[Element | str]:
    """Return the parts of a symbol with its index set low: a_3."""
    if index is None:
        return [name]
    return [
        element("tspan", name, font_style="italic"),
        element("tspan", str(index), dy=4, font_size="75%"),
        # An empty step back up: SVG has no "end of subscript".
        element("tspan", "\N{ZERO WIDTH SPACE}", dy=-4),
    ]


def number(value: float, digits: int = 2) -> str:
    """Return a number as it is shown: fixed digits, a real minus sign, no negative zero."""
    shown = f"{value:.{digits}f}"
    if float(shown) == 0:
        shown = shown.lstrip("-")
    return shown.replace("-", MINUS)


def text_width(words: str, font_size: float) -> float:
    """Return about how wide words are; a picture made without a browser cannot measure them."""
    narrow = sum(letter in "ijlt.,:;!|' fr" for letter in words)
    return (0.62 * (len(words) - narrow) + 0.38 * narrow) * font_size


def fit_text(words: str, width: float, font_size: float) -> str:
    """Return the words, cut with an ellipsis where they would be wider than `width`."""
    shown = words
    while len(shown) > 1 and text_width(shown, font_size) > width:
        shown = shown.removesuffix(ELLIPSIS)[:-1] + ELLIPSIS
    return shown


def picture(
    width: float, height: float, title: str, *children: Element | None, style: str | None = None
) -> Element:
    """Return a whole `<svg>` that scales with the page and tells a screen reader its title."""
    return element(
        "svg",
        element("title", title),
        None if style is None else element("style", style),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_text(width)} {_text(height)}",
        role="img",
        class_="rnn-picture",
    )


def to_string(node: Element) -> str:
    """Return the markup."""
    return ElementTree.tostring(node, encoding="unicode")


def without_titles(node: Element) -> Element:
    """Return a copy without the tooltips, which a still picture cannot show."""
    copy = Element(node.tag, node.attrib)
    copy.text, copy.tail = node.text, node.tail
    copy.extend(without_titles(child) for child in node if child.tag != "title")
    return copy


def _text(value: Any) -> str:
    # A tenth of a pixel is enough, and keeps the stored notebooks small.
    return f"{round(value, 1):g}" if isinstance(value, float) else str(value)


def light_up_changes(before: Element, after: Element) -> None:
    """Mark each number of `after` whose tooltip differs from the one it had in `before`."""
    old = {name: value for name, value, _ in _numbers(before)}
    for name, value, node in _numbers(after):
        if old.get(name, value) != value:
            node.attrib["class"] = f"{node.attrib.get('class', '')} rnn-changed".strip()


def _numbers(picture: Element) -> Iterator[tuple[str, str, Element]]:
    """Yield name, value and group of every number: the groups whose title is "name = value"."""
    for node in picture.iter("g"):
        if len(node) and node[0].tag == "title" and " = " in (node[0].text or ""):
            name, _, value = (node[0].text or "").rpartition(" = ")
            yield name, value, node
