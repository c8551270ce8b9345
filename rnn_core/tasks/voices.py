"""Recordings of spoken digits, strings made of them, and the same strings made harder.

A `Speaker` holds for each of the ten digits some recordings. `strings` puts recordings one after
the other and hands out what a network gets; `rough_strings` does so a thousand times faster, on
spectrograms, and changes each one: another speed, throat, room, microphone and noise, so that a
network trained on few voices understands many.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnn_core.cells import generator
from rnn_core.checks import lengths_to_mask
from rnn_core.parameters import Array
from rnn_core.tasks.sound import (
    BANDS,
    HOP,
    RATE,
    SoundError,
    mel_filters,
    power_spectrum,
    read_wav,
)

Speaker = list[list[Array]]
"""For each digit 0 ... 9 the recordings of it."""

FRAMES_PER_STEP = 3
N_X = FRAMES_PER_STEP * (BANDS + 1)
SECONDS_PER_STEP = FRAMES_PER_STEP * 2 * HOP / RATE
"""A step reads three frames, 20 ms apart: for each frame its bands and its loudness."""
LONGEST_PAUSE = 13
"""Frames of 20 ms before, between and after the digits of a string, at most."""
FLOOR = 1e-4
"""What lies 40 dB below a string's level counts as silence."""

WARP, SPEED, TILT, BUMP, ECHO = 0.18, 0.3, 0.75, 0.5, 0.6
"""How far a rough string may go: in the throat's length, in log speed, and so on."""
N_VARIANTS = 6000


class Heard(NamedTuple):
    """Strings as a network gets them: x (T, B, N_X), targets (S, B), 0 for none, mask (T, B)."""

    x: Array
    targets: Array
    mask: Array


def load_recordings(folder: str | Path) -> dict[str, Speaker]:
    """Return the speakers in a folder of files named {digit}_{speaker}_{number}.wav.

    That is how the Free Spoken Digit Dataset names them. Raises SoundError where there is no such
    file, a name is another one, a speaker left a digit out, or a file cannot be used.
    """
    paths = sorted(Path(folder).glob("*.wav"))
    if not paths:
        raise SoundError(
            f"there is no WAV file in {str(folder)!r}, expected 0_name_0.wav and so on."
        )
    found: dict[str, Speaker] = {}
    for path in paths:
        digit, _, rest = path.stem.partition("_")
        name = rest.rpartition("_")[0]
        if not (len(digit) == 1 and digit.isdecimal() and digit.isascii() and name):
            raise SoundError(
                f"the file {path.name!r} has no digit and speaker in its name, "
                "expected a name such as 7_anna_0.wav."
            )
        found.setdefault(name, [[] for _ in range(10)])[int(digit)].append(read_wav(path))
    for name, speaker in found.items():
        missing = [str(digit) for digit, takes in enumerate(speaker) if not takes]
        if missing:
            raise SoundError(
                f"there is no recording of {name} saying {', '.join(missing)}, "
                "expected at least one for each digit."
            )
    return found


def say(
    speaker: Speaker,
    digits: Sequence[int],
    *,
    noise: float = 30.0,
    rng: np.random.Generator | int = 0,
) -> Array:
    """Return the sound of a speaker saying digits, with pauses, and noise `noise` dB below.

    Raises ValueError unless there is at least one digit, each 0 to 9.
    """
    rng = generator(rng)
    if not digits or not all(0 <= digit <= 9 for digit in digits):
        raise ValueError(f"digits is {list(digits)}, expected at least one, each from 0 to 9.")
    pauses = 2 * HOP * rng.integers(1, LONGEST_PAUSE, len(digits) + 1)
    parts = [np.zeros(pauses[0])]
    for digit, pause in zip(digits, pauses[1:], strict=True):
        takes = speaker[digit]
        take = takes[rng.integers(len(takes))]
        parts += [0.5 * take / np.abs(take).max(), np.zeros(pause)]
    sound = np.concatenate(parts)
    spread = np.sqrt((sound**2).mean()) * 10 ** (-noise / 20)
    return np.clip(sound + spread * rng.standard_normal(len(sound)), -1.0, 1.0)


def hear(sounds: Sequence[Array], targets: Sequence[Sequence[int]] = ()) -> Heard:
    """Return sounds as a network gets them, with the digits of each, if they are known."""
    filters = mel_filters()
    # Every second frame, but the power between them is not lost: the windows overlap.
    bands = [power_spectrum(sound)[::2] @ filters for sound in sounds]
    return _encode(*_side_by_side(bands), targets)


def strings(
    speakers: Sequence[Speaker], n: int, longest: int = 4, *, rng: np.random.Generator | int = 0
) -> Heard:
    """Return n random strings of 1 to `longest` digits, each said by one of the speakers."""
    rng = generator(rng)
    sounds, targets = [], []
    for _ in range(n):
        speaker = speakers[int(rng.integers(len(speakers)))]
        digits = rng.integers(0, 10, int(rng.integers(1, longest + 1))).tolist()
        sounds.append(say(speaker, digits, noise=rng.uniform(20, 40), rng=rng))
        targets.append(digits)
    return hear(sounds, targets)


