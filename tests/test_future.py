"""What sees only the past: the identity, the grammar, delays, the cheat, the pictures."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import tooltips
from ipywidgets.widgets.widget import _instances

from rnn_core import Bidirectional, GRUCell, LSTMCell, RNNCell, show, softmax
from rnn_core.exercises import BOTH_STATES, DELAY
from rnn_core.show import svg
from rnn_core.tasks import two_readings

SPLITS = two_readings.splits()
HELD_OUT = SPLITS["held out"]
FUTURE, PAST = two_readings.future_decides(), two_readings.past_decides()
ROOSEVELT = "Teddy Roosevelt was president".split()  # noqa: SIM905
BEARS = "Teddy bears are on sale".split()  # noqa: SIM905


def difference_at(t: int, network) -> float:
    tokens, _ = two_readings.vocabulary().encode_batch([ROOSEVELT, BEARS])
    y, other = (network.forward(tokens[:, b : b + 1]).y for b in (0, 1))
    return float(np.abs(y - other)[t - 1].max())


@pytest.fixture(scope="module")
def trained():
    """One network of each kind, by name, with its delay."""
    networks = {
        "left to right": (two_readings.left_to_right(1), 0),
        "2 words late": (two_readings.left_to_right(1), 2),
        "both ways": (two_readings.both_ways(1), 0),
    }
    for network, k in networks.values():
        two_readings.train(network, 1, k=k, steps=250)
    return networks


@pytest.fixture(scope="module")
def writers():
    models = two_readings.writer(1), two_readings.cheat(1)
    for model in models:
        two_readings.train_writer(model, 1, steps=250)
    return models


# ------------------------------------------------------------------------------- the identity


@pytest.mark.parametrize("kind", [RNNCell, GRUCell, LSTMCell])
def test_equal_pasts_give_exactly_equal_logits_whatever_the_weights(kind):
    for seed in range(20):
        network = two_readings.left_to_right(seed, kind)
        network.parameters.vector[:] *= 1 + seed
        assert difference_at(1, network) == 0.0
        assert difference_at(2, network) > 0.0


@pytest.mark.parametrize("kind", [RNNCell, GRUCell, LSTMCell])
def test_training_does_not_change_that(kind):
    network = two_readings.left_to_right(3, kind)
    two_readings.train(network, 3, steps=60)
    assert difference_at(1, network) == 0.0
    assert two_readings.right_at(network, FUTURE).mean() == 0.5


def test_both_ways_the_logits_differ(trained):
    assert difference_at(1, trained["both ways"][0]) > 1.0


# ------------------------------------------------------------------------------- the sentences


def test_the_article_s_sentences_are_held_out_and_their_pairs_not_trained():
    words = [example.words for example in HELD_OUT]
    assert tuple(ROOSEVELT) in words and tuple(BEARS) in words
    for example in SPLITS["train"]:
        assert not {"Teddy", "Roosevelt"} <= set(example.words)
        assert example.words[:2] != ("Teddy", "bears")


def test_no_sentence_stands_twice():
    every = [example.words for some in SPLITS.values() for example in some]
    assert len(set(every)) == len(every) == 4800


@pytest.mark.parametrize("split", ["train", "held out"])
def test_nothing_before_the_deciding_word_tells(split):
    for k in range(6):
        persons: dict[tuple[str, ...], list[bool]] = {}
        for words, tags, place, after in two_readings.future_decides(split):
            if after > k:
                start = words[: place + k + 1]
                persons.setdefault(start, []).append(tags[place] == "person")
        assert all(np.mean(found) == 0.5 for found in persons.values())


def test_held_out_words_are_all_known_from_training():
    known = {word for example in SPLITS["train"] for word in example.words}
    assert {word for example in HELD_OUT for word in example.words} <= known


def test_only_the_name_and_its_family_name_are_a_person():
    for example in SPLITS["train"][::7]:
        for i, (word, tag) in enumerate(zip(example.words, example.tags, strict=True)):
            if tag == "person":
                family = example.after == 1 and i == example.place + 1
                assert word in two_readings.DOUBLE or family
        assert example.words[example.place] in two_readings.DOUBLE


def test_the_best_possible_is_counted_by_hand():
    expected = [0.5, 0.625, 0.75, 0.875, 0.875, 0.875, 1.0]
    assert [two_readings.best_possible(FUTURE, k) for k in range(7)] == expected
    assert two_readings.best_possible(PAST, 0) == 1.0


def test_words_without_two_readings_are_refused():
    assert two_readings.place_of(["we", "remember", "aunt", "may"]) == 3
    with pytest.raises(ValueError, match="no word with two readings, expected one of Teddy"):
        two_readings.place_of(["we", "laughed"])
    with pytest.raises(ValueError, match="'bearz' is no word"):
        two_readings.p_person(two_readings.left_to_right(), [["Teddy", "bearz"]])


# --------------------------------------------------------------------- what can be known, and when


def test_both_ways_learns_what_the_future_decides(trained):
    network, _ = trained["both ways"]
    assert two_readings.right_at(network, FUTURE).mean() >= 0.97
    assert two_readings.right_at(network, PAST).mean() >= 0.97


def test_left_to_right_is_at_chance_there_and_fine_elsewhere(trained):
    network, _ = trained["left to right"]
    assert two_readings.right_at(network, FUTURE).mean() == 0.5
    assert two_readings.right_at(network, PAST).mean() >= 0.97


def test_a_delay_of_two_words_reaches_two_words_ahead(trained):
    right = two_readings.right_at(trained["2 words late"][0], FUTURE, 2)
    after = np.array([example.after for example in FUTURE])
    assert right[after <= 2].mean() >= 0.97
    assert right[after > 2].mean() == 0.5


def test_an_answer_k_words_late_stands_k_steps_later():
    network = two_readings.left_to_right(2)
    tokens, _ = two_readings.vocabulary().encode_batch([ROOSEVELT])
    late = np.concatenate([tokens, np.zeros((3, 1), int)])
    expected = softmax(network.forward(late).y)[3:, 0, 1]
    p = two_readings.p_person(network, [ROOSEVELT], 3)[0]
    np.testing.assert_allclose(p, expected, rtol=0, atol=1e-12)


def test_delayed_targets_are_those_of_the_exercise():
    encoded = two_readings.encode(FUTURE[::60])
    asked = np.where(encoded.mask, encoded.targets, -1)
    for k in (0, 1, 4):
        tokens, targets = two_readings.delayed(encoded, k)
        np.testing.assert_array_equal(targets, DELAY.reference(asked, k))
        np.testing.assert_array_equal(tokens[: len(asked)], encoded.tokens)
        assert not tokens[len(asked) :].any()


def test_steps_without_an_answer_due_count_nothing():
    rng = np.random.default_rng(0)
    y, targets = rng.standard_normal((5, 3, 2)), rng.integers(0, 2, (5, 3))
    targets[:2, 1] = -1
    loss, dy = two_readings.answers_due(y, targets)
    assert not dy[:2, 1].any()
    y[:2, 1] = 7.0
    assert two_readings.answers_due(y, targets)[0] == loss


def test_answers_to_uncovered_words(trained):
    words = ["we", "remember", *BEARS]
    for network, k in trained.values():
        found = two_readings.as_uncovered(network, words, 2, k)
        assert len(found) == 7
        assert [p is None for p in found] == [s < 3 + k for s in range(1, 8)]
        if not isinstance(network, Bidirectional):
            assert len(set(found) - {None}) == 1, "not even the last digit moves"
        for t in range(2 + k, 7):
            alone = two_readings.p_person(network, [words[: t + 1]], k)[0][2]
            assert found[t] == pytest.approx(alone, rel=1e-9)
    last = two_readings.as_uncovered(trained["2 words late"][0], ["we", "remember", "May"], 2, 2)
    assert last[:2] == [None, None] and last[2] is not None


def test_joined_states_are_those_of_the_package():
    network = two_readings.both_ways(4)
    tokens, _, mask = two_readings.encode(HELD_OUT[::150])
    trace = network.forward(tokens, mask)
    joined = BOTH_STATES.reference(trace.a, trace.reverse.a, mask.sum(axis=0))
    y = network.readout.forward(joined)
    np.testing.assert_allclose(y[mask], trace.y[mask], rtol=1e-12)


# ------------------------------------------------------------------------------------- the trap


def test_the_cheat_is_better_than_the_past_allows_and_worse_without_the_future(writers):
    writer, cheat = writers
    for some in SPLITS.values():
        assert two_readings.bits(cheat, some) < 0.2 < two_readings.fewest_bits(some)
        assert two_readings.bits(writer, some) > two_readings.fewest_bits(some)
        gap = two_readings.bits_from_the_past(cheat, some) - two_readings.bits(writer, some)
        assert gap > 0.4
    share = [two_readings.grammatical(two_readings.write(model, 300)) for model in writers]
    assert share[0] > 0.7 and share[1] < 0.5


def test_reading_from_the_left_the_rest_of_the_sentence_changes_no_bit(writers):
    one, other = (
        score(writers[0], HELD_OUT)
        for score in (two_readings.bits, two_readings.bits_from_the_past)
    )
    assert one == pytest.approx(other, rel=1e-9)


def test_fewest_bits_by_hand():
    # After the first word each of two goes on in its own way; the first word is one of two.
    some = [e for e in SPLITS["train"] if e.words in {("May", "Silva", "laughed"),
                                                      ("Rose", "Silva", "laughed")}]  # fmt: skip
    assert len(some) == 2
    assert two_readings.fewest_bits(some) == pytest.approx(1 / 4)


def test_word_pairs_are_probabilities_and_know_the_frequent_ones():
    table = two_readings.WordPairs()
    np.testing.assert_allclose(np.exp(table.log_p).sum(axis=1), 1)
    ids = two_readings.vocabulary().ids
    assert table.log_p[ids["best"]].argmax() == ids["of"]


def test_texts_end_with_silence_and_are_drawn_anew_by_another_seed(writers):
    texts = two_readings.write(writers[0], 50, rng=1)
    assert max(map(len, texts)) <= two_readings.LONGEST
    assert all(two_readings.SILENCE not in words for words in texts)
    assert texts == two_readings.write(writers[0], 50, rng=1) != two_readings.write(writers[0], 50)


def test_silence_is_the_first_token():
    tokens, targets, mask = two_readings.next_words(HELD_OUT[:5])
    assert not tokens[0].any()
    np.testing.assert_array_equal(tokens[1:], targets[:-1])
    np.testing.assert_array_equal(mask.sum(axis=0), [len(e.words) + 1 for e in HELD_OUT[:5]])


# --------------------------------------------------------------------------------- the pictures


def sentence(trained, words):
    place = two_readings.place_of(words)
    return show.future.Sentence(
        words,
        place,
        {n: two_readings.as_uncovered(m, words, place, k) for n, (m, k) in trained.items()},
    )


def test_every_frame_shows_what_the_networks_say(trained):
    both = sentence(trained, ROOSEVELT), sentence(trained, BEARS)
    stepper = show.future.uncover(*both)
    assert len(stepper.frames) == 6
    for seen, frame in enumerate(stepper.frames):
        expected = {}
        for number, (words, _, answers) in enumerate(both, start=1):
            for name, p in answers.items():
                now = p[min(seen, len(words)) - 1] if seen else None
                if now is not None:
                    expected[f"{name}, sentence {number}: p(person)"] = now
        assert tooltips(frame.picture) == expected
    assert "Nothing of 4 words" in stepper.frames[0].sentence
    said = stepper.frames[2].sentence
    assert "both ways" in said and "(before: " in said and "2 words late: nothing yet" in said


@pytest.mark.parametrize("k", range(7))
@pytest.mark.parametrize("example", [HELD_OUT[0], PAST[30], FUTURE[-1]])
def test_late_answers_on_screen_are_the_network_s(k, example):
    network = two_readings.left_to_right(k)
    p = two_readings.p_person(network, [example.words], k)[0]
    frame = show.future.answers_late(example.words, p, example.place, k)
    expected = {
        f"word {i} ({word}): p(person)": value
        for i, (word, value) in enumerate(zip(example.words, p, strict=True), start=1)
    }
    assert tooltips(frame.picture) == expected
    assert f"comes at step {example.place + k + 1}" in frame.sentence
    assert frame.sentence.endswith(f"comes at step {len(p) + k}.")
    for box in frame.picture.iter("rect"):
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= 784


def test_pictures_refuse_what_does_not_fit():
    one = show.future.Sentence(["May", "laughed"], 0, {"one": [0.5]})
    with pytest.raises(ValueError, match="one has 1 answers, expected 2"):
        show.future.uncover(one)
    with pytest.raises(ValueError, match="13 words, expected 1 to 12"):
        show.future.uncovered(1, show.future.Sentence(["May"] * 13, 0, {}))
    with pytest.raises(ValueError, match="no sentence"):
        show.future.uncover()
    with pytest.raises(ValueError, match="seen is -1"):
        show.future.uncovered(-1, one)
    with pytest.raises(ValueError, match="1 words and 2 answers"):
        show.future.answers_late(["May"], np.ones(2), 0, 1)
    with pytest.raises(ValueError, match="k is 7, expected 0 to 6"):
        show.future.answers_late(["May"], np.ones(1), 0, 7)


def test_words_are_shown_as_text():
    bad = show.future.Sentence(["<b>", "May"], 1, {"<i>": [None, 0.25]})
    assert "<b>" not in svg.to_string(show.future.uncovered(2, bad).picture)


def test_a_thousand_moves_leave_no_widget_behind(trained):
    def draw(text: str, words: int) -> show.Frame:
        return show.future.uncovered(words, sentence(trained, text.split()))

    box = show.Explore(
        draw, {"text": show.text_box("May of all songs"), "words": show.slider(1, 12, 1)}
    )
    before = len(_instances)
    for number in range(1000):
        box.controls["words"].value = 1 + number % 12
        if number % 50 == 0:
            box.controls["text"].value = ("Rose laughed", "June the bear came first")[
                number % 100 > 0
            ]
    assert len(_instances) == before
    for bad, words in (("", "no word with two"), ("xyzzy May", "no word of this network")):
        box.controls["text"].value = bad
        assert words in box.result.value
