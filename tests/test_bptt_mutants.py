"""Bugs planted by hand in the backward pass: the gradient check must see each of them."""

from __future__ import annotations

import importlib
import math
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from helpers import BOUND, Case, bag_run, cell_errors, model_errors, model_run

import rnn_core

CORE = Path(rnn_core.__file__).parent


class Mutant(NamedTuple):
    """In `file`, `old` becomes `new`; then the gradients `wrong` are wrong, and no others."""

    name: str
    file: str
    old: str
    new: str
    wrong: str


EARLIER = "E W Wxh a_0 b x"  # everything the error reaches on its way back through time
CELL = "W Wxh a_0 b x"  # the same where no model takes part

MUTANTS = [
    # The six of the classic list: what each looks like in published code.
    Mutant("missing transpose", "cells.py", "dz.dot(self.W.T)", "dz.dot(self.W)", EARLIER),
    Mutant(
        "no gradient from step t + 1",
        "cells.py",
        "trace.da_prev[t] += dz.dot(self.W.T)",
        "pass",
        EARLIER,
    ),
    Mutant(
        "= for +=, where two gradients meet",
        "cells.py",
        "trace.da_prev[t] += dz",
        "trace.da_prev[t] = dz",
        EARLIER,
    ),
    Mutant(
        "= for +=, in the sum over time",
        "bptt.py",
        "np.dot(_rows(trace.a_prev).T, _rows(cell.dz_at_W(trace)), out",
        "np.dot(trace.a_prev[0].T, cell.dz_at_W(trace)[0], out",
        "W",
    ),
    Mutant(
        "no tanh'",
        "cells.py",
        "self._f.slope(trace.a, out=trace.dz)",
        "trace.dz[...] = 1.0",
        EARLIER,
    ),
    Mutant("a_t for a_{t-1}", "bptt.py", "_rows(trace.a_prev).T", "_rows(trace.a).T", "W"),
    Mutant(
        "tanh' of the wrong step",
        "cells.py",
        "slope(trace.a, out",
        "slope(trace.a_prev, out",
        EARLIER,
    ),
    # The loop over time.
    Mutant("wrong sign", "cells.py", "trace.da_prev[t] += dz", "trace.da_prev[t] -= dz", EARLIER),
    Mutant(
        "loop from left to right",
        "bptt.py",
        "for t in reversed(range(trace.T)):\n        cell.backward",
        "for t in range(trace.T):\n        cell.backward",
        EARLIER,
    ),
    Mutant(
        "cut off three steps before the end",
        "cells.py",
        "trace.da_prev[t] += dz",
        "trace.da_prev[t] += (t > trace.T - 3) * dz",
        EARLIER,
    ),
    Mutant(
        "the last output's gradient forgotten",
        "bptt.py",
        "trace.da[-1] += da[-1]",
        "pass",
        EARLIER,
    ),
    Mutant(
        "gradients from the outputs one step late",
        "bptt.py",
        "trace.da_prev[1:] = da[:-1]",
        "trace.da_prev[1:] = da[1:]",
        EARLIER,
    ),
    Mutant(
        "the last state's own gradient forgotten",
        "bptt.py",
        "dstates[-1] = arrives",
        "dstates[-1] = 0.0",
        CELL,
    ),
    # What is made of dz afterwards.
    Mutant(
        "mean over time for the sum",
        "bptt.py",
        "    return gradients\n",
        "    gradients['W'] /= trace.T\n    return gradients\n",
        "W",
    ),
    Mutant(
        "bias gradient forgotten",
        "bptt.py",
        'dz.sum(axis=0, out=gradients["b"])',
        "pass",
        "b",
    ),
    Mutant(
        "bias gradient of the first step alone",
        "bptt.py",
        'dz.sum(axis=0, out=gradients["b"])',
        'trace.dz[0].sum(axis=0, out=gradients["b"])',
        "b",
    ),
    Mutant(
        "x in the wrong order",
        "bptt.py",
        "np.dot(_rows(trace.x).T",
        "np.dot(_rows(trace.x)[::-1].T",
        "Wxh",
    ),
    Mutant(
        "da_1 for da_0",
        "bptt.py",
        "_one_or_all([dstates[0] for dstates",
        "_one_or_all([dstates[1] for dstates",
        "a_0",
    ),
    Mutant(
        "da for dz in dx",
        "bptt.py",
        "_rows(self.dz).dot(self.cell.Wxh.T)",
        "_rows(self.da).dot(self.cell.Wxh.T)",
        "E x",
    ),
    # The mask.
    Mutant(
        "mask ignored on the way back",
        "bptt.py",
        "_move_to_real_steps(gradient, trace.mask)",
        "pass",
        EARLIER,
    ),
    Mutant(
        "padding stops the gradient",
        "bptt.py",
        "da[t - 1][padded] += da[t][padded]",
        "pass",
        EARLIER,
    ),
    Mutant(
        "padding counted twice",
        "bptt.py",
        "        da[t][padded] = 0.0\n",
        "",
        EARLIER,
    ),
    # The slopes.
    Mutant("1 - a for tanh'", "cells.py", "np.multiply(a, a, out=out)", "out[...] = a", EARLIER),
    Mutant("1 - a for sigmoid'", "cells.py", "    out *= a\n", "", CELL),
    Mutant("slope 1 for relu'", "cells.py", "out[...] = a > 0", "out[...] = 1.0", CELL),
    Mutant("slope a for identity'", "cells.py", "out[...] = 1.0", "out[...] = a", CELL),
    # Readout, embedding, bag of words, loss.
    Mutant(
        "outputs' gradients at the wrong steps",
        "models.py",
        "da[trace.emits] = at_emitting",
        "da[: len(at_emitting)] = at_emitting",
        EARLIER,
    ),
    Mutant(
        "gradient by Why of the wrong states",
        "models.py",
        "self.readout.backward(trace.a[trace.emits], dy",
        "self.readout.backward(trace.a_prev[trace.emits], dy",
        "Why",
    ),
    Mutant(
        "mean for the sum in the gradient by by",
        "layers.py",
        "dy_rows.sum(axis=0",
        "dy_rows.mean(axis=0",
        "by",
    ),
    Mutant(
        "repeated tokens counted once",
        "layers.py",
        "dE[present] = one_hot.dot(dx.reshape(place.size, -1))",
        "dE[np.asarray(given).reshape(-1)] = dx.reshape(place.size, -1)",
        "E",
    ),
    Mutant(
        "tokens that no step reads get a gradient",
        "models.py",
        "dx = trace.dx * _column(self.wiring(trace.T).reads)",
        "dx = trace.dx",
        "E",
    ),
    Mutant(
        "each word of a bag counted once",
        "models.py",
        "np.dot(trace.tokens.T, trace.dx[0]",
        "np.dot((trace.tokens > 0).T / len(trace.tokens), trace.dx[0]",
        "E",
    ),
    Mutant(
        "the target's -1 forgotten",
        "losses.py",
        "p[each, targets] -= w",
        "pass",
        "E W Why Wxh b by",
    ),
    Mutant(
        "sum over the batch for the mean",
        "losses.py",
        "return float(losses @ w), p.reshape",
        "return float(losses @ w), len(w) * p.reshape",
        "E W Why Wxh b by",
    ),
]