def _side_by_side(parts: Sequence[Array]) -> tuple[Array, Array]:
    """Return power in bands (F, B, BANDS), padded to whole steps, and the frames of each."""
    lengths = np.array([-(-len(part) // FRAMES_PER_STEP) * FRAMES_PER_STEP for part in parts])
    power = np.zeros((lengths.max(), len(parts), BANDS))
    for b, part in enumerate(parts):
        power[: len(part), b] = part
        power[len(part) : lengths[b], b] = part[-1]
    return power, lengths


def _encode(power: Array, lengths: Array, targets: Sequence[Sequence[int]]) -> Heard:
    """Return power in bands (F, B, BANDS) as a network gets it.

    Of the log of each band its mean over the string is taken away, and with it what the microphone
    does to every sound; loudness is measured from the string's own level.
    """
    F, B, _ = power.shape
    real = (np.arange(F)[:, None] < lengths)[:, :, None]
    total = power.sum(axis=2) * real[:, :, 0]
    level = (total * total).sum(axis=0) / total.sum(axis=0)
    bands = np.log(BANDS * power / level[:, None] + FLOOR)
    bands -= (bands * real).sum(axis=0) / lengths[:, None]
    spread = np.sqrt((bands * bands * real).sum(axis=(0, 2)) / (BANDS * lengths))
    bands *= 0.8 / (spread[:, None] + 0.3)
    loudness = np.log(total / level + 1e-3) / 2.5 + 1.2
    frames = np.concatenate([bands, loudness[:, :, None]], axis=2) * real
    # So coarse that machines, whose logarithms differ in the last digit, agree.
    frames = np.round(256 * frames) / 256
    T = F // FRAMES_PER_STEP
    x = frames.reshape(T, FRAMES_PER_STEP, B, BANDS + 1).swapaxes(1, 2).reshape(T, B, N_X)
    return Heard(x, as_targets(targets), lengths_to_mask(lengths // FRAMES_PER_STEP, T))


def as_targets(strings: Sequence[Sequence[int]]) -> Array:
    """Return strings of digits as classes (S, B): digit d is class d + 1, and 0 fills up."""
    targets = np.zeros((max(map(len, strings), default=0), len(strings)), int)
    for b, digits in enumerate(strings):
        targets[: len(digits), b] = np.add(digits, 1)
    return targets


class RoughStrings:
    """An endless supply of strings for training, each one changed in another way.

    `weights` says how often each speaker is drawn. What costs time, the speed and the throat of
    each recording, is varied N_VARIANTS times beforehand.
    """

    def __init__(
        self, speakers: Sequence[Speaker], weights: Sequence[float], rng: np.random.Generator
    ) -> None:
        self.rng, self.p = rng, np.array(weights) / np.sum(weights)
        noise = np.random.default_rng(1)
        self.noise = noise.gamma(4.0, 0.25, (4000, BANDS))
        self.variants: list[list[list[Array]]] = [[[] for _ in range(10)] for _ in speakers]
        spectra = [[[power_spectrum(s) for s in takes] for takes in one] for one in speakers]
        warps = [mel_filters(warp) for warp in np.geomspace(1 - WARP, 1 / (1 - WARP), 15)]
        every = [(v, digit) for v in range(len(speakers)) for digit in range(10)]
        rest = rng.choice(len(speakers), max(0, N_VARIANTS - len(every)), p=self.p)
        for v, digit in [*every, *zip(rest, rng.integers(0, 10, len(rest)), strict=True)]:
            takes = spectra[v][digit]
            spectrum, filters = takes[rng.integers(len(takes))], warps[rng.integers(15)]
            self.variants[v][digit].append(
                _at_speed(spectrum, rng.uniform(-SPEED, SPEED)) @ filters
            )

    def draw(self, n: int, size: int) -> Heard:
        """Return n strings of `size` digits."""
        rng = self.rng
        digits = rng.integers(0, 10, (n, size))
        pauses = rng.integers(0, LONGEST_PAUSE, (n, size + 1))
        pauses[:, 0] += 1
        gains = 10 ** rng.uniform(-0.3, 0.3, (n, size))
        joined = []
        for b, v in enumerate(rng.choice(len(self.p), n, p=self.p)):
            parts = [np.zeros((pauses[b, 0], BANDS))]
            for s in range(size):
                choices = self.variants[v][digits[b, s]]
                part = choices[rng.integers(len(choices))]
                total = part.sum(axis=1)
                part = part * (gains[b, s] * total.sum() / (total @ total))
                parts += [part, np.zeros((pauses[b, s + 1] + 1, BANDS))]
            joined.append(np.concatenate(parts))
        power, lengths = _side_by_side(joined)
        self._spoil(power)
        return _encode(power, lengths, digits.tolist())

    def _spoil(self, power: Array) -> None:
        """Add an echo and noise, and change the tone, of strings whose level is about 1."""
        rng, (F, B, _) = self.rng, power.shape
        height = np.linspace(-1, 1, BANDS)
        echo = rng.uniform(0, ECHO, (B, 1)) * (rng.random((B, 1)) < 0.5)
        power[1:] += echo * power[:-1]
        colour = np.exp(-rng.uniform(-0.5, 2.5, (B, 1)) * height)
        colour *= 10 ** -rng.uniform(0.8, 4.0, (B, 1)) / colour.sum(axis=1, keepdims=True)
        start = rng.integers(0, len(self.noise), B)
        power += self.noise[(np.arange(F)[:, None] + start) % len(self.noise)] * colour
        bump = np.cos(np.pi * height * rng.uniform(0.5, 2.0, (B, 1)) + rng.uniform(0, 6, (B, 1)))
        tone = TILT * rng.standard_normal((B, 1)) * height
        power *= np.exp(tone + BUMP * rng.standard_normal((B, 1)) * bump)


def _at_speed(spectrum: Array, log_speed: float) -> Array:
    """Return every second frame of a recording that is spoken faster or slower."""
    pace = 2 * np.exp(log_speed)
    n = max(4, int(len(spectrum) / pace))
    place = np.minimum(np.arange(n) * pace, len(spectrum) - 1.001)
    before = place.astype(int)
    share = (place - before)[:, None]
    between: Array = (1 - share) * spectrum[before] + share * spectrum[before + 1]
    return between
