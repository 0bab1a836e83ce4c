"""Networks for the tests: one small model to vary, and random ones for hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from dendrosim.model import Model, Parameters
from dendrosim.model.library import validated


def small_model(sizes=(5, 4, 3, 2), **tables) -> Model:
    """A small dense network; tables are merged into the description."""
    return model_of([sizes[0]], [{"kind": "dense", "units": units} for units in sizes[1:]], **tables)


def model_of(stimulus, layers, **tables) -> Model:
    """A network of any layers."""
    return validated({"data": "digits", "input": list(stimulus), "layers": layers} | tables, "small.toml")


def feedback(rule: str) -> dict:
    return {"dll": {"feedback": rule}}


def parameters_of(model: Model, seed: int) -> Parameters:
    """Random weights in float64, with biases that are not zero."""
    parameters = Parameters.initialise(model, seed, dtype=np.float64)
    generator = np.random.default_rng(seed)
    for name, bias in parameters.bias.items():
        parameters.bias[name] = 0.3 * generator.standard_normal(bias.shape)
    return parameters


def with_own(parameters: Parameters, rule, model: Model, seed: int = 0) -> Parameters:
    """The parameters with those that only a rule has, of which none is zero."""
    generator = np.random.default_rng(seed)
    for name, array in rule.own(model, generator).items():
        parameters.own[name] = generator.standard_normal(array.shape)
    return parameters


def presentations_of(model: Model, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random stimuli, and one-hot targets in random order; one for each step of a sequence."""
    generator = np.random.default_rng(seed + 1)
    stimuli = generator.uniform(-1, 1, (count, *model.input))
    steps = (model.steps,) if model.steps > 1 else ()
    targets = np.eye(model.sizes[-1])[generator.integers(0, model.sizes[-1], (count, *steps))]
    return stimuli, targets


RATE_CELLS = st.fixed_dictionaries(
    {
        "tau_soma": st.floats(5.0, 20.0),
        "tau_basal": st.floats(4.0, 20.0),
        "tau_apical": st.sampled_from([0.0, 5.0, 15.0]),
    }
)

CONDUCTANCE_CELLS = st.fixed_dictionaries(
    {
        "kind": st.just("conductance"),
        "coupling": st.sampled_from(["one-way", "two-way"]),
        "resting_potential": st.floats(-80.0, -50.0),
        "scale": st.floats(5.0, 30.0),
        "capacitance": st.floats(100.0, 400.0),
        "leak_conductance": st.floats(5.0, 30.0),
        "basal_conductance": st.floats(10.0, 60.0),
        "apical_conductance": st.floats(10.0, 60.0),
        "basal_capacitance": st.floats(100.0, 300.0),
        "basal_leak_conductance": st.floats(15.0, 40.0),
        "apical_capacitance": st.floats(100.0, 300.0),
        "apical_leak_conductance": st.floats(15.0, 40.0),
    }
)


def convolution(channels, kernel=3, padding=0) -> dict:
    return {"kind": "conv2d", "channels": channels, "kernel": kernel, "padding": padding}


def dense(units) -> dict:
    return {"kind": "dense", "units": units}


@st.composite
def dense_layers(draw):
    # One softmax cell would always be right: there would be no error to compare.
    sizes = [*draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)), draw(st.integers(2, 4))]
    return [sizes[0]], [dense(units) for units in sizes[1:]]


@st.composite
def convolutional_layers(draw):
    pool = {"kind": draw(st.sampled_from(["max-pool", "average-pool"])), "size": 2}
    first = convolution(draw(st.integers(1, 3)), draw(st.integers(2, 3)), draw(st.integers(0, 1)))
    second = convolution(draw(st.integers(1, 3)), 2, draw(st.integers(0, 1)))
    layers = [first, pool, second, dense(3)] if draw(st.booleans()) else [first, second, pool, dense(2)]
    return [draw(st.integers(1, 2)), draw(st.integers(6, 8)), draw(st.integers(6, 7))], layers


@st.composite
def rectangular_layers(draw):
    kernel, window = ([draw(st.integers(1, 3)), draw(st.integers(1, 3))] for _ in range(2))
    pool = {"kind": draw(st.sampled_from(["max-pool", "average-pool"])), "size": window}
    first = convolution(draw(st.integers(1, 3)), kernel, draw(st.integers(0, min(kernel) - 1)))
    return [draw(st.integers(1, 2)), draw(st.integers(5, 8)), draw(st.integers(5, 7))], [first, pool, dense(3)]


@st.composite
def branched_layers(draw):
    """Convolutions of several widths over a sentence, the largest (or the mean) of each map, and dense layers."""
    words = draw(st.integers(5, 8))
    widths = draw(st.lists(st.integers(1, 4), min_size=2, max_size=3))
    branches = [convolution(draw(st.integers(1, 3)), [width, 1]) for width in widths]
    pool = {"kind": draw(st.sampled_from(["max-pool", "average-pool"])), "size": draw(st.sampled_from(["all", [2, 1]]))}
    between = [dense(draw(st.integers(2, 4)))] if draw(st.booleans()) else []
    return [draw(st.integers(1, 3)), words, 1], [{"kind": "branches", "layers": branches}, pool, *between, dense(3)]


@st.composite
def recurrent_layers(draw):
    recurrent = [{"kind": "recurrent", "units": draw(st.integers(1, 4))} for _ in range(draw(st.integers(1, 2)))]
    between = [dense(draw(st.integers(1, 3)))] if draw(st.booleans()) else []
    return [draw(st.integers(2, 5)), draw(st.integers(1, 3))], [*recurrent, *between, dense(draw(st.integers(2, 3)))]


@st.composite
def networks(draw, cells=RATE_CELLS, layers=None) -> tuple[Model, Parameters, np.ndarray, np.ndarray]:
    """A random model with cells of a kind, random parameters, stimuli and targets."""
    families = dense_layers(), convolutional_layers(), recurrent_layers(), rectangular_layers(), branched_layers()
    family = st.one_of(*families) if layers is None else layers
    stimulus, layers = draw(family)
    activations = ["tanh", "sigmoid", "softplus", "identity"]
    if not any(layer["kind"] == "max-pool" for layer in layers):
        activations.append("relu")  # silent cells tie for the largest, and which of them wins is nobody's promise
    strength = draw(st.sampled_from([None, 0.1, 0.7, 1.0]))
    model = model_of(
        stimulus,
        layers,
        activation=draw(st.sampled_from(activations)),
        output=draw(st.sampled_from(["softmax", "identity"])),
        teacher={"kind": "clamped"} if strength is None else {"kind": "nudged", "strength": strength},
        cell=draw(cells),
        rules=feedback(draw(st.sampled_from(["paper", "fixed", "kolen-pollack"]))),
    )
    seed = draw(st.integers(0, 2**16))
    return model, parameters_of(model, seed), *presentations_of(model, draw(st.integers(1, 4)), seed)
