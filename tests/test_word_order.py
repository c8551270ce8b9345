"""The task of notebook 01: splits that share nothing, twins, and a network that learns it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from rnn_core.tasks import word_order

SPLITS = word_order.splits()


def test_no_sentence_stands_in_two_splits() -> None:
    texts = [example.text for examples in SPLITS.values() for example in examples]
    assert len(texts) == len(set(texts))


def test_held_out_pairs_never_meet_in_training() -> None:
    held = {frozenset(pair) for pair in word_order.HELD_OUT_PAIRS}
    for example in SPLITS["train"] + SPLITS["new forms"]:
        assert frozenset(word_order.NAMES) & set(example.text.split()) not in held
    for example in SPLITS["new pairs"] + SPLITS["new pairs in new forms"]:
        assert frozenset(word_order.NAMES) & set(example.text.split()) in held


def test_every_word_stands_in_training_sentences() -> None:
    words = {word for example in SPLITS["train"] for word in example.text.split()}
    assert words == set(word_order.VOCABULARY.words)


@pytest.mark.parametrize("name", SPLITS)
def test_every_example_has_a_twin_with_the_same_bag_and_the_other_answer(name: str) -> None:
    answers = {example.text: example.answer for example in SPLITS[name]}
    for example in SPLITS[name]:
        twin = word_order.swap_names(example.text)
        assert Counter(twin.split()) == Counter(example.text.split())
        assert answers[twin] != example.answer
        assert answers[twin] == word_order.answer_to_twin(example)


def test_bag_is_at_most_half_right_on_twins_whatever_its_weights() -> None:
    for seed in range(3):
        model = word_order.bag(seed)
        model.parameters.vector[:] = np.random.default_rng(seed).standard_normal(
            model.parameters.vector.size
        )
        for examples in SPLITS.values():
            encoded = word_order.encode(examples)
            assert model.accuracy(*encoded) <= 0.5
            assert word_order.both_twins_right(model, examples) == 0


def test_network_learns_what_the_bag_cannot() -> None:
    model = word_order.rnn(seed=0)
    word_order.train(model, seed=0)
    for name, examples in SPLITS.items():
        assert model.accuracy(*word_order.encode(examples)) >= 0.97, name
    assert word_order.both_twins_right(model, SPLITS["new pairs"]) >= 0.97


def test_same_seed_same_weights() -> None:
    one, two, other = word_order.rnn(1), word_order.rnn(1), word_order.rnn(2)
    for model, seed in ((one, 5), (two, 5), (other, 5)):
        word_order.train(model, seed, steps=20)
    np.testing.assert_array_equal(one.parameters.vector, two.parameters.vector)
    assert not np.array_equal(one.parameters.vector, other.parameters.vector)


def test_statements_that_cannot_be_asked_about_get_one_sentence() -> None:
    with pytest.raises(ValueError, match="no comparative"):
        word_order.question("Bob is strong")
    with pytest.raises(ValueError, match="has 1 names, expected two"):
        word_order.swap_names("Bob is stronger than nobody")
