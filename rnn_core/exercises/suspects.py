"""Six backward loops with one wrong line each, and what it takes to convict them.

Each program is the text of the correct loop (backward.py) with one line replaced, compiled as it
is shown: what the learner reads is what runs. The lines and the words are in suspects.toml.
"""

from __future__ import annotations

import inspect
import linecache
import tomllib
from collections.abc import Callable
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.cells import Cell, RNNCell
from rnn_core.exercises.backward import Gradients, arguments, backward, errors_of_all
from rnn_core.exercises.exercise import Result, Verdict, raised
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array, Parameters
from rnn_core.wiring import many_to_many

Program = Callable[..., Gradients]

HEADER = "def backward(x, a, a_0, dy, Wxh, W, Why):"
WALKED = ("da", "dz", "dWxh", "dW", "db", "from_next")
"""What the walk shows at each step, in the order in which the loop computes it."""


@cache
def correct_text() -> str:
    """Return the correct loop as text: the body of `backward`, without its docstring."""
    body = inspect.getsource(backward).split('"""')[-1].strip("\n")
    return f"{HEADER}\n{body}\n"


def compiled(text: str, name: str) -> Program:
    """Return the function `backward` that a text defines; raise SyntaxError where it is none."""
    file = f"<{name}>"
    scope: dict[str, Any] = {"np": np}
    exec(compile(text, file, "exec"), scope)
    # An error within the text shows its line.
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    program: Program = scope["backward"]
    return program


class Line(NamedTuple):
    """A line of the loop that can be accused, and why it is right where it is."""

    code: str
    right: str


class Suspect:
    """A backward loop as text and program; `wrong` stands in it where `right` should.

    Call it like the correct one: `suspect(x, a, a_0, dy, Wxh, W, Why)`.
    Raises ValueError where `right` is no line of the correct loop.
    """

    def __init__(
        self, name: str, right: str = "", wrong: str = "", slip: str = "", found: str = ""
    ) -> None:
        self.name, self.right, self.wrong, self.slip, self.found = name, right, wrong, slip, found
        lines = [line.strip() for line in correct_text().splitlines()]
        if right and right not in lines:
            raise ValueError(f"right is {right!r}, expected a line of the correct loop.")
        self.text = correct_text().replace(right, wrong, 1) if right else correct_text()

    def __call__(self, *arguments: Array, **named: Array) -> Gradients:
        return self._program(*arguments, **named)

    def __repr__(self) -> str:
        return f"<program {self.name}>"

    @cached_property
    def _program(self) -> Program:
        return compiled(self.text, f"program {self.name}")

    @cached_property
    def _walking(self) -> Program:
        """The same text with one line more, which keeps what each pass has computed."""
        kept = "".join(f"{name!r}: np.copy({_value(name)}), " for name in WALKED)
        lines = self.text.splitlines()
        last = max(i for i, line in enumerate(lines) if line.startswith(" " * 8))
        lines[last + 1 : last + 1] = [f"        walk.append({{{kept}}})"]
        lines[0] = lines[0].replace("):", ", walk):")
        return compiled("\n".join(lines) + "\n", f"walk of {self.name}")

    def walk(self, **arguments: Array) -> list[dict[str, Array]]:
        """Return what each pass of the loop computed, from step T down to step 1."""
        passes: list[dict[str, Array]] = []
        self._walking(**arguments, walk=passes)
        return passes

    def lines(self) -> dict[str, str]:
        """Return the loop's lines as this program has them, each with what to say of it."""
        return {
            (self.wrong if line.code == self.right else line.code): (
                self.found if line.code == self.right else line.right
            )
            for line in all_lines()
        }


def _value(name: str) -> str:
    return "dz[t]" if name == "dz" else name


