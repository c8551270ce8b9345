"""What stands on the screen is what was computed, at every position of the slider."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from rnn_core import RNNCell, SequenceModel, lengths_to_mask, many_to_one, softmax, unroll
from rnn_core.show import Frame, Stepper, step_through
from rnn_core.tasks.vocabulary import Vocabulary

SVG = "{http://www.w3.org/2000/svg}"


def numbers_on_screen(frame: Frame) -> dict[str, dict[int, float]]:
    """Return every number of a frame by its name and unit, read from the cells' tooltips."""
    found: dict[str, dict[int, float]] = {}
    for title in frame.picture.iter("title"):
        match = re.fullmatch(r"(.+)\[(\d+)\] = (\S+)", title.text or "")
        if match:
            found.setdefault(match[1], {})[int(match[2])] = float(match[3])
    return found


def make(activation: str = "tanh", n_h: int = 5, T: int = 4, B: int = 3):
    rng = np.random.default_rng(7)
    cell = RNNCell(3, n_h, activation=activation, rng=rng)
    cell.b = rng.standard_normal(n_h)
    model = SequenceModel(cell, 4, many_to_one, rng=rng)
    model.readout.by = rng.standard_normal(4)
    return model, rng.standard_normal((T, B, 3)), rng.standard_normal((B, n_h))


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "identity"])
@pytest.mark.parametrize("sequence", [0, 2])
def test_every_number_of_every_step_is_the_core_s(activation: str, sequence: int) -> None:
    model, x, a_0 = make(activation)
    trace = model.forward(x, a_0=a_0)
    stepper = step_through(
        trace, list("abcd"), readout=model.readout, classes=list("WXYZ"), sequence=sequence
    )
    assert len(stepper.frames) == 5
    for t in range(1, 5):
        step = trace.step(t)
        y = model.readout.forward(step.a)[sequence]
        expected = {
            f"x_{t}": step.x[sequence],
            f"a_{t - 1}": step.a_prev[sequence],
            f"x_{t} @ Wxh": step.x[sequence] @ model.cell.Wxh,
            f"a_{t - 1} @ W": step.a_prev[sequence] @ model.cell.W,
            "b": model.cell.b,
            f"z_{t}": step.z[sequence],
            f"a_{t}": step.a[sequence],
            f"y_{t}": y,
            f"p_{t}": softmax(y),
        }
        shown = numbers_on_screen(stepper.frames[t])
        assert shown.keys() == expected.keys()
        for name, values in expected.items():
            on_screen = [shown[name][i + 1] for i in range(len(values))]
            np.testing.assert_allclose(on_screen, values, rtol=1e-12, atol=1e-12, err_msg=name)


def test_first_frame_shows_the_initial_state_alone() -> None:
    model, x, a_0 = make()
    given = step_through(model.forward(x, a_0=a_0), list("abcd"))
    assert numbers_on_screen(given.frames[0]).keys() == {"a_0"}
    assert "handed in" in given.frames[0].sentence
    zeros = step_through(model.forward(x), list("abcd"))
    assert "all zeros" in zeros.frames[0].sentence


def test_frames_differ_from_step_to_step_and_have_one_size() -> None:
    model, x, _ = make()
    stepper = step_through(model.forward(x), list("abcd"), readout=model.readout)
    markup = [ElementTree.tostring(frame.picture) for frame in stepper.frames]
    assert len(set(markup)) == len(markup) == len({frame.sentence for frame in stepper.frames})
    assert len({frame.picture.attrib["viewBox"] for frame in stepper.frames}) == 1


def test_a_padded_sequence_is_shown_to_its_own_end() -> None:
    model, x, _ = make()
    trace = model.forward(x, lengths_to_mask([4, 2, 3], 4))
    stepper = step_through(trace, list("ab"), readout=model.readout, sequence=1)
    assert len(stepper.frames) == 3
    assert "It answers" in stepper.frames[2].sentence
    assert "Asked now" in stepper.frames[1].sentence


