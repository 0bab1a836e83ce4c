"""One page that holds a small network and simulates it in the browser: it asks nothing of any server."""

from __future__ import annotations

import base64
import html
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from dendrosim.arrays import real_array
from dendrosim.checks import of_kind
from dendrosim.errors import DataError
from dendrosim.model import Model, Parameters
from dendrosim.plot.style import COLOUR_MAP, FEEDBACK
from dendrosim.registry import RULES
from dendrosim.view.colours import colours
from dendrosim.view.describe import stimulus_form
from dendrosim.view.sources import filled, sources, write_html

MOST_WEIGHTS = 300_000
"""Of W, without its feedback; a page of them stays below 3 MB in float32."""
MOST_BYTES = 3_000_000
"""Of a whole page."""
HIDDEN, OUTPUTS = ("tanh", "relu", "sigmoid", "softplus", "identity"), ("softmax", "identity")
SCRIPTS = ("simulation.js", "neurons.js", "stimulus.js", "teacher.js", "sliders.js", "panel.js")
DECAY = 0.1
"""Of W and Θ by Kolen and Pollack, where the model has none of its own; see [rules.dll]."""


def play_page(
    model: Model, parameters: Parameters, stimuli: np.ndarray | None = None, targets: np.ndarray | None = None
) -> str:
    r"""Return a network as one HTML page that simulates it: equations, integrator and time step of the circuit.

    Parameters
    ----------
    model : Model
        A multilayer perceptron of rate cells, with up to 300,000 weights.
    parameters : Parameters of numpy.ndarray
        Its weights, dimensionless; the page computes in float64 from their values.
    stimuli : array of shape (sample, \*model.input), optional
        Examples to pick from.
    targets : array of shape (sample, output cell), optional
        What a teacher wants of them.

    Raises
    ------
    DataError
        The page cannot simulate such a network, or would be larger than 3 MB.

    Examples
    --------
    >>> import dendrosim as ds
    >>> model = ds.Model(input=[16], layers=[{"kind": "dense", "units": 4}, {"kind": "dense", "units": 3}])
    >>> play_page(model, ds.Parameters.initialise(model, seed=0)).startswith("<!DOCTYPE html>")
    True
    """
    _check(model, parameters)
    stimuli = _checked(stimuli, "stimuli", tuple(model.input))
    targets = _checked(targets, "targets", model.sizes[-1:])
    if targets is not None and (stimuli is None or len(targets) != len(stimuli)):
        raise DataError(f"there are {len(targets)} targets and not as many stimuli; give one for each.")
    content = _network(model, parameters) | {
        "colours": colours(COLOUR_MAP),
        "feedback": FEEDBACK,
        "lines": [_line(model, name) for name in ("basal", "soma", "apical", "error")],
        "range": _range(stimuli),
        "examples": _examples(stimuli, targets),
    }
    shell = {
        "style": sources("dendrosim.view", "charts.css") + sources("dendrosim.play", "page.css"),
        "script": sources("dendrosim.view", "canvas.js", "charts.js") + sources("dendrosim.play", *SCRIPTS),
        "title": html.escape(f"{model.name}, alive"),
        "subtitle": html.escape(model.architecture),
        # "<" would let a name end the script that holds it.
        "network": json.dumps(content, allow_nan=False).replace("<", "\\u003c"),
    }
    page = filled(sources("dendrosim.play", "page.html"), shell)
    if len(page.encode()) > MOST_BYTES:
        raise DataError(
            f"the page of '{model.name}' would take {len(page) / 1e6:.1f} MB of at most {MOST_BYTES / 1e6:.0f} MB; "
            "train a smaller network, or one in float32."
        )
    return page


def write_play_page(
    path: str | Path,
    model: Model,
    parameters: Parameters,
    stimuli: np.ndarray | None = None,
    targets: np.ndarray | None = None,
) -> Path:
    r"""Write the :func:`play_page` of a network.

    Parameters
    ----------
    path : str or Path
        File to write; one that is there is replaced. Missing folders are made.
    model : Model
        A multilayer perceptron of rate cells, with up to 300,000 weights.
    parameters : Parameters of numpy.ndarray
        Its weights, dimensionless.
    stimuli : array of shape (sample, \*model.input), optional
        Examples to pick from.
    targets : array of shape (sample, output cell), optional
        What a teacher wants of them.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DataError
        As for :func:`play_page`, or the file cannot be written.
    """
    _check(model, parameters)  # before any folder is made
    return write_html(path, lambda: play_page(model, parameters, stimuli, targets))


