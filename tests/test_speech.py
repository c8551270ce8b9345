"""Spoken digits: recordings, WAV files, strings, the network, exercises and pictures."""

from __future__ import annotations

import base64
import os
import re
import struct
import sys
import wave
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances
from matplotlib.image import imread

from rnn_core import show
from rnn_core.ctc import ctc
from rnn_core.decoding import best_path
from rnn_core.exercises import COLLAPSE, NEXT_ALPHA
from rnn_core.losses import softmax
from rnn_core.show import hearing
from rnn_core.tasks import sound, speech, voices

RNG = np.random.default_rng


def tone(frequency: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


def write_wav(
    path: Path, samples: np.ndarray, rate: int = 8000, width: int = 2, channels: int = 1
) -> Path:
    """Write samples between -1 and 1 as PCM, the same in every channel."""
    whole = np.round(samples * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        data = (whole + 128).astype(np.uint8).reshape(-1, 1)
    else:
        data = whole.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width]
    frames = np.repeat(data[:, None], channels, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(frames.tobytes())
    return path


@pytest.fixture(scope="module")
def network():
    """A network after a short training: enough for a look at what it writes."""
    model = speech.network(0)
    speech.train(model, 0, steps=160)
    return model


# ------------------------------------------------------------------------------------ the sounds


def test_recordings_are_well_formed() -> None:
    assert speech.FILE.stat().st_size < 900_000
    found = speech.all_voices()
    assert len(found) == 48
    takes = [take for speaker in found.values() for digit in speaker for take in digit]
    assert all(len(speaker) == 10 for speaker in found.values())
    assert all(0.1 < len(take) / sound.RATE < 1.2 for take in takes)
    assert all(0.4 < np.abs(take).max() < 0.8 for take in takes)
    assert len({take.tobytes() for take in takes}) == len(takes)


def test_no_held_out_voice_is_in_training() -> None:
    train, held_out = speech.splits()["train"], speech.splits()["held out"]
    assert not set(train) & set(held_out)
    assert set(train) | set(held_out) == set(speech.all_voices())
    assert len(held_out) == 9
    assert not any("rms" in name for name in train)


@pytest.mark.parametrize("length", [1, 2, 801, 1600])
def test_packed_sounds_come_back(length: int) -> None:
    wave_form = 0.6 * np.sin(0.3 * np.arange(length)) * np.hanning(length + 2)[1:-1]
    other = tone(300, 8000, 0.1)
    codes, lengths = sound.pack([wave_form, other])
    assert len(codes) == (length + 1) // 2 + 400
    back = sound.unpack(codes, lengths)
    assert [len(part) for part in back] == [length, 800]
    if length > 500:
        assert ((back[0] - wave_form) ** 2).mean() < 0.01 * (wave_form**2).mean()


@pytest.mark.parametrize("rate", [4000, 11025, 16000, 22050, 44100, 48000])
def test_resampling_keeps_a_tone_and_drops_what_is_too_high(rate: int) -> None:
    kept = sound.resample(tone(700, rate), rate, 8000)
    assert abs(len(kept) - 4000) <= 1
    np.testing.assert_allclose(kept[200:-200], tone(700, 8000)[200 : len(kept) - 200], atol=2e-3)
    if rate > 10_000:
        assert np.abs(sound.resample(tone(4600, rate), rate, 8000)[200:-200]).max() < 5e-3


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2)])
def test_wav_files_of_every_common_form(
    tmp_path: Path, width: int, rate: int, channels: int
) -> None:
    path = write_wav(tmp_path / "a.wav", tone(500, rate), rate, width, channels)
    found = sound.read_wav(path)
    np.testing.assert_allclose(
        found[200:-200],
        tone(500, 8000)[200 : len(found) - 200],
        atol=1.5e-2 if width == 1 else 3e-3,
    )