@cache
def _file() -> dict[str, Any]:
    text = files(__package__).joinpath("suspects.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def all_lines() -> tuple[Line, ...]:
    """Return the lines of the correct loop that can be accused, from top to bottom."""
    return tuple(Line(**entry) for entry in _file()["lines"])


def _suspects(hidden: bool) -> dict[str, Suspect]:
    chosen = [entry for entry in _file()["suspects"] if entry.get("hidden", False) == hidden]
    return {
        entry["name"]: Suspect(**{key: entry[key] for key in entry if key != "hidden"})
        for entry in chosen
    }


CORRECT = Suspect("correct")
SUSPECTS = _suspects(hidden=False)
"""A to F: each has its case file in notebook 14."""
HIDDEN = _suspects(hidden=True)
"""Two more, which the learner meets only when the own check is tried."""


class ByProgram(SequenceModel):
    """A network whose gradients a program of the learner's finds, in place of the package.

    Takes one-hot or real x (T, B, n_x), padded at the end where `mask` is false, and targets (B,);
    each sequence answers at its own last step. The steps after it run too, but no output there
    counts, so a correct program finds zeros for them.
    """

    def __init__(
        self, program: Program, cell: Cell, n_y: int, *, rng: np.random.Generator | int = 0
    ) -> None:
        self.program = program
        super().__init__(cell, n_y, many_to_many, rng=rng)

    def forward(self, x: Any, mask: Any = None, a_0: Any = None) -> Trace:
        trace = super().forward(x, None, a_0)
        real = np.ones(trace.a.shape[:2], bool) if mask is None else np.asarray(mask)
        # Only the last real step is scored; the program itself sees no mask.
        trace.mask = real.copy()
        trace.mask[:-1] &= ~real[1:]
        return trace

    def backward(self, trace: Trace, dy: Array) -> Parameters:
        gradients = self.parameters.like()
        found = self.program(**arguments(self, trace, dy))
        for name, gradient in gradients.items():
            gradient[...] = found[f"d{name}"]
        return gradients

    def loss_and_gradients(
        self, x: Any, targets: Any, mask: Any = None, a_0: Any = None
    ) -> tuple[float, Parameters]:
        return super().loss_and_gradients(x, self._at_each_step(x, targets), mask, a_0)

    def accuracy(self, x: Any, targets: Any, mask: Any = None) -> float:
        return super().accuracy(x, self._at_each_step(x, targets), mask)

    def _at_each_step(self, x: Any, targets: Any) -> Array:
        return np.broadcast_to(targets, np.shape(x)[:2])


class Setting(NamedTuple):
    """What a gradient check runs on: a model with random weights, a batch, and the first state."""

    model: SequenceModel
    x: Array
    targets: Array
    a_0: Array


def setting(
    T: int, B: int, *, n_h: int = 5, scale: float = 1.0, zeros: bool = False, seed: int = 3
) -> Setting:
    """Return a setting for a check; `scale` multiplies `W`.

    With `zeros`, the biases and a_0 are zero, as a new network's are.
    """
    rng = np.random.default_rng(seed)
    n_x, n_y = 3, 2
    model = SequenceModel(RNNCell(n_x, n_h, rng=rng), n_y, rng=rng)
    x, targets = rng.standard_normal((T, B, n_x)), rng.integers(0, n_y, (T, B))
    a_0 = np.tanh(rng.standard_normal((B, n_h)))
    model.cell.b, model.readout.by = 0.5 * rng.standard_normal(n_h), rng.standard_normal(n_y)
    model.cell.W *= scale
    if zeros:
        model.cell.b, model.readout.by, a_0 = np.zeros(n_h), np.zeros(n_y), np.zeros((B, n_h))
    return Setting(model, x, targets, a_0)


def line_up(tried: Setting) -> dict[str, float]:
    """Return the largest relative error of each program's gradients in a setting."""
    programs = {"correct": CORRECT, **SUSPECTS, **HIDDEN}
    errors = errors_of_all(programs, *tried)
    return {name: max(found.values()) for name, found in errors.items()}


class CheckOfChecks:
    """The last exercise: the learner's `is_wrong(program)` is tried on programs right and wrong."""

    def check(self, is_wrong: object) -> Verdict:
        """Return the verdict; nothing that the learner's function does raises here."""
        if not callable(is_wrong):
            return Verdict("not yet", f"this is {type(is_wrong).__name__}, not a function.")
        said: dict[str, bool] = {}
        for name, program in {"correct": CORRECT, **SUSPECTS, **HIDDEN}.items():
            try:
                with np.errstate(all="ignore"):
                    answer = is_wrong(program)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                return Verdict("not yet", raised(error, {}))
            if answer is None:
                return Verdict("not attempted", "the function returns nothing yet.")
            if not isinstance(answer, bool | np.bool_):
                kind = type(answer).__name__
                words = f"the function returns a value of type {kind}, expected True or False."
                return Verdict("not yet", words)
            said[name] = bool(answer)
        results = tuple(
            Result(name, wrong == (name != "correct"), np.nan) for name, wrong in said.items()
        )
        weakness = _weakness(said)
        if weakness is not None:
            return Verdict("not yet", weakness, results=results)
        praise = (
            "every wrong program is convicted, and the right one is free. Keep this function: it "
            "fits every backward loop with these arguments. What its setting does not use, it "
            "still cannot see."
        )
        return Verdict("correct", praise, results=results)


def _weakness(said: dict[str, bool]) -> str | None:
    """Say what a check must lack that convicts these programs and no others; None for nothing."""
    missed = [name for name, wrong in said.items() if not wrong and name != "correct"]
    if said["correct"] and not missed:
        return (
            "everybody is convicted, the correct program too. Is the bound smaller than the "
            "rounding of the measurement? 0.000001 leaves room for it."
        )
    if said["correct"]:
        return "the correct program is convicted; True must mean that an error is above the bound."
    if not missed:
        return None
    if len(missed) == len(said) - 1:
        return "nobody is convicted. True must mean: the largest error is above the bound."
    words = f"{' and '.join(missed) if len(missed) < 3 else ', '.join(missed)} go free."
    if len(missed) == 1:
        words = words.replace("go free", "goes free")
    through_time = {"B", "C", "F"} & set(missed)
    if not set(missed) <= {"B", "C", "F", "G", "H"} or 0 < len(through_time) < 3:
        return f"{words} Is each gradient judged by itself, and the bound small, such as 0.000001?"
    if through_time:
        return f"{words} With T = 1 nothing arrives from a later step and nothing is added up."
    if "G" in missed:
        return f"{words} G counts one sequence of the batch only: a batch of one can't show it."
    return f"{words} H takes a_0 for zeros: it is wrong only where a_0 is not zero."


IS_WRONG = CheckOfChecks()