def refuse(model: Model) -> None:
    """Raise DataError, before anything is computed, for a model that a page cannot simulate."""
    model = of_kind(model, Model, "the model")
    below = ("input", *model.layer_names)
    chain = [(each.below, each.above) for each in model.connections] == list(itertools.pairwise(below))
    dense = all(each.kind == "dense" and not each.lag and each.pooling is None for each in model.connections)
    bottom_up = RULES[model.training.rule].predicts_bottom_up()
    weights = sum(math.prod(each.shape) for each in model.connections)
    mistakes = {
        "is no plain multilayer perceptron": not (chain and dense),
        f"has cells of kind '{model.cell.kind}', and not rate cells": model.cell.kind != "rate",
        f"has the activation '{model.activation}', and not one of {', '.join(HIDDEN)}": model.activation not in HIDDEN,
        f"has the output '{model.output}', and not softmax or identity": model.output not in OUTPUTS,
        f"has the rule '{model.training.rule}', which predicts otherwise than the cells of a page": not bottom_up,
        f"has {weights:,} weights, and not at most {MOST_WEIGHTS:,}": weights > MOST_WEIGHTS,
    }
    if found := next((words for words, wrong in mistakes.items() if wrong), None):
        raise DataError(f"'{model.name}' {found}; a page plays small networks such as digits-mlp.")


def _check(model: Model, parameters: Parameters) -> None:
    refuse(model)
    of_kind(parameters, Parameters, "the parameters").check(model)


def _network(model: Model, parameters: Parameters) -> dict[str, Any]:
    """Return all that the simulation reads."""
    cell: Any = model.cell
    form, shape = stimulus_form(tuple(model.input), 1)
    dll, plasticity = model.rules.dll, model.plasticity
    decay = plasticity.decay
    if decay is None:
        decay = dll.decay if dll.feedback == "kolen-pollack" else DECAY
    return {
        "activation": model.activation,
        "output": model.output,
        "teacher": model.teacher.kind,
        "beta": model.teacher.strength,
        "dt": min(tau for tau in cell.time_constants if tau > 0) / 10,
        "taus": {"basal": cell.tau_basal, "apical": cell.tau_apical, "soma": cell.tau_soma},
        "noise": cell.noise,
        "learning": {"rate": plasticity.learning_rate, "presentation": plasticity.presentation_time, "decay": decay},
        "shape": list(shape if form == "image" else (1, math.prod(model.input))),
        "layers": list(model.layer_names),
        "connections": [
            {
                "below": each.shape[1],
                "above": each.shape[0],
                "W": _packed(parameters.W[each.name]),
                "bias": _packed(parameters.bias.get(each.name)),
                "theta": _packed(parameters.theta.get(each.name)),
            }
            for each in model.connections
        ],
    }


def _line(model: Model, name: str) -> dict[str, str]:
    """Return how a variable of the cells is drawn over time, as in figures and on the page of a recording."""
    look = model.cell.observables[name]
    return {"name": name, "label": look.label, "colour": look.colour, "dash": look.dash, "panel": look.panel}


def _range(stimuli: np.ndarray | None) -> list[float]:
    """Return the values of an empty and of a full pixel: those of the examples, or, without them, of our digits."""
    if stimuli is None or np.ptp(stimuli) == 0:
        return [-1.0, 1.0]
    return [float(np.min(stimuli)), float(np.max(stimuli))]


def _checked(given: Any, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return examples as they are, which are finite numbers of a shape."""
    if given is None:
        return None
    array = real_array(given, name)
    if array.shape[1:] != shape or not array.ndim or not len(array) or not np.isfinite(array).all():
        wanted = ", ".join(map(str, ("sample", *shape)))
        raise DataError(f"{name} have shape {array.shape} or are not finite; give finite numbers of shape ({wanted}).")
    return array


def _examples(stimuli: np.ndarray | None, targets: np.ndarray | None) -> list[dict[str, Any]]:
    if stimuli is None:
        return []
    wanted = [None] * len(stimuli) if targets is None else [_packed(target) for target in targets]
    return [{"stimulus": _packed(each), "target": target} for each, target in zip(stimuli, wanted, strict=True)]


def _packed(values: np.ndarray | None) -> dict[str, Any] | None:
    """Return numbers as they are, little-endian in base64."""
    if values is None:
        return None
    array = np.asarray(values)
    single = array.dtype == np.float32
    raw = array.astype("<f4" if single else "<f8").tobytes()
    return {"float32": single, "base64": base64.b64encode(raw).decode("ascii")}
