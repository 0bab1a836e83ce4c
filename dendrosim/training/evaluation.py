"""How well a network does: a finished run, or a model with parameters."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from dendrosim.checks import is_file, shown
from dendrosim.errors import OtherPrediction, RunError
from dendrosim.model import Model, Parameters
from dendrosim.model.library import described
from dendrosim.model.parameters import trained_by
from dendrosim.registry import RULES
from dendrosim.training.hardware import Hardware
from dendrosim.training.prediction import complete, given_parameters
from dendrosim.training.run import Run
from dendrosim.training.summary import SUMMARY


def evaluate(
    network: Run | Model | str | Path,
    data: Any = "test",
    targets: Any = None,
    *,
    parameters: Parameters | str | Path | None = None,
    hardware: Hardware | None = None,
) -> dict[str, float]:
    """Return how well a network does on data: :meth:`dendrosim.Run.evaluate`, also without a run.

    Parameters
    ----------
    network : Run or Model or str or Path
        A run or its folder; or a model, its name or its file, with `parameters`.
    data, targets, hardware
        As for :meth:`dendrosim.Run.evaluate`. Without a run, classes are the numbers of their output cells.
    parameters : Parameters or str or Path, optional
        Of a model; or their file, or the folder of their run.

    Returns
    -------
    dict of str to float
        ``loss`` and ``accuracy``, or ``loss``, ``mse`` and ``mae`` of a regression.

    Raises
    ------
    RunError
        A model has no parameters, or a run has others.
    DataError, ModelError, ParametersError
        Data or parameters do not fit the model.

    Warns
    -----
    OtherPrediction
        The file says that its weights were trained by a rule that predicts otherwise than that of the model.

    Examples
    --------
    >>> import dendrosim as ds
    >>> model = ds.load_model("digits-mlp")
    >>> untrained = ds.evaluate(model, parameters=ds.Parameters.initialise(model, seed=0))
    >>> untrained["accuracy"] < 0.3
    True
    """
    if isinstance(network, str | Path) and is_file(Path(network) / SUMMARY):
        network = Run.load(network)
    if isinstance(network, Run):
        if parameters is not None:
            raise RunError("a run has its parameters already; leave them out, or give its model.")
        return network.evaluate(data, targets, hardware)
    if not isinstance(network, Model | str | Path):
        raise RunError(f"the network is {shown(network)}; give a Run, its folder, or a model with parameters.")
    model = described(network)
    if parameters is None:
        raise RunError(f"{model.name} is a model without parameters; give parameters=..., or a finished run.")
    if isinstance(parameters, str | Path):
        _warn_of_another_rule(model, trained_by(parameters))
    run = Run(model, complete(given_parameters(parameters, model), model), (), 0, {})
    return run.evaluate(data, targets, hardware)


def _warn_of_another_rule(model: Model, rule: str) -> None:
    present = model.training.rule
    if rule in RULES and RULES[rule].infer is not RULES[present].infer:
        warnings.warn(
            f"the weights were trained by '{rule}', and {model.name} predicts as '{present}' does; evaluate "
            f"load_model(..., rule='{rule}'), or their run.",
            OtherPrediction,
            stacklevel=3,
        )
