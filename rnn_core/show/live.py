"""What every widget of the course shares: the style, and a form for pages without widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from rnn_core.show import pages, palette

FULL_WIDTH = {"width": "100%"}


class LiveBox(widgets.VBox):
    """A box of widgets that also says what a page shows where no widget can run.

    That is the case on code hosts, in PDF files, and before the first run of a stored notebook.
    """

    def __init__(self, children: Sequence[widgets.Widget], kind: str) -> None:
        style = widgets.HTML(f"<style>{palette.LIVE_STYLE}</style>")
        style.layout.display = "none"
        super().__init__([style, *children])
        self.layout.width = FULL_WIDTH["width"]
        self.add_class(kind)

    def stored(self) -> dict[str, str]:
        """Return the stored form by MIME type: text/plain, and text/html where there is any."""
        raise NotImplementedError

    def page(self) -> str:
        """Return the markup for a page without widgets on which the picture moves, if it can."""
        return self.stored().get("text/html", "")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        if pages.are_on():
            return {"text/plain": self.stored()["text/plain"], "text/html": self.page()}
        return {**super()._repr_mimebundle_(**kwargs), **self.stored()}
