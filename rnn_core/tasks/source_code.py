"""The source code of Python's standard library, character by character: a language model.

The text is on every machine that runs Python, written by hundreds of people over thirty years.
It is that of the Python that runs this: another version has other text, so that every number
measured here moves a little from version to version. The modules are chosen by name: those that
change little, none of them generated. What a score means: bits per character, the mean of -log2
of the probability that the next character got, over modules that were not learned. Their authors
are partly the same, and so are their habits.
The idea to learn the characters of code: Karpathy, "The unreasonable effectiveness of recurrent
neural networks" (2015), https://karpathy.github.io/2015/05/21/rnn-effectiveness/.
"""

from __future__ import annotations

import io
import sys
import sysconfig
import tokenize
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from importlib.machinery import PathFinder
from typing import Any, NamedTuple

import numpy as np

from rnn_core.bptt import Trace
from rnn_core.cells import Cell, GRUCell, LSTMCell, RNNCell
from rnn_core.checks import as_array, check_size
from rnn_core.decoding import greedy, sample
from rnn_core.losses import softmax
from rnn_core.models import SequenceModel
from rnn_core.parameters import Array
from rnn_core.tasks.table import Row, trained
from rnn_core.training import GRID, Adam, Carried, History, fit, streams

LEARNED = (
    "calendar",
    "cmd",
    "codecs",
    "collections",
    "configparser",
    "contextlib",
    "copy",
    "email.message",
    "functools",
    "gettext",
    "html.parser",
    "json.encoder",
    "logging",
    "optparse",
    "queue",
    "selectors",
    "shlex",
    "textwrap",
    "urllib.parse",
    "weakref",
)
HELD_OUT = ("fileinput", "getopt", "heapq", "pprint", "sched", "shelve", "socketserver")
UNKNOWN = "\N{REPLACEMENT CHARACTER}"
CHARACTERS = (UNKNOWN, "\n", *map(chr, range(32, 127)))
"""What the network reads and writes: printable ASCII, the end of a line, and one for the rest."""
_NUMBERS = {character: number for number, character in enumerate(CHARACTERS)}
_NUMBERS["\t"] = _NUMBERS[" "]
KINDS: dict[str, type[Cell]] = {"plain RNN": RNNCell, "LSTM": LSTMCell, "GRU": GRUCell}


class Recipe(NamedTuple):
    """How a network is trained: its units, the steps and readers of a batch, updates, rate."""

    n_h: int
    T: int
    B: int
    steps: int
    rate: float


N_X = 48
RECIPES = {
    "plain RNN": Recipe(128, 32, 16, 1500, 1e-2),
    "LSTM": Recipe(96, 32, 16, 1000, 2e-2),
    "GRU": Recipe(96, 32, 16, 1000, 1e-2),
}
READERS, PIECE = 16, 256
"""How many places of a long text are read side by side when it is scored, and in what pieces."""


def read(module: str, folders: Sequence[str] | None = None) -> str:
    """Return the source of a module of the standard library, in zip files too.

    `folders` are where to look, those of this Python unless given.
    Raises FileNotFoundError where the source is not there.
    """
    if folders is None:
        zipped = [place for place in sys.path if place.endswith(".zip")]
        folders = [sysconfig.get_paths()["stdlib"], *zipped]
    spec, found = None, list(folders)
    for part in module.split("."):
        spec = PathFinder.find_spec(part, found)
        found = list(spec.submodule_search_locations or []) if spec else []
    get_source = getattr(spec and spec.loader, "get_source", None)
    source: str | None = get_source(module.rpartition(".")[2]) if get_source else None
    if source is None:
        raise FileNotFoundError(
            f"the source of the module {module} is not in {', '.join(folders)}, expected it there "
            "as in every full installation of Python."
        )
    return source


def text(modules: Sequence[str]) -> str:
    """Return the source of some modules, one after the other."""
    return "".join(map(read, modules))


def encode(words: str) -> Array:
    """Return a text as numbers (N,) of CHARACTERS; a tab counts as a blank."""
    return np.array([_NUMBERS.get(c, 0) for c in words], int)


def decode(numbers: Any) -> str:
    """Return the text that the numbers stand for."""
    return "".join(CHARACTERS[int(number)] for number in as_array("numbers", numbers).ravel())


@cache
def learned() -> Array:
    """Return the text to learn, as numbers (N,)."""
    return encode(text(LEARNED))


@cache
def held_out() -> Array:
    """Return the text to be tested on, as numbers (N,)."""
    return encode(text(HELD_OUT))


def network(kind: str = "plain RNN", seed: int = 0, *, n_h: int | None = None) -> SequenceModel:
    """Return an untrained network of one of the KINDS, with n_h units.

    The LSTM's forget gate starts with the bias 1, so that it begins by remembering.
    Raises ValueError for another kind.
    """
    recipe, rng = _recipe(kind), np.random.default_rng(seed)
    cell = KINDS[kind](N_X, n_h or recipe.n_h, rng=rng)
    if isinstance(cell, LSTMCell):
        cell.b[cell.block("f")] = 1.0
    n = len(CHARACTERS)
    return SequenceModel(cell, n, n_tokens=n, rng=rng)


