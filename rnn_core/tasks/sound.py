"""Sounds as arrays: reading WAV files, changing the sample rate, and what a network hears.

A sound is an array of samples between -1 and 1, RATE of them a second. A network gets a
spectrogram in place of it: how much power each of BANDS bands of pitch holds, frame by frame.
"""

from __future__ import annotations

import wave
from itertools import pairwise
from pathlib import Path

import numpy as np

from rnn_core.parameters import Array

RATE = 8000
"""Samples a second: that of a telephone, enough for what tells digits apart."""
WINDOW, HOP, FFT = 200, 80, 256
"""Samples in one frame (25 ms), from one frame to the next (10 ms), and in its transform."""
BANDS = 20
LOWEST, HIGHEST = 120.0, 3800.0
"""Where the lowest band begins and the highest ends, in Hz."""
SHORTEST, LONGEST = 0.1, 30.0
"""Seconds of a sound that `read_wav` takes."""


class SoundError(ValueError):
    """A file that holds no sound we can use; the message is one sentence that names it."""


def read_wav(path: str | Path) -> Array:
    """Return the sound in a WAV file at RATE samples a second, its channels mixed into one.

    Takes uncompressed files of 8, 16, 24 or 32 bits and any rate. Raises SoundError where there is
    no such file, or what it holds is no sound, too short, too long or silent.
    """
    path = Path(path)
    if not path.is_file():
        raise SoundError(f"there is no file {str(path)!r}, expected the path of a WAV file.")
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, count, *_ = file.getparams()
            if not 1000 <= rate <= 400_000:
                raise SoundError(
                    f"{path.name} has {rate} samples a second, expected 1,000 to 400,000."
                )
            if count > LONGEST * rate:
                raise SoundError(
                    f"{path.name} lasts {count / rate:.0f} s, expected at most {LONGEST:.0f} s."
                )
            data = file.readframes(count)
    except (wave.Error, EOFError) as error:
        reason = str(error) or "it ends too early"
        raise SoundError(
            f"{path.name} cannot be read ({reason}), expected an uncompressed WAV file (PCM)."
        ) from None
    samples = _samples(data, width, path.name)
    samples = samples[: len(samples) // channels * channels].reshape(-1, channels).mean(axis=1)
    if len(samples) < SHORTEST * rate:
        raise SoundError(
            f"{path.name} lasts {len(samples) / rate:.2f} s, expected at least {SHORTEST} s."
        )
    samples -= samples.mean()
    if np.abs(samples).max() < 1e-4:
        raise SoundError(f"{path.name} is silent, expected somebody speaking.")
    return resample(samples, rate, RATE)


def _samples(data: bytes, width: int, name: str) -> Array:
    """Return PCM bytes as numbers between -1 and 1."""
    if width == 1:
        return np.frombuffer(data, np.uint8) / 128.0 - 1.0
    if width not in (2, 3, 4):
        raise SoundError(f"{name} has {8 * width} bits a sample, expected 8, 16, 24 or 32.")
    data = data[: len(data) // width * width]
    if width == 3:  # three bytes become the upper three of four
        quads = np.zeros((len(data) // 3, 4), np.uint8)
        quads[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        data, width = quads.tobytes(), 4
    return np.frombuffer(data, f"<i{width}") / 2.0 ** (8 * width - 1)


def resample(samples: Array, rate: int, to: int) -> Array:
    """Return the sound at another sample rate, without what that rate cannot hold.

    Each new sample is a weighted mean of the old ones around it: a sinc, cut to 16 crossings of
    zero by a Hann window, whose width follows the lower of the two rates.
    """
    if rate == to:
        return samples
    share = 0.96 * min(1.0, to / rate)
    half = int(np.ceil(16 / share))
    taps = np.arange(-half, half + 1)
    padded = np.pad(samples, half + 1)
    places = np.arange(int(len(samples) * to / rate)) * (rate / to)
    result = np.empty(len(places))
    for start in range(0, len(places), 4096):  # so that little memory is needed
        place = places[start : start + 4096, None]
        old = np.floor(place).astype(int) + taps
        away = old - place
        weight = share * np.sinc(share * away) * np.cos(np.pi * away / (2 * half + 4)) ** 2
        result[start : start + 4096] = (padded[old + half + 1] * weight).sum(axis=1)
    return result


def power_spectrum(sound: Array) -> Array:
    """Return the power at each frequency in each frame of 10 ms, (frames, FFT / 2 + 1)."""
    padded = np.pad(sound - sound.mean(), WINDOW // 2)
    starts = np.arange(1 + (len(padded) - WINDOW) // HOP) * HOP
    frames = padded[starts[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW)
    spectrum: Array = np.abs(np.fft.rfft(frames, FFT, axis=1)) ** 2
    return spectrum


def mel_filters(warp: float = 1.0) -> Array:
    """Return the weights (FFT / 2 + 1, BANDS) that gather frequencies into bands.

    The bands are triangles, equally wide on the mel scale, which follows the ear: mel =
    2595 log10(1 + f / 700). `warp` above 1 reads a voice as if its throat were that much longer.
    Source: Davis and Mermelstein, IEEE Transactions on Acoustics, Speech, and Signal Processing
    28 (1980).
    """
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOWEST, HIGHEST))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1) / warp
    frequencies = np.arange(FFT // 2 + 1)[:, None] * (RATE / FFT)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (
        (frequencies - left) / (middle - left),
        (right - frequencies) / (right - middle),
    )
    weights: Array = np.clip(np.minimum(rising, falling), 0.0, None)
    return weights


# Four bits a sample instead of sixteen: each says how the sample differs from the one before, in
# units that grow and shrink with the sound (IMA ADPCM, Interactive Multimedia Association, 1992).
_UNIT_CHANGES = np.array([-1, -1, -1, -1, 2, 4, 6, 8] * 2)
_UNITS = np.round(7 * 1.1 ** np.arange(89)).astype(int)


def unpack(codes: Array, lengths: Array) -> list[Array]:
    """Return the sounds whose 4-bit codes stand one after the other in `codes`, two in a byte.

    Each sound of n samples takes (n + 1) // 2 bytes.
    """
    starts = np.concatenate([[0], np.cumsum((lengths + 1) // 2)])
    longest = int(lengths.max())
    nibbles = np.zeros((longest + 1, len(lengths)), int)
    for k, (start, stop) in enumerate(pairwise(starts)):
        nibbles[: 2 * (stop - start) : 2, k] = codes[start:stop] & 15
        nibbles[1 : 2 * (stop - start) : 2, k] = codes[start:stop] >> 4
    values = np.zeros((longest, len(lengths)))
    value, unit = np.zeros(len(lengths), int), np.zeros(len(lengths), int)
    for t in range(longest):
        value, unit = next_sample(value, unit, nibbles[t])
        values[t] = value
    return [values[:n, k] / 32768 for k, n in enumerate(lengths)]


def next_sample(value: Array, unit: Array, code: Array) -> tuple[Array, Array]:
    """Return the next sample of some sounds and the number of its unit, given its code."""
    change = (2 * (code & 7) + 1) * _UNITS[unit] // 8
    value = np.clip(np.where(code & 8, value - change, value + change), -32768, 32767)
    return value, np.clip(unit + _UNIT_CHANGES[code], 0, len(_UNITS) - 1)


def pack(sounds: list[Array]) -> tuple[Array, Array]:
    """Return the codes of some sounds, and their lengths: what `unpack` takes."""
    lengths = np.array([len(sound) for sound in sounds])
    longest = int(lengths.max()) + 1
    wanted = np.zeros((longest, len(sounds)), int)
    for k, sound in enumerate(sounds):
        wanted[: len(sound), k] = np.round(32767 * sound)
    codes = np.zeros((longest, len(sounds)), np.uint8)
    value, unit = np.zeros(len(sounds), int), np.zeros(len(sounds), int)
    for t in range(longest):
        difference = wanted[t] - value
        size = np.minimum(4 * np.abs(difference) // _UNITS[unit], 7)
        codes[t] = size + 8 * (difference < 0)
        value, unit = next_sample(value, unit, codes[t].astype(int))
    parts = []
    for k, n in enumerate(lengths):
        pairs = np.resize(codes[:, k], longest)[: 2 * ((n + 1) // 2)].reshape(-1, 2)
        parts.append(pairs[:, 0] | (pairs[:, 1] << 4))
    return np.concatenate(parts), lengths
