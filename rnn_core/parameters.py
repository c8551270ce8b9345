"""Named weights that are views of one flat vector, so that training is vector arithmetic.

An optimiser, clipping, a gradient check or a save file needs no knowledge of layers: each works
on `vector`. The equations need no knowledge of the vector: each works on `W`, `Wxh`, ...
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rnn_core.checks import check_dtype, check_real

Array = NDArray[Any]
Shapes = dict[str, tuple[int, ...]]


class Parameters(Mapping[str, Array]):
    """Arrays by name, stored one after the other in one flat `vector`.

    Writing `p["W"] = values` copies the values into the vector: the array stays the same array.
    Raises TypeError where the values are no real numbers, or the dtype is neither float64 nor
    float32; ValueError where the values have another shape or are not finite.
    """

    def __init__(
        self, shapes: Shapes, dtype: DTypeLike = np.float64, vector: Array | None = None
    ) -> None:
        self.shapes = dict(shapes)
        size = sum(math.prod(shape) for shape in shapes.values())
        self.vector = np.zeros(size, check_dtype(dtype)) if vector is None else vector
        self._arrays: dict[str, Array] = {}
        start = 0
        for name, shape in shapes.items():
            stop = start + math.prod(shape)
            self._arrays[name] = self.vector[start:stop].reshape(shape)
            start = stop

    def like(self) -> Parameters:
        """Return zeros of the same names and shapes: room for the gradients."""
        return Parameters(self.shapes, self.vector.dtype)

    def part(self, names: list[str], *, prefix: str = "") -> Parameters:
        """Return neighbours `prefix + name` as parameters of their own, over the same memory."""
        first = self._arrays[prefix + names[0]]
        start = (first.ctypes.data - self.vector.ctypes.data) // self.vector.itemsize
        shapes = {name: self.shapes[prefix + name] for name in names}
        stop = start + sum(math.prod(shape) for shape in shapes.values())
        return Parameters(shapes, vector=self.vector[start:stop])

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __setitem__(self, name: str, values: Any) -> None:
        array = self._arrays[name]
        array[...] = check_real(name, values, array.shape, array.dtype)

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.shapes, self.vector.copy())


def _restore(shapes: Shapes, vector: Array) -> Parameters:
    return Parameters(shapes, vector=vector)


class Layer:
    """Anything with weights: `layer.W` reads, and `layer.W = values` copies into, `parameters`.

    Writing a name that is not there raises AttributeError: a misspelt weight must not go unseen.
    """

    parameters: Parameters

    def bind(self, parameters: Parameters) -> None:
        """Use these parameters from now on; their names become attributes."""
        self.__dict__["parameters"] = parameters
        self.__dict__.update(parameters)

    def __setattr__(self, name: str, value: Any) -> None:
        names = self.__dict__.get("parameters", {})
        if name in names:
            self.parameters[name] = value
        elif names and not hasattr(self, name):
            raise AttributeError(
                f"{type(self).__name__} has no {name}, expected one of {', '.join(names)}."
            )
        else:
            super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        # A copy or a loaded layer is bound to its own vector, and belongs to no network yet.
        views = {*self.parameters, "_joined"}
        return {name: value for name, value in self.__dict__.items() if name not in views}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.bind(self.parameters)


class Network(Layer):
    """A layer made of layers, whose weights all live in one flat vector."""

    def layers(self) -> list[tuple[str, Layer]]:
        """Return the parts, each with the prefix of its parameters' names ("" for none)."""
        raise NotImplementedError

    def join(self) -> None:
        """Move the weights of the parts into one flat vector; the parts keep views of it.

        Raises ValueError where two parts would share a name, or where a part already belongs to
        another network (its weights would leave that network behind).
        """
        shapes: Shapes = {}
        parts = [layer for _, layer in self.layers()]
        for prefix, layer in self.layers():
            if "_joined" in layer.__dict__ or parts.count(layer) > 1:
                raise ValueError(
                    f"this {type(layer).__name__} already belongs to a model, expected one of "
                    "the new model's own (copy.deepcopy makes it)."
                )
            for name, shape in layer.parameters.shapes.items():
                if prefix + name in shapes:
                    raise ValueError(f"two layers have a parameter {prefix + name!r}.")
                shapes[prefix + name] = shape
        joined = Parameters(shapes, self.layers()[0][1].parameters.vector.dtype)
        for prefix, layer in self.layers():
            part = joined.part(list(layer.parameters), prefix=prefix)
            part.vector[:] = layer.parameters.vector
            layer.bind(part)
            layer.__dict__["_joined"] = True
        self.bind(joined)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.join()
