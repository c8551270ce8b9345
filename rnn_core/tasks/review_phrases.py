"""Short phrases of praise and blame, put together from a hand-written list of words.

The words lie in `data/polar_words.tsv`, sorted by how they are used ("infinitive": "fails to ...").
A plain phrase uses a word as it is ("the plot is dull"); the others turn it round ("never dull"),
or contrast two ("the plot is dull , but it works": the last clause decides). They are training
material beside the reviews, never a test: a score on them says nothing about reviews.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

PLAIN = {
    "adjective": (
        *("{w}", "it is {w}", "it was {w}", "the {t} is {w}", "the {t} was {w}", "a {w} {t}"),
        *("an {w} {t}", "really {w}", "very {w}", "so {w}", "truly {w}", "quite {w}"),
        *("the most {w} {t}", "{w} and {w2}"),
    ),
    "noun": ("a {w}", "it is a {w}", "what a {w}", "the {t} is a {w}", "a real {w}"),
    "quality": ("full of {w}", "so much {w}", "it has {w}", "{w} and {w2}", "with {w}"),
    "verb": ("it {w}", "the {t} {w}"),
    "infinitive": ("it will {w} you", "it tries to {w}", "the {t} can {w}"),
    "me": ("i {w}", "i {w} it", "everyone {w}"),
    "wish": ("i {w} it", "you will {w} it"),
    "state": ("i was {w}", "it left me {w}", "we were {w}", "{w}"),
    "phrase": ("{w}",),
}
TURNED = {
    "adjective": (
        *("not {w}", "never {w}", "hardly {w}", "rarely {w}", "barely {w}", "far from {w}"),
        *("far from being {w}", "anything but {w}", "not at all {w}", "not very {w}"),
        *("it is not {w}", "it was not {w}", "the {t} is not {w}", "the {t} was not {w}"),
        *("nothing {w} here", "there is nothing {w} about it", "not a {w} {t}", "no {w} {t}"),
        *("it is no {w} {t}", "neither {w} nor {w2}", "never {w} or {w2}"),
        "not a single {w} scene",
    ),
    "noun": ("not a {w}", "it is not a {w}", "hardly a {w}", "no {w}", "it is no {w}"),
    "quality": (
        *("no {w}", "without {w}", "without any {w}", "not a trace of {w}", "it has no {w}"),
        *("it lacks {w}", "the {t} lacks {w}", "no {w} , no {w2}", "free of {w}"),
    ),
    "verb": ("it never {w}", "the {t} never {w}", "nothing {w}"),
    "infinitive": (
        *("it does not {w}", "it did not {w}", "it fails to {w}", "it cannot {w}"),
        "the {t} does not {w}",
    ),
    "me": ("i never {w}", "nobody {w}", "i hardly {w}"),
    "wish": ("i did not {w} it", "i do not {w} it", "nobody will {w} it", "you will not {w} it"),
    "state": ("i was not {w}", "i was never {w}", "it never left me {w}", "nobody was {w}"),
}
OFTEN = {"adjective": 9, "noun": 2, "quality": 2, "verb": 2, "infinitive": 2, "me": 1, "wish": 1}
OFTEN |= {"state": 2, "phrase": 6}
"""How often each use of words comes, in comparison."""

TOPICS = (
    *("film", "movie", "story", "plot", "acting", "cast", "script", "music", "ending", "dialogue"),
    *("direction", "humour", "hero", "villain", "pace", "camera", "beginning", "idea", "picture"),
    *("comedy", "drama", "thriller", "performance", "score", "sequel"),
)
CONTRASTS = (" , but ", " but ", " , then ", " , and still ", " , yet ", " . but ", " ; still , ")


@cache
def words() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the words of each label and use: `words()["pos", "noun"]`."""
    path = Path(__file__).with_name("data") / "polar_words.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for label, use, listed in rows:
        found[label, use] = found.get((label, use), ()) + tuple(listed.split(", "))
    return found


def phrases(n: int, seed: int = 0, *, plain: bool = False) -> list[tuple[str, str]]:
    """Return n phrases with their labels "neg" and "pos" by turns; blanks stand between tokens.

    With `plain`, each is one clause that means what its word means.
    """
    # One long draw of numbers in [0, 1) is faster than a call for each, and as reproducible.
    make = _Maker(iter(np.random.default_rng(seed).random(60 * n).tolist()))
    labels = (("neg", "pos")[i % 2] for i in range(n))
    return [(make.plain(label) if plain else make.any(label), label) for label in labels]


def opposite(label: str) -> str:
    """Return the other label."""
    return "neg" if label == "pos" else "pos"


class _Maker:
    """Makes one phrase after the other out of a stream of random numbers."""

    def __init__(self, draws: Iterator[float]) -> None:
        self.draws = draws
        self.plain_uses = [use for use, times in OFTEN.items() for _ in range(times)]
        self.turned_uses = [use for use in self.plain_uses if use in TURNED]

    def any(self, label: str) -> str:
        """A plain clause, a turned one, or two that belong together."""
        other, kind = opposite(label), next(self.draws)
        if kind < 0.25:
            words = self.plain(label)
        elif kind < 0.5:
            words = self.turned(label)
        elif kind < 0.7:
            words = self.clause(other) + self.pick(CONTRASTS) + self.clause(label)
        elif kind < 0.73:
            first = self.pick(("although ", "though ", "while ")) + self.clause(other)
            words = f"{first} , {self.clause(label)}"
        elif kind < 0.79:
            words = self.turned(label) + self.pick((" , ", " but ", " , just ", " , simply "))
            words += self.clause(label)
        elif kind < 0.9:
            words = self.clause(label) + self.pick((" , ", " and ", " , and ", " . "))
            words += self.clause(label)
        else:
            words = self.instead(label) if kind > 0.95 else self.expected(label)
        return words + self.pick(("", " ."))

    def clause(self, label: str) -> str:
        return self.plain(label) if next(self.draws) < 0.55 else self.turned(label)

    def plain(self, label: str) -> str:
        use = self.pick(self.plain_uses)
        return self.fill(PLAIN[use], label, use)

    def turned(self, label: str) -> str:
        use = self.pick(self.turned_uses)
        return self.fill(TURNED[use], opposite(label), use)

    def expected(self, label: str) -> str:
        begin = ("i expected a {w} {t}", "i feared a {w} {t}", "i hoped for a {w} {t}")
        first = self.fill(begin, opposite(label), "adjective")
        return first + self.pick((" and got ", " but got ", " and found ")) + self.thing(label)

    def instead(self, label: str) -> str:
        first = self.pick(("instead of ", "despite ", "after ", "beyond "))
        first += self.fill(("{w}",), opposite(label), "quality")
        return first + self.pick((" there is ", " we get ", " , ")) + self.thing(label)

    def thing(self, label: str) -> str:
        use = self.pick(("adjective", "noun", "quality"))
        return self.fill(
            {"adjective": ("a {w} {t}",), "noun": ("a {w}",)}.get(use, ("{w}",)), label, use
        )

    def fill(self, templates: tuple[str, ...], label: str, use: str) -> str:
        listed = words()[label, use]
        template, topic = self.pick(templates), self.pick(TOPICS)
        return template.format(w=self.pick(listed), w2=self.pick(listed), t=topic)

    def pick(self, choices: tuple[str, ...] | list[str]) -> str:
        return choices[int(next(self.draws) * len(choices))]
