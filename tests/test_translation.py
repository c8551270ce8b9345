"""Translation: the French of the grammar, numbers, splits, scores; and pictures of writing."""

import math
import re

import numpy as np
import pytest
from helpers import tooltips

from rnn_core import END, EncoderDecoder, GRUCell, OneToMany, PatchEmbedding, RNNCell, softmax
from rnn_core.decoding import beam, greedy
from rnn_core.show import svg, writing
from rnn_core.tasks import translation
from rnn_core.tasks.english_french import (
    HELD_OUT_PAIRS,
    english_number,
    french_number,
    longer,
    sentences,
    word_by_word,
)

TASK = translation.grammar()


@pytest.mark.parametrize(
    ("n", "english", "french"),
    [
        (0, "zero", "zéro"),
        (16, "sixteen", "seize"),
        (17, "seventeen", "dix sept"),
        (21, "twenty one", "vingt et un"),
        (22, "twenty two", "vingt deux"),
        (61, "sixty one", "soixante et un"),
        (70, "seventy", "soixante dix"),
        (71, "seventy one", "soixante et onze"),
        (72, "seventy two", "soixante douze"),
        (80, "eighty", "quatre vingts"),
        (81, "eighty one", "quatre vingt un"),
        (90, "ninety", "quatre vingt dix"),
        (91, "ninety one", "quatre vingt onze"),
        (99, "ninety nine", "quatre vingt dix neuf"),
        (100, "one hundred", "cent"),
        (200, "two hundred", "deux cents"),
        (307, "three hundred and seven", "trois cent sept"),
        (480, "four hundred and eighty", "quatre cent quatre vingts"),
        (1000, "one thousand", "mille"),
        (1100, "one thousand one hundred", "mille cent"),
        (2001, "two thousand and one", "deux mille un"),
        (9080, "nine thousand and eighty", "neuf mille quatre vingts"),
    ],
)
def test_number_words(n, english, french):
    assert english_number(n) == english and french_number(n) == french


def test_all_number_words_differ_and_stay_in_range():
    assert len({english_number(n) for n in range(10_000)}) == 10_000
    assert len({french_number(n) for n in range(10_000)}) == 10_000
    for n in (-1, 10_000):
        with pytest.raises(ValueError, match=f"the number is {n}, expected 0 to 9999"):
            french_number(n)


def test_french_follows_the_rules_everywhere():
    vowels = "aeiouéèêh"
    for english, french in [*sentences(3000, np.random.default_rng(7)), *TASK.splits["by hand"]]:
        words = french.split()
        for word, after in zip(words, [*words[1:], ""], strict=True):
            # Elision: a word that ends in an apostrophe stands before a vowel, and only there.
            assert word.endswith("'") <= (after[:1] in vowels), french
            if word in ("le", "la", "de", "ne", "me", "te", "ce"):
                assert after[:1] not in vowels, french
            if word in ("bel", "vieil", "cet"):
                assert after[:1] in vowels, french
        assert french.count(" pas") == english.count(" not "), english
        assert len(re.findall(r"\bn(?:e\b|')", french)) == english.count(" not "), english


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("these women have a tree", "ces femmes ont un arbre"),
        ("my birds watch her", "mes oiseaux la regardent"),
        ("he does not have a book", "il n' a pas de livre"),
        ("my star", None),
    ],
)
def test_some_sentences_are_what_a_french_reader_expects(english, french):
    found = {pair.english: pair.french for pair in TASK.splits["train"]}
    found |= {pair.english: pair.french for pair in TASK.splits["by hand"]}
    assert found.get(english) == french


def test_no_test_pair_is_in_training():
    for task in (TASK, translation.numbers()):
        english = [{pair.english for pair in pairs} for pairs in task.splits.values()]
        assert not english[0] & set().union(*english[1:])
    assert len(TASK.splits["by hand"]) == 50


def test_held_out_pairs_never_meet_in_training():
    def met(pair):
        return any(f"{adj} {noun}" in pair.english for adj, noun in HELD_OUT_PAIRS)

    assert not any(met(pair) for pair in TASK.splits["train"])
    plural = re.compile("|".join(f"{adj} " for adj, _ in HELD_OUT_PAIRS))
    assert all(plural.search(pair.english) for pair in TASK.splits["new pairs"])
    assert not any(met(pair) for pair in longer(200, 3, np.random.default_rng(0)))


def test_word_by_word_takes_each_word_for_itself():
    assert word_by_word("my old star does not sing") == "mon vieux étoile ne pas chantent"


