"""What does not fit is refused at the border: in one sentence, and with no weight changed."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import rnn_core
from rnn_core import (
    SGD,
    Adam,
    BagOfWords,
    Batch,
    Embedding,
    History,
    Parameters,
    Readout,
    RNNCell,
    SequenceModel,
    Wiring,
    backpropagate,
    check_gradients,
    clip,
    fit,
    lengths_to_mask,
    many_to_many,
    many_to_many_unequal,
    many_to_one,
    minibatches,
    numerical_gradient,
    one_to_many,
    one_to_one,
    relative_error,
    relative_error_by_step,
    softmax_cross_entropy,
    unroll,
)

T, B, N_X, N_H, N_Y, N_TOKENS = 4, 3, 2, 5, 6, 7

CELL = RNNCell(N_X, N_H)
MODEL = SequenceModel(RNNCell(N_X, N_H), N_Y)
LAST = SequenceModel(RNNCell(N_X, N_H), N_Y, many_to_one)
FIRST = SequenceModel(RNNCell(N_X, N_H), N_Y, one_to_many)
READER = SequenceModel(RNNCell(N_X, N_H), N_Y, n_tokens=N_TOKENS)
BAG = BagOfWords(N_TOKENS, N_X, N_H, N_Y)
NETWORKS = (CELL, MODEL, LAST, FIRST, READER, BAG)

X = np.random.default_rng(0).standard_normal((T, B, N_X))
TOKENS = np.zeros((T, B), int)
TARGETS = np.zeros((T, B), int)
MASK = lengths_to_mask([4, 2, 1], T)
Y = np.zeros((T, B, N_Y))
LOGITS = np.zeros((B, N_Y))
FULL = np.ones((T, B), bool)
W = np.ones((N_H, N_H))
RAGGED = [[1.0, 2.0], [3.0]]
NOT_FINITE = {"nan": np.nan, "inf": np.inf, "minus inf": -np.inf}


def changed(array, index, value):
    other = np.array(array)
    other[index] = value
    return other


def trace():
    return unroll(CELL, X)


def finished():
    done = trace()
    backpropagate(done, np.zeros_like(done.a))
    return done


def assign(layer, name, value):
    setattr(layer, name, value)


def train(**arguments):
    return fit(
        **{"model": LAST, "batches": minibatches(X, TARGETS[0], size=2), "steps": 2} | arguments
    )


BAD = []


def bad(call, error, *fragments):
    BAD.append(pytest.param(call, error, fragments, id=f"{len(BAD)}-{' '.join(fragments)[:60]}"))


# The input x, wherever it comes in.
RUNS = {
    "unroll": lambda x: unroll(CELL, x),
    "forward": lambda x: MODEL.forward(x),
    "one_to_many": lambda x: FIRST.forward(x),
    "predict": lambda x: MODEL.predict(x),
    "accuracy": lambda x: MODEL.accuracy(x, TARGETS),
    "loss": lambda x: MODEL.loss_and_gradients(x, TARGETS),
}
for run in RUNS.values():
    bad(lambda run=run: run(X[0]), ValueError, "x has the shape (3, 2)", "(T, B, 2)")
    bad(lambda run=run: run(X[None]), ValueError, "x has the shape (1, 4, 3, 2)", "(T, B, 2)")
    bad(lambda run=run: run(X[:, :, :1]), ValueError, "x has the shape (4, 3, 1)", "(T, B, 2)")
    bad(lambda run=run: run(X[:0]), ValueError, "x has the shape (0, 3, 2)", "empty sequence")
    bad(lambda run=run: run(X[:, :0]), ValueError, "x has the shape (4, 0, 2)", "(T, B, 2)")
    bad(lambda run=run: run(5.0), ValueError, "x has the shape ()", "(T, B, 2)")
    bad(lambda run=run: run([]), ValueError, "x has the shape (0,)", "(T, B, 2)")
    bad(lambda run=run: run(RAGGED), ValueError, "x has rows of unequal lengths", "one array")
    bad(lambda run=run: run(X + 1j), TypeError, "x holds complex128", "real numbers")
    bad(lambda run=run: run(X.astype(str)), TypeError, "x holds <U", "real numbers")
    bad(lambda run=run: run(X.astype(object)), TypeError, "x holds object", "real numbers")
    for value in NOT_FINITE.values():
        bad(
            lambda run=run, v=value: run(changed(X, (0, 1, 0), v)),
            ValueError,
            f"x[0, 1, 0] is {value}",
            "finite number",
        )
bad(lambda: unroll(CELL, None), TypeError, "x holds object", "real numbers")
bad(lambda: unroll(CELL, "word"), TypeError, "x holds <U4", "real numbers")
bad(lambda: MODEL.forward(TOKENS), ValueError, "x has the shape (4, 3)", "(T, B, 2)")
bad(
    lambda: unroll(RNNCell(N_X, N_H, dtype=np.float32), X * 0 + 1e300),
    ValueError,
    "x[0, 0, 0] is inf",
    "finite number",
)

# The initial state, and gradients that arrive.
for part, name in (
    (lambda v: unroll(CELL, X, v), "a_0"),
    (lambda v: MODEL.forward(X, None, v), "a_0"),
    (lambda v: backpropagate(trace(), np.zeros((T, B, N_H)), v), "da_T"),
):
    bad(lambda f=part: f(np.zeros((2, N_H))), ValueError, f"{name} has the shape (2, 5)", "(3, 5)")
    bad(lambda f=part: f(np.zeros(N_H)), ValueError, f"{name} has the shape (5,)", "(3, 5)")
    bad(lambda f=part: f(0.0), ValueError, f"{name} has the shape ()", "(3, 5)")
    bad(lambda f=part: f(RAGGED), ValueError, f"{name} has rows of unequal lengths", "one array")
    bad(lambda f=part: f(np.full((B, N_H), np.nan)), ValueError, f"{name}[0, 0] is nan", "finite")
    bad(lambda f=part: f(np.zeros((B, N_H), complex)), TypeError, f"{name} holds complex", "real")
    bad(lambda f=part: f((np.zeros((B, N_H)),) * 2), ValueError, f"{name} has 2 parts", "1 (a)")

bad(
    lambda: backpropagate(trace(), np.zeros((T, B, 4))), ValueError, "da has the shape", "(4, 3, 5)"
)
bad(lambda: backpropagate(trace(), np.zeros((B, N_H))), ValueError, "da has the shape", "(4, 3, 5)")
bad(
    lambda: backpropagate(trace(), np.full((T, B, N_H), np.inf)),
    ValueError,
    "da[0, 0, 0] is inf",
    "finite number",
)
bad(lambda: backpropagate(trace(), None), TypeError, "da holds object", "real numbers")
bad(lambda: MODEL.backward(MODEL.forward(X), Y[:2]), ValueError, "dy has the shape", "(4, 3, 6)")
bad(
    lambda: MODEL.backward(MODEL.forward(X), Y * np.nan), ValueError, "dy[0, 0, 0] is nan", "finite"
)

# Traces and single steps.
for t, error, fragment in (
    (0, ValueError, "at least 1"),
    (-1, ValueError, "at least 1"),
    (T + 1, ValueError, "1 to T = 4"),
    (1.0, TypeError, "an integer"),
    ("1", TypeError, "an integer"),
    (True, TypeError, "an integer"),
):
    bad(lambda t=t: trace().step(t), error, f"t is {t!r}", fragment)
for name in ("dx", "da_0"):
    bad(lambda n=name: getattr(trace(), n), ValueError, "no gradients yet", "backpropagate")
for name in ("da", "da_from_y", "da_from_next", "dz", "dW", "dWxh", "db"):
    bad(lambda n=name: getattr(trace().step(1), n), ValueError, "no gradients yet", "backpropagate")

# Masks and lengths.
MASKED = {
    "unroll": lambda m: unroll(CELL, X, None, m),
    "model": lambda m: MODEL.loss_and_gradients(X, TARGETS, m),
    "accuracy": lambda m: MODEL.accuracy(X, TARGETS, m),
    "bag": lambda m: BAG.loss_and_gradients(TOKENS, TARGETS[0], m),
    "minibatches": lambda m: minibatches(X, TARGETS, m, size=2),
}
for run in MASKED.values():
    bad(lambda f=run: f(MASK.astype(int)), TypeError, "mask holds int", "booleans")
    bad(lambda f=run: f(MASK.T), ValueError, "mask has the shape (3, 4)", "(4, 3)")
    bad(lambda f=run: f(MASK[:, :2]), ValueError, "mask has the shape (4, 2)", "(4, 3)")
    bad(lambda f=run: f(MASK[1:]), ValueError, "mask has the shape (3, 3)", "(4, 3)")
    bad(lambda f=run: f(changed(FULL, (slice(None), 1), False)), ValueError, "mask[:, 1]", "step")
    bad(lambda f=run: f(changed(FULL, (0, 2), False)), ValueError, "mask[:, 2] starts", "one real")
    bad(lambda f=run: f(changed(FULL, (1, 0), False)), ValueError, "mask[:, 0]", "index 2", "last")
    bad(lambda f=run: f([[True], [True, False]]), ValueError, "mask has rows of unequal", "array")
for lengths, T_, error, fragments in (
    ([3, 5], 4, ValueError, ("lengths[1] is 5", "1 to T = 4")),
    ([0, 2], 4, ValueError, ("lengths[0] is 0", "1 to T = 4")),
    ([-1], 4, ValueError, ("lengths[0] is -1", "1 to T = 4")),
    ([2.0, 3.0], 4, TypeError, ("lengths holds float64", "integers")),
    ([True, True], 4, TypeError, ("lengths holds bool", "integers")),
    ([], 4, TypeError, ("lengths holds float64", "integers")),
    (np.zeros(0, int), 4, ValueError, ("lengths has the shape (0,)", "(B,)")),
    (3, 4, ValueError, ("lengths has the shape ()", "(B,)")),
    ([[1], [1, 2]], 4, ValueError, ("lengths has rows of unequal lengths", "one array")),
    ([1], 0, ValueError, ("T is 0", "at least 1")),
    ([1], 4.0, TypeError, ("T is 4.0", "an integer")),
):
    bad(lambda n=lengths, T_=T_: lengths_to_mask(n, T_), error, *fragments)

# Tokens.
READ = {
    "embedding": lambda tokens: READER.embedding.forward(tokens),
    "forward": lambda tokens: READER.forward(tokens),
    "loss": lambda tokens: READER.loss_and_gradients(tokens, TARGETS),
    "counts": lambda tokens: BAG.counts(tokens),
    "bag": lambda tokens: BAG.loss_and_gradients(tokens, TARGETS[0]),
}
for run in READ.values():
    bad(lambda f=run: f(changed(TOKENS, (2, 1), 7)), ValueError, "tokens holds 7", "from 0 to 6")
    bad(lambda f=run: f(changed(TOKENS, (2, 1), -1)), ValueError, "tokens holds -1", "from 0 to 6")
    bad(lambda f=run: f(TOKENS + 0.5), TypeError, "tokens holds float64", "integers")
    bad(lambda f=run: f(TOKENS > 0), TypeError, "tokens holds bool", "integers")
    bad(lambda f=run: f(TOKENS.astype(str)), TypeError, "tokens holds <U", "integers")
    bad(lambda f=run: f(TOKENS[:, 0]), ValueError, "tokens has the shape (4,)", "(T, B)")
    bad(lambda f=run: f(TOKENS[:0]), ValueError, "tokens has the shape (0, 3)", "(T, B)", "empty")
    bad(lambda f=run: f(TOKENS[:, :0]), ValueError, "tokens has the shape (4, 0)", "(T, B)")
    bad(lambda f=run: f([[1, 2], [3]]), ValueError, "tokens has rows of unequal lengths", "array")

# Targets and weights.
SCORED = {
    "loss": lambda targets: MODEL.loss_and_gradients(X, targets),
    "accuracy": lambda targets: MODEL.accuracy(X, targets),
    "cross-entropy": lambda targets: softmax_cross_entropy(Y, targets),
}
for run in SCORED.values():
    bad(lambda f=run: f(TARGETS[0]), ValueError, "targets has the shape (3,)", "(4, 3)")
    bad(lambda f=run: f(TARGETS.T), ValueError, "targets has the shape (3, 4)", "(4, 3)")
    bad(lambda f=run: f(TARGETS[:, :1]), ValueError, "targets has the shape (4, 1)", "(4, 3)")
    bad(lambda f=run: f(0), ValueError, "targets has the shape ()", "(4, 3)")
    bad(lambda f=run: f(None), TypeError, "targets holds object", "integers")
    bad(lambda f=run: f(TARGETS * 1.0), TypeError, "targets holds float64", "integers")
    bad(lambda f=run: f(TARGETS + 6), ValueError, "targets holds 6", "from 0 to 5")
    bad(lambda f=run: f(TARGETS - 1), ValueError, "targets holds -1", "from 0 to 5")
    bad(lambda f=run: f([[0, 1], [2]]), ValueError, "targets has rows of unequal lengths", "array")
bad(lambda: LAST.accuracy(X, TARGETS[0, :2]), ValueError, "targets has the shape (1, 2)", "(1, 3)")
bad(
    lambda: LAST.loss_and_gradients(X, TARGETS[:2]),
    ValueError,
    "targets has the shape (2, 3)",
    "(1, 3)",
)
for weights, error, fragments in (
    (np.zeros(B), ValueError, ("weights go from 0.0 to 0.0", "one above")),
    ([1.0, -0.5, 1.0], ValueError, ("weights go from -0.5 to 1.0", "none below 0")),
    ([1.0, np.nan, 1.0], ValueError, ("weights[1] is nan", "finite")),
    ([1.0, 1.0], ValueError, ("weights has the shape (2,)", "(3,)")),
    (["a", "b", "c"], TypeError, ("weights holds <U1", "real numbers")),
):
    bad(lambda w=weights: softmax_cross_entropy(LOGITS, [0, 1, 2], w), error, *fragments)
bad(lambda: softmax_cross_entropy(TARGETS, TARGETS[:, 0]), TypeError, "y holds int", "floating")
bad(lambda: softmax_cross_entropy(RAGGED, [0, 1]), ValueError, "y has rows of unequal lengths")
bad(lambda: softmax_cross_entropy(LOGITS[:0], []), TypeError, "targets holds float64", "integers")
bad(
    lambda: softmax_cross_entropy(LOGITS[:0], TARGETS[0, :0]),
    ValueError,
    "targets is empty",
    "at least one",
)

# Sizes.
SIZES = {
    "n_x": lambda n: RNNCell(n, 3),
    "n_h": lambda n: RNNCell(3, n),
    "n_y": lambda n: SequenceModel(RNNCell(2, 3), n),
    "n_tokens": lambda n: Embedding(n, 3),
    "T": many_to_one,
    "T_in": lambda n: many_to_many_unequal(n, 2),
    "T_out": lambda n: many_to_many_unequal(2, n),
    "size": lambda n: minibatches(X, TARGETS, size=n),
    "steps": lambda n: train(steps=n),
}
for name, run in SIZES.items():
    bad(lambda f=run: f(0), ValueError, f"{name} is 0", "at least 1")
    bad(lambda f=run: f(-3), ValueError, f"{name} is -3", "at least 1")
    bad(lambda f=run: f(2.0), TypeError, f"{name} is 2.0", "an integer")
    bad(lambda f=run: f("2"), TypeError, f"{name} is '2'", "an integer")
    bad(lambda f=run: f(True), TypeError, f"{name} is True", "an integer")
bad(lambda: RNNCell(None, 3), TypeError, "n_x is None", "an integer")
bad(lambda: Readout(0, 3), ValueError, "n_h is 0", "at least 1")
bad(lambda: Embedding(3, True), TypeError, "n_x is True", "an integer")
bad(lambda: BagOfWords(0, 2, 3, 4), ValueError, "n_tokens is 0", "at least 1")
bad(lambda: SequenceModel(RNNCell(2, 3), 4, n_tokens=0), ValueError, "n_tokens is 0", "at least 1")
for make in (one_to_many, many_to_many):
    bad(lambda f=make: f(0), ValueError, "T is 0", "at least 1")
    bad(lambda f=make: f(2.5), TypeError, "T is 2.5", "an integer")

# Cells, wirings, weights.
bad(lambda: RNNCell(2, 3, activation="Tanh"), ValueError, "activation is 'Tanh'", "'tanh', 'relu'")
bad(lambda: RNNCell(2, 3, activation=None), ValueError, "activation is None", "'tanh', 'relu'")
bad(lambda: RNNCell(2, 3, activation=np.tanh), ValueError, "activation is <ufunc", "'tanh', 'relu'")
bad(lambda: RNNCell(2, 3, activation=["tanh"]), ValueError, "activation is ['tanh']", "'relu'")
bad(lambda: assign(RNNCell(2, 3), "activation", "elu"), ValueError, "activation is 'elu'", "'tanh'")
for dtype in (int, np.float16, complex, bool, "nonsense", object):
    bad(lambda d=dtype: RNNCell(2, 3, dtype=d), TypeError, "dtype is", "float64 or numpy.float32")
bad(lambda: Readout(2, 3, dtype=int), TypeError, "dtype is", "float64 or numpy.float32")
bad(lambda: Embedding(2, 3, dtype=int), TypeError, "dtype is", "float64 or numpy.float32")
bad(lambda: BagOfWords(2, 3, 4, 5, dtype=int), TypeError, "dtype is", "float64 or numpy.float32")
bad(lambda: Parameters({"w": (2,)}, dtype=int), TypeError, "dtype is", "float64 or numpy.float32")
for rng, error, fragment in (
    (-1, ValueError, "at least 0"),
    (1.5, TypeError, "an integer"),
    ("seed", TypeError, "an integer"),
    (None, TypeError, "an integer"),
    (True, TypeError, "an integer"),
):
    bad(lambda r=rng: RNNCell(2, 3, rng=r), error, f"rng is {rng!r}", fragment)
    bad(lambda r=rng: minibatches(X, TARGETS, size=1, rng=r), error, f"rng is {rng!r}", fragment)
for layer in (CELL, MODEL, MODEL.cell):
    bad(lambda c=layer: assign(c, "W", W[:2]), ValueError, "W has the shape (2, 5)", "(5, 5)")
    bad(lambda c=layer: assign(c, "W", 1.0), ValueError, "W has the shape ()", "(5, 5)")
    bad(lambda c=layer: assign(c, "W", W * np.nan), ValueError, "W[0, 0] is nan", "finite number")
    bad(lambda c=layer: assign(c, "W", W * 1j), TypeError, "W holds complex128", "real numbers")
    bad(lambda c=layer: assign(c, "W", "weights"), TypeError, "W holds <U7", "real numbers")
    bad(lambda c=layer: assign(c, "W", RAGGED), ValueError, "W has rows of unequal", "one array")
    bad(lambda c=layer: assign(c, "W", None), TypeError, "W holds object", "real numbers")
bad(lambda: SequenceModel(RNNCell, 3), TypeError, "cell is a type", "a Cell such as RNNCell")
bad(lambda: SequenceModel("cell", 3), TypeError, "cell is a str", "a Cell such as RNNCell")
bad(
    lambda: SequenceModel(RNNCell(2, 3), 4, many_to_one(5)),
    TypeError,
    "wiring is a Wiring",
    "a function such as many_to_one",
)
bad(
    lambda: SequenceModel(RNNCell(2, 3), 4, "many_to_one"),
    TypeError,
    "wiring is a str",
    "a function such as many_to_one",
)
bad(
    lambda: SequenceModel(RNNCell(N_X, 3), 4, lambda T: many_to_one(7)).forward(X),
    ValueError,
    "wiring(4) has 7 steps",
    "expected 4 as in x",
)
bad(
    lambda: SequenceModel(RNNCell(N_X, 3), 4, lambda T: many_to_one(2)).forward(X),
    ValueError,
    "wiring(4) has 2 steps",
    "expected 4 as in x",
)
bad(
    lambda: SequenceModel(RNNCell(N_X, 3), 4, one_to_one).forward(X),
    ValueError,
    "T is 4",
    "expected 1",
)
bad(lambda: SequenceModel(MODEL.cell, 4), ValueError, "RNNCell already belongs", "deepcopy")
bad(lambda: one_to_one(2), ValueError, "T is 2", "expected 1")
bad(lambda: Wiring("none", (), ()), ValueError, "reads has 0 flags", "every step")
bad(lambda: Wiring("odd", (True,), (True, True)), ValueError, "reads has 1 flags and emits 2")
bad(lambda: Wiring("mute", (True,) * 2, (False,) * 2), ValueError, "emits has no true", "one step")

# Training.
for name, make in {
    "rate": SGD,
    "rate ": Adam,
    "eps": lambda v: Adam(eps=v),
    "max_norm": lambda v: clip(np.ones(3), v),
    "max_norm ": lambda v: train(max_norm=v),
    "step": lambda v: numerical_gradient(lambda: 0.0, np.ones(2), step=v),
}.items():
    name = name.strip()
    for value in (0, -0.1, np.nan, np.inf):
        bad(
            lambda f=make, v=value: f(v),
            ValueError,
            f"{name} is {value}",
            "a finite number above 0",
        )
    for value in ("0.1", None, True, [0.1], 1j):
        bad(lambda f=make, v=value: f(v), TypeError, f"{name} is {value!r}", "expected a number")
for name, value, error, fragment in itertools.chain.from_iterable(
    (
        (name, 1.0, ValueError, "at least 0 and below 1"),
        (name, -0.1, ValueError, "at least 0 and below 1"),
        (name, np.nan, ValueError, "at least 0 and below 1"),
        (name, "0.9", TypeError, "a number"),
        (name, None, TypeError, "a number"),
    )
    for name in ("beta1", "beta2")
):
    bad(lambda n=name, v=value: Adam(**{n: v}), error, f"{name} is {value!r}", fragment)
bad(lambda: minibatches(X, TARGETS, size=4), ValueError, "size is 4", "at most the 3 sequences")
bad(lambda: minibatches(X, TARGETS[:, :2], size=1), ValueError, "targets has the shape", "3 seq")
bad(lambda: minibatches(X, 0, size=1), ValueError, "targets has the shape ()", "(3,) or (K, 3)")
bad(lambda: minibatches(X[:, 0, 0], TARGETS, size=1), ValueError, "x has the shape (4,)", "(T, N")
bad(lambda: minibatches(RAGGED, TARGETS, size=1), ValueError, "x has rows of unequal", "one array")
bad(lambda: train(batches=[(X, TARGETS[0])]), TypeError, "batches is a list", "minibatches(...)")
bad(lambda: train(batches=X), TypeError, "batches is a ndarray", "minibatches(...)")
bad(lambda: train(batches=iter([])), ValueError, "batches ended after 0", "expected 2 of them")
bad(
    lambda: train(batches=iter([Batch(X, TARGETS[0] - 1)])),
    ValueError,
    "targets holds -1",
    "from 0 to 5",
)
bad(
    lambda: train(optimizer=SGD(0.1), history=History(SGD(0.1))),
    ValueError,
    "optimizer is a new one",
    "expected none",
)

# The gradient check.
bad(lambda: numerical_gradient(lambda: 0.0, [1.0]), TypeError, "array is a list", "NumPy array")
bad(
    lambda: numerical_gradient(lambda: 0.0, np.ones(2, int)),
    TypeError,
    "array holds int",
    "float64",
)
bad(
    lambda: numerical_gradient(lambda: 0.0, np.ones(2, np.float32)),
    TypeError,
    "array holds float32",
    "float64",
)
bad(lambda: relative_error(np.ones(3), np.ones((3, 3))), ValueError, "computed has the shape (3,)")
bad(lambda: relative_error(1.0, np.ones(3)), ValueError, "computed has the shape ()", "(3,)")
bad(lambda: relative_error(RAGGED, np.ones(3)), ValueError, "computed has rows of unequal lengths")
bad(
    lambda: relative_error_by_step(np.ones((3, 2)), np.ones((4, 2))),
    ValueError,
    "computed has the shape (3, 2)",
    "(4, 2)",
)
bad(
    lambda: check_gradients(lambda: 0.0, {"w": np.ones(2)}, {"w": np.ones((1, 2))}),
    ValueError,
    "computed has the shape (1, 2)",
    "(2,)",
)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize(("call", "error", "fragments"), BAD)
def test_bad_input_is_refused_in_one_sentence_and_changes_no_weight(call, error, fragments):
    before = [network.parameters.vector.copy() for network in NETWORKS]
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert caught.type is error
    message = str(caught.value)
    for fragment in fragments:
        assert fragment in message
    assert message.endswith(".") and "\n" not in message
    # One sentence: no full stop followed by another beginning.
    assert not re.search(r"[.!?] [A-Z]", message)
    for network, weights in zip(NETWORKS, before, strict=True):
        np.testing.assert_array_equal(network.parameters.vector, weights)


def test_the_error_is_raised_by_the_package_and_not_by_numpy():
    # A sample of the table, looked at from the other side: the last frame is our own check.
    for call, error, _ in (case.values for case in BAD[::7]):
        with pytest.raises(error) as caught:
            call()
        assert caught.traceback[-1].path.parent == Path(rnn_core.__file__).parent


GOOD = {
    "numbers as a list": lambda: unroll(CELL, X.tolist()),
    "integers for x": lambda: unroll(CELL, np.ones((T, B, N_X), int)),
    "flags for x": lambda: unroll(CELL, X > 0),
    "huge, but finite": lambda: unroll(CELL, X * 0 + 1e300),
    "one step, one sequence": lambda: unroll(CELL, X[:1, :1]),
    "a mask of nothing but true": lambda: unroll(CELL, X, None, FULL),
    "tokens of any integer type": lambda: READER.forward(TOKENS.astype(np.uint8)),
    "tokens as a list": lambda: READER.loss_and_gradients(TOKENS.tolist(), TARGETS.tolist()),
    "targets (1, B) for one output": lambda: LAST.loss_and_gradients(X, TARGETS[:1]),
    "sizes from NumPy": lambda: RNNCell(np.int64(2), np.int32(3)),
    "weights as flags": lambda: softmax_cross_entropy(LOGITS, [0, 1, 2], [True, False, True]),
    "logits as a list": lambda: softmax_cross_entropy(LOGITS.tolist(), [0, 1, 2]),
    "the name of a type": lambda: RNNCell(2, 3, dtype="float32"),
    "a rate from NumPy": lambda: SGD(np.float32(0.1)),
    "a gradient as a list": lambda: relative_error([1.0, 2.0], np.ones(2)),
}


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("name", GOOD)
def test_what_fits_is_not_refused(name):
    GOOD[name]()
