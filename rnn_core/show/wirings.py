"""The five architectures as diagrams, each drawn from the very `Wiring` that a network runs in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rnn_core.show import svg
from rnn_core.show.parts import arrow, at_step, input_node, named_state, output_node
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH
from rnn_core.wiring import (
    Wiring,
    many_to_many,
    many_to_many_unequal,
    many_to_one,
    one_to_many,
    one_to_one,
)

MOST_STEPS = 14
NODE, STATE, GAP = 25.0, 30.0, 27.0
"""Heights of an input or output, of a state, and of the arrows between them."""

USES = {
    "one-to-one": "image classification",
    "one-to-many": "image captioning, music",
    "many-to-one": "sentiment of a review",
    "many-to-many, equal lengths": "named entities",
    "many-to-many, unequal lengths": "translation, speech",
}


class _Chain(NamedTuple):
    """Where a wiring stands in the picture, and what its nodes say."""

    wiring: Wiring
    x: float
    y: float
    pitch: float
    reads: tuple[str, ...]
    emits: tuple[str, ...]
    both_ways: bool = False
    two_cells: bool = False

    @property
    def height(self) -> float:
        rows = 2 if self.both_ways else 1
        return 2 * (NODE + GAP) + rows * STATE + (rows - 1) * 12

    def left(self, t: int) -> float:
        """The left edge of step t's nodes; a second cell stands a little apart."""
        apart = 14.0 if self.two_cells and not self.wiring.reads[t - 1] else 0.0
        return self.x + (t - 1) * self.pitch + apart

    @property
    def width(self) -> float:
        """Of one node."""
        return self.pitch - 16.0


def diagram(
    wiring: Wiring,
    *,
    reads: Sequence[str] = (),
    emits: Sequence[str] = (),
    both_ways: bool = False,
    two_cells: bool = False,
) -> Stepper:
    """Return a stepper: the wiring, in which step t is reached, reads, hands on and emits.

    `reads` and `emits` are the words in the inputs and outputs, x_1 ... and y_1 ... unless given.
    `both_ways` draws the second cell of a bidirectional network, which starts at the end;
    `two_cells` sets an encoder and its decoder apart.
    Raises ValueError where there are more than 14 steps, or another number of words.
    """
    if wiring.T > MOST_STEPS:
        raise ValueError(
            f"wiring has {wiring.T} steps, expected at most {MOST_STEPS} in a picture."
        )
    pitch = min(92.0, (WIDTH - 30.0) / wiring.T)
    chain = _Chain(
        wiring,
        (WIDTH - pitch * wiring.T) / 2 + 8 - (7 if two_cells else 0),
        26.0,
        pitch,
        _words("reads", reads, wiring.reads, "x"),
        _words("emits", emits, wiring.emits, "y"),
        both_ways,
        two_cells,
    )
    frames = []
    for t in range(wiring.T + 1):
        sentence = _sentence(chain, t)
        title = svg.text(WIDTH / 2, 15, _title(chain), class_="rnn-middle rnn-bold")
        parts = [title, *_draw(chain, t)]
        frames.append(Frame(svg.picture(WIDTH, chain.height + 34, sentence, *parts), sentence))
    return Stepper(frames)


def gallery() -> Stepper:
    """Return a stepper: the five architectures side by side under one slider."""
    places = [
        (one_to_one(), 30.0, 0),
        (one_to_many(4, feedback=True), 190.0, 0),
        (many_to_one(4), 490.0, 0),
        (many_to_many(4), 30.0, 1),
        (many_to_many_unequal(3, 3, feedback=True), 340.0, 1),
    ]
    chains = []
    for wiring, x, row in places:
        names = [_words(name, (), flags, name) for name, flags in _flags(wiring)]
        two = wiring.name.endswith("unequal lengths")
        y = 44.0 + row * 214.0
        chains.append(_Chain(wiring, x, y, 66.0, names[0], names[1], two_cells=two))
    frames = []
    for t in range(max(chain.wiring.T for chain in chains) + 1):
        sentence = _gallery_sentence(t, [chain.wiring for chain in chains])
        parts = []
        for chain in chains:
            name = chain.wiring.name
            parts += [
                svg.text(chain.x, chain.y - 26, name, class_="rnn-bold", font_size=13),
                svg.text(chain.x, chain.y - 11, USES[name], class_="rnn-small rnn-quiet"),
                *_draw(chain, t),
            ]
        height = chains[-1].y + chains[-1].height + 12
        frames.append(Frame(svg.picture(WIDTH, height, sentence, *parts), sentence))
    return Stepper(frames)


