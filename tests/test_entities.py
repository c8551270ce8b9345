"""Named entities: tags and their score by hand, the data's promises, pictures, training."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from helpers import tooltips

from rnn_core import show
from rnn_core.show import svg
from rnn_core.tasks import entities, tagging
from rnn_core.tasks.tagging import TAGS, Sentence, Span

SPLITS = entities.splits()
EVERY = [sentence for sentences in SPLITS.values() for sentence in sentences]
PLACES = ("city", "country", "lake", "river", "street")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O O", []),
        ("B-PER I-PER O", [(0, 2, "PER")]),
        ("O B-LOC", [(1, 2, "LOC")]),
        ("B-LOC B-LOC I-LOC", [(0, 1, "LOC"), (1, 3, "LOC")]),
        ("B-LOC I-PER", [(0, 1, "LOC"), (1, 2, "PER")]),
        ("O I-ORG I-ORG O", [(1, 3, "ORG")]),
        ("", []),
    ],
)
def test_spans_follow_the_rule_of_conll(tags, expected):
    assert tagging.spans(tags.split()) == [Span(*span) for span in expected]


def test_spans_and_tags_are_the_same_thing():
    for sentence in EVERY[::50]:
        tags = list(sentence.tags)
        assert tagging.bio(len(tags), tagging.spans(tags)) == tags


@pytest.mark.parametrize(
    ("expected", "found", "score"),
    [
        ("B-PER I-PER O B-LOC", "B-PER I-PER O B-LOC", (1, 1, 1)),
        ("B-PER I-PER O B-LOC", "B-PER O O B-LOC", (0.5, 0.5, 0.5)),
        ("B-PER I-PER O B-LOC", "O O O B-LOC", (1, 0.5, 2 / 3)),
        ("B-PER I-PER O O", "B-ORG I-ORG O B-LOC", (0, 0, 0)),
        ("B-PER O O O", "B-PER O B-LOC B-LOC", (1 / 3, 1, 0.5)),
        ("O O O O", "O O O O", (0, 0, 0)),
    ],
)
def test_entity_f1_by_hand(expected, found, score):
    assert tagging.entity_f1([expected.split()], [found.split()]) == pytest.approx(score)


def test_the_same_span_in_another_sentence_is_not_the_same_entity():
    one, other = ["B-PER", "O"], ["O", "O"]
    assert tagging.entity_f1([one, other], [other, one]).f1 == 0


def test_scores_of_tags_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="found has 1 sentences, expected 2"):
        tagging.entity_f1([["O"], ["O"]], [["O"]])
    with pytest.raises(ValueError, match="sentence 1 has 2 tags in found, expected 1"):
        tagging.entity_f1([["O"]], [["O", "O"]])
    with pytest.raises(ValueError, match="tag 2 is 'PER', expected one of O, B-PER"):
        tagging.spans(["O", "PER"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Lena's dog", "Lena 's dog"),
        ("O'Brien isn't in St. Ives.", "O'Brien isn't in St. Ives ."),
        ("J. Novak paid 1,200 pounds.", "J. Novak paid 1,200 pounds ."),
        ("She said: “no”", "She said : “ no ”"),
        ("Harper & Sons", "Harper & Sons"),
        ("He\N{RIGHT SINGLE QUOTATION MARK}s well-known", "He 's well-known"),
    ],
)
def test_texts_are_cut_into_words(text, words):
    assert tagging.tokenise(text) == words.split()


def test_texts_without_words_are_refused():
    with pytest.raises(ValueError, match="empty"):
        tagging.tokenise("  ")
    with pytest.raises(TypeError, match="expected a string"):
        tagging.tokenise(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "first", "look"),
    [
        ("Northampton", False, "<Cap-ton>"),
        ("Zoltan", True, "<Start>"),
        ("UN", False, "<CAPS>"),
        ("1961", False, "<year>"),
        ("1,200", False, "<digits>"),
        ("yawning", False, "<lower-ing>"),
        ("J.", False, "<Initial>"),
        ("?", False, "<mark>"),
        ("McAllister", False, "<Cap-inside>"),
        ("X-ray", True, "<Start-hyphen>"),
        ("B2B", False, "<Mixed>"),
        ("iPad", False, "<Mixed>"),
    ],
)
def test_looks(word, first, look):
    assert tagging.look(word, first) == look


def test_every_look_is_a_token():
    words = {word for sentence in EVERY for word in sentence.words}
    given = {tagging.look(word, first) for word in words for first in (True, False)}
    assert given <= set(tagging.looks())
    assert len(set(tagging.looks())) == len(tagging.looks())


def test_the_legal_path_is_the_best_of_all_legal_ones():
    rng = np.random.default_rng(0)
    for _ in range(20):
        p = rng.dirichlet(np.full(7, 0.3), 4)
        every = np.stack(np.meshgrid(*[range(7)] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
        order = np.argsort(-np.prod(p[np.arange(4), every], axis=1))
        best = next(
            tags
            for tags in ([TAGS[i] for i in every[k]] for k in order)
            if tagging.bio(4, tagging.spans(tags)) == tags
        )
        assert tagging.legal_path(p) == best


def test_conll_text_is_read_and_written():
    sentences = [Sentence(("New", "York", "!"), ("B-LOC", "I-LOC", "O")), Sentence(('"',), ("O",))]
    assert tagging.read_conll("# a comment\n\n" + tagging.write_conll(sentences)) == sentences


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("New B-LOC\nYork\n", "line 2 has 1 parts"),
        ("New PLACE\n", "line 1 has the tag 'PLACE'"),
        ("New B-LOC\nYork I-PER\n", "line 2 has I-PER, which continues no entity"),
        ("of O\nYork I-LOC\n", "line 2 has I-LOC, which continues no entity"),
    ],
)
def test_bad_conll_text_is_named(text, words):
    with pytest.raises(ValueError, match=words):
        tagging.read_conll(text)


def test_there_are_as_many_sentences_and_names_as_promised():
    names, frames = entities.names(), entities.frames()
    assert len(entities.written()) >= 150
    assert len(SPLITS["free"]) >= 100
    assert len(frames["train"]) >= 150 and len(frames["held out"]) >= 40
    assert len(names["first"]["train"]) >= 120 and len(names["family"]["train"]) >= 120
    assert sum(len(names[kind]["train"]) for kind in PLACES) >= 150
    assert sum(len(some["train"]) for kind, some in names.items() if _type(kind) == "ORG") >= 120


def _type(kind: str) -> str | None:
    return entities.KINDS.get(kind)


def test_no_sentence_of_a_test_is_in_training_or_stands_twice():
    train = {s.words for s in SPLITS["train"]}
    for name, sentences in SPLITS.items():
        assert len({s.words for s in sentences}) == len(sentences), name
        if name != "train":
            assert not train.intersection(s.words for s in sentences), name


def test_held_out_names_stand_in_no_training_sentence():
    named = {k: v for k, v in entities.names().items() if _type(k) or k == "both"}
    known = {name for some in named.values() for name in some["train"]}
    held_out = {name for some in named.values() for name in some["held_out"]}
    assert not known & held_out
    text = "\n".join(f" {' '.join(s.words)} " for s in SPLITS["train"])
    for name in held_out:
        assert f" {' '.join(tagging.tokenise(name))} " not in text, name


def test_held_out_frames_and_combinations_are_not_in_training():
    frames = entities.frames()
    assert not set(frames["train"]) & set(frames["held out"])
    assert not set(entities.pairs("train")) & set(entities.pairs("held_out"))
    assert len(entities.pairs("held_out")) > 50
    for parts in (frames["train"], frames["held out"]):
        assert len(set(parts)) == len(parts)


def test_every_slot_has_names_and_every_name_is_tagged_by_its_kind():
    slots = {slot for some in entities.frames().values() for line in some
             for slot in re.findall(r"{(\w+)}", line)}  # fmt: skip
    assert slots <= {*entities.names(), *entities.MIXED, "full"}
    for sentence in EVERY:
        assert len(sentence.words) == len(sentence.tags) > 0


def test_the_data_are_the_same_in_another_process():
    program = (
        "import hashlib; from rnn_core.tasks import entities as e;"
        "print(hashlib.sha256(repr((e.splits(), e.vocabulary().words)).encode()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_the_first_word_is_also_tried_in_small_letters():
    assert entities.tokens_of(["The", "The"]) == ["the", "The" if "The" in _words() else "<Cap-a>"]
    assert entities.tokens_of(["Paris", "walruses"]) == ["Paris", "<lower-s>"]


def _words() -> set[str]:
    return set(entities.vocabulary().words)


def test_the_dictionary_takes_the_longest_name():
    tags = entities.look_up(tagging.tokenise("We left New York"))
    assert tags == ["O", "O", "B-LOC", "I-LOC"]
    said = [entities.look_up(s.words) for s in SPLITS["new combinations"]]
    assert tagging.entity_f1([s.tags for s in SPLITS["new combinations"]], said).f1 < 0.05


def test_undecided_sentences_begin_with_a_person_or_a_place():
    kinds = {tagging.spans(s.tags)[0].kind for s in entities.undecided()}
    assert kinds == {"PER", "LOC"}


@pytest.mark.parametrize("name", entities.NETWORKS)
def test_each_network_learns_and_tags_every_word(name):
    model = entities.NETWORKS[name](0)
    sentences = SPLITS["new combinations"][:60]
    before = entities.score(model, sentences).f1
    history = entities.train(model, 0, steps=60)
    assert history.losses[-1] < history.losses[0] / 2
    assert entities.score(model, sentences).f1 > before + 0.1
    for tags, sentence in zip(entities.tag(model, [s.words for s in sentences]), sentences,
                              strict=True):  # fmt: skip
        assert len(tags) == len(sentence.words)


def test_padding_changes_no_probability():
    model = entities.bidirectional(0)
    short, long = ["Lena", "laughed", "."], SPLITS["train"][0].words
    alone = entities.probabilities(model, [short])[0]
    np.testing.assert_allclose(entities.probabilities(model, [short, long])[0], alone, atol=1e-12)


def test_a_third_of_the_recipe_comes_near_its_scores():
    model = entities.bidirectional(0)
    entities.train(model, 0, steps=400)
    assert entities.score(model, SPLITS["new combinations"]).f1 > 0.93
    assert entities.score(model, SPLITS["new wording"]).f1 > 0.75
    assert entities.score(model, entities.undecided()).f1 > 0.7


def _readings(words: list[str]) -> list[show.tags.Reading]:
    starts = [words[: t + 1] for t in range(len(words))]
    models = {"left to right": entities.left_to_right(1), "both ways": entities.bidirectional(1)}
    return [
        show.tags.Reading(name, entities.probabilities(model, starts))
        for name, model in models.items()
    ]


def test_bars_show_what_the_networks_computed_at_every_position():
    words = tagging.tokenise("Washington told <b>his</b> men in New York to wait for the boat .")
    readings = _readings(words)
    stepper = show.tags.as_it_reads(words, *readings)
    assert len(stepper.frames) == len(words) + 1
    for t, frame in enumerate(stepper.frames):
        shown = tooltips(frame.picture)
        assert sum(", word " in name for name in shown) == 2 * 3 * t
        for name, after in readings:
            for i in range(t):
                for k, kind in enumerate(tagging.TYPES):
                    expected = after[t - 1][i, 1 + 2 * k : 3 + 2 * k].sum()
                    value = float(shown[f"{name}, word {i + 1} ({words[i]}), {kind}"])
                    assert value == pytest.approx(expected, rel=1e-12)
        assert "<b>" not in svg.to_string(frame.picture)


def test_left_to_right_never_changes_an_old_tag_and_both_ways_does():
    words = SPLITS["new wording"][0].words
    one_way, both = _readings(list(words))
    for t in range(1, len(words)):
        np.testing.assert_allclose(one_way.after[t][:t], one_way.after[t - 1], atol=1e-12)
    assert any(
        np.abs(both.after[t][:t] - both.after[t - 1]).max() > 1e-3 for t in range(1, len(words))
    )


def test_pages_of_tagged_sentences_hold_every_tag():
    some = SPLITS["new wording"][::60]
    stepper = show.tags.flip(
        [s.words for s in some],
        {"by hand": [s.tags for s in some]},
        tokens=[entities.tokens_of(s.words) for s in some],
    )
    for frame, sentence in zip(stepper.frames, some, strict=True):
        titles = [node.text for node in frame.picture.iter("title")]
        for i, tag in enumerate(sentence.tags):
            assert f"tag {i + 1}: {tag}" in titles


def test_pictures_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="network has 1 tags, expected 2"):
        show.tags.entities(["a", "b"], {"network": ["O"]})
    with pytest.raises(ValueError, match="34 words and marks, expected 1 to 33"):
        show.tags.entities(["a"] * 34, {})
    with pytest.raises(ValueError, match="expected 1 to 2"):
        show.tags.as_it_reads(["a", "b"], show.tags.Reading("one", [np.ones((2, 7)) / 7]))
    with pytest.raises(ValueError, match="probabilities for 2 words, expected 1"):
        show.tags.beliefs(["a"], {"one": np.ones((2, 7)) / 7})


def test_own_sentences_leave_no_widget_behind():
    import ipywidgets

    model = entities.bidirectional(0)

    def draw(sentence: str) -> show.Frame:
        words = tagging.tokenise(sentence)
        tags = entities.tag(model, [words])[0]
        return show.tags.entities(words, {"network": tags}, tokens=entities.tokens_of(words))

    explore = show.Explore(draw, {"sentence": show.text_box("Lena left Rome.")})
    box = explore.controls["sentence"]
    registry = ipywidgets.widgets.widget._instances
    before = len(registry)
    for number in range(1000):
        box.value = f"Lena left Rome {'again ' * (number % 5)}in {1000 + number}."
    assert len(registry) == before
    for bad in ("", "   ", "word " * 40):
        box.value = bad
        assert "rnn-wrong" in explore.result.value
    box.value = "<script>alert(1)</script> met Zoë ☃ 雪."
    assert "<script>" not in explore.result.value
