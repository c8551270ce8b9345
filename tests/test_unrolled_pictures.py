"""Notebook 03: one marker in the folded and the unrolled network; T adds copies, not weights."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnn_core import RNNCell, show, unroll
from rnn_core.show import Explore, Frame


def make(T: int = 5, n_h: int = 7, B: int = 2):
    rng = np.random.default_rng(3)
    return unroll(RNNCell(3, n_h, rng=rng), rng.standard_normal((T, B, 3)))


def numbers(frame: Frame) -> dict[str, float]:
    titles = [title.text or "" for title in frame.picture.iterfind(".//g/title")]
    return {name: float(value) for name, _, value in (t.partition(" = ") for t in titles) if value}


def inside(frame: Frame) -> None:
    width, height = map(float, frame.picture.attrib["viewBox"].split()[2:])
    for box in frame.picture.iter("rect"):
        assert 0 <= float(box.attrib["x"]) <= width - float(box.attrib["width"])
        assert 0 <= float(box.attrib["y"]) <= height - float(box.attrib["height"])


@pytest.mark.parametrize(("T", "n_h"), [(1, 1), (5, 7), (9, 15), (3, 5)])
def test_the_marker_stands_at_the_same_step_in_both_and_the_numbers_are_the_core_s(
    T: int, n_h: int
) -> None:
    trace = make(T, n_h)
    stepper = show.folded_and_unrolled(trace, [f"word{i}" for i in range(T)], sequence=1)
    assert len(stepper.frames) == T + 1
    places = []
    for t, frame in enumerate(stepper.frames):
        here = [n for n in frame.picture.iter("g") if n.get("class") == "rnn-here"]
        assert [n.attrib["data-t"] for n in here] == [str(t)] * 2
        places.append([float(n[0].attrib["cx"]) for n in here])
        state = trace.states[0][t, 1]
        assert numbers(frame) == {f"a_{t}[{i + 1}]": state[i] for i in range(n_h)}
        now = [n for n in frame.picture.iter("g") if n.get("class") == "rnn-now"]
        assert [n.get("data-t") for n in now] == [str(t) if t else None]
        inside(frame)
    folded, unrolled = zip(*places, strict=True)
    assert len(set(folded)) == 1
    assert list(unrolled) == sorted(set(unrolled))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"T": 10}, "T is 10, expected at most 9"),
        ({"n_h": 16}, "n_h is 16, expected at most 15"),
    ],
)
def test_what_has_no_room_gets_one_sentence(arguments: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        show.folded_and_unrolled(make(**arguments), ["word"] * arguments.get("T", 5))


def test_wrong_tokens_and_sequence_get_one_sentence() -> None:
    with pytest.raises(ValueError, match="tokens has 2 entries, expected one for each of 5"):
        show.folded_and_unrolled(make(), ["a", "b"])
    with pytest.raises(ValueError, match="sequence is 2, expected 0 to 1"):
        show.folded_and_unrolled(make(), list("abcde"), sequence=2)


def test_text_of_a_learner_is_text() -> None:
    stepper = show.folded_and_unrolled(make(), ["<script>"] * 5)
    assert "<script" not in "".join(frame.html() for frame in stepper.frames)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (5, 4, 10), (20, 20, 20), (20, 1, 13)])
def test_the_bars_count_the_weights_of_the_real_cell(sizes: tuple[int, int, int]) -> None:
    T, n_x, n_h = sizes
    frame = show.network_size(T, n_x, n_h)
    arrays = RNNCell(n_x, n_h).parameters
    assert numbers(frame) == {
        **{f"weights in {name}": array.size for name, array in arrays.items()},
        "weights": arrays.vector.size,
    }
    copies = [n for n in frame.picture.iter("g") if n.get("class") == "rnn-hidden"]
    assert len(copies) == T
    said = [int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", frame.sentence)]
    assert said == [T, n_x, n_h, T, arrays.vector.size, T]
    inside(frame)


def test_T_lights_up_nothing_and_n_h_every_array() -> None:
    sizes = {"T": 5, "n_x": 4, "n_h": 10}
    box = Explore(
        show.network_size, {name: show.slider(1, 20, size) for name, size in sizes.items()}
    )

    def lit() -> list[str]:
        groups = [n for n in box.frame.picture.iter("g") if "rnn-changed" in n.get("class", "")]
        return [(group[0].text or "").partition(" = ")[0] for group in groups]

    for T in (1, 20, 8):
        box.controls["T"].value = T
        assert lit() == []
    box.controls["n_x"].value = 5
    assert lit() == ["weights in Wxh", "weights"]
    box.controls["n_h"].value = 20
    assert lit() == ["weights in Wxh", "weights in W", "weights in b", "weights"]


@pytest.mark.parametrize(("T", "n_x", "n_h"), [(0, 1, 1), (1, 21, 1), (1, 1, 21)])
def test_sizes_out_of_range_get_one_sentence(T: int, n_x: int, n_h: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        show.network_size(T, n_x, n_h)
