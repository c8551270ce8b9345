"""The exercises on tags: where entities begin and end, their score, and accuracy with padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnn_core.exercises.exercise import Exercise, Slip
from rnn_core.parameters import Array

KINDS = ("PER", "LOC", "ORG")


def _tags_case(rng: np.random.Generator) -> dict[str, Any]:
    # Every case has all that matters: an entity of several words, two in a row of the same type,
    # an I- after another type and one after O, and an entity at the sentence's end.
    one, two, three = (KINDS[i] for i in rng.permutation(3))
    n, m, k = (int(i) for i in rng.permutation([1, 2, 3]))
    tags = ["O"] * int(rng.integers(1, 4))
    tags += [f"B-{one}", *[f"I-{one}"] * n, f"B-{one}", *[f"I-{one}"] * m]
    tags += ["O"] * int(rng.integers(1, 3)) + [f"B-{two}", *[f"I-{three}"] * k, "O"]
    tags += [f"I-{one}"] * 2 + ["O", f"B-{three}", *[f"I-{three}"] * n]
    return {"tags": tags}


def _boundaries(
    tags: list[str],
    *,
    other_type: str = "begins",
    alone: str = "begins",
    merge: bool = False,
    at_end: bool = True,
) -> list[tuple[int, int]]:
    """Return the entities; the options are usual slips."""
    found: list[tuple[int, int]] = []
    start, kind = 0, ""
    for i, tag in enumerate([*tags, "O"] if at_end else tags):
        part, _, new = tag.partition("-")
        inside = bool(kind) and (
            (part == "I" and (new == kind or other_type == "goes on"))
            or (merge and part == "B" and new == kind)
        )
        if inside:
            continue
        if kind:
            found.append((start, i))
        lone = part == "I" and (other_type if kind else alone) == "skipped"
        start, kind = i, "" if part == "O" or lone else new
    return found


def _array(spans: list[tuple[int, int]]) -> Array:
    return np.array(spans)


BOUNDARIES = Exercise(
    lambda tags: _array(_boundaries(tags)),
    _tags_case,
    [
        Slip(
            lambda tags: _array(_boundaries(tags, other_type="goes on")),
            "an I- of another type continues the entity; it must begin a new one: B-LOC I-PER are "
            "two entities.",
            "I- of another type",
        ),
        Slip(
            lambda tags: _array(_boundaries(tags, at_end=False)),
            "the entity at the sentence's end is missing: nothing comes after it to close it, so "
            "close it after the loop.",
            "dropped at the end",
        ),
        Slip(
            lambda tags: _array([(i, i + 1) for i, tag in enumerate(tags) if tag != "O"]),
            "these are words, not entities: B- and the I- after it are one entity of several "
            "words.",
            "words for entities",
        ),
        Slip(
            lambda tags: _array(_boundaries(tags, merge=True)),
            "two entities in a row melt into one; a B- always begins a new entity, also after one "
            "of the same type.",
            "B- ignored",
        ),
        Slip(
            lambda tags: _array(_boundaries(tags, alone="skipped", other_type="skipped")),
            "an I- that continues nothing is left out; by the rule of CoNLL it begins an entity.",
            "lone I- skipped",
        ),
        Slip(
            lambda tags: _array(_boundaries(tags, alone="skipped")),
            "an I- after O is left out; by the rule of CoNLL it begins an entity.",
            "I- after O skipped",
        ),
        Slip(
            lambda tags: _array([(a, b - 1) for a, b in _boundaries(tags)]),
            "the stop is the entity's last word; it should be the word after, as in a slice.",
            "stop included",
        ),
        Slip(
            lambda tags: _array([(a + 1, b + 1) for a, b in _boundaries(tags)]),
            "all places are one too high: in code, the first word has the number 0.",
            "counted from 1",
        ),
        Slip(
            lambda tags: _array([(a, b - a) for a, b in _boundaries(tags)]),
            "the second number is the entity's length; it should be where it stops.",
            "length for stop",
        ),
        Slip(
            lambda tags: _array([(i, i + 1) for i, tag in enumerate(tags) if tag[0] == "B"]),
            "each entity is cut to its B- word; the I- words after it belong to it.",
            "B- words only",
        ),
    ],
    "the result",
    "an entity ends where its I- tags end, and every entity is found, also the last one.",
    form="a list of pairs (start, stop)",
)

_Found = list[tuple[int, int, str]]


def _score_case(rng: np.random.Generator) -> dict[str, Any]:
    # Right ones, wrong types, wrong ends, missed ones and invented ones, in unequal numbers.
    starts = 5 * np.arange(14) + rng.integers(0, 2, 14)
    expected: _Found = []
    found: _Found = []
    right, retyped, cut, missed = 4, 2, 1, int(rng.integers(1, 4))
    for number, start in enumerate(starts.tolist()):
        kind = KINDS[int(rng.integers(3))]
        span = (start, start + 2, kind)
        if number < right + retyped + cut + missed:
            expected.append(span)
        if number < right:
            found.append(span)
        elif number < right + retyped:
            found.append((*span[:2], KINDS[(KINDS.index(kind) + 1) % 3]))
        elif number < right + retyped + cut:
            found.append((start, start + 1, kind))
        elif number >= right + retyped + cut + missed and number % 2:
            found.append(span)
    order = rng.permutation(len(found))
    return {"expected": expected, "found": [found[i] for i in order]}


def _f1(right: int, found: int, expected: int) -> Array:
    return np.array(2 * right / (found + expected))


def _right(expected: _Found, found: _Found) -> int:
    return len(set(expected) & set(found))


def _shares(expected: _Found, found: _Found) -> tuple[float, float]:
    right = _right(expected, found)
    return right / len(found), right / len(expected)


def _words_of(spans: _Found) -> set[tuple[int, str]]:
    return {(i, kind) for start, stop, kind in spans for i in range(start, stop)}


ENTITY_F1 = Exercise(
    lambda expected, found: _f1(_right(expected, found), len(found), len(expected)),
    _score_case,
    [
        Slip(
            lambda expected, found: np.array(_shares(expected, found)[0]),
            "this is the precision; F1 also needs the recall, the share of the expected that was "
            "found.",
            "precision",
        ),
        Slip(
            lambda expected, found: np.array(_shares(expected, found)[1]),
            "this is the recall; F1 also needs the precision, the share of the found that is "
            "right.",
            "recall",
        ),
        Slip(
            lambda expected, found: np.array(np.mean(_shares(expected, found))),
            "this is the plain mean of precision and recall; F1 is their harmonic mean, 2 P R / "
            "(P + R).",
            "plain mean",
        ),
        Slip(
            lambda expected, found: np.array(np.prod(_shares(expected, found))),
            "this is precision times recall; F1 is 2 P R / (P + R).",
            "product",
        ),
        Slip(
            lambda expected, found: np.array(
                np.prod(_shares(expected, found)) / np.sum(_shares(expected, found))
            ),
            "the factor 2 is missing: F1 is 2 P R / (P + R).",
            "without the 2",
        ),
        Slip(
            lambda expected, found: np.array(
                _right(expected, found) / len(set(expected) | set(found))
            ),
            "this divides by all different entities of both; F1 is 2 P R / (P + R).",
            "share of the union",
        ),
        Slip(
            lambda expected, found: _f1(
                len({e[:2] for e in expected} & {f[:2] for f in found}), len(found), len(expected)
            ),
            "an entity of the wrong type counts as right; the type must agree too.",
            "type ignored",
        ),
        Slip(
            lambda expected, found: _f1(
                len({e[::2] for e in expected} & {f[::2] for f in found}), len(found), len(expected)
            ),
            "an entity that starts in the right place counts as right though it ends too early; "
            "the stop must agree too.",
            "stop ignored",
        ),
        Slip(
            lambda expected, found: _f1(
                len(_words_of(expected) & _words_of(found)),
                len(_words_of(found)),
                len(_words_of(expected)),
            ),
            "this counts words in place of entities; one entity counts once, however long it is.",
            "words counted",
        ),
        Slip(
            lambda expected, found: _f1(
                sum(e == f for e, f in zip(expected, found, strict=False)),
                len(found),
                len(expected),
            ),
            "the two lists are compared place by place; an entity is right wherever it stands in "
            "the list.",
            "place by place",
        ),
        Slip(
            lambda expected, found: np.array(
                100 * _f1(_right(expected, found), len(found), len(expected))
            ),
            "this is in per cent; return a share between 0 and 1.",
            "per cent",
        ),
    ],
    "the result",
    "exactly right or wrong: half an entity counts nothing.",
    form="one number",
)


def _accuracy_case(rng: np.random.Generator) -> dict[str, Any]:
    T, B = 9, 4
    lengths = rng.permutation([9, 6, 4, 3])
    mask = np.arange(T)[:, None] < lengths
    targets = np.where(mask, rng.integers(0, 7, (T, B)), 0)
    predicted = np.where(rng.random((T, B)) < 0.6, targets, rng.integers(0, 7, (T, B)))
    predicted[~mask] = np.where(rng.random(int((~mask).sum())) < 0.9, 0, 3)
    return {"predicted": predicted, "targets": targets, "mask": mask}


def _same(predicted: Array, targets: Array) -> Array:
    return (predicted == targets).astype(float)


MASKED_ACCURACY = Exercise(
    lambda predicted, targets, mask: np.array(_same(predicted, targets)[mask].mean()),
    _accuracy_case,
    [
        Slip(
            lambda predicted, targets, mask: np.array(_same(predicted, targets).mean()),
            "padding is counted too, and there O is always right; only words where "
            "mask is true count.",
            "padding counted",
        ),
        Slip(
            lambda predicted, targets, mask: np.array((_same(predicted, targets) * mask).mean()),
            "padding counts as wrong: the sum is right, but it is divided by all places; divide "
            "by the number of real words, mask.sum().",
            "divided by all places",
        ),
        Slip(
            lambda predicted, targets, mask: np.array(
                ((_same(predicted, targets) * mask).sum(axis=0) / mask.sum(axis=0)).mean()
            ),
            "this is the mean over sentences of their accuracies, so a word in a short sentence "
            "counts more; every word counts the same.",
            "mean of sentences",
        ),
        Slip(
            lambda predicted, targets, mask: np.array(1 - _same(predicted, targets)[mask].mean()),
            "this is the share that is wrong.",
            "wrong for right",
        ),
        Slip(
            lambda predicted, targets, mask: np.array(_same(predicted, targets)[mask].sum()),
            "this is how many are right; divide by the number of real words.",
            "count",
        ),
        Slip(
            lambda predicted, targets, mask: np.array(_same(predicted, targets)[~mask].mean()),
            "this is the accuracy on the padding; mask is true where a word is real.",
            "padding alone",
        ),
        Slip(
            lambda predicted, targets, mask: np.array(
                _same(predicted, targets)[mask & (targets > 0)].mean()
            ),
            "words whose tag is O (0) are left out; they are real words, and count.",
            "without O",
        ),
    ],
    "the result",
    "only real words count; padding is there for the shape of the array alone.",
    form="one number",
)
