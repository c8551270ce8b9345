"""Tunes: the notation, splits, memory, what is left on held-out tunes, sound and pictures."""

import re

import numpy as np
import pytest

from rnn_core import show, softmax
from rnn_core.decoding import greedy
from rnn_core.show import svg
from rnn_core.show.audio import player
from rnn_core.tasks import melodies


@pytest.fixture(scope="module")
def trained():
    return melodies.overfitting(1)


@pytest.mark.parametrize(
    ("note", "semitones", "quarters"),
    [
        ("C", 60, 1),
        ("G,", 55, 1),
        ("c", 72, 1),
        ("^F", 66, 1),
        ("_B", 70, 1),
        ("A4", 69, 4),
        ("E3/2", 64, 1.5),
        ("e/2", 76, 0.5),
        ("C,,2", 36, 2),
        ("g'", 91, 1),
    ],
)
def test_notation(note, semitones, quarters):
    assert melodies.pitch(note) == semitones and melodies.beats(note) == quarters


@pytest.mark.parametrize("note", ["", "H", "C#", "2C", "<b>", "C D"])
def test_what_is_no_note_is_named(note):
    with pytest.raises(ValueError, match="is no note, expected one such as C"):
        melodies.synthesise([note])


def test_tunes_are_whole_and_none_is_twice():
    tunes = melodies.tunes()
    assert len(melodies.learned()) == 27 and len(tunes) == 33
    assert len({tune.title for tune in tunes}) == len({tune.notes for tune in tunes}) == 33
    for tune in tunes:
        assert 16 <= sum(map(melodies.beats, tune.notes)) <= 80, tune.title
        assert all(50 <= melodies.pitch(note) <= 82 for note in tune.notes), tune.title
    # The first tune's beginning, by its scale degrees: mi mi fa sol sol fa mi re.
    assert [melodies.pitch(n) for n in tunes[0].notes[:8]] == [64, 64, 65, 67, 67, 65, 64, 62]


def test_no_held_out_tune_is_in_training():
    x, targets = melodies._both()
    trained = {tuple(column[column > 0]) for column in targets.T}
    for tune in melodies.tunes():
        assert (tuple(melodies.vocabulary().encode(tune.notes)) in trained) != tune.held_out
        if tune.held_out:
            with pytest.raises(ValueError, match="is no word"):
                melodies.starts().encode([tune.title])
    assert x.shape == (1, 54) and targets.shape[1] == 54


def test_it_learns_its_tunes_by_heart_and_loses_the_others(trained):
    model, checkpoints = trained
    assert len(melodies.note_perfect(model)) >= 25
    assert checkpoints[-1].learned < 0.5
    best = min(checkpoints, key=lambda point: point.held_out)
    assert best.steps < 200 and checkpoints[-1].held_out > best.held_out + 1.5


def test_n_grams_are_probabilities():
    held_out = [tune for tune in melodies.tunes() if tune.held_out]
    for n in (1, 2):
        assert 3 < melodies.n_gram_bits(n, held_out) < np.log2(len(melodies.vocabulary()))
    assert melodies.n_gram_bits(2, melodies.learned()) < melodies.n_gram_bits(1, melodies.learned())


def test_play_is_greedy_at_zero_and_drawn_above(trained):
    model, _ = trained
    title = melodies.note_perfect(model)[0]
    assert melodies.play(model, title) == next(
        t.notes for t in melodies.tunes() if t.title == title
    )
    one, same, other = (melodies.play(model, "E", temperature=1.5, seed=s) for s in (1, 1, 2))
    assert one == same != other
    with pytest.raises(ValueError, match="temperature is -1"):
        melodies.play(model, "E", temperature=-1)
    with pytest.raises(ValueError, match="'Yesterday' is no word"):
        melodies.play(model, "Yesterday")


def test_origins_name_the_tune_of_each_run():
    ode, row = (
        next(t for t in melodies.learned() if t.title == title)
        for title in ("Ode to Joy", "Row, Row, Row Your Boat")
    )
    notes = [*ode.notes[:12], "^F4", *row.notes[5:15]]
    found = melodies.origins(notes)
    assert found[:12] == [ode.title] * 12 and found[12] == ""
    assert set(found[13:]) == {row.title}
    assert melodies.origins(["E", "D", "C2"]) == ["", "", ""]  # too short to say


def test_the_sound_has_the_pitch_and_the_length_of_its_notes():
    for note in ("A", "C", "e2", "G,/2"):
        sound = melodies.synthesise([note], beats_per_minute=120)
        assert len(sound) == int(melodies.RATE_OF_SOUND * 0.5 * melodies.beats(note))
        spectrum = np.abs(np.fft.rfft(sound, 65536))
        loudest = spectrum.argmax() * melodies.RATE_OF_SOUND / 65536
        assert loudest == pytest.approx(440 * 2 ** ((melodies.pitch(note) - 69) / 12), rel=0.02)
        assert np.abs(sound).max() <= 1 and abs(sound[0]) < 0.01 and abs(sound[-1]) < 0.01
    assert melodies.synthesise([]).size == 0


def test_each_frame_shows_the_networks_own_numbers(trained):
    model, _ = trained
    x = np.array([melodies.starts().encode(["Hot Cross Buns"])])
    words = melodies.vocabulary().words
    stepper = show.melody.note_by_note(model, x, words)
    written = greedy(model, x, 70)
    p = softmax(model.forward(x, written).y[:, 0])
    assert len(stepper.frames) == len(written) + 1
    for t, (picture, sentence) in enumerate(stepper.frames[1:], 1):
        titles = "\n".join(node.text or "" for node in picture.iter("title"))
        shown = dict(re.findall(r"^p\((.+)\) = (\S+)$", titles, re.M))
        for k in np.argsort(-p[t - 1])[:6]:
            assert float(shown[words[k]]) == p[t - 1, k]
        assert f"plays {words[written[t - 1, 0]]} " in sentence
        drawn = [n for n in picture.iter("g") if "data-note" in n.attrib]
        assert len(drawn) == min(t, len(written) - 1)


def test_a_played_frame_has_sound_and_its_still_has_none():
    frame = show.melody.played(["E", "E", "F", "G", "G", "F"])
    assert "<audio" in frame.html() and "6 notes: Ode to Joy" in frame.sentence
    assert "<audio" not in svg.to_string(frame.picture)
    empty = show.melody.played([])
    assert "0 notes" in empty.sentence and "<audio" in empty.html()
    assert "&lt;b&gt;" in player(np.zeros(3), 8000, "<b>")


def test_overfitting_curves_say_where_they_are_lowest():
    still = show.overfitting_curves([1, 20], {"a": [3.0, 1.0], "b": [2.0, 4.0]}, unit="bits")
    assert "a: lowest 1.0 at update 20" in str(still.bundle()["text/plain"])
    with pytest.raises(ValueError, match="'a' has 1 points, expected 2"):
        show.overfitting_curves([1, 20], {"a": [3.0]}, unit="bits")
