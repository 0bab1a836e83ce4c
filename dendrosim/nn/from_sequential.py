"""From ``nn.Sequential`` to a model and its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
from torch import Tensor, nn

from dendrosim.checks import choice, shown, whole
from dendrosim.errors import ModelError, ParametersError
from dendrosim.model import Model, Parameters
from dendrosim.model.spec import LOSS_OF_OUTPUT

ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.Tanh: "tanh",
    nn.ReLU: "relu",
    nn.Sigmoid: "sigmoid",
    nn.Softplus: "softplus",
    nn.Identity: "identity",
}
"""The modules of torch that are activations of a model."""
CELLS = nn.Linear | nn.Conv2d
POOLS: dict[type[nn.Module], str] = {
    nn.MaxPool2d: "max-pool",
    nn.AvgPool2d: "average-pool",
    nn.AdaptiveMaxPool2d: "max-pool",
    nn.AdaptiveAvgPool2d: "average-pool",
}
FITTING = "Linear, Conv2d, pools, Flatten, Tanh, ReLU, Sigmoid, Softplus, Identity and a Softmax at the end"


def from_torch(
    module: nn.Sequential, input: Sequence[int] | None = None, output: str | None = None, seed: int = 0
) -> tuple[Model, Parameters]:
    """Describe a plain network of torch as a model, and take over its weights.

    ``Linear``, ``Conv2d`` (stride 1, the same padding of zeros on all sides, smaller than the kernel), ``MaxPool2d``
    and ``AvgPool2d`` (side by side, without padding, or adaptive to size 1), ``Flatten``, one activation for all hidden
    layers, and ``Softmax`` at the end. The model's outputs are those of the module. Θ is drawn as
    :meth:`Parameters.initialise` draws it, and a layer without bias gets one of zeros.

    Parameters
    ----------
    module : torch.nn.Sequential
        Others may be nested in it.
    input : sequence of int, optional
        Shape of one stimulus, (channels, height, width) or (cells,); needed where the first layer is no ``Linear``.
    output : {"softmax", "identity"}, optional
        What the output cells do, where the module does not say: by default ``softmax`` after a ``Softmax``, else
        ``identity``. For a classifier that ends with logits, as ``CrossEntropyLoss`` takes them, say ``softmax``.
    seed : int
        Of Θ.

    Returns
    -------
    model : Model
        With the default settings of everything else: ``model.changed(training={...})``.
    parameters : Parameters of numpy.ndarray
        In the precision of the module; float32 if it has less.

    Raises
    ------
    ModelError
        A layer fits no model; the sentence names its index and class.

    Examples
    --------
    >>> from torch import nn
    >>> import dendrosim as ds
    >>> module = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    >>> model, parameters = ds.from_torch(module, output="softmax")
    >>> model.architecture
    '64-32-10 relu softmax'
    """
    if not isinstance(module, nn.Sequential):
        raise ModelError(f"from_torch reads an nn.Sequential, and this is {shown(module)}; put its layers into one.")
    if input is not None and not isinstance(input, Sequence):
        raise ModelError(f"the input is {shown(input)}; give the shape of a stimulus, such as (1, 28, 28).")
    reader = _Reader(input)
    for name, layer in _layers(module):
        reader.read(name, layer)
    model = reader.model(output)
    return model, _parameters(model, reader.cells, whole(seed, "the seed", error=ParametersError))


class _Reader:
    """The layers of a model, as those of a module are read from below to above."""

    def __init__(self, stimulus: Sequence[int] | None):
        self.cells: list[CELLS] = []
        self._layers: list[dict[str, Any]] = []
        self._where = ""  # index and class of the layer that is read
        self._places: list[str] = []  # those of the layers of cells
        self._stimulus = stimulus
        self._is_flat = stimulus is not None and len(stimulus) == 1
        self._activations: dict[int, str] = {}  # by the number of layers of cells below
        self._latest = ""  # the kind of the layer that was read last, of those that do something
        self._has_softmax = False

    def read(self, name: str, layer: nn.Module) -> None:
        """Take in one more layer of the module."""
        self._where = f"layer {name} ({type(layer).__name__})"
        if self._has_softmax:
            self._refuse("comes after the Softmax, which is the output; take one of them out")
        if type(layer) in ACTIVATIONS:
            self._activation(layer)
        elif type(layer) in POOLS:
            self._pool(layer)
        elif type(layer) is nn.Flatten:
            self._flatten(layer)
        elif type(layer) is nn.Softmax:
            self._softmax(layer)
        elif type(layer) in (nn.Linear, nn.Conv2d):
            self._cells(layer)
        else:
            self._refuse(f"is no part of a model; it has {FITTING}")

    def model(self, output: str | None) -> Model:
        """Return the model of all layers that were read."""
        if not self.cells or not isinstance(self.cells[-1], nn.Linear) or self._latest == "pool":
            end = f"{self._where} is the end" if self._where else "there is no layer"
            raise ModelError(f"{end} of the module where its output should be; end it with a Linear, or a Softmax.")
        found = "softmax" if self._has_softmax else "identity"
        output = found if output is None else choice(output, "the output", LOSS_OF_OUTPUT, ModelError)
        if self._has_softmax and output != "softmax":
            raise ModelError("the module ends with a Softmax; leave it out for an output that is linear.")
        activation = self._shared_activation()
        return Model(input=list(self._stimulus or ()), layers=self._layers, activation=activation, output=output)

    def _shared_activation(self) -> str:
        *hidden, output = (self._activations.get(number, "identity") for number in range(1, len(self.cells) + 1))
        if output != "identity":
            raise ModelError(
                f"{self._places[-1]} is the output and goes through {output}, where that of a model is linear or a "
                "softmax; take the activation out."
            )
        for place, name in zip(self._places, hidden, strict=False):
            if name != hidden[0]:
                raise ModelError(
                    f"{place} has the activation {name} and the first layer {hidden[0]}, where all hidden layers of a "
                    "model share one; choose one."
                )
        return hidden[0] if hidden else "tanh"

    def _cells(self, layer: Any) -> None:
        if isinstance(layer, nn.Conv2d):
            described = self._convolution(layer)
            if self._stimulus is None:
                self._refuse("needs the shape of a stimulus; give from_torch(module, input=(channels, height, width))")
            if self._is_flat:
                self._refuse("follows cells that lie in a row; give it channels, height and width")
        else:
            described = {"kind": "dense", "units": layer.out_features}
            if self._stimulus is None:
                self._stimulus, self._is_flat = (layer.in_features,), True
            if not self._is_flat:
                self._refuse("takes cells in a row and follows channels; put a Flatten between them")
        self.cells.append(layer)
        self._places.append(self._where)
        self._layers.append(described)
        self._latest = "cells"
        self._check_shape(tuple(layer.weight.shape))

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        """Refuse a layer whose weights are not of the shape that a model would give them."""
        try:
            so_far = Model(input=list(self._stimulus or ()), layers=[*self._layers, {"kind": "dense", "units": 1}])
        except ModelError as error:
            self._refuse(f"fits no model ({str(error).removesuffix('.')}); change one of them")
        if (needed := so_far.connections[len(self.cells) - 1].shape) != shape:
            self._refuse(f"has weights of shape {shape} where {needed} would fit; check the input")

    def _convolution(self, layer: nn.Conv2d) -> dict[str, Any]:
        padding = _padding(layer)
        plain = (_pair(layer.stride), _pair(layer.dilation), layer.groups, layer.padding_mode)
        if plain != ((1, 1), (1, 1), 1, "zeros") or padding is None or padding >= min(layer.kernel_size):
            self._refuse(
                "is another convolution than a model has; use stride 1, no dilation, one group, and the same padding "
                "of zeros on all sides, smaller than the kernel"
            )
        kernel = _size(layer.kernel_size)
        return {"kind": "conv2d", "channels": layer.out_channels, "kernel": kernel, "padding": padding}

    def _pool(self, layer: Any) -> None:
        if self._stimulus is None:
            self._refuse("needs the shape of a stimulus; give from_torch(module, input=(channels, height, width))")
        if self._is_flat or self._latest == "pool":
            self._refuse("needs a layer with channels, height and width right below; put a Conv2d there")
        self._layers.append({"kind": POOLS[type(layer)], "size": self._window(layer)})
        self._latest = "pool"

    def _window(self, layer: Any) -> list[int] | int | str:
        if isinstance(layer, nn.AdaptiveMaxPool2d | nn.AdaptiveAvgPool2d):
            if _pair(layer.output_size) != (1, 1):
                self._refuse("has windows of different sizes; use the output size 1")
            return "all"
        window = _pair(layer.kernel_size)
        plain = (_pair(layer.stride), _pair(layer.padding), _pair(getattr(layer, "dilation", 1)))
        if plain != (window, (0, 0), (1, 1)) or layer.ceil_mode or getattr(layer, "return_indices", False):
            self._refuse("has windows that overlap, leave gaps or reach over the border; use the kernel as the stride")
        if getattr(layer, "divisor_override", None) is not None:
            self._refuse("divides by another number than that of its cells; leave out divisor_override")
        return _size(window)

    def _flatten(self, layer: nn.Flatten) -> None:
        if (layer.start_dim, layer.end_dim) != (1, -1):
            self._refuse("keeps some axes; use Flatten() with its defaults")
        self._is_flat = True

    def _activation(self, layer: nn.Module) -> None:
        name, number = ACTIVATIONS[type(layer)], len(self.cells)
        if name == "identity":
            return
        if isinstance(layer, nn.Softplus) and (layer.beta != 1 or layer.threshold < 20):
            self._refuse("is another softplus than a model has; use beta 1 and a threshold of at least 20")
        # The largest of a window goes through a rising function either before or after it is chosen.
        after_mean = self._latest == "pool" and self._layers[-1]["kind"] == "average-pool"
        if number == 0 or number in self._activations or after_mean:
            self._refuse("does not follow a layer of cells, which a model's activation does; put it right above one")
        self._activations[number] = name

    def _softmax(self, layer: nn.Softmax) -> None:
        if layer.dim not in (None, 1, -1) or self._latest != "cells" or len(self.cells) in self._activations:
            self._refuse("is no softmax over the cells of the output; put it right above the last Linear, with dim=-1")
        self._has_softmax = True

    def _refuse(self, sentence: str) -> NoReturn:
        raise ModelError(f"{self._where} {sentence}.")


def _layers(module: nn.Sequential, above: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, layer in module.named_children():
        if isinstance(layer, nn.Sequential):
            yield from _layers(layer, f"{above}{name}.")
        else:
            yield f"{above}{name}", layer


def _padding(layer: nn.Conv2d) -> int | None:
    """Return the cells of padding on all sides, if they are as many on each."""
    if layer.padding == "valid":
        return 0
    sides = [(size - 1) / 2 for size in layer.kernel_size] if layer.padding == "same" else list(_pair(layer.padding))
    return int(sides[0]) if sides[0] == sides[1] and sides[0] % 1 == 0 else None


def _pair(size: Any) -> tuple[Any, ...]:
    return (size, size) if isinstance(size, int) or size is None else tuple(size)


def _size(sides: tuple[int, ...]) -> list[int] | int:
    """Return the sides of a window as a model file has them."""
    return sides[0] if sides[0] == sides[1] else list(sides)


def _parameters(model: Model, cells: Sequence[CELLS], seed: int) -> Parameters:
    arrays = [_array(layer.weight) for layer in cells]
    parameters = Parameters.initialise(model, seed, np.result_type(*(array.dtype for array in arrays)))
    for connection, layer, array in zip(model.connections, cells, arrays, strict=True):
        parameters.W[connection.name] = array
        if layer.bias is not None:
            parameters.bias[connection.name] = _array(layer.bias)
    parameters.check(model, "the module")
    return parameters


def _array(tensor: Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    return (tensor if tensor.dtype.itemsize == 8 else tensor.float()).contiguous().numpy().copy()
