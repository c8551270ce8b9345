"""One palette and one shape language for the whole course.

Input, hidden and output keep their colour and shape in every picture, and an arrow has the colour
of its weights: same colour, same weights. Signed numbers are orange above and blue below zero.
The colours are from the set of Okabe and Ito, which colour-blind readers can tell apart; on a dark
page text and ground change, the hues stay.
Source: Okabe and Ito, "Color universal design" (2008), https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

POSITIVE, NEGATIVE = "#e07b00", "#2b8ccf"

_HUES = """
.rnn-input { --hue: #009e73; } .rnn-hidden { --hue: #9467bd; } .rnn-output { --hue: #b58900; }
.rnn-query { --hue: #e07b00; } .rnn-past { --hue: #9467bd; } .rnn-muted { --hue: currentColor; }
.rnn-picture .rnn-wrong { --hue: #e07b00; }
"""

_SHAPES = """
.rnn-picture { display: block; width: 100%; max-width: 860px; height: auto; color: var(--rnn-ink);
  font-family: var(--jp-ui-font-family, system-ui, "DejaVu Sans", sans-serif); font-size: 14px; }
.rnn-picture text { fill: currentColor; font-variant-numeric: tabular-nums; }
.rnn-picture .rnn-small { font-size: 12px; }
.rnn-picture .rnn-quiet { opacity: .65; }
.rnn-picture .rnn-bold { font-weight: 700; }
.rnn-picture .rnn-middle { text-anchor: middle; }
.rnn-picture .rnn-end { text-anchor: end; }
.rnn-picture .rnn-later { opacity: .4; }
.rnn-picture .rnn-node { fill: var(--rnn-ground); stroke: var(--hue); stroke-width: 1.6; }
.rnn-picture .rnn-now .rnn-node { stroke-width: 3.2; }
.rnn-picture .rnn-arrow { stroke: var(--hue); stroke-width: 2; fill: none; }
.rnn-picture .rnn-now .rnn-arrow { stroke-width: 3.4; }
.rnn-picture .rnn-maybe { stroke-dasharray: 4 3; }
.rnn-picture .rnn-head { fill: var(--hue); stroke: none; }
.rnn-picture .rnn-label { fill: var(--hue); filter: var(--rnn-label-filter); font-weight: 600; }
.rnn-picture .rnn-cell { stroke: currentColor; stroke-opacity: .25; stroke-width: 1; }
.rnn-picture .rnn-rule { stroke: currentColor; stroke-opacity: .5; stroke-width: 1.2; }
.rnn-picture .rnn-bar { fill: var(--hue); fill-opacity: .75; }
.rnn-picture .rnn-changed rect { stroke: #f0c800; stroke-width: 3; stroke-opacity: 1; }
.rnn-picture .rnn-marker { fill: #f0c800; stroke: #1b1b1b; stroke-width: 1.2; }
.rnn-picture .rnn-chosen { stroke: currentColor; stroke-width: 2.6; }
.rnn-picture .rnn-way { fill: none; stroke: #e07b00; stroke-width: 2.2; }
.rnn-picture .rnn-dot { fill: #e07b00; stroke: none; }
.rnn-picture .rnn-goal { stroke: currentColor; stroke-width: 2.6; }
.rnn-picture .rnn-code { font-family: var(--jp-code-font-family, "DejaVu Sans Mono", monospace);
  font-size: 14px; }
.rnn-picture .rnn-grounds .rnn-changed rect { stroke: none; }
.rnn-picture .rnn-plus { fill: #e07b00; } .rnn-picture .rnn-minus { fill: #2b8ccf; }
"""

_LIGHT = "{ --rnn-ink: #1b1b1b; --rnn-ground: #ffffff; --rnn-label-filter: brightness(.78); }"
_DARK = "{ --rnn-ink: #f0f0f0; --rnn-ground: #1b1b1b; --rnn-label-filter: brightness(1.3); }"

LIVE_STYLE = f"""
.rnn-picture {_LIGHT}
@media (prefers-color-scheme: dark) {{ body:not([data-jp-theme-light]) .rnn-picture {_DARK} }}
[data-jp-theme-light="false"] .rnn-picture {_DARK}
{_HUES}{_SHAPES}
.rnn-sentence {{ margin: 6px 0 0; padding-right: 8px; max-width: 860px; line-height: 1.45;
  min-height: 2.9em;
  font-size: var(--jp-content-font-size1, 14px); color: var(--jp-content-font-color1, inherit); }}
.rnn-ask {{ margin: 4px 0; font-weight: 600; white-space: normal; line-height: 1.45;
  font-size: var(--jp-content-font-size1, 14px); color: var(--jp-content-font-color1, inherit); }}
.rnn-question .widget-radio-box label {{ white-space: normal; width: auto; }}
.rnn-code .widget-radio-box label {{ white-space: pre; line-height: 1.3;
  font-family: var(--jp-code-font-family, monospace); }}
.rnn-answer {{ margin: 4px 0; padding: 8px 12px; max-width: 820px; line-height: 1.45;
  white-space: normal; border-left: 4px solid var(--hue);
  font-size: var(--jp-content-font-size1, 14px); color: var(--jp-content-font-color1, inherit); }}
.rnn-monospace textarea {{ font-family: var(--jp-code-font-family, monospace); line-height: 19px; }}
.rnn-page-row label {{ display: inline-flex; align-items: center; gap: 10px; }}
.rnn-page-row input {{ width: 320px; }} .rnn-page-note {{ margin: 2px 0 8px; opacity: .75; }}
.rnn-right {{ --hue: #009e73; }} .rnn-wrong {{ --hue: #e07b00; }}
"""
"""For pictures inside the page, which follow its theme."""

STILL_STYLE = f".rnn-picture {_LIGHT}{_HUES}{_SHAPES}"
"""For pictures in an `<img>`, which know nothing of the page around them."""
