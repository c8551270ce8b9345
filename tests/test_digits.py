"""The digits: data, splits, the networks of notebook 07, and what their pictures say."""

import numpy as np
import pytest
from helpers import tooltips

from rnn_core import GRID, show, softmax
from rnn_core.show import svg
from rnn_core.tasks import digits

SPLITS = digits.splits()


def test_the_file_is_the_published_test_set():
    images = np.concatenate([split.images for split in SPLITS.values()])
    labels = np.concatenate([split.labels for split in SPLITS.values()])
    assert images.shape == (1797, 8, 8)
    # The class counts that UCI publishes for its test set.
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert set(np.unique(images * 16)) == set(range(17))
    assert digits.FILE.stat().st_size < 200_000


def test_no_test_image_is_in_training():
    seen = {image.tobytes() for image in SPLITS["train"].images}
    for name in ("new images", "later images"):
        assert not seen & {image.tobytes() for image in SPLITS[name].images}
    assert [len(split.labels) for split in SPLITS.values()] == [1137, 300, 360]


def test_forms_hold_the_same_pixels():
    images = SPLITS["new images"].images[:5]
    whole, rows = digits.whole(images), digits.by_rows(images)
    assert whole.shape == (1, 5, 64) and rows.shape == (8, 5, 8)
    for t in range(8):
        np.testing.assert_array_equal(rows[t], whole[0].reshape(5, 8, 8)[:, t])


@pytest.mark.parametrize(
    ("build", "form", "new", "later"),
    [
        (digits.classifier, digits.whole, 0.96, 0.89),
        (digits.row_reader, digits.by_rows, 0.97, 0.92),
    ],
)
def test_the_recipe_reaches_what_the_notebook_says(build, form, new, later):
    model = build(1)
    digits.train(model, 1)
    for name, least in (("new images", new), ("later images", later)):
        images, labels = SPLITS[name]
        assert model.accuracy(form(images), labels) >= least


def test_one_step_from_zero_never_changes_W():
    model = digits.classifier(2)
    before = model.cell.W.copy()
    digits.train(model, 2, steps=20)
    # Rounding to the grid is all that happens to it.
    np.testing.assert_allclose(model.cell.W, before, rtol=0, atol=GRID / 2)


def test_early_answers_get_better_row_by_row():
    model = digits.EarlyAnswers(0)
    digits.train(model, 0)
    by_row = digits.accuracy_by_row(model, SPLITS["new images"])
    assert by_row[0] < 0.5 and by_row[-1] > 0.95 and (np.diff(by_row) > 0).all()


def test_nearest_image_is_the_nearest():
    images, labels = SPLITS["later images"]
    known = SPLITS["train"]
    for image, said in zip(images[:5], digits.nearest_image(images[:5]), strict=True):
        distances = ((known.images - image) ** 2).sum(axis=(1, 2))
        assert said == known.labels[distances.argmin()]
    assert (digits.nearest_image(images) == labels).mean() > 0.9


@pytest.mark.parametrize("k", range(0, 300, 60))
def test_the_pictures_show_what_the_network_says(k):
    model = digits.EarlyAnswers(0)
    images, labels = SPLITS["new images"]
    x = digits.by_rows(images[k : k + 1])
    p = softmax(model.forward(x).y[:, 0])
    stepper = show.digits.by_rows(model, images[k], x, digits.CLASSES, int(labels[k]))
    assert len(stepper.frames) == 9
    for t, (picture, sentence) in enumerate(stepper.frames[1:], 1):
        shown = tooltips(picture)
        np.testing.assert_allclose([shown[f"p({c})"] for c in digits.CLASSES], p[t - 1], rtol=1e-12)
        assert f"answers {p[t - 1].argmax()} " in sentence
        assert sentence.endswith("right.") == (p[t - 1].argmax() == labels[k])
    frame = show.digits.answer(
        model, images[k], digits.by_rows, digits.CLASSES, label=int(labels[k])
    )
    shown = tooltips(frame.picture)
    np.testing.assert_allclose([shown[f"p({c})"] for c in digits.CLASSES], p[-1], rtol=1e-12)


def test_pixels_show_the_ink_of_each_row_read():
    image = SPLITS["train"].images[0]
    for rows in (0, 3, 8, None):
        drawn = show.digits.pixels(0, 0, 80, image, rows=rows)
        known = image if rows is None else image[:rows]
        inked = [n for n in drawn if n.attrib.get("width") == "10" and "fill-opacity" in n.attrib]
        assert len(inked) == (known > 0).sum()


def test_a_drawing_becomes_an_image_in_the_middle():
    image = digits.parse("\n   ##\n   ##\n")
    assert image[3:5, 3:5].all() and image.sum() == 4
    assert digits.parse("+").sum() == 0.5
    np.testing.assert_array_equal(digits.parse("#.#\n..."), digits.parse("    # #"))


@pytest.mark.parametrize(
    ("drawing", "words"),
    [
        ("", "no ink"),
        ("....\n<b>", "no ink"),
        ("#" * 9, "1 x 9, expected at most 8 x 8"),
        ("#\n" * 9, "9 x 1"),
    ],
)
def test_a_drawing_that_does_not_fit_is_told_so(drawing, words):
    with pytest.raises(ValueError, match=words):
        digits.parse(drawing)


def test_bad_images_are_named():
    with pytest.raises(ValueError, match=r"images has the shape \(3, 64\), expected \(N, 8, 8\)"):
        digits.whole(np.zeros((3, 64)))


def test_a_label_with_markup_stays_text():
    model = digits.classifier(0)
    classes = ["<script>", *digits.CLASSES[1:]]
    frame = show.digits.answer(model, SPLITS["train"].images[0], digits.whole, classes)
    assert "<script>" not in svg.to_string(frame.picture)
