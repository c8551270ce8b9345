"""The referee: gradients measured by nudging one number at a time, beside the computed ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from rnn_core.checks import as_array, check_positive, check_shape
from rnn_core.parameters import Array


def numerical_gradient(loss: Callable[[], float], array: Array, step: float = 1e-5) -> Array:
    """Return dL/d(array) by central differences, (L(q + step) - L(q - step)) / (2 step).

    `loss` takes no argument and reads `array`, which is nudged entry by entry in place and left
    as it was. Raises TypeError unless it is float64: in float32 rounding drowns the difference.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"array is a {type(array).__name__}, expected a NumPy array.")
    if array.dtype != np.float64:
        raise TypeError(f"array holds {array.dtype} values, expected float64.")
    check_positive("step", step)
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        try:
            array[index] = value + step
            above = loss()
            array[index] = value - step
            below = loss()
        finally:
            array[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


def relative_error(computed: Array, measured: Array) -> float:
    """Return |computed - measured| / (|computed| + |measured|): 0 where equal, 1 at the worst.

    |.| is the Euclidean norm; two zero gradients agree. Raises ValueError unless the shapes agree.
    """
    computed, measured = as_array("computed", computed), as_array("measured", measured)
    check_shape("computed", computed, measured.shape)
    difference = float(np.linalg.norm(computed - measured))
    scale = float(np.linalg.norm(computed) + np.linalg.norm(measured))
    return difference / scale if scale else 0.0


def relative_error_by_step(computed: Array, measured: Array) -> Array:
    """Return the relative error of each time step of two arrays (T, ...) of the same shape."""
    check_shape("computed", as_array("computed", computed), np.shape(measured))
    return np.array([relative_error(c, m) for c, m in zip(computed, measured, strict=True)])


def check_gradients(
    loss: Callable[[], float],
    arrays: Mapping[str, Array],
    gradients: Mapping[str, Array],
    step: float = 1e-5,
) -> dict[str, float]:
    """Return the relative error of each gradient by name; a correct one is below 1e-6.

    `loss` takes no argument and reads the `arrays`; `gradients` has the same names.
    A check can only see what its setting exercises: take T >= 3, B >= 2, all sizes different,
    weights of order 1, biases and a_0 that are not zero.
    Raises KeyError where a gradient is missing, TypeError where an array is not float64.
    """
    return {
        name: relative_error(gradients[name], numerical_gradient(loss, array, step))
        for name, array in arrays.items()
    }
