"""Questions, text boxes and the training bar: every choice, any text, a thousand changes."""

from __future__ import annotations

import pytest
from ipywidgets.widgets.widget import _instances

from rnn_core import exercises, show
from rnn_core.show import Explore, Question, TrainingBar
from rnn_core.tasks import word_order


def compare(first: str, second: str) -> show.Frame:
    tokens, mask = word_order.VOCABULARY.encode_batch([first, second])
    counts = word_order.bag().counts(tokens, mask)
    return show.bags.compare([first, second], counts, word_order.VOCABULARY.words)


def explore() -> Explore:
    boxes = {"first": "Bob is older than Tom", "second": "Tom is older than Bob"}
    return Explore(compare, {name: show.text_box(words) for name, words in boxes.items()})


@pytest.mark.parametrize("name", exercises.all_questions())
def test_every_question_has_one_right_choice_and_an_answer_for_each(name: str) -> None:
    entry = exercises.all_questions()[name]
    choices = entry["choices"]
    assert len(choices) >= 3
    assert sum(choice.get("right", False) for choice in choices) == 1
    assert all(choice["answer"].endswith(".") for choice in choices)
    question = exercises.question(name)
    assert list(question.buttons.options) == [choice["choice"] for choice in choices]
    for place, choice in enumerate(choices):
        verdict = "Yes." if choice.get("right") else "Not so."
        assert verdict in question.answers.children[place].value
    assert question.buttons.index is None
    assert question.answers.selected_index is None


def test_right_choice_is_not_always_at_the_same_place() -> None:
    places = {
        [bool(choice.get("right")) for choice in entry["choices"]].index(True)
        for entry in exercises.all_questions().values()
    }
    assert places == {0, 1, 2} or places == {1, 2}


def test_question_refuses_what_it_cannot_ask() -> None:
    with pytest.raises(ValueError, match="choices has 1 entries"):
        Question("?", {"a": "b."}, "a")
    with pytest.raises(ValueError, match="right is 'c'"):
        Question("?", {"a": "b.", "b": "c."}, "c")
    with pytest.raises(ValueError, match="the question 'x' is unknown"):
        exercises.question("x")


def test_question_shows_its_text_as_text() -> None:
    question = Question("<script>?", {"<b>": "<i>", "2": "3"}, "2")
    html = question.children[1].value + question.answers.children[0].value
    html += question.stored()["text/html"]
    assert "<script" not in html
    assert "<i>" not in html


def test_explore_answers_every_change_and_keeps_the_text_after_an_error() -> None:
    box = explore()
    assert "bags are equal" in box.result.value
    box.controls["first"].value = "Bob was older than Tom"
    assert "bags differ" in box.result.value
    box.controls["first"].value = "Bob <script> Tom"
    assert "is no word" in box.result.value
    assert "<script>" not in box.result.value
    assert box.controls["first"].value == "Bob <script> Tom"
    box.controls["first"].value = ""
    assert "empty" in box.result.value
    box.controls["first"].value = "Bob is older than Tom"
    assert "bags are equal" in box.result.value
    assert box.stored()["text/plain"].startswith("The bags are equal")


def test_a_thousand_changes_make_no_new_widget() -> None:
    box = explore()
    before = len(_instances)
    for number in range(1000):
        box.controls[("first", "second")[number % 2]].value = (
            "Bob",
            "Tom",
            "Ann is",
            "nobody",
            "",
        )[number % 5]
    assert len(_instances) == before


def test_explore_needs_a_control_and_raises_what_the_first_values_raise() -> None:
    with pytest.raises(ValueError, match="controls is empty"):
        Explore(compare, {})
    with pytest.raises(ValueError, match="'nobody' is no word"):
        Explore(compare, {"first": show.text_box("nobody"), "second": show.text_box("Bob")})


def test_what_changed_lights_up_and_nothing_else() -> None:
    box = explore()
    assert "rnn-changed" not in box.result.value
    box.controls["first"].value = "Bob Bob is older than Tom"
    lit = [node for node in box.frame.picture.iter() if "rnn-changed" in node.get("class", "")]
    assert [node[0].text for node in lit] == ["sentence 1, Bob = 2"]


@pytest.mark.parametrize(
    ("low", "high", "value", "kind"),
    [(1, 9, 3, "IntSlider"), (-1.0, 1.0, 0.0, "FloatSlider"), (0, 2.5, 1, "FloatSlider")],
)
def test_slider_takes_its_kind_from_its_numbers(
    low: float, high: float, value: float, kind: str
) -> None:
    control = show.slider(low, high, value)
    assert type(control).__name__ == kind
    assert (control.min, control.max, control.value) == (low, high, value)
    with pytest.raises(ValueError, match="expected low < high"):
        show.slider(high, low, value)


def test_training_bar_follows_and_ends_full(capsys: pytest.CaptureFixture[str]) -> None:
    bar, model = TrainingBar(), word_order.rnn()
    history = word_order.train(model, steps=40, watch=bar)
    assert bar.bar.value == bar.bar.max == 40
    assert bar.words.value.startswith(f"step 40 of 40, loss {sum(history.losses[-1:]):.3f}"[:16])
    assert "s" in bar.words.value
    capsys.readouterr()


def test_loss_curves_say_what_is_seen() -> None:
    history = word_order.train(word_order.rnn(), steps=30)
    still = show.loss_curves({"network": history}, chance=0.69)
    assert still.alt.startswith("Loss against training steps: network ends at ")
    assert still.html().startswith('<img alt="Loss against')
    with pytest.raises(ValueError, match="histories is empty"):
        show.loss_curves({})


def test_bags_compare_refuses_counts_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="counts has 1 rows, expected 2"):
        show.bags.compare(["a", "b"], [[1]], ["a"])
