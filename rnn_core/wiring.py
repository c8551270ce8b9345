"""The five architectures as values: which steps read an input, which steps emit an output."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from rnn_core.checks import check_size
from rnn_core.parameters import Array


@dataclass(frozen=True)
class Wiring:
    """One flag per step t = 1 ... T: does it read x_t, does it emit y_t, does it read y_{t-1}?

    `feeds` marks the steps whose input is the network's own last output, as a generator's are;
    none unless given.
    Raises ValueError unless all have one flag for each of at least one step, some step emits, and
    a step that is fed follows one that emits and reads nothing else.
    Source of the five patterns: Karpathy, "The Unreasonable Effectiveness of Recurrent Neural
    Networks" (2015).
    """

    name: str
    reads: tuple[bool, ...]
    emits: tuple[bool, ...]
    feeds: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        if not self.feeds:
            object.__setattr__(self, "feeds", (False,) * len(self.reads))
        if not self.reads or len(self.reads) != len(self.emits):
            raise ValueError(
                f"reads has {len(self.reads)} flags and emits {len(self.emits)}, "
                "expected one each for every step."
            )
        if len(self.feeds) != len(self.reads):
            raise ValueError(f"feeds has {len(self.feeds)} flags, expected {len(self.reads)}.")
        before = (False, *self.emits[:-1])
        for t, (fed, reads, emitted) in enumerate(zip(self.feeds, self.reads, before, strict=True)):
            if fed and (reads or not emitted):
                raise ValueError(
                    f"step {t + 1} is fed by the output before it, expected one that reads no "
                    "input and follows a step that emits."
                )
        if not any(self.emits):
            raise ValueError("emits has no true flag, expected at least one step with an output.")

    @property
    def T(self) -> int:
        """The number of steps."""
        return len(self.reads)

    @cached_property
    def emitting(self) -> slice | Array:
        """The indices of the steps that emit: a slice where they are neighbours."""
        steps = np.flatnonzero(self.emits)
        first, last = int(steps[0]), int(steps[-1])
        return slice(first, last + 1) if last - first + 1 == len(steps) else steps


@cache
def one_to_one(T: int = 1) -> Wiring:
    """One input, one output, no time: image classification. Raises ValueError unless T is 1."""
    if check_size("T", T) != 1:
        raise ValueError(f"T is {T}, expected 1: one-to-one has a single step.")
    return Wiring("one-to-one", (True,), (True,))


@cache
def one_to_many(T: int, *, feedback: bool = False) -> Wiring:
    """Read at the first step, emit at every step: image captioning, music.

    With `feedback` each later step reads the output of the step before it.
    """
    feeds = (False,) + (feedback,) * (check_size("T", T) - 1)
    return Wiring("one-to-many", _only(0, T), (True,) * T, feeds)


@cache
def many_to_one(T: int) -> Wiring:
    """Read at every step, emit at the last: sentiment of a review."""
    return Wiring("many-to-one", (True,) * check_size("T", T), _only(T - 1, T))


@cache
def many_to_many(T: int) -> Wiring:
    """Read and emit at every step: named-entity recognition."""
    return Wiring("many-to-many, equal lengths", (True,) * check_size("T", T), (True,) * T)


@cache
def many_to_many_unequal(T_in: int, T_out: int, *, feedback: bool = False) -> Wiring:
    """Read T_in steps, then emit T_out steps: translation, speech recognition.

    With `feedback` each later step of the second part reads the output of the step before it.
    """
    check_size("T_in", T_in), check_size("T_out", T_out)
    return Wiring(
        "many-to-many, unequal lengths",
        (True,) * T_in + (False,) * T_out,
        (False,) * T_in + (True,) * T_out,
        (False,) * (T_in + 1) + (feedback,) * (T_out - 1),
    )


def _only(index: int, T: int) -> tuple[bool, ...]:
    return tuple(t == index for t in range(check_size("T", T)))