def _recipe(kind: str) -> Recipe:
    if kind not in RECIPES:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(map(repr, RECIPES))}.")
    return RECIPES[kind]


def train(
    model: SequenceModel,
    *,
    steps: int | None = None,
    watch: Callable[[History, int], None] | None = None,
) -> History:
    """Train a network on the text to learn: its state is carried along, its gradient cut."""
    kind = next(kind for kind, cell in KINDS.items() if isinstance(model.cell, cell))
    recipe = RECIPES[kind]
    batches = streams(learned(), T=recipe.T, B=recipe.B)
    return fit(
        Carried(model),
        batches,
        steps=steps or recipe.steps,
        optimizer=Adam(recipe.rate),
        grid=GRID,
        watch=watch,
    )


def bits(model: SequenceModel, tokens: Any, *, readers: int = 1) -> Array:
    """Return -log2 of the probability that each character of a text got, (N,).

    Reading starts from a_0 = 0 with the end of a line. `readers` of them share a long text, which
    is faster; all but the first start within it and know nothing of what stood before.
    Raises TypeError or ValueError where tokens is no text.
    """
    tokens = as_array("tokens", tokens)
    if not tokens.size:
        raise ValueError("the text is empty, expected at least one character.")
    length = -(-len(tokens) // check_size("readers", readers))
    # What is left of the last reader's share is filled up, and not counted.
    targets = np.resize(tokens, readers * length).reshape(readers, length).T
    x = np.concatenate([np.full((1, readers), _NUMBERS["\n"]), targets[:-1]])
    found = []
    for trace, at in zip(_runs(model, x), _cut(targets), strict=True):
        p = np.take_along_axis(softmax(trace.y), at[..., None], axis=2)[..., 0]
        found.append(-np.log2(p))
    return np.concatenate(found).T.reshape(-1)[: len(tokens)]


def _cut(x: Array) -> Iterator[Array]:
    return (x[start : start + PIECE] for start in range(0, len(x), PIECE))


def _runs(model: SequenceModel, x: Array) -> Iterator[Trace]:
    """Read x (T, B) in pieces, the state carried, so that no long trace has to be kept."""
    state = None
    for piece in _cut(x):
        trace = model.forward(piece, a_0=state)
        state = trace.a_T
        yield trace


def states(model: SequenceModel, tokens: Any) -> Array:
    """Return the state after each character of a text that is read from a_0 = 0, (N, n_h).

    Raises TypeError or ValueError where tokens is no text.
    """
    x = as_array("tokens", tokens)[:, None]
    return np.concatenate([trace.a[:, 0] for trace in _runs(model, x)])


def bits_per_character(model: SequenceModel, tokens: Any = None) -> float:
    """Return the mean of -log2 p over a long text, the held-out one unless given."""
    tokens = held_out() if tokens is None else tokens
    return float(bits(model, tokens, readers=min(READERS, len(tokens))).mean())


def n_gram_bits(n: int, tokens: Any = None) -> Array:
    """Return the same for counting: how often a character follows the n - 1 before it, (N,).

    Counted is in the text to learn. Where the n - 1 characters were seen rarely, or never, the
    count leans on that of the n - 2 last ones, and so on down to an even guess:
    p_n = (count of all n + kinds * p_{n-1}) / (count of the first n - 1 + kinds), where kinds is
    how many different characters followed these n - 1.
    Source: Witten and Bell, "The zero-frequency problem", IEEE Transactions on Information Theory
    37 (1991), method C. Raises TypeError or ValueError where n is no integer of at least 1.
    """
    tokens = held_out() if tokens is None else as_array("tokens", tokens)
    p = np.full(len(tokens), 1 / len(CHARACTERS))
    for k in range(1, check_size("n", n) + 1):
        grams, counts = np.unique(_grams(learned(), k), return_counts=True)
        before, place = np.unique(grams // len(CHARACTERS), return_inverse=True)
        asked = _grams(tokens, k)
        count = _look_up(grams, counts, asked)
        context = asked // len(CHARACTERS)
        total = _look_up(before, np.bincount(place, counts), context)
        kinds = _look_up(before, np.bincount(place), context)
        p = np.where(total > 0, (count + kinds * p) / np.maximum(total + kinds, 1), p)
    return -np.log2(p)


def _grams(tokens: Array, k: int) -> Array:
    """Return one number for the k characters that end at each place; line ends stand before."""
    padded = np.concatenate([np.full(k - 1, _NUMBERS["\n"]), tokens])
    codes = np.zeros(len(tokens), np.int64)
    for i in range(k):
        codes = codes * len(CHARACTERS) + padded[i : i + len(tokens)]
    return codes


def _look_up(keys: Array, values: Array, asked: Array) -> Array:
    """Return the value of each key asked for, 0 for one that is not there."""
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, values[place], 0)


def zlib_bits(*, given: bool = True) -> float:
    """Return how many bits zlib needs for a held-out character, given the text to learn.

    It is what the held-out text adds to the compressed size of both. zlib looks back 32 kB: soon
    it sees the held-out text itself, and no more of the other. With given=False it never saw it.
    """
    known = decode(learned()).encode() if given else b""
    asked = decode(held_out()).encode()
    added = len(zlib.compress(known + asked, 9)) - len(zlib.compress(known, 9))
    return 8 * added / len(held_out())


def write(
    model: SequenceModel, prompt: str, K: int = 300, *, temperature: float = 0.7, draw: int = 0
) -> str:
    """Return K characters that a network writes after a prompt; temperature 0 is greedy.

    Raises ValueError for a negative temperature.
    """
    x = encode("\n" + prompt)[:, None]
    if temperature == 0:
        return decode(greedy(model, x, K, end=None))
    return decode(sample(model, x, K, temperature=temperature, rng=draw, end=None))


class Structure(NamedTuple):
    """What stands where in a program: true or false for each character, (N,)."""

    indentation: Array
    string: Array
    comment: Array
    brackets: Array


def structure(source: str) -> Structure:
    """Return which characters of a program stand at a line's start, in a string, comment, brackets.

    A line's first blanks are its indentation; a string includes its quotes, brackets the opening
    one. Raises ValueError where the text is no Python.
    """
    lines = source.splitlines(keepends=True)
    starts = np.cumsum([0, *map(len, lines)])
    found = Structure(*np.zeros((4, len(source)), bool))
    for start, line in zip(starts, lines, strict=False):
        found.indentation[start : start + len(line) - len(line.lstrip(" "))] = True
    depth = opened = 0
    for token in _tokens(source):
        first, last = (starts[row - 1] + column for row, column in (token.start, token.end))
        # From Python 3.12 on an f-string is several tokens; what its braces hold is no string.
        if tokenize.tok_name[token.type].startswith(("STRING", "FSTRING")):
            found.string[first:last] = True
        elif token.type == tokenize.COMMENT:
            found.comment[first:last] = True
        elif token.string in set("([{"):
            depth, opened = depth + 1, opened if depth else first
        elif token.string in set(")]}"):
            depth -= 1
            found.brackets[opened : first if depth == 0 else opened] = True
    return found


def _tokens(source: str) -> list[tokenize.TokenInfo]:
    try:
        return list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError) as error:
        raise ValueError(f"the text is no Python: {error}.") from None


