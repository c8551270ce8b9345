"""The package's own code on the page: what is read is what runs."""

from __future__ import annotations

import inspect
import textwrap
from html import escape
from typing import Any


class Source:
    """The source of a class or function, coloured where Pygments is there (with JupyterLab)."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __str__(self) -> str:
        return self.code

    def html(self) -> str:
        """Return the code in the colours of the page's theme."""
        try:
            from jupyterlab_pygments import JupyterStyle
            from pygments import highlight
            from pygments.formatters import HtmlFormatter
            from pygments.lexers import PythonLexer
        except ImportError:
            return f'<div class="rnn-source"><pre>{escape(self.code)}</pre></div>'
        form = HtmlFormatter(
            style=JupyterStyle, noclasses=True, nobackground=True, cssclass="rnn-source"
        )
        return str(highlight(self.code, PythonLexer(), form))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": self.code, "text/html": self.html()}


def source(thing: Any) -> Source:
    """Return the source of a class or function as it stands in the file that was imported.

    Raises TypeError for anything else, OSError where there is no file.
    """
    if not (inspect.isclass(thing) or inspect.isroutine(thing)):
        kind = type(thing).__name__
        raise TypeError(f"source is given a value of type {kind}, expected a class or a function.")
    return Source(textwrap.dedent(inspect.getsource(thing)).rstrip("\n"))