CELLS = [
    Case((5, 2, 3, 4), "none", "tanh"),
    Case((4, 3, 2, 6), "ragged", "tanh"),
    Case((5, 2, 3, 4), "short", "sigmoid"),
    Case((4, 3, 2, 6), "none", "relu"),
    Case((4, 3, 2, 6), "none", "identity"),
]
MODELS = [
    ("many_to_one", True, "ragged"),
    ("many_to_one", False, "none"),
    ("many_to_many", False, "ragged"),
    ("one_to_many", True, "none"),
    ("with gaps", False, "none"),
]


def errors_of(core):
    """Return the largest relative error of each gradient, over cells, models and a bag of words."""
    runs = [cell_errors(case, core) for case in CELLS]
    runs += [
        model_errors(model_run(wiring, tokens=tokens, mask=mask, shape=(4, 2, 3, 5), core=core))
        for wiring, tokens, mask in MODELS
    ]
    runs.append(model_errors(bag_run(core=core)))
    worst = {}
    for errors in runs:
        for name, error in errors.items():
            worst[name] = max(worst.get(name, 0.0), math.inf if math.isnan(error) else error)
    return worst


@pytest.fixture
def plant(tmp_path, monkeypatch):
    """Return a function that copies the package, with a bug planted, and imports the copy."""
    copied = []

    def plant(file=None, old="", new=""):
        name = f"rnn_core_copy_{len(copied)}"
        folder = tmp_path / name
        folder.mkdir()
        for source in CORE.glob("*.py"):
            text = source.read_text(encoding="utf-8")
            if source.name == file:
                assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
                text = text.replace(old, new)
            (folder / source.name).write_text(text.replace("rnn_core", name), encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        copied.append(name)
        return importlib.import_module(name)

    yield plant
    for module in list(sys.modules):
        if module.startswith("rnn_core_copy_"):
            del sys.modules[module]


def test_the_core_passes_the_check_that_the_mutants_must_fail(plant):
    for core in (rnn_core, plant()):
        errors = errors_of(core)
        assert set(errors) == {"E", "Wxh", "W", "b", "Why", "by", "x", "a_0"}
        assert max(errors.values()) < BOUND


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_mutant_is_caught(mutant, plant):
    core = plant(mutant.file, mutant.old, mutant.new)
    errors = errors_of(core)
    wrong = {name: error for name, error in errors.items() if not error < BOUND}
    assert set(wrong) == set(mutant.wrong.split())
    # Far above the bound: no mutant is a question of rounding.
    assert min(wrong.values()) > 1000 * BOUND


def test_transposed_readout_is_caught_because_sizes_differ(plant):
    core = plant("layers.py", "dy_rows.dot(self.Why.T)", "dy_rows.dot(self.Why)")
    with pytest.raises(ValueError, match="not aligned"):
        errors_of(core)


def test_one_step_from_zero_hides_the_missing_transpose(plant):
    # Why the check wants T >= 3: here three of the classic bugs cannot be seen.
    mutant = MUTANTS[0]
    core = plant(mutant.file, mutant.old, mutant.new)
    short = model_run("many_to_one", tokens=True, shape=(1, 3, 4, 6), core=core)
    errors = model_errors(short._replace(a_0=None))
    assert max(errors.values()) < BOUND