def test_a_trace_without_a_wiring_is_never_said_to_answer() -> None:
    model, x, _ = make()
    trace = unroll(model.cell, x)
    stepper = step_through(trace, list("abcd"), readout=model.readout)
    assert all("It answers" not in frame.sentence for frame in stepper.frames)


@pytest.mark.parametrize(("T", "n_h"), [(1, 1), (1, 12), (12, 13), (40, 64)])
def test_any_size_fits_the_picture(T: int, n_h: int) -> None:
    model, x, _ = make(n_h=n_h, T=T)
    tokens = ["a" * (i % 30 + 1) for i in range(T)]
    stepper = step_through(model.forward(x), tokens, readout=model.readout)
    for frame in stepper.frames:
        width = float(frame.picture.attrib["viewBox"].split()[2])
        for box in frame.picture.iter("rect"):
            left = float(box.attrib["x"])
            assert left >= 0
            assert left + float(box.attrib["width"]) <= width + 1
        if n_h > 12:
            assert f"of {n_h} shown" in "".join(frame.picture.itertext())
    if T > 1:
        last = "".join(stepper.frames[-1].picture.itertext())
        assert tokens[-1] in last


def test_text_of_a_learner_is_text_and_never_markup() -> None:
    model, x, _ = make()
    evil = "<script>alert(1)</script>&\"'"
    stepper = step_through(
        model.forward(x), [evil] * 4, readout=model.readout, classes=[evil, "b", "c", "d"]
    )
    html = "".join(child.value for child in stepper.stack.children)
    html += stepper.stored()["text/html"]
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_stored_form_has_alt_text_and_the_same_sentence_as_plain_text() -> None:
    model, x, _ = make()
    stepper = step_through(model.forward(x), list("abcd"))
    stored = stepper._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in stored
    assert stored["text/plain"] == stepper.frames[-1].sentence
    assert f'alt="{stepper.frames[-1].sentence}"'.replace("'", "&#x27;") in stored["text/html"]


def test_browser_alone_links_slider_play_and_frames() -> None:
    stepper = step_through(make()[0].forward(make()[1]), list("abcd"))
    assert (stepper.slider.min, stepper.slider.max) == (0, 4)
    assert len(stepper.stack.children) == 5
    # The links live in the browser: in Python moving the slider must not need the frames.
    stepper.slider.value = 3
    assert stepper.slider.value == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tokens": list("abc")}, "tokens has 3 entries, expected one for each of 4 steps."),
        ({"sequence": 3}, "sequence is 3, expected 0 to 2."),
        ({"classes": ["a"]}, "classes has 1 names, expected 4."),
    ],
)
def test_wrong_arguments_get_one_sentence(arguments: dict[str, object], words: str) -> None:
    model, x, _ = make()
    with pytest.raises(ValueError, match=re.escape(words)):
        step_through(
            model.forward(x), **{"tokens": list("abcd"), "readout": model.readout, **arguments}
        )


def test_stepper_refuses_no_frames_and_a_still_of_none() -> None:
    with pytest.raises(ValueError, match="frames is empty"):
        Stepper([])
    stepper = step_through(make()[0].forward(make()[1]), list("abcd"))
    with pytest.raises(ValueError, match="still holds 9"):
        Stepper(stepper.frames, still=[9])


def test_vocabulary_encodes_decodes_and_names_unknown_words() -> None:
    vocabulary = Vocabulary(("Bob", "is", "stronger"))
    assert vocabulary.encode("bob is STRONGER") == [0, 1, 2]
    assert vocabulary.decode([2, 0]) == ["stronger", "Bob"]
    for call, words in (
        (lambda: vocabulary.encode("Bob is strongest"), "'strongest' is no word"),
        (lambda: vocabulary.encode("  "), "the sentence is empty"),
        (lambda: vocabulary.encode_batch([]), "sentences is empty"),
        (lambda: vocabulary.decode([3]), "the id 3 is no word's"),
        (lambda: Vocabulary(("a", "a")), "expected different ones"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
