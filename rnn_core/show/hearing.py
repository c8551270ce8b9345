"""Speech in pictures and in the ear: the spectrogram, the CTC path along it, and a player."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO
from typing import Any, Protocol

import ipywidgets as widgets
import numpy as np
from matplotlib.image import imsave

from rnn_core.decoding import best_path
from rnn_core.losses import softmax
from rnn_core.parameters import Array
from rnn_core.show import audio, svg
from rnn_core.show.stepper import Frame, Stepper
from rnn_core.show.steps import WIDTH
from rnn_core.show.stills import still_of
from rnn_core.tasks.sound import BANDS, RATE
from rnn_core.tasks.speech import CLASSES, WORDS
from rnn_core.tasks.voices import FRAMES_PER_STEP, SECONDS_PER_STEP, hear

LEFT, RIGHT = 88.0, 14.0
TOP, SPECTROGRAM, ROW = 22.0, 104.0, 15.0
INK = (0, 158, 115)
"""The green of everything that is an input."""
WORTH_DRAWING = 0.02


class _Network(Protocol):
    def forward(self, x: Any, mask: Any = None) -> Any: ...


class Sound:
    """A sound with its picture, to be played in the page; nothing plays by itself."""

    def __init__(self, sound: Array, words: str) -> None:
        self.sound = sound
        x = hear([sound]).x[:, 0]
        self.words = f"{words}: {len(sound) / RATE:.1f} s of sound, {len(x)} steps."
        parts = [_spectrogram(x), *_seconds(len(x), TOP + SPECTROGRAM)]
        self.picture = svg.picture(WIDTH, TOP + SPECTROGRAM + 36, self.words, *parts)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        still = still_of([self.picture], self.words).bundle()
        return {**still, "text/html": still["text/html"] + _player(self.sound)}


def _player(sound: Array) -> str:
    # Eight bits are as much as the recordings hold.
    return audio.player(sound, RATE, f"{len(sound) / RATE:.1f} seconds of speech")


def path_stepper(network: _Network, sound: Array, spoken: Sequence[int] = ()) -> Stepper:
    """Return a stepper along a sound: probabilities, the most probable path, what it spells so far.

    Raises ValueError where the sound is shorter than one step.
    """
    run = _Run(network, sound, spoken)
    frames = [Frame(_picture(run, t), _sentence(run, t)) for t in range(run.T + 1)]
    stepper = Stepper(frames, still=[run.T], milliseconds=round(2000 * SECONDS_PER_STEP))
    stepper.children = (*stepper.children, widgets.HTML(_player(sound)))
    return stepper


def understood(network: _Network, sound: Array, spoken: Sequence[int] = ()) -> Frame:
    """Return the whole path along a sound as one frame, with a player below, for `Explore`."""
    run = _Run(network, sound, spoken)
    right = ""
    if spoken:
        right = " Right." if run.text(run.T) == " ".join(map(str, spoken)) else " Not right."
    sentence = f"Spoken: {' '.join(map(str, spoken))}. " if spoken else ""
    heard = run.text(run.T) or "nothing"
    sentence += f"Heard: {heard}.{right} {_least_sure(run)}"
    return audio.heard(Frame(_picture(run, run.T), sentence), _player(sound))


class _Run:
    """A network's way through a sound, as the pictures need it."""

    def __init__(self, network: _Network, sound: Array, spoken: Sequence[int]) -> None:
        heard = hear([sound])
        self.x = heard.x[:, 0]
        self.T = len(self.x)
        self.y: Array = network.forward(heard.x).y
        self.p: Array = softmax(self.y)[:, 0]
        self.path = self.p.argmax(axis=1)
        self.spoken = list(spoken)

    def kind(self, t: int) -> str:
        """What step t does: "blank", "same" or "new"."""
        if self.path[t - 1] == 0:
            return "blank"
        return "same" if t > 1 and self.path[t - 2] == self.path[t - 1] else "new"

    def text(self, t: int) -> str:
        """Return what the path spells up to step t."""
        return " ".join(CLASSES[k] for k in best_path(self.y[:t])[0]) if t else ""


def _name(k: int) -> str:
    return "blank" if k == 0 else WORDS[k - 1]


def _least_sure(run: _Run) -> str:
    new = [t for t in range(1, run.T + 1) if run.kind(t) == "new"]
    if not new:
        return "The blank is the most probable class at every step."
    t = min(new, key=lambda t: float(run.p[t - 1].max()))
    k = int(run.path[t - 1])
    share = svg.number(100 * float(run.p[t - 1, k]), 0)
    return f"Least sure is {_name(k)!r} at t = {t}, with {share} %."


def _sentence(run: _Run, t: int) -> str:
    if t == 0:
        spoken = f" Spoken: {' '.join(map(str, run.spoken))}." if run.spoken else ""
        return f"t = 0: {run.T} steps of 60 ms; nothing is written yet.{spoken}"
    k = int(run.path[t - 1])
    why = {
        "blank": "the blank writes nothing",
        "same": "the same as at the step before, so the two are merged",
        "new": "a digit is written",
    }[run.kind(t)]
    share = svg.number(100 * float(run.p[t - 1, k]), 0)
    return (
        f"t = {t} of {run.T} ({t * SECONDS_PER_STEP:.2f} s): most probable is {_name(k)} "
        f"({share} %); {why}. So far: {run.text(t) or 'nothing'}."
    )


