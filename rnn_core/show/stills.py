"""Still pictures with a sentence for whoever cannot see them, kept in the stored notebook.

An image output of JupyterLab has no alt text, and a page that is not trusted drops SVG outputs;
an `<img>` in HTML keeps both the picture and its alt text. The same sentence is the plain text
of the output, where tests compare it.
"""

from __future__ import annotations

import base64
from html import escape
from typing import Any

from rnn_core.show import palette, svg


class Still:
    """A picture (SVG markup or PNG bytes) with its alt text."""

    def __init__(self, image: str | bytes, alt: str, width: int = 860) -> None:
        self.image, self.alt, self.width = image, alt, width

    def html(self) -> str:
        """Return the `<img>`."""
        kind, data = (
            ("svg+xml", self.image.encode()) if isinstance(self.image, str) else ("png", self.image)
        )
        encoded = base64.b64encode(data).decode()
        return (
            f'<img alt="{escape(self.alt)}" src="data:image/{kind};base64,{encoded}" '
            f'style="width: 100%; max-width: {self.width}px">'
        )

    def bundle(self) -> dict[str, str]:
        """Return the output by MIME type."""
        return {"text/plain": self.alt, "text/html": self.html()}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return self.bundle()


def still_of(pictures: list[svg.Element], alt: str) -> Still:
    """Return some pictures, one below the other on a white ground, as one still."""
    sizes = [[float(size) for size in p.attrib["viewBox"].split()[2:]] for p in pictures]
    gap, width = 18.0, max(size[0] for size in sizes)
    parts, top = [], 8.0
    for picture, (w, h) in zip(pictures, sizes, strict=True):
        inner = svg.without_titles(picture)
        inner.attrib.update(x="8", y=f"{top:.6g}", width=f"{w:.6g}", height=f"{h:.6g}")
        inner.attrib["class"] = "rnn-frame-in-strip"
        parts.append(inner)
        top += h + gap
    width, height = width + 16, top - gap + 8
    ground = svg.rect(0, 0, width, height, fill="#ffffff")
    whole = svg.picture(width, height, alt, ground, *parts, style=palette.STILL_STYLE)
    return Still(svg.to_string(whole), alt)
