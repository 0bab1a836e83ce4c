"""What trained parameters predict, and how well they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dendrosim.checks import of_kind, shown
from dendrosim.data.samples import Samples, Split, Task
from dendrosim.equilibrium import Network
from dendrosim.equilibrium.maps import channels_last
from dendrosim.errors import ParametersError
from dendrosim.model import Model, Parameters
from dendrosim.registry import RULES
from dendrosim.training.hardware import Hardware
from dendrosim.training.measures import measures

EVALUATED_AT_ONCE = 1000


def pieces(count: int, first: int = 0, ranks: int = 1) -> Iterator[slice]:
    """Cut samples into pieces that are evaluated at once, of which each rank takes its own."""
    for start in range(first * EVALUATED_AT_ONCE, count, ranks * EVALUATED_AT_ONCE):
        yield slice(start, start + EVALUATED_AT_ONCE)


def outputs_of(model: Model, parameters: Parameters, stimuli: Samples, hardware: Hardware | None = None) -> np.ndarray:
    """Return what a network predicts: the output of the state that its rule infers.

    Parameters
    ----------
    model : Model
        The network, and the rule that it was trained with.
    parameters : Parameters of numpy.ndarray
        Those of the model, and of the rule.
    stimuli : array or Encoded of shape (samples, *model.input)
        Read piece by piece.
    hardware : Hardware, optional
        By default a CPU in the precision of the parameters.

    Returns
    -------
    array of shape (samples, [steps,] outputs)
        Probabilities after a softmax.
    """
    hardware = Hardware(dtype=precision(parameters)) if hardware is None else of_kind(hardware, Hardware, "hardware")
    network, rule, outputs = Network(model), RULES[model.training.rule].from_model(model), []
    with hardware.prepare() as (device, dtype):

        def tensor(array: np.ndarray) -> Tensor:
            return channels_last(torch.from_numpy(array).to(device, dtype))

        tensors = parameters.map(lambda array: tensor(np.array(array, order="C")))
        for piece in pieces(len(stimuli)):
            state = rule.infer(network, tensors, tensor(np.array(stimuli[piece], np.float32, order="C")))
            outputs.append(network.output(state).cpu().numpy())
    return np.concatenate(outputs)


def evaluated(model: Model, outputs: np.ndarray, split: Split, task: Task) -> dict[str, float]:
    """Return the mean loss of outputs over the samples of a split, and what else is measured on the task."""
    network, sums = Network(model), Counter[str]()
    for piece in pieces(len(split)):
        output = torch.from_numpy(outputs[piece])
        targets = torch.from_numpy(np.asarray(split.targets[piece])).to(output.dtype)
        sums.update(
            {name: float(value) * len(targets) for name, value in mean_measures(network, task, output, targets).items()}
        )
    return {name: value / len(split) for name, value in sums.items()}


def mean_measures(network: Network, task: Task, output: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Return the mean loss over presentations, and what else is measured on the task."""
    return {"loss": network.loss(output, targets), **measures(task, output, targets)}


def precision(parameters: Parameters) -> str:
    """Return the type in which to compute with some parameters: float64 where they are, else float32."""
    doubles = any(array.dtype == np.float64 for _, array in parameters.items())
    return "float64" if doubles else "float32"


def given_parameters(parameters: Parameters | str | Path, model: Model) -> Parameters:
    """Return parameters that a user gave for a model: themselves, their file, or the folder of their run.

    Raises
    ------
    ParametersError
        They are none, or do not fit the model.
    """
    if isinstance(parameters, str | Path):
        return Parameters.load(parameters, model)
    if not isinstance(parameters, Parameters):
        raise ParametersError(f"parameters are {shown(parameters)}; give Parameters, a weights file, or a run folder.")
    parameters.check(model)
    return parameters


def complete(parameters: Parameters, model: Model) -> Parameters:
    """Return copies of parameters that have all that the rule of their model predicts with.

    Raises
    ------
    ParametersError
        An auxiliary parameter of the rule is missing, or has another shape.
    """
    drawn = Parameters.initialise(model, 0, auxiliary=RULES[model.training.rule].from_model(model).auxiliary)
    return with_auxiliary(drawn, parameters, is_needed=True)


def with_auxiliary(drawn: Parameters, given: Parameters, is_needed: bool = False) -> Parameters:
    """Return copies of given parameters, with the auxiliary ones of the rule: those they lack are as they were drawn.

    Parameters
    ----------
    drawn : Parameters
        What the rule would begin with.
    given : Parameters
        What is to be used.
    is_needed : bool
        Whether nothing may lack.

    Raises
    ------
    ParametersError
        Something has another shape than the rule needs, or lacks.
    """
    for name, array in drawn.auxiliary.items():
        there = given.auxiliary.get(name)
        if (there is None and is_needed) or (there is not None and there.shape != array.shape):
            found = "nothing" if there is None else f"shape {there.shape}"
            raise ParametersError(
                f"'{name}.auxiliary' has {found} where the rule needs {array.shape}; use parameters of that rule and "
                "network."
            )
    auxiliary = {name: given.auxiliary.get(name, array) for name, array in drawn.auxiliary.items()}
    return Parameters(given.W, given.bias, given.theta, auxiliary).map(partial(np.array, order="C"))
