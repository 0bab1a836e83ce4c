"""From a trained network to a plain ``nn.Sequential``."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from dendrosim.checks import shown
from dendrosim.errors import ModelError, ParametersError
from dendrosim.model import Model, Parameters
from dendrosim.model.connections import Connection, Pooling
from dendrosim.nn.from_sequential import ACTIVATIONS
from dendrosim.registry import RULES
from dendrosim.training import Run

_NEVER_LINEAR = 40  # where log(1 + e^z) is z in double precision
_POOLS = {"max-pool": nn.MaxPool2d, "average-pool": nn.AvgPool2d}
_POOLS_OVER_ALL = {"max-pool": nn.AdaptiveMaxPool2d, "average-pool": nn.AdaptiveAvgPool2d}
_MODULES = {name: module for module, name in ACTIVATIONS.items()}


def to_torch(run: Run | Model, parameters: Parameters | None = None) -> nn.Sequential:
    """Return a trained network as a plain ``nn.Sequential``, with the outputs of :meth:`dendrosim.Run.predict`.

    It holds no class of dendrosim, so that it can be exported (ONNX, TorchScript) and used where dendrosim is not
    installed. Feedback weights have no part in predicting, and are left out.

    Parameters
    ----------
    run : Run or Model
        What was trained; with a model, its parameters are needed.
    parameters : Parameters of numpy.ndarray, optional
        Those of the model, or in the place of those of the run.

    Returns
    -------
    torch.nn.Sequential
        From stimuli of shape (batch, ``*model.input``) to probabilities (its last layer is a ``Softmax``) or
        quantities, in the precision of the parameters.

    Raises
    ------
    ModelError
        The network has a layer that no plain ``Sequential`` has (branches, recurrence), or its rule predicts otherwise
        than by the bottom-up sweep.
    ParametersError
        There are no parameters, or they are those of another network.

    Examples
    --------
    >>> import dendrosim as ds
    >>> model = ds.load_model("digits-mlp")
    >>> ds.to_torch(model, ds.Parameters.initialise(model, seed=0))[0]
    Linear(in_features=64, out_features=128, bias=True)
    """
    model, parameters = _given(run, parameters)
    _refuse_others(model)
    dtype = np.result_type(*(array.dtype for array in parameters.W.values()))
    layers: list[nn.Module] = []
    for connection in model.connections:
        layers += _below(connection)
        layers.append(_cells(connection, parameters))
        if connection.above != "output":
            layers.append(_activation(model.activation))
        elif model.output == "softmax":
            layers.append(nn.Softmax(dim=-1))
        elif model.output != "identity":
            raise ModelError(
                f"{model.source}: output: '{model.output}' is no module of torch; use dendrosim.nn.Network, or "
                "Run.predict."
            )
    return nn.Sequential(*layers).to(torch.from_numpy(np.empty(0, dtype)).dtype)


def _given(run: Any, parameters: Any) -> tuple[Model, Parameters]:
    if not isinstance(run, Run | Model):
        raise ModelError(f"to_torch takes a Run or a Model, and this is {shown(run)}; give one of them.")
    model = run.model if isinstance(run, Run) else run
    parameters = run.parameters if isinstance(run, Run) and parameters is None else parameters
    if not isinstance(parameters, Parameters):
        raise ParametersError(f"the parameters are {shown(parameters)}; give Parameters, such as those of a run.")
    parameters.check(model)
    return model, parameters


def _refuse_others(model: Model) -> None:
    for index, layer in enumerate(model.layers):
        if layer.kind in ("branches", "recurrent"):
            raise ModelError(
                f"{model.source}: layers.{index} ({layer.kind}) has no form in a plain Sequential; use "
                "dendrosim.nn.Network, or Run.predict."
            )
    if model.activation not in _MODULES:
        raise ModelError(
            f"{model.source}: torch has no module for the activation '{model.activation}'; use dendrosim.nn.Network."
        )
    if not RULES[model.training.rule].predicts_bottom_up():
        raise ModelError(
            f"{model.source}: '{model.training.rule}' predicts otherwise than by one sweep through the layers, all "
            "that a plain Sequential does; use dendrosim.nn.Network, or Run.predict."
        )


def _below(connection: Connection) -> list[nn.Module]:
    """Return what stands between a layer and the weights above it."""
    pool = [] if connection.pooling is None else [_pool(connection.pooling)]
    is_flattened = connection.kind == "dense" and len(connection.source_shape) > 1
    return [*pool, *([nn.Flatten()] if is_flattened else [])]


def _pool(pooling: Pooling) -> nn.Module:
    if pooling.window == pooling.shape[1:]:
        return _POOLS_OVER_ALL[pooling.kind](1)
    return _POOLS[pooling.kind](pooling.window)


def _cells(connection: Connection, parameters: Parameters) -> nn.Module:
    above, below, *kernel = connection.shape
    layer: nn.Module = (
        nn.utils.skip_init(nn.Conv2d, below, above, tuple(kernel), padding=connection.padding)
        if kernel
        else nn.utils.skip_init(nn.Linear, below, above)
    )
    layer.weight = _parameter(parameters.W[connection.name])
    layer.bias = _parameter(parameters.bias[connection.name])
    return layer


def _activation(name: str) -> nn.Module:
    return nn.Softplus(threshold=_NEVER_LINEAR) if name == "softplus" else _MODULES[name]()


def _parameter(array: np.ndarray) -> nn.Parameter:
    return nn.Parameter(torch.from_numpy(np.array(array)))