def _picture(run: _Run, t: int) -> svg.Element:
    rows = TOP + SPECTROGRAM + 10
    foot = rows + ROW * len(CLASSES)
    parts = [_spectrogram(run.x), _cursor(run, t, foot + 50), *_classes(rows)]
    parts += [_probabilities(run, t, rows), _spelling(run, t, foot + 22)]
    parts += _seconds(run.T, foot + 52)
    return svg.picture(WIDTH, foot + 90, _sentence(run, t), *parts)


def _pitch(T: int) -> float:
    return (WIDTH - LEFT - RIGHT) / T


def _spectrogram(x: Array) -> svg.Element:
    """The bands of every frame, low ones at the bottom; what is loud is dark."""
    frames = x.reshape(len(x) * FRAMES_PER_STEP, BANDS + 1)[:, :BANDS]
    image = svg.element(
        "image",
        x=LEFT,
        y=TOP,
        width=WIDTH - LEFT - RIGHT,
        height=SPECTROGRAM,
        preserveAspectRatio="none",
        style="image-rendering: pixelated",
        href=png(np.clip((frames.T[::-1] + 0.5) / 2.2, 0.0, 1.0)),
    )
    frame = svg.rect(LEFT, TOP, WIDTH - LEFT - RIGHT, SPECTROGRAM, fill="none", class_="rnn-cell")
    style = "rnn-small rnn-end"
    label = svg.text(LEFT - 8, TOP + SPECTROGRAM / 2 + 4, "x", class_="rnn-label rnn-end")
    return svg.group(
        image,
        frame,
        label,
        svg.text(LEFT - 8, TOP + 12, "high", class_=style),
        svg.text(LEFT - 8, TOP + SPECTROGRAM - 2, "low", class_=style),
        class_="rnn-input",
    )


def _seconds(T: int, y: float) -> list[svg.Element]:
    """The time axis."""
    whole = T * SECONDS_PER_STEP
    every = 0.5 if whole < 4 else 1.0
    parts = []
    for i in range(int(whole / every) + 1):
        at = LEFT + _pitch(T) * i * every / SECONDS_PER_STEP
        words = svg.number(i * every, 1)
        parts.append(svg.element("line", x1=at, y1=y, x2=at, y2=y + 5, class_="rnn-rule"))
        parts.append(svg.text(at, y + 18, words, class_="rnn-middle rnn-small"))
    parts.append(svg.text(LEFT - 20, y + 18, "seconds", class_="rnn-end rnn-small"))
    return parts


def _cursor(run: _Run, t: int, foot: float) -> svg.Element | None:
    if not 0 < t < run.T:
        return None
    x, width = LEFT + (t - 1) * _pitch(run.T), _pitch(run.T)
    return svg.rect(x, TOP - 4, width, foot - TOP, fill="#f0c800", fill_opacity=0.3)


def _classes(top: float) -> list[svg.Element]:
    """The names of the classes, the blank below the digits."""
    parts = []
    for k in range(len(CLASSES)):
        y = top + _row(k) * ROW
        name = "blank" if k == 0 else f"{WORDS[k - 1]} {k - 1}"
        parts.append(svg.text(LEFT - 8, y + 12, name, class_="rnn-end rnn-small"))
        line = svg.rect(LEFT, y, WIDTH - LEFT - RIGHT, ROW, fill="none", class_="rnn-cell")
        parts.append(line)
    return parts


def _row(k: int) -> int:
    return len(CLASSES) - 1 if k == 0 else k - 1


def _probabilities(run: _Run, t: int, top: float) -> svg.Element:
    """What each step up to t thinks, and the path through the most probable classes."""
    pitch, group = _pitch(run.T), svg.group(class_="rnn-output")
    places = []
    for s in range(t):
        for k in np.flatnonzero(run.p[s] > WORTH_DRAWING).tolist():
            p = float(run.p[s, k])
            title = svg.element("title", f"p({_name(k)})[{s + 1}] = {p!r}")
            x, y = LEFT + s * pitch, top + _row(k) * ROW
            box = svg.rect(x, y, pitch, ROW, title, class_="rnn-head", fill_opacity=f"{p:.2f}")
            group.append(box)
        best = int(run.path[s])
        places.append((LEFT + (s + 0.5) * pitch, top + (_row(best) + 0.5) * ROW))
    if len(places) > 1:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        group.append(svg.element("polyline", points=points, class_="rnn-way"))
    return group


def _spelling(run: _Run, t: int, y: float) -> svg.Element:
    """The path in letters, and below what is left when repeats are merged and blanks dropped."""
    pitch = _pitch(run.T)
    labels = [
        svg.text(LEFT - 8, y, "path", class_="rnn-end rnn-small"),
        svg.text(LEFT - 8, y + 21, "written", class_="rnn-end rnn-small rnn-bold"),
    ]
    group = svg.group(*labels)
    for s in range(1, t + 1):
        k, x = int(run.path[s - 1]), LEFT + (s - 0.5) * pitch
        letter = CLASSES[k] if k else "·"
        group.append(svg.text(x, y, letter, class_="rnn-middle rnn-small"))
        if run.kind(s) == "new":
            written = svg.text(
                x, y + 22, CLASSES[k], class_="rnn-middle rnn-bold", font_size=17, data_t=s
            )
            group.append(written)
    return group


def png(strengths: Array) -> str:
    """Return numbers from 0 to 1, (rows, columns), as a PNG in a data address: ink on nothing."""
    rows, columns = strengths.shape
    pixels = np.empty((rows, columns, 4), np.uint8)
    pixels[:, :, :3] = INK
    pixels[:, :, 3] = np.round(255 * strengths)
    data = BytesIO()
    # A fixed metadata field keeps the version of Matplotlib out of the stored notebook.
    imsave(data, pixels, format="png", metadata={"Software": ""})
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()
