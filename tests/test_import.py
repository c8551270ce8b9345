"""`import rnn_core` needs NumPy and nothing else."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
before = set(sys.modules)
import rnn_core
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


def loaded_by(script):
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    return set(result.stdout.split())


def test_importing_the_core_loads_numpy_and_the_standard_library_alone():
    loaded = loaded_by(SCRIPT)
    assert {"rnn_core", "numpy"} <= loaded
    # NumPy's own import may bring helpers along (Cython's, in NumPy 1).
    with_numpy = loaded_by(SCRIPT.replace("import rnn_core", "import numpy"))
    assert loaded - with_numpy - set(sys.stdlib_module_names) == {"rnn_core"}


def test_importing_the_core_leaves_out_what_only_pictures_need():
    loaded = loaded_by(SCRIPT.replace('.partition(".")[0]', ""))
    assert {"rnn_core.cells", "rnn_core.bptt"} <= loaded
    outside = ("rnn_core.show", "rnn_core.tasks", "rnn_core.exercises")
    assert not [name for name in loaded if name.startswith(outside)]


def test_every_public_name_is_there():
    import rnn_core

    assert len(set(rnn_core.__all__)) == len(rnn_core.__all__)
    for name in rnn_core.__all__:
        assert getattr(rnn_core, name).__doc__ or name == "ACTIVATIONS", name
