"""Checks of what a caller hands in; each error is one sentence: what is wrong, given, expected.

They stand at the border (`unroll`, `fit`, a layer's constructor), never inside an equation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]


def shape_text(shape: tuple[int | str, ...]) -> str:
    """Return a shape as it is written: (3, n_x)."""
    return "(" + ", ".join(str(size) for size in shape) + ("," if len(shape) == 1 else "") + ")"


def check_shape(name: str, array: Array, expected: tuple[int | str, ...]) -> Array:
    """Return `array`; raise ValueError unless it has the shape (a name fits any size >= 1)."""
    fits = array.ndim == len(expected)
    for given, size in zip(array.shape, expected, strict=False):
        fits = fits and (given == size or (isinstance(size, str) and given > 0))
    if not fits:
        empty = " (an empty sequence has nothing to unroll)" if 0 in array.shape else ""
        raise ValueError(
            f"{name} has the shape {shape_text(array.shape)}, "
            f"expected {shape_text(expected)}{empty}."
        )
    return array


def check_finite(name: str, array: Array) -> Array:
    """Return `array`; raise ValueError if an entry is NaN or infinite, naming the first one."""
    if not np.isfinite(array).all():
        first = tuple(np.argwhere(~np.isfinite(array))[0])
        place = ", ".join(str(i) for i in first)
        raise ValueError(f"{name}[{place}] is {array[first]}, expected a finite number.")
    return array


def check_real(
    name: str, value: Any, expected: tuple[int | str, ...], dtype: DTypeLike = np.float64
) -> Array:
    """Return `value` as a finite real array of this shape and type.

    Raises TypeError where it holds no real numbers, ValueError where shape or values are wrong.
    """
    array = value if isinstance(value, np.ndarray) else as_array(name, value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} holds {array.dtype} values, expected real numbers.")
    check_shape(name, array, expected)
    if array.dtype != dtype or not array.flags.c_contiguous:
        array = np.ascontiguousarray(array, dtype=dtype)
    return check_finite(name, array)


def check_ids(name: str, value: Any, expected: tuple[int | str, ...], n_ids: int) -> Array:
    """Return `value` as an integer array of this shape with entries 0 ... n_ids - 1.

    Raises TypeError where it holds anything but integers, ValueError where shape or range is wrong.
    """
    array = as_array(name, value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} holds {array.dtype} values, expected integers.")
    check_shape(name, array, expected)
    if not array.size:
        raise ValueError(f"{name} is empty, expected at least one integer.")
    low, high = array.min(), array.max()
    if low < 0 or high >= n_ids:
        wrong = low if low < 0 else high
        raise ValueError(f"{name} holds {wrong}, expected integers from 0 to {n_ids - 1}.")
    return array


def check_mask(mask: Any, T: int, B: int) -> Array | None:
    """Return the mask `(T, B)` as booleans, or None where it is None or all true.

    Raises ValueError unless each column is some true entries followed by false ones: a sequence
    has at least one step, and its padding comes last.
    """
    if mask is None:
        return None
    array = as_array("mask", mask)
    if array.dtype.kind != "b":
        raise TypeError(f"mask holds {array.dtype} values, expected booleans.")
    check_shape("mask", array, (T, B))
    if array.all():
        return None
    if not array[0].all():
        b = int(np.flatnonzero(~array[0])[0])
        raise ValueError(f"mask[:, {b}] starts with False, expected at least one real step.")
    returns = array[1:] & ~array[:-1]
    if returns.any():
        t, b = np.argwhere(returns)[0]
        raise ValueError(
            f"mask[:, {b}] is True again at index {t + 1}, expected the padding to come last."
        )
    return array


def check_positive(name: str, value: float) -> float:
    """Return `value`; raise ValueError unless it is a finite number above 0."""
    check_number(name, value)
    if not (value > 0 and np.isfinite(value)):
        raise ValueError(f"{name} is {value}, expected a finite number above 0.")
    return value


def check_size(name: str, value: int) -> int:
    """Return `value`; raise TypeError or ValueError unless it is an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}, expected an integer.")
    if value < 1:
        raise ValueError(f"{name} is {value}, expected at least 1.")
    return int(value)


def lengths_to_mask(lengths: Any, T: int) -> Array:
    """Return the mask `(T, B)` that is true at the first `lengths[b]` steps of sequence b.

    Raises ValueError where a length is below 1 or above T, TypeError where it is no integer.
    """
    check_size("T", T)
    array = as_array("lengths", lengths)
    if array.dtype.kind not in "iu":
        raise TypeError(f"lengths holds {array.dtype} values, expected integers.")
    check_shape("lengths", array, ("B",))
    wrong = (array < 1) | (array > T)
    if wrong.any():
        b = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"lengths[{b}] is {array[b]}, expected 1 to T = {T}.")
    mask: Array = np.arange(T)[:, None] < array
    return mask


def check_number(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is a real number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} is {value!r}, expected a number.")


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return the dtype; raise TypeError unless it is float64 or float32."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found not in (np.float64, np.float32):
        raise TypeError(f"dtype is {dtype!r}, expected numpy.float64 or numpy.float32.")
    return found


def as_array(name: str, value: Any) -> Array:
    """Return `value` as an array; raise ValueError where its rows have unequal lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} has rows of unequal lengths, expected one array.") from None