Probed = tuple[Array, Array]
"""States (N, n_h), and what is to be read from them: true or false for each, (N,)."""


def probe(learn: Probed, test: Probed) -> float:
    """Return how well a weighted sum of the units tells what is marked, on a text not seen.

    The weights are those of least squares, both kinds of characters counting the same in it and
    in the score, which is the mean of the shares found right of both: 0.5 is guessing.
    """
    a, marked = learn
    weights = np.where(marked, 1 / marked.mean(), 1 / (~marked).mean()) ** 0.5
    A = np.column_stack([a, np.ones(len(a))]) * weights[:, None]
    b = np.where(marked, 1.0, -1.0) * weights
    # A little is added to the diagonal: two units may be the same.
    w = np.linalg.solve(A.T @ A + 1e-6 * len(A) * np.eye(A.shape[1]), A.T @ b)
    return float(_found(test[0] @ w[:-1] + w[-1], test[1]))


def best_unit(learn: Probed, test: Probed) -> tuple[int, float]:
    """Return the unit (from 1) that tells best alone what is marked, and its score in `probe`.

    Its threshold lies midway between its means where it is marked and where not; unit and
    threshold are chosen on `learn`.
    """
    a, marked = learn
    means = [a[where].mean(axis=0) for where in (marked, ~marked)]
    sign, middle = np.sign(means[0] - means[1]), (means[0] + means[1]) / 2
    best = int(_found(sign * (a - middle), marked).argmax())
    score = _found(sign[best] * (test[0][:, best] - middle[best]), test[1])
    return best + 1, float(score)


def _found(sums: Array, marked: Array) -> Array:
    return ((sums[marked] > 0).mean(axis=0) + (sums[~marked] <= 0).mean(axis=0)) / 2


def rows(seeds: int) -> Iterator[Row]:
    """Yield the rows of notebook 15a: what a held-out character costs."""
    counted = ", ".join(f"{n_gram_bits(n).mean():.2f}" for n in range(1, 6))
    baseline = f"1- to 5-grams {counted}; zlib {zlib_bits():.2f}"
    for kind in ("plain RNN", "LSTM"):
        models, seconds = trained(partial(network, kind), lambda model, _: train(model), seeds)
        found = [bits_per_character(model) for model in models]
        size = models[0].parameters.vector.size
        test = "bits for a character of held-out modules"
        yield Row("source code (15a)", kind, size, seconds, test, found, baseline, "bits")