def test_wav_files_that_do_not_fit_get_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound at all")
    (tmp_path / "empty.wav").write_bytes(b"")
    write_wav(tmp_path / "short.wav", tone(500, 8000, 0.02))
    write_wav(tmp_path / "silent.wav", np.zeros(8000))
    write_wav(tmp_path / "long.wav", np.zeros(8000 * 31))
    write_wav(tmp_path / "slow.wav", np.zeros(800), 500)
    packed = bytearray(write_wav(tmp_path / "packed.wav", tone(500, 8000)).read_bytes())
    packed[20:22] = struct.pack("<H", 7)  # the format tag of mu-law
    (tmp_path / "packed.wav").write_bytes(packed)
    for name, words in {
        "missing.wav": "there is no file",
        "text.wav": "text.wav cannot be read",
        "empty.wav": "empty.wav cannot be read (it ends too early), expected an uncompressed",
        "packed.wav": "packed.wav cannot be read (unknown format: 7), expected an uncompressed",
        "short.wav": "short.wav lasts 0.02 s, expected at least 0.1 s.",
        "silent.wav": "silent.wav is silent, expected somebody speaking.",
        "long.wav": "long.wav lasts 31 s, expected at most 30 s.",
        "slow.wav": "slow.wav has 500 samples a second, expected",
    }.items():
        with pytest.raises(sound.SoundError, match=re.escape(words)):
            sound.read_wav(tmp_path / name)