def test_bleu_by_hand():
    assert translation.bleu(["a b c d e"], ["a b c d e"]) == 1.0
    assert translation.bleu(["e d c b a"], ["a b c d e"]) == 0.0
    # 5 of 6 words, 3 of 5, 2 of 4 and 1 of 3 longer runs; no penalty, as it is not shorter.
    expected = math.exp((math.log(5 / 6) + math.log(3 / 5) + math.log(2 / 4) + math.log(1 / 3)) / 4)
    assert translation.bleu(["a b c d x f"], ["a b c d e f"]) == pytest.approx(expected)
    # Half as long: everything right, but the penalty is e^(1 - 8/4).
    assert translation.bleu(["a b c d"], ["a b c d e f g h"]) == pytest.approx(math.exp(-1))
    with pytest.raises(ValueError, match="said has 1 texts, expected 2"):
        translation.bleu(["a"], ["a", "b"])


def test_a_short_training_learns_and_counts_by_the_whole_sentence():
    task = translation.numbers()
    model = task.network(0)
    task.train(model, 0, steps=700)
    pairs = task.splits["new numbers"][:200]
    score = task.exact(model, pairs)
    said = task.translate(model, [pair.english for pair in pairs])
    assert score == np.mean([s == p.french for s, p in zip(said, pairs, strict=True)])
    assert 0.2 < score < 1
    assert task.exact(model, pairs, width=4) >= score - 0.05


def test_unknown_words_are_named():
    with pytest.raises(ValueError, match="'dog' is no word of this network's vocabulary"):
        TASK.translate(TASK.network(), ["my dog sleeps"])


def translator(seed=0):
    rng = np.random.default_rng(seed)
    model = EncoderDecoder(GRUCell(4, 9, rng=rng), GRUCell(4, 9, rng=rng), 6, 8, rng=rng)
    model.parameters.vector[:] = rng.standard_normal(model.parameters.vector.size)
    return model


WORDS = ["<end>", "un", "deux", "trois", "<b>", "cinq", "six", "sept"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("forced", [False, True])
def test_each_frame_tells_the_networks_own_probabilities(seed, forced):
    model = translator(seed)
    x = np.array([[1], [3], [2]])
    targets = np.array([3, 1, 4, 0]) if forced else None
    stepper = writing.word_by_word(model, x, WORDS, reads="abc", targets=targets, longest=6)
    fed = greedy(model, x, 6) if targets is None else targets[:, None]
    trace = model.forward(x, fed)
    p = softmax(trace.y[:, 0])
    assert len(stepper.frames) == 1 + 3 + len(fed)
    for s, (picture, sentence) in enumerate(stepper.frames[1:4], 1):
        shown = tooltips(picture)
        assert [shown[f"a_{s}[{i}]"] for i in range(1, 10)] == trace.encoder.a[s - 1, 0].tolist()
        assert f"reads {'abc'[s - 1]!r}" in sentence
    for k, (picture, sentence) in enumerate(stepper.frames[4:], 1):
        shown = tooltips(picture)
        for i in np.argsort(-p[k - 1])[:6]:
            assert shown[f"p({WORDS[i]})"] == p[k - 1, i]
        assert [shown[f"a_{k}[{i}]"] for i in range(1, 10)] == trace.a[k - 1, 0].tolist()
        assert f"writes {WORDS[p[k - 1].argmax()]!r}" in sentence
        if k > 1:
            assert f"reads {WORDS[fed[k - 2, 0]]!r}" in sentence
    assert "<b>" not in svg.to_string(stepper.frames[-1].picture)


def test_an_image_is_drawn_where_it_is_read():
    rng = np.random.default_rng(0)
    model = OneToMany(PatchEmbedding(64, 4, rng=rng), RNNCell(4, 5, rng=rng), 8, rng=rng)
    image = rng.random((8, 8))
    stepper = writing.word_by_word(model, image.reshape(1, 1, 64), WORDS, image=image, longest=5)
    for picture, _ in stepper.frames:
        assert any(n.attrib.get("class") == "rnn-image" for n in picture.iter("g"))
    assert "reads the input" in stepper.frames[1].sentence


def test_a_beams_bars_are_its_probabilities():
    model = translator(1)
    found = beam(model, np.array([[1], [2]]), 5, width=4)[0]
    frame = writing.hypotheses(found, WORDS, right=found[1].words)
    shown = tooltips(frame.picture)
    for hypothesis in found:
        text = " ".join(WORDS[w] for w in hypothesis.words if w != END)
        assert shown[f"p({text})"] == pytest.approx(math.exp(hypothesis.log_p), rel=1e-12)
    assert "which is not the right one" in frame.sentence


def test_bad_input():
    model = translator()
    with pytest.raises(ValueError, match="x holds 2 sequences, expected one"):
        writing.word_by_word(model, np.zeros((3, 2), int), WORDS, reads="abc")
    with pytest.raises(ValueError, match="expected at most 14 to draw"):
        writing.word_by_word(model, np.zeros((15, 1), int), WORDS, reads=["a"] * 15)
