"""The sheet for pencil and paper, to print: empty for the room, filled in for the teacher.

Its boxes and numbers are those of notebook 05b (`rnn_core.tasks.on_paper`).
"""

from __future__ import annotations

from html import escape

from rnn_core.show import on_paper, palette, svg
from rnn_core.tasks.on_paper import TANH, WHOLE, Sheet, numbers, run

STYLE = """
@page { size: A4; margin: 14mm; }
body { font: 14px/1.4 system-ui, "DejaVu Sans", sans-serif; color: #1b1b1b; max-width: 760px;
  margin: 0 auto; }
h1 { font-size: 20px; margin: 0 0 4px; }
.page { page-break-after: always; }
.line { border-bottom: 1px solid #999; height: 26px; }
td { padding: 2px 14px 2px 0; }
td:last-child { white-space: nowrap; }
"""
NUDGE = 0.1


def sheet_page(*, solved: bool) -> str:
    """Return both sheets as HTML, empty or with every number."""
    title = "BPTT on paper" + (", solved" if solved else "")
    parts = [
        _part("Part 1: whole numbers", WHOLE, _given(WHOLE), solved),
        _measure(solved) + "</div>",
        _part("Part 2: with tanh (two digits will do)", TANH, _given(TANH), solved) + "</div>",
    ]
    if solved:
        parts.append(_rules("part 1", WHOLE) + _rules("part 2", TANH))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{palette.LIVE_STYLE}{STYLE}</style></head>"
        f'<body data-jp-theme-light="true">{"".join(parts)}</body></html>\n'
    )


def _given(sheet: Sheet) -> str:
    function = "" if sheet.activation == "identity" else "tanh"
    left, right = ("(", ")") if function else ("", "")
    return (
        f"a<sub>t</sub> = {function}{left}x<sub>t</sub> · Wxh + "
        f"a<sub>t{svg.MINUS}1</sub> · W{right}, "
        f"y<sub>t</sub> = a<sub>t</sub> · Why, "
        f"L = half the sum of (y<sub>t</sub> {svg.MINUS} target<sub>t</sub>)², "
        f"so dy<sub>t</sub> = y<sub>t</sub> {svg.MINUS} target<sub>t</sub>. "
        f"Wxh = {sheet.Wxh:g}, W = {sheet.W:g}, Why = {sheet.Why:g}, a<sub>0</sub>&nbsp;=&nbsp;0."
    )


def _part(title: str, sheet: Sheet, given: str, solved: bool) -> str:
    frame = on_paper.filled(sheet) if solved else on_paper.empty(sheet)
    return (
        f'<div class="page"><p>BPTT on paper &nbsp; Name: {"_" * 30}</p>'
        f"<h1>{title}</h1><p>{given} Forward from left to right, then "
        f"backward from right to left. What two arrows bring is added.</p>"
        f"{svg.to_string(frame.picture)}"
    )


def _measure(solved: bool) -> str:
    """Return the last question of part 1: measure dW with two losses."""
    words = (
        f"<p><b>Measure dW.</b> Compute L with W = {WHOLE.W + NUDGE:g} and with "
        f"W = {WHOLE.W - NUDGE:g}; divide their difference by {2 * NUDGE:g}.</p>"
    )
    if not solved:
        return words + '<div class="line"></div><div class="line"></div>'
    above, below = (run(WHOLE._replace(W=WHOLE.W + sign * NUDGE)).loss for sign in (1, -1))
    return words + (
        f"<p>L = {above:.4f} and {below:.4f}; {above - below:.4f} / {2 * NUDGE:g} = "
        f"{(above - below) / (2 * NUDGE):.2f}, near dW = {numbers(WHOLE)['dW']:g}.</p>"
    )


def _rules(part: str, sheet: Sheet) -> str:
    rows = "".join(
        f"<tr><td>{name}</td><td>= {escape(on_paper.rule(sheet, name))}</td>"
        f"<td>= {escape(on_paper.calculation(sheet, name))}</td>"
        f"<td>{on_paper.equals(sheet)} {on_paper.shown(value)}</td></tr>"
        for name, value in numbers(sheet).items()
    )
    return f'<div class="page"><h1>Box by box, {part}</h1><table>{rows}</table></div>'
