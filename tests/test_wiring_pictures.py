"""The diagrams of the five architectures: every arrow and node stands for a flag of the wiring."""

import pytest

from rnn_core import (
    Wiring,
    many_to_many,
    many_to_many_unequal,
    many_to_one,
    one_to_many,
    one_to_one,
)
from rnn_core.show import wirings

WIRINGS = [
    one_to_one(),
    one_to_many(5),
    one_to_many(5, feedback=True),
    many_to_one(4),
    many_to_many(6),
    many_to_many_unequal(3, 4),
    many_to_many_unequal(3, 4, feedback=True),
]


def steps(picture, mark):
    return {int(node.attrib[mark]) for node in picture.iter() if mark in node.attrib}


@pytest.mark.parametrize("wiring", WIRINGS, ids=lambda w: f"{w.name} {sum(w.feeds)}")
def test_every_node_is_a_flag_of_the_wiring(wiring):
    stepper = wirings.diagram(wiring)
    assert len(stepper.frames) == wiring.T + 1
    for picture, _ in stepper.frames:
        for mark, flags in (("data-x", wiring.reads), ("data-y", wiring.emits)):
            assert steps(picture, mark) == {t for t, flag in enumerate(flags, 1) if flag}
        dashed = [n for n in picture.iter() if "rnn-maybe" in n.attrib.get("class", "")]
        assert len(dashed) == 2 * sum(wiring.feeds)  # the way back, and the word it brings


@pytest.mark.parametrize("wiring", WIRINGS, ids=lambda w: f"{w.name} {sum(w.feeds)}")
def test_the_sentence_says_what_the_step_does(wiring):
    for t, (_, sentence) in enumerate(wirings.diagram(wiring).frames[1:], 1):
        assert (f"reads x_{t}" in sentence) == wiring.reads[t - 1]
        assert (f"emits y_{t}" in sentence) == wiring.emits[t - 1]
        assert (f"its own last output y_{t - 1}" in sentence) == wiring.feeds[t - 1]


def test_words_stand_where_they_are_read_and_written():
    stepper = wirings.diagram(
        many_to_many_unequal(2, 3, feedback=True),
        reads=["a", "<script>"],
        emits=["un", "deux", "END"],
        two_cells=True,
    )
    sentences = [frame.sentence for frame in stepper.frames]
    assert "reads '<script>'" in sentences[2] and "emits nothing" in sentences[2]
    assert "reads nothing" in sentences[3] and "emits 'un'" in sentences[3]
    assert "its own last output 'un'" in sentences[4]
    assert "<script>" not in stepper.frames[0].html().replace("&lt;script&gt;", "")


def test_read_both_ways_an_output_waits_for_both_states():
    frames = wirings.diagram(many_to_many(4), both_ways=True).frames
    known = []
    for picture, _ in frames:
        groups = [node for node in picture.iter("g") if "data-y" in node.attrib]
        known.append(
            {
                int(g.attrib["data-y"])
                for g in groups
                if "rnn-later" not in g.attrib.get("class", "")
            }
        )
    assert known == [set(), set(), set(), {2, 3}, {1, 2, 3, 4}]


def test_the_gallery_counts_right():
    stepper = wirings.gallery()
    assert len(stepper.frames) == 7
    assert "5 of the five read an input here, 2 emit" not in stepper.frames[1].sentence
    for t, reading, emitting in ((1, 5, 3), (4, 2, 4), (6, "none", 1)):
        sentence = stepper.frames[t].sentence
        assert f"{reading} of the five" in sentence and f"{emitting} emit" in sentence


def test_bad_input():
    with pytest.raises(ValueError, match="wiring has 15 steps, expected at most 14"):
        wirings.diagram(many_to_many(15))
    with pytest.raises(ValueError, match="reads has 2 words, expected 4"):
        wirings.diagram(many_to_one(4), reads=["a", "b"])
    with pytest.raises(ValueError, match="feeds has 1 flags, expected 2"):
        Wiring("x", (True, False), (True, True), (True,))
    with pytest.raises(ValueError, match="step 2 is fed"):
        Wiring("x", (True, True), (True, True), (False, True))
    with pytest.raises(ValueError, match="step 1 is fed"):
        Wiring("x", (False, True), (True, True), (True, False))