def _flags(wiring: Wiring) -> list[tuple[str, tuple[bool, ...]]]:
    return [("x", wiring.reads), ("y", wiring.emits)]


def _words(
    name: str, given: Sequence[str], flags: tuple[bool, ...], symbol: str
) -> tuple[str, ...]:
    """Return one word for each step, "" where the flag is not set."""
    if given and len(given) != sum(flags):
        raise ValueError(f"{name} has {len(given)} words, expected {sum(flags)} for the wiring.")
    words = iter(given)
    numbered = enumerate(flags, start=1)
    return tuple(
        (next(words) if given else f"{symbol}_{t}") if flag else "" for t, flag in numbered
    )


_SUBSCRIPTS = str.maketrans("_0123456789", "\N{ZERO WIDTH SPACE}₀₁₂₃₄₅₆₇₈₉")


def _is_symbol(word: str) -> bool:
    return word[:2] in ("x_", "y_") and word[2:].isdigit()


def _shown(word: str) -> str:
    """A word in a node; a symbol gets its index set low."""
    return word.translate(_SUBSCRIPTS) if _is_symbol(word) else word


def _said(word: str) -> str:
    """A word in a sentence: in quotes, unless it is a symbol."""
    return word if _is_symbol(word) else repr(word)


def _title(chain: _Chain) -> str:
    if chain.both_ways:
        return f"{chain.wiring.name}: one cell reads from the left, one from the right"
    if chain.two_cells:
        return f"{chain.wiring.name}: an encoder reads, a decoder writes"
    return chain.wiring.name


def _sentence(chain: _Chain, t: int) -> str:
    wiring = chain.wiring
    if t == 0:
        return (
            f"t = 0: {wiring.name}; {sum(wiring.reads)} of {wiring.T} steps read an input, "
            f"{sum(wiring.emits)} emit an output."
        )
    if chain.both_ways:
        known = [s for s in range(1, wiring.T + 1) if _known(chain, s, t)]
        ready = "no output has both its states yet"
        if known:
            words = ", ".join(f"y_{s}" for s in known)
            ready = f"{words} now {'has' if len(known) == 1 else 'have'} both states"
        return (
            f"t = {t} of {wiring.T}: the cell from the left has read {_said(chain.reads[t - 1])}, "
            f"the cell from the right {_said(chain.reads[wiring.T - t])}; {ready}."
        )
    read = "reads nothing"
    if wiring.reads[t - 1]:
        read = f"reads {_said(chain.reads[t - 1])}"
    elif wiring.feeds[t - 1]:
        read = f"reads its own last output {_said(chain.emits[t - 2])}"
    wrote = f"emits {_said(chain.emits[t - 1])}" if wiring.emits[t - 1] else "emits nothing"
    return f"t = {t} of {wiring.T}: step {t} {read}, hands on a_{t}, and {wrote}."


def _gallery_sentence(t: int, wirings: Sequence[Wiring]) -> str:
    if t == 0:
        return "t = 0: five ways to wire cells; each box is a cell at one step."
    going = [wiring for wiring in wirings if t <= wiring.T]
    reading = [wiring.name for wiring in going if wiring.reads[t - 1]]
    emitting = [wiring.name for wiring in going if wiring.emits[t - 1]]
    return (
        f"t = {t}: {len(reading) or 'none'} of the five read{'s' if len(reading) == 1 else ''} an "
        f"input here, {len(emitting) or 'none'} emit{'s' if len(emitting) == 1 else ''} an output; "
        f"{5 - len(going) or 'none'} had ended before."
    )


