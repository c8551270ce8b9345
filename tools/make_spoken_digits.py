"""Speak the ten digits in many voices and store them: python tools/make_spoken_digits.py.

It needs the speech synthesisers of Debian 12, and writes the same bytes on each run:

    apt-get install espeak-ng flite festival festvox-kdlpc16k

- eSpeak NG 1.51 (package 1.51+dfsg-10), formant synthesis, a program under GPL-3-or-later; what a
  program says is not covered by the licence of the program.
- Flite 2.2 (package 2.2-5), Carnegie Mellon University, BSD-like licence, with its voices kal, awb,
  rms and slt, which were made from recordings of real speakers (the CMU ARCTIC and diphone sets).
- Festival 2.5.0 with the voice ked (festvox-kdlpc16k 1.4.0), University of Edinburgh and Carnegie
  Mellon University, BSD-like licence, also made from recordings of a real speaker.

Nobody was recorded for this file.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np

from rnn_core.parameters import Array
from rnn_core.tasks import speech
from rnn_core.tasks.sound import HOP, pack, read_wav

ACCENTS = (
    *("en-gb", "en-us", "en-gb-scotland", "en-gb-x-gbclan"),
    *("en-gb-x-rp", "en-gb-x-gbcwmd", "en-029", "en-us-nyc"),
)
VARIANTS = (
    *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5"),
    *("klatt", "klatt2", "klatt4", "Alex", "Andrea", "Annie", "Gene", "Hugo", "Jacky", "Lee"),
    *("Mario", "Michael", "Mike", "anika", "antonio", "belinda", "boris", "caleb", "edward"),
    *("linda", "max", "pablo", "quincy", "robert", "steph", "victor"),
)
"""Voices of eSpeak NG; each gets the next accent, and a pitch and a speed of its own."""

FLITE = {
    "kal": (1.0, 105),
    "kal slow": (1.3, 90),
    "awb": (1.0, 125),
    "awb slow": (1.3, 140),
    "slt": (1.0, 170),
    "slt slow": (1.3, 190),
    "rms": (1.0, 100),
}
"""Voices of Flite, each with how much longer it speaks and its mean pitch in Hz."""


def commands() -> dict[str, list[str]]:
    """Return for each voice the command that speaks; WORD and FILE stand for what to fill in."""
    rng = np.random.default_rng(0)
    found = {}
    for number, variant in enumerate(VARIANTS):
        voice = f"{ACCENTS[number % len(ACCENTS)]}+{variant}"
        pitch, speed = rng.integers(30, 75), rng.integers(120, 180)
        options = ["-v", voice, "-p", str(pitch), "-s", str(speed)]
        found[f"espeak {voice}"] = ["espeak-ng", *options, "-w", "FILE", "WORD"]
    for name, (stretch, mean_pitch) in FLITE.items():
        options = [f"duration_stretch={stretch}", f"int_f0_target_mean={mean_pitch}"]
        settings = [part for option in options for part in ("--setf", option)]
        voice = name.split()[0]
        found[f"flite {name}"] = ["flite", "-voice", voice, *settings, "-t", "WORD", "-o", "FILE"]
    for name, stretch in {"ked": 1.0, "ked slow": 1.3}.items():
        voice = f"(begin (voice_ked_diphone) (Parameter.set 'Duration_Stretch {stretch}))"
        found[f"festival {name}"] = ["text2wave", "-eval", voice, "-o", "FILE"]
    return found


def speak(command: list[str], word: str, folder: Path) -> Array:
    """Return a word as the command speaks it."""
    path = folder / "word.wav"
    filled = [{"WORD": word, "FILE": str(path)}.get(part, part) for part in command]
    subprocess.run(filled, check=True, input=word.encode(), capture_output=True)
    return trim(read_wav(path))


def trim(sound: Array) -> Array:
    """Return the sound without the silence around it, its loudest sample at 0.7."""
    blocks = sound[: len(sound) // HOP * HOP].reshape(-1, HOP)
    power = (blocks**2).mean(axis=1)
    loud = np.flatnonzero(power > 5e-4 * power.max())
    start, stop = max(0, (loud[0] - 3) * HOP), (loud[-1] + 4) * HOP
    part = sound[start:stop]
    return 0.7 * part / np.abs(part).max()


def main() -> None:
    """Write the file."""
    names, sounds = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, command in commands().items():
            names.append(name)
            sounds += [speak(command, word, Path(folder)) for word in speech.WORDS]
    codes, lengths = pack(sounds)
    shape = (len(names), len(speech.WORDS))
    np.savez_compressed(
        speech.FILE, voices=np.array(names), lengths=lengths.reshape(shape), codes=codes
    )
    print(f"{len(names)} voices, {speech.FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