def test_bands_are_triangles_that_overlap() -> None:
    weights = sound.mel_filters()
    assert weights.shape == (sound.FFT // 2 + 1, sound.BANDS)
    assert (weights.sum(axis=0) > 0.5).all()
    peaks = weights.argmax(axis=0)
    assert (np.diff(peaks) > 0).all()
    longer = sound.mel_filters(1.15).argmax(axis=0)
    assert (longer <= peaks).all() and (longer < peaks).any()


# --------------------------------------------------------------------------- strings of recordings


def folder_of(path: Path, names: dict[str, str]) -> Path:
    for name, voice in names.items():
        for digit, takes in enumerate(speech.all_voices()[voice]):
            write_wav(path / f"{digit}_{name}_0.wav", takes[0])
    return path


def test_folder_of_recordings_is_read(tmp_path: Path) -> None:
    folder_of(tmp_path, {"ann_b": "flite slt", "joe": "flite rms"})
    found = voices.load_recordings(tmp_path)
    assert sorted(found) == ["ann_b", "joe"]
    expected = speech.all_voices()["flite rms"][7][0]
    expected = expected - expected.mean()
    np.testing.assert_allclose(found["joe"][7][0], expected, atol=2e-4)
    (tmp_path / "3_joe_0.wav").unlink()
    with pytest.raises(sound.SoundError, match="there is no recording of joe saying 3, expected"):
        voices.load_recordings(tmp_path)
    write_wav(tmp_path / "hello.wav", tone(500, 8000))
    with pytest.raises(sound.SoundError, match=r"'hello\.wav' has no digit and speaker"):
        voices.load_recordings(tmp_path)
    with pytest.raises(sound.SoundError, match="there is no WAV file in"):
        voices.load_recordings(tmp_path / "nothing")


def test_a_string_is_said_and_heard() -> None:
    speaker = speech.all_voices()["flite slt"]
    said = voices.say(speaker, [4, 7, 1], rng=3)
    again = voices.say(speaker, [4, 7, 1], rng=3)
    assert np.array_equal(said, again) and np.abs(said).max() <= 1
    heard = voices.hear([said, said[:6000]], [[4, 7, 1], [4]])
    T = -(-(1 + len(said) // sound.HOP) // 2) // voices.FRAMES_PER_STEP
    assert heard.x.shape[1:] == (2, voices.N_X) and abs(len(heard.x) - T) <= 1
    assert heard.targets.tolist() == [[5, 5], [8, 0], [2, 0]]
    assert heard.mask.sum(axis=0)[1] < len(heard.x)
    assert not heard.x[~heard.mask].any()
    np.testing.assert_array_equal(heard.x[:, :1], voices.hear([said]).x)
    quiet = voices.hear([0.02 * said]).x
    assert np.abs(quiet - voices.hear([said]).x).max() < 0.01
    for digits in ([], [10], [-1]):
        with pytest.raises(ValueError, match="expected at least one, each from 0 to 9"):
            voices.say(speaker, digits)


def test_strings_and_lessons_are_the_same_each_time() -> None:
    one, two = (voices.strings([speech.all_voices()["flite rms"]], 5, rng=1) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    first, second = (next(speech.lessons(3, steps=10)) for _ in range(2))
    np.testing.assert_array_equal(first.x, second.x)


def test_every_lesson_has_room_for_its_digits() -> None:
    sizes = set()
    for batch in speech.lessons(1, steps=60):
        T, B, n_x = batch.x.shape
        assert n_x == voices.N_X and np.isfinite(batch.x).all()
        assert np.abs(batch.x).max() < 8
        sizes.add((batch.targets.shape[0], B))
        loss, _ = ctc(np.zeros((T, B, 11)), batch.targets, batch.mask)  # raises where T is short
        assert np.isfinite(loss)
    assert sizes == set(speech.BATCH_SIZES.items())


# ------------------------------------------------------------------------------------ the network


def test_a_short_training_understands_most_digits(network) -> None:
    test = speech.test_strings()
    assert speech.digit_errors(speech.network(0), test) > 1
    assert speech.digit_errors(network, test) < 0.3


def test_digit_errors_are_edits_over_digits() -> None:
    class Fixed:
        def forward(self, x, mask=None):
            path = np.array([[1, 0, 2, 0], [3, 3, 0, 3]]).T
            return type("Trace", (), {"y": np.eye(11)[path]})

    heard = voices.Heard(np.zeros((4, 2, 1)), np.array([[1, 3], [2, 0]]), np.ones((4, 2), bool))
    assert speech.written(Fixed(), heard.x) == [[0, 1], [2, 2]]
    assert speech.digit_errors(Fixed(), heard) == pytest.approx(1 / 3)


def test_nearest_template_knows_its_own_and_most_others() -> None:
    train, held_out = speech.single_digits("train"), speech.single_digits("held out")
    assert speech.nearest_template(held_out, held_out) == 0
    assert speech.nearest_template(held_out, train) < 0.06


def test_command_measures_people(tmp_path: Path, monkeypatch, capsys) -> None:
    folder_of(tmp_path, {"ann": "flite slt", "joe": "flite rms"})
    monkeypatch.setattr(speech, "STEPS_RECORDED", 3)
    monkeypatch.setattr(voices, "N_VARIANTS", 0)
    monkeypatch.setattr(speech.train, "__kwdefaults__", {**speech.train.__kwdefaults__, "steps": 3})
    monkeypatch.setattr(sys, "argv", ["speech", str(tmp_path), "--seeds", "1"])
    speech.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines[-2:]] == ["| ann", "| joe"]
    assert all(line.count("|") == 6 for line in lines[-4:])
    assert all(line.endswith("| - |") for line in lines[-2:])  # one recording of each digit
    monkeypatch.setattr(sys, "argv", ["speech", str(tmp_path / "none")])
    with pytest.raises(SystemExit, match="there is no WAV file"):
        speech.main()


def test_people_are_understood_mostly() -> None:
    folder = os.environ.get("FREE_SPOKEN_DIGITS")
    if not folder:
        pytest.skip("set FREE_SPOKEN_DIGITS to a folder of recordings of people to measure them")
    model = speech.network(0)
    speech.train(model, 0)
    recorded = voices.load_recordings(folder)
    errors = [
        speech.digit_errors(model, voices.strings([speaker], 100, rng=3000))
        for speaker in recorded.values()
    ]
    assert np.median(errors) < 0.25


# ---------------------------------------------------------------------------------- the exercises


def test_collapse_is_the_best_path_of_the_core() -> None:
    for seed in range(30):
        path = RNG(seed).integers(0, 4, 12)
        expected = best_path(np.eye(4)[path][:, None])[0]
        assert COLLAPSE.reference(path).tolist() == expected


def test_next_alpha_leads_to_the_loss_of_the_core() -> None:
    y = RNG(5).standard_normal((9, 1, 4))
    p = softmax(y)[:, 0]
    for target in ([1, 2], [2, 2, 1], [3]):
        labels = np.zeros(2 * len(target) + 1, int)
        labels[1::2] = target
        alpha = np.where(np.arange(len(labels)) < 2, p[0][labels], 0.0)
        for p_t in p[1:]:
            alpha = NEXT_ALPHA.reference(alpha, labels, p_t)
        assert -np.log(alpha[-2:].sum()) == pytest.approx(ctc(y, [target])[0], rel=1e-12)


# ----------------------------------------------------------------------------------- the pictures


def titles(frame: show.Frame) -> dict[tuple[str, int], float]:
    found = {}
    for title in frame.picture.iter("title"):
        match = re.fullmatch(r"p\((\w+)\)\[(\d+)\] = (.+)", title.text or "")
        if match:
            found[match[1], int(match[2])] = float(match[3])
    return found


def test_every_frame_shows_the_probabilities_of_the_core(network) -> None:
    said = voices.say(speech.all_voices()["flite slt"], [4, 4, 1], rng=3)
    stepper = hearing.path_stepper(network, said, [4, 4, 1])
    y = network.forward(voices.hear([said]).x).y
    p = softmax(y)[:, 0]
    assert len(stepper.frames) == len(p) + 1
    for t, frame in enumerate(stepper.frames):
        shown = titles(frame)
        assert {s for _, s in shown} == set(range(1, t + 1))
        for (name, s), value in shown.items():
            k = 0 if name == "blank" else speech.WORDS.index(name) + 1
            assert value == p[s - 1, k]
        written = [node.text for node in frame.picture.iter("text") if "data-t" in node.attrib]
        assert written == [str(k - 1) for k in best_path(y[:t])[0]] if t else not written
        if t:
            assert f"So far: {' '.join(written) or 'nothing'}." in frame.sentence
    assert "Spoken: 4 4 1." in stepper.frames[0].sentence
    assert "<audio controls" in stepper.children[-1].value
    assert stepper.stored()["text/plain"] == stepper.frames[-1].sentence
    assert "audio" not in stepper.stored()["text/html"]


def test_spectrogram_in_the_picture_is_what_the_network_gets() -> None:
    strengths = RNG(0).random((20, 33))
    data = base64.b64decode(hearing.png(strengths).removeprefix("data:image/png;base64,"))
    # imread gives numbers from 0 to 1; the last channel is how much ink there is.
    alpha = np.round(255 * imread(BytesIO(data))[:, :, 3])
    np.testing.assert_array_equal(alpha, np.round(255 * strengths))


def test_sound_has_words_a_picture_and_a_player() -> None:
    said = voices.say(speech.all_voices()["flite slt"], [4], rng=3)
    bundle = hearing.Sound(said, "<b> says 4")._repr_mimebundle_()
    assert bundle["text/plain"].startswith("<b> says 4: ")
    assert "&lt;b&gt; says 4" in bundle["text/html"] and "<b>" not in bundle["text/html"]
    encoded = re.search(r'audio/wav;base64,([^"]+)"', bundle["text/html"])
    assert encoded is not None
    data = base64.b64decode(encoded[1])
    assert data[:4] == b"RIFF" and len(data) == 44 + len(said) + len(said) % 2


def test_understood_says_what_was_heard_and_plays_it(network) -> None:
    said = voices.say(speech.all_voices()["flite slt"], [7], rng=3)
    frame = hearing.understood(network, said, [7])
    heard = " ".join(map(str, speech.written(network, voices.hear([said]).x)[0]))
    assert frame.sentence.startswith(f"Spoken: 7. Heard: {heard or 'nothing'}.")
    assert ("Not right." in frame.sentence) == (heard != "7")
    assert frame.html().count("<audio") == 1
    silence = hearing.understood(speech.network(0), 1e-3 * RNG(0).standard_normal(4000))
    assert "Heard: " in silence.sentence


def test_moves_leave_no_widget_behind_and_errors_stay_in_the_box(network) -> None:
    names = list(speech.all_voices())

    def ask(digits: str, voice: str, noise: int) -> show.Frame:
        wanted = [int(digit) for digit in digits if digit.isdigit()]
        return hearing.understood(
            network, voices.say(speech.all_voices()[voice], wanted, noise=noise), wanted
        )

    controls = {
        "digits": show.text_box("3"),
        "voice": show.choice(*names),
        "noise": show.slider(0, 40, 30),
    }
    box = show.Explore(ask, controls)
    before, rng = len(_instances), RNG(0)
    for _ in range(100):
        controls["voice"].value = str(rng.choice(names))
        controls["noise"].value = int(rng.integers(0, 41))
        controls["digits"].value = str(rng.integers(0, 10))
    assert len(_instances) == before
    controls["digits"].value = "x"
    assert "expected at least one" in box.result.value
