"""Captions of composed images: data, splits, scores, pictures."""

import re

import numpy as np
import pytest

from rnn_core import show, softmax
from rnn_core.decoding import greedy
from rnn_core.tasks import captions, digits
from rnn_core.tasks.english_french import english_number

TASKS = [captions.numbers(), captions.scenes()]


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_the_image_holds_what_the_caption_says(task):
    rng = np.random.default_rng(3)
    which = rng.integers(len(task.captions), size=40)
    x, targets = task.draw(which, "new images", rng)
    assert task.texts(targets) == [task.captions[m] for m in which]
    known = {i.tobytes(): label for i, label in zip(*digits.splits()["new images"], strict=True)}
    for image, m in zip(x[0], which, strict=True):
        for patch, digit in zip(image.reshape(-1, 8, 8), task.meanings[m], strict=True):
            if digit == captions.BLANK:
                assert not patch.any()
            else:
                assert known[patch.tobytes()] == digit


def test_pixels_lie_where_their_patch_does():
    x = np.arange(4 * 64, dtype=float)
    image = captions.scenes().image(x)
    assert image.shape == (16, 16)
    np.testing.assert_array_equal(image[8:, :8], x[128:192].reshape(8, 8))
    assert captions.numbers().image(np.zeros(192)).shape == (8, 24)


def test_what_is_held_out_has_no_caption_in_training():
    numbers, scenes = TASKS
    assert numbers.held_out.sum() == 198
    pairs = {tuple(d for d in m if d >= 0) for m in scenes.meanings[scenes.held_out]}
    assert len(pairs) == 20
    assert not pairs & {tuple(d for d in m if d >= 0) for m in scenes.meanings[~scenes.held_out]}
    for task in TASKS:
        known = {task.captions[m] for m in np.flatnonzero(~task.held_out)}
        batches = task._batches(np.random.default_rng(0))
        for _ in range(20):
            assert known.issuperset(task.texts(next(batches).targets))
        tested = set(task.texts(task.test(task.new).targets))
        assert not tested & known and len(tested) > 50
        # Every word of a caption that is new has been seen in one that is not.
        words = {word for text in known for word in text.split()}
        assert all(words.issuperset(text.split()) for text in tested)


def test_captions_are_english():
    scenes = TASKS[1]
    assert scenes.captions[captions.of_scene(0, 1, 8)] == "a one to the left of an eight"
    assert (
        scenes.captions[captions.of_scene(3, 8, 0)] == "an eight above and to the right of a zero"
    )
    assert TASKS[0].captions[captions.of_number(307)] == "three hundred and seven"
    for n in (10, 99, 100, 999):
        meaning = TASKS[0].meanings[captions.of_number(n)]
        assert int("".join(str(d) for d in meaning if d >= 0)) == n


@pytest.mark.parametrize(("task", "steps"), [(TASKS[0], 800), (TASKS[1], 1200)])
def test_a_shorter_training_already_beats_the_nearest_image(task, steps):
    model = task.network(1)
    task.train(model, 1, steps=steps)
    for split in ("new images", task.new):
        data = task.test(split)
        assert task.exact(model, data) > task.nearest_caption(data)
    assert task.nearest_caption(data) == 0


def test_the_frame_shows_how_probable_each_word_was():
    task = TASKS[0]
    model = task.network(0)
    task.train(model, 0, steps=600)
    data = task.test("new images")
    words = task.vocabulary.words
    for k in range(5):
        x = data.x[:, k : k + 1]
        right = task.texts(data.targets[:, k : k + 1])[0]
        frame = show.captions.caption(model, x, task.image(x[0, 0]), words, 9, right)
        written = greedy(model, x, 9)
        p = softmax(model.forward(x, written).y[:, 0])
        titles = "\n".join(node.text or "" for node in frame.picture.iter("title"))
        shown = re.findall(r"^p\((.+)\) at word \d = (\S+)$", titles, re.M)
        assert [word for word, _ in shown] == [words[w] for w in written[:, 0]]
        assert [float(value) for _, value in shown] == [
            row[w] for row, w in zip(p, written[:, 0], strict=True)
        ]
        said = " ".join(words[w] for w in written[:, 0] if w)
        assert frame.sentence.endswith("right.") == (said == right)


def test_bad_input():
    for n in (9, 1000):
        with pytest.raises(ValueError, match=f"n is {n}, expected"):
            captions.of_number(n)
    with pytest.raises(ValueError, match="layout is 6, expected 0 to 5"):
        captions.of_scene(6, 1, 1)
    assert english_number(8) == captions.DIGIT_NAMES[8]