def _known(chain: _Chain, s: int, t: int) -> bool:
    """Whether the output of step s can be computed when t steps have run."""
    return s <= t and (not chain.both_ways or s > chain.wiring.T - t)


def _draw(chain: _Chain, t: int) -> list[svg.Element]:
    wiring, width = chain.wiring, chain.width
    y_output = chain.y
    y_state = y_output + NODE + GAP
    y_reverse = y_state + STATE + 12
    y_input = (y_reverse if chain.both_ways else y_state) + STATE + GAP
    foot = y_reverse + STATE if chain.both_ways else y_state + STATE
    parts = []
    for s in range(1, wiring.T + 1):
        x = chain.left(s)
        middle = x + width / 2
        step = at_step(s, t)
        if s > 1:
            before = chain.left(s - 1) + width
            step.append(arrow(before, y_state + STATE / 2, x, y_state + STATE / 2, "rnn-past"))
        step.append(named_state(x, y_state, width, STATE, "a", s))
        if wiring.reads[s - 1]:
            parts.append(_input(chain, s, t, y_input, foot))
        elif wiring.feeds[s - 1]:
            step.append(_feedback(chain, s, y_output, y_input, foot))
        parts.append(step)
        if wiring.emits[s - 1]:
            up = arrow(middle, y_state, middle, y_output + NODE, "rnn-output")
            node = output_node(x, y_output, width, NODE, _shown(chain.emits[s - 1]))
            pale = None if _known(chain, s, t) else "rnn-later"
            parts.append(svg.group(up, node, class_=pale, data_y=s))
        if chain.both_ways:
            parts.append(_reverse(chain, s, t, y_reverse))
    return parts


def _input(chain: _Chain, s: int, t: int, y: float, foot: float) -> svg.Element:
    """The input of step s; in a bidirectional network its arrow reaches the nearer cell."""
    middle = chain.left(s) + chain.width / 2
    readings = {s, chain.wiring.T + 1 - s} if chain.both_ways else {s}
    state = "rnn-now" if t in readings else (None if min(readings) < t else "rnn-later")
    return svg.group(
        arrow(middle, y, middle, foot, "rnn-input"),
        input_node(chain.left(s), y, chain.width, NODE, _shown(chain.reads[s - 1])),
        class_=state,
        data_x=s,
    )


def _reverse(chain: _Chain, s: int, t: int, y: float) -> svg.Element:
    """The second cell's state at step s, which it reaches from the right."""
    T, width, x = chain.wiring.T, chain.width, chain.left(s)
    order = T + 1 - s
    step = svg.group(class_="rnn-now" if order == t else (None if order < t else "rnn-later"))
    if s < T:
        after = chain.left(s + 1)
        step.append(arrow(after, y + STATE / 2, x + width, y + STATE / 2, "rnn-past"))
    step.append(named_state(x, y, width, STATE, "r", s))
    return step


def _feedback(chain: _Chain, s: int, y_output: float, y_input: float, foot: float) -> svg.Element:
    """The output of step s - 1 as the input of step s."""
    width, x, before = chain.width, chain.left(s), chain.left(s - 1)
    across = (before + width + x) / 2
    top, bottom = y_output + NODE / 2, y_input + NODE / 2
    way = svg.element(
        "path",
        d=f"M{before + width:.1f} {top:.1f} H{across:.1f} V{bottom:.1f} H{x:.1f}",
        class_="rnn-arrow rnn-maybe",
    )
    word = output_node(x, y_input, width, NODE, _shown(chain.emits[s - 2]), maybe=True)
    up = arrow(x + width / 2, y_input, x + width / 2, foot, "rnn-input")
    return svg.group(svg.group(way, class_="rnn-output"), word, up)
