"""The sheet for pencil and paper: boxes to fill in, and the same sheet filled in box by box.

The numbers are those of `rnn_core.tasks.on_paper`, which the package computes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from rnn_core.show import svg
from rnn_core.show.parts import arrow, weight_label
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.stills import Still, still_of
from rnn_core.tasks.on_paper import Sheet, T, given, numbers

WIDTH = 784.0
BOX, HEIGHT = 92.0, 32.0
LEFT, PITCH = 132.0, 218.0
HUES = {"x": "rnn-input", "z": "rnn-muted", "a": "rnn-hidden", "y": "rnn-output"}


EMPTY = "The sheet with empty boxes: fill in the forward part from left to right, then go back."


def empty(sheet: Sheet) -> Frame:
    """Return the sheet with empty boxes."""
    return Frame(_picture(sheet, {}, None, EMPTY), EMPTY)


def empty_sheet(sheet: Sheet) -> Still:
    """Return the sheet with empty boxes as a picture."""
    return still_of([empty(sheet).picture], EMPTY)


def filled(sheet: Sheet) -> Frame:
    """Return the sheet with every number in its box."""
    words = "The sheet is filled in: " + ", ".join(
        f"{name} = {shown(value)}" for name, value in numbers(sheet).items()
    )
    return Frame(_picture(sheet, numbers(sheet), None, words + "."), words + ".")


def box_by_box(sheet: Sheet) -> Stepper:
    """Return a stepper that fills in one number after the other, and says how it is computed."""
    known: dict[str, float] = {}
    frames = [empty(sheet)]
    for name, value in numbers(sheet).items():
        known[name] = value
        worked = f"{calculation(sheet, name)} {equals(sheet)} {shown(value)}"
        words = f"{name} = {rule(sheet, name)} = {worked}"
        frames.append(Frame(_picture(sheet, dict(known), name, words), words))
    return Stepper(frames, label="box", still=[len(frames) - 1])


def equals(sheet: Sheet) -> str:
    """Return the sign before a result: with tanh the numbers on both sides of it are rounded."""
    return "=" if sheet.activation == "identity" else "≈"


def shown(value: float) -> str:
    """Return a number as it is written by hand: whole, or with two digits."""
    return svg.number(value, 0 if abs(value - round(value)) < 1e-9 else 2)


def rule(sheet: Sheet, name: str) -> str:
    """Return the rule by which a number is computed, in symbols."""
    return _formula(sheet, name, lambda symbol: symbol)


def calculation(sheet: Sheet, name: str) -> str:
    """Return the rule with the numbers in it."""
    known = numbers(sheet) | given(sheet)

    def value(symbol: str) -> str:
        words = shown(known[symbol])
        return f"({words})" if words.startswith(svg.MINUS) else words

    return _formula(sheet, name, value)


def _formula(sheet: Sheet, name: str, q: Callable[[str], str]) -> str:
    """Return how `name` is computed, with `q(symbol)` for each number that goes into it."""
    kind, _, step = name.partition("_")
    t = int(step or 0)
    tanh = sheet.activation == "tanh"
    times = " · "
    forward = f"{q(f'x_{t}')}{times}{q('Wxh')} + {q(f'a_{t - 1}')}{times}{q('W')}" if t else ""
    if kind == "z":
        return forward
    if kind == "a":
        return f"tanh({q(f'z_{t}')})" if tanh else forward
    if kind == "y":
        return f"{q(f'a_{t}')}{times}{q('Why')}"
    if kind == "L":
        squares = (f"({q(f'y_{s}')} {svg.MINUS} {q(f'target_{s}')})²" for s in range(1, T + 1))
        return f"½ · [{' + '.join(squares)}]"
    if kind == "dy":
        return f"{q(f'y_{t}')} {svg.MINUS} {q(f'target_{t}')}"
    if kind == "da":
        own = f"{q(f'dy_{t}')}{times}{q('Why')}"
        dz = "dz" if tanh else "da"
        return own if t == T else f"{own} + {q(f'{dz}_{t + 1}')}{times}{q('W')}"
    if kind == "dz":
        return f"{q(f'da_{t}')}{times}(1 {svg.MINUS} {q(f'a_{t}')}²)"
    # Without an activation dz_t is da_t, and the sheet has no boxes for it.
    dz = "dz" if tanh else "da"
    met, gradient = {"dWhy": ("a", "dy"), "dWxh": ("x", dz), "dW": ("a", dz)}[kind]
    before = kind == "dW"
    pairs = (f"{q(f'{met}_{s - before}')}{times}{q(f'{gradient}_{s}')}" for s in range(1, T + 1))
    return " + ".join(pairs)


def _rows(sheet: Sheet) -> dict[str, float]:
    """Return where each row of boxes begins, from the targets down to the last gradient."""
    tanh = sheet.activation == "tanh"
    forward = ["target", "y", "a", *(["z"] if tanh else []), "x"]
    backward = ["dy", "da", *(["dz"] if tanh else [])]
    rows, y = {}, 28.0
    for name in forward:
        rows[name] = y
        y += 44.0 if name == "target" else 62.0
    y += 34.0
    for name in backward:
        rows[name] = y
        y += 62.0
    return rows


def _picture(
    sheet: Sheet, known: Mapping[str, float], now: str | None, sentence: str
) -> svg.Element:
    rows, known_before = _rows(sheet), given(sheet)
    parts: list[svg.Element] = [*_arrows(sheet, rows)]
    for kind, y in rows.items():
        for t in range(1, T + 1):
            name = f"{kind}_{t}"
            value = known_before.get(name, known.get(name))
            parts.append(_box(_left(t), y, name, value, name in known_before, name == now))
    parts.append(_start(rows["a"]))
    first = rows["dy"] - 26
    for words, y in (("forward", 16.0), ("backward", first)):
        parts.append(svg.text(2, y, words, class_="rnn-bold", font_size=13))
    for t in range(1, T + 1):
        parts.append(svg.text(_left(t) + BOX / 2, 16, f"t = {t}", class_="rnn-middle rnn-small"))
    y = max(rows.values()) + HEIGHT + 34
    for name in ("L", "dWhy", "dWxh", "dW"):
        parts.append(_sum(sheet, y, name, known.get(name), name == now))
        y += 42
    return svg.picture(WIDTH, y, sentence, *parts)


def _left(t: int) -> float:
    return LEFT + (t - 1) * PITCH


def _box(x: float, y: float, name: str, value: float | None, given: bool, now: bool) -> svg.Element:
    kind, _, t = name.partition("_")
    hue = HUES.get(kind.removeprefix("d"), "rnn-muted")
    round_ = {"a": 11, "z": 11}.get(kind.removeprefix("d"), 2)
    dashed = " rnn-maybe" if kind.startswith("d") else ""
    box = svg.rect(x, y, BOX, HEIGHT, rx=round_, class_=f"rnn-node{dashed}")
    label = svg.symbol(kind, t)
    group = svg.group(class_=hue if not now else f"{hue} rnn-now")
    if value is not None:
        group.append(svg.element("title", f"{name} = {value!r}"))
    group.append(box)
    group.append(svg.text(x - 6, y + 21, *label, class_="rnn-end", font_size=13))
    if value is not None:
        weight = None if given else "rnn-bold"
        words = svg.text(x + BOX / 2, y + 22, shown(value), class_="rnn-middle", font_size=16)
        words.attrib |= {} if weight is None else {"class": f"rnn-middle {weight}"}
        group.append(words)
    return group


def _start(y: float) -> svg.Element:
    words = [*svg.symbol("a", "0"), " = 0"]
    return svg.group(svg.text(14, y + 21, *words, font_size=13), class_="rnn-hidden")


def _arrows(sheet: Sheet, rows: Mapping[str, float]) -> list[svg.Element]:
    """Return the arrows forward, to the right and up, and backward, to the left and down."""
    tanh = sheet.activation == "tanh"
    into, out = ("z" if tanh else "a"), ("dz" if tanh else "da")
    found: list[svg.Element] = []
    for t in range(1, T + 1):
        middle = _left(t) + BOX / 2
        found.append(_up(middle, rows["x"], rows[into] + HEIGHT, f"· {shown(sheet.Wxh)}", "input"))
        if tanh:
            found.append(_up(middle, rows["z"], rows["a"] + HEIGHT, "tanh", "muted"))
        found.append(_up(middle, rows["a"], rows["y"] + HEIGHT, f"· {shown(sheet.Why)}", "output"))
        down = arrow(middle, rows["dy"] + HEIGHT, middle, rows["da"] - 2, "rnn-output", maybe=True)
        found += [down, _beside(middle, rows["da"] - 10, f"· {shown(sheet.Why)}", "rnn-output")]
        if tanh:
            slope = f"· (1 {svg.MINUS} a²)"
            down = arrow(
                middle, rows["da"] + HEIGHT, middle, rows["dz"] - 2, "rnn-muted", maybe=True
            )
            found += [down, _beside(middle, rows["dz"] - 10, slope, "rnn-muted")]
        start = 62.0 if t == 1 else _left(t - 1) + BOX
        end = _left(t) - 30
        y, y_to = rows["a"] + HEIGHT / 2, rows[into] + HEIGHT / 2
        found.append(arrow(start + 3, y, end, y_to, "rnn-past"))
        label = weight_label(
            (start + end) / 2, (y + y_to) / 2 - 8, f"· {shown(sheet.W)}", "rnn-past"
        )
        found.append(label)
        if t > 1:
            y, y_to = rows[out] + HEIGHT / 2, rows["da"] + HEIGHT / 2
            left, right = _left(t - 1) + BOX + 3, _left(t) - 32
            found.append(arrow(right, y, left, y_to, "rnn-past", maybe=True))
            middle = (left + right) / 2 + (14 if tanh else 0)
            found.append(
                weight_label(middle, (y + y_to) / 2 - 8, f"· {shown(sheet.W)}", "rnn-past")
            )
    return found


def _up(x: float, y: float, top: float, words: str, hue: str) -> svg.Element:
    line = arrow(x, y, x, top + 2, f"rnn-{hue}")
    return svg.group(line, _beside(x, (y + top) / 2 + 5, words, f"rnn-{hue}"))


def _beside(x: float, y: float, words: str, hue: str) -> svg.Element:
    return svg.group(svg.text(x + 8, y, words, class_="rnn-label", font_size=13), class_=hue)


def _with_subscripts(words: str) -> list[svg.Element | str]:
    found: list[svg.Element | str] = []
    for part in re.split(r"(\w+_\d)", words):
        name, _, t = part.partition("_")
        found += svg.symbol(name, t) if re.fullmatch(r"\w+_\d", part) else [part]
    return found


def _sum(sheet: Sheet, y: float, name: str, value: float | None, now: bool) -> svg.Element:
    words = _with_subscripts(f"{name} = {rule(sheet, name)} =")
    group = svg.group(svg.text(2, y + 21, *words, font_size=14), class_="rnn-now" if now else None)
    box = svg.rect(WIDTH - BOX - 4, y, BOX, HEIGHT, rx=2, class_="rnn-node")
    cell = svg.group(
        svg.element("title", f"{name} = {value!r}") if value is not None else None,
        box,
        class_="rnn-muted",
    )
    if value is not None:
        middle = WIDTH - BOX / 2 - 4
        cell.append(
            svg.text(middle, y + 22, shown(value), class_="rnn-middle rnn-bold", font_size=16)
        )
    group.append(cell)
    return group
