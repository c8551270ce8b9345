"""Decoding: greedy, sampled and beam, each against brute force; edit distance by hand."""

import numpy as np
import pytest
from test_generators import TOKENS, all_sequences, captioner, shaken, translator

from rnn_core import LSTMCell, OneToMany, PatchEmbedding, RNNCell, SequenceModel
from rnn_core.decoding import (
    beam,
    best_path,
    edit_distance,
    error_rate,
    greedy,
    sample,
    sequences,
)
from rnn_core.losses import softmax


def log_p(model, x, words):
    """Return the log probability of one sequence of words, by teacher forcing."""
    y = model.forward(x, np.array(words)[:, None]).y[:, 0]
    return float(sum(np.log(softmax(row)[word]) for row, word in zip(y, words, strict=True)))


def small(seed):
    rng = np.random.default_rng(seed)
    model = OneToMany(PatchEmbedding(3, 4, rng=rng), LSTMCell(4, 5, rng=rng), 4, rng=rng)
    model = shaken(model, rng)
    model.parameters.vector *= 2.5
    return model, rng.standard_normal((1, 1, 3))


@pytest.mark.parametrize("seed", range(8))
def test_a_beam_as_wide_as_everything_finds_what_brute_force_finds(seed):
    model, x = small(seed)
    K = 4
    everything = [(log_p(model, x, words), words) for words in all_sequences(4, K)]
    assert np.exp([p for p, _ in everything]).sum() == pytest.approx(1, abs=1e-12)
    everything.sort(reverse=True)
    found = beam(model, x, K, width=500)[0]
    assert len(found) == len(everything)
    assert [h.words for h in found[:10]] == [words for _, words in everything[:10]]
    np.testing.assert_allclose([h.log_p for h in found], [p for p, _ in everything], atol=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_beams_of_several_sequences_are_those_of_each_alone(seed):
    rng = np.random.default_rng(seed)
    model, _ = small(seed)
    x = rng.standard_normal((1, 3, 3))
    together = beam(model, x, 5, width=3)
    for b in range(3):
        alone = beam(model, x[:, b : b + 1], 5, width=3)[0]
        assert [h.words for h in together[b]] == [h.words for h in alone]
        for hypothesis in alone:
            assert hypothesis.log_p == pytest.approx(
                log_p(model, x[:, b : b + 1], hypothesis.words)
            )


@pytest.mark.parametrize("build", [translator, captioner])
def test_width_one_is_greedy_and_a_wider_beam_finds_more_probable_words(build):
    better = 0
    for seed in range(20):
        model = build(RNNCell, seed)
        x = TOKENS if build is translator else np.random.default_rng(seed).normal(size=(1, 2, 8))
        words = greedy(model, x, 6)
        narrow, wide = beam(model, x, 6, width=1), beam(model, x, 6, width=4)
        for b, written in enumerate(sequences(words)):
            assert [w for w in narrow[b][0].words if w] == written
            assert wide[b][0].log_p >= narrow[b][0].log_p - 1e-12
            better += wide[b][0].log_p > narrow[b][0].log_p + 1e-9
    assert better > 0


def test_greedy_writes_the_most_probable_word_each_time():
    model, x = small(3)
    words = greedy(model, x, 6)
    trace = model.forward(x, words)
    for t, word in enumerate(words[:, 0]):
        assert word == trace.y[t, 0].argmax()
        if word == 0:
            break


def test_nothing_but_end_stands_after_the_end():
    model = captioner(RNNCell, 1)
    x = np.random.default_rng(0).standard_normal((1, 40, 8))
    words = sample(model, x, 12, rng=1)
    for column in words.T:
        ends = np.flatnonzero(column == 0)
        if ends.size:
            assert not column[ends[0] :].any()
    free = sample(model, x, 12, rng=1, end=None)
    assert free.shape == (12, 40) and (free[:-1] == 0).any()


def test_samples_have_the_probabilities_of_the_softmax_at_each_temperature():
    model, x = small(5)
    many = np.repeat(x, 20000, axis=1)
    y, _ = model.begin(x)
    for temperature in (0.5, 1.0, 3.0):
        words = sample(model, many, 1, temperature=temperature, rng=0)[0]
        shares = np.bincount(words, minlength=4) / 20000
        np.testing.assert_allclose(shares, softmax(y / temperature)[0], atol=0.015)
    np.testing.assert_array_equal(
        sample(model, many[:, :50], 6, temperature=1e-6), greedy(model, many[:, :50], 6)
    )


def test_a_language_model_goes_on_with_its_text():
    rng = np.random.default_rng(0)
    model = shaken(SequenceModel(LSTMCell(3, 5, rng=rng), 6, n_tokens=6, rng=rng), rng)
    start = np.array([[1], [4], [2]])
    words = greedy(model, start, 5, end=None)
    whole = np.concatenate([start, words])
    np.testing.assert_array_equal(model.predict(whole)[2:-1], words)


def test_best_path_merges_repeats_before_it_drops_blanks():
    y = np.eye(3)[[1, 1, 0, 1, 2, 2, 0]][:, None]
    assert best_path(y) == [[1, 1, 2]]


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 2)],
)
def test_edit_distance(one, other, distance):
    assert edit_distance(one, other) == edit_distance(other, one) == distance


def test_error_rate_counts_edits_over_the_targets_length():
    assert error_rate([[1, 2], [3]], [[1, 2, 3], [4]]) == 0.5
    with pytest.raises(ValueError, match="written has 1 sequences, expected 2"):
        error_rate([[1]], [[1], [2]])
    with pytest.raises(ValueError, match="targets holds no word"):
        error_rate([[1]], [[]])


def test_bad_arguments_are_named():
    model, x = small(0)
    with pytest.raises(ValueError, match="K is 0, expected at least 1"):
        greedy(model, x, 0)
    with pytest.raises(ValueError, match="temperature is 0"):
        sample(model, x, 3, temperature=0)
    with pytest.raises(ValueError, match="width is 0"):
        beam(model, x, 3, width=0)
