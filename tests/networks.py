"""Networks for the tests: one small model to vary, and random ones for hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from dendrosim.errors import ModelError
from dendrosim.model import Model, Parameters
from dendrosim.model.spec import validated
from dendrosim.rules.dll import FEEDBACK

ACTIVATIONS = ("identity", "relu", "sigmoid", "softplus", "tanh")


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
    for name, array in rule.auxiliary(model, generator).items():
        parameters.auxiliary[name] = generator.standard_normal(array.shape)
    return parameters


def presentations_of(model: Model, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random stimuli, and one-hot targets in random order; one for each step of a sequence."""
    generator = np.random.default_rng(seed + 1)
    stimuli = generator.uniform(-1, 1, (count, *model.input))
    steps = (model.steps,) if model.is_sequence else ()
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


BURSTING_CELLS = st.fixed_dictionaries(
    {
        "kind": st.just("bursting"),
        "ensemble": st.integers(1, 100),
        "base_rate": st.floats(10.0, 200.0),
        "gain": st.floats(10.0, 200.0),
    }
)


def dense(units) -> dict:
    return {"kind": "dense", "units": units}


@st.composite
def dense_layers(draw):
    # One softmax cell would always be right: there would be no error to compare.
    sizes = [*draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)), draw(st.integers(2, 4))]
    return [sizes[0]], [dense(units) for units in sizes[1:]]


POOLS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["max-pool", "average-pool"]),
        "size": st.one_of(st.just(2), st.just("all"), st.tuples(st.integers(1, 2), st.integers(1, 3)).map(list)),
    }
)


@st.composite
def convolutions(draw):
    """A convolution of any shape."""
    kernel = draw(st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)).map(list)))
    smallest = kernel if isinstance(kernel, int) else min(kernel)
    return convolution(draw(st.integers(1, 3)), kernel, draw(st.integers(0, min(1, smallest - 1))))


@st.composite
def branches(draw):
    return {"kind": "branches", "layers": draw(st.lists(convolutions(), min_size=2, max_size=4))}


@st.composite
def convolutional_layers(draw):
    """Convolutions, pools and branches in any order that a model may have, then dense layers."""
    layers = draw(st.lists(convolutions(), max_size=2))
    layers += [draw(branches())] if not layers or draw(st.booleans()) else []
    for place in range(len(layers), 0, -1):
        # A pool over everything leaves one cell a map, on which only a dense layer fits.
        pool = draw(st.none() | (POOLS if place == len(layers) else POOLS.filter(lambda pool: pool["size"] != "all")))
        layers[place:place] = [pool] if pool else []
    layers += [dense(draw(st.integers(2, 4))) for _ in range(draw(st.integers(1, 2)))]
    stimulus = [draw(st.integers(1, 2)), draw(st.integers(5, 8)), draw(st.integers(5, 8))]
    assume(fits(stimulus, layers))
    return stimulus, layers


def fits(stimulus, layers) -> bool:
    """Whether the layers of a network fit upon each other."""
    try:
        model_of(stimulus, layers)
    except ModelError:
        return False
    return True


@st.composite
def branched_layers(draw):
    """Convolutions of several widths over a sentence, the largest (or the mean) of each map, and dense layers."""
    widths = draw(st.lists(st.integers(1, 4), min_size=2, max_size=3))
    branches = [convolution(draw(st.integers(1, 3)), [width, 1]) for width in widths]
    pool = {"kind": draw(st.sampled_from(["max-pool", "average-pool"])), "size": draw(st.sampled_from(["all", [2, 1]]))}
    between = [dense(draw(st.integers(2, 4)))] if draw(st.booleans()) else []
    stimulus = [draw(st.integers(1, 3)), draw(st.integers(5, 8)), 1]
    return stimulus, [{"kind": "branches", "layers": branches}, pool, *between, dense(3)]


@st.composite
def recurrent_layers(draw):
    """Recurrent and dense layers in any order, along sequences of one step or more."""
    kinds = draw(st.lists(st.booleans(), min_size=1, max_size=3).filter(any))
    layers = [{"kind": "recurrent" if each else "dense", "units": draw(st.integers(1, 4))} for each in kinds]
    return [draw(st.integers(1, 5)), draw(st.integers(1, 3))], [*layers, dense(draw(st.integers(2, 3)))]


TEACHERS = st.one_of(
    st.just({"kind": "clamped"}), st.fixed_dictionaries({"kind": st.just("nudged"), "strength": st.floats(0.1, 1.0)})
)

DLL = st.fixed_dictionaries(
    {"feedback": st.sampled_from(sorted(FEEDBACK.keys() - {"mirror"}))},  # which circuits do not have
    optional={
        "theta_rate": st.floats(0.0, 2.0),
        "decay": st.floats(0.0, 0.3),
        "theta_deviation": st.floats(0.1, 1.0),
    },
)


@st.composite
def networks(draw, cells=RATE_CELLS, layers=None) -> tuple[Model, Parameters, np.ndarray, np.ndarray]:
    """A random model with cells of a kind, random parameters, stimuli and targets."""
    family = st.one_of(dense_layers(), convolutional_layers(), recurrent_layers()) if layers is None else layers
    stimulus, layers = draw(family)
    activations = sorted(ACTIVATIONS)
    if any(layer["kind"] == "max-pool" for layer in layers):
        activations.remove("relu")  # silent cells tie for the largest, and which of them wins is nobody's promise
    model = model_of(
        stimulus,
        layers,
        activation=draw(st.sampled_from(activations)),
        output=draw(st.sampled_from(["softmax", "identity"])),
        teacher=draw(TEACHERS),
        cell=draw(cells),
        rules={"dll": draw(DLL)},
    )
    seed = draw(st.integers(0, 2**16))
    return model, parameters_of(model, seed), *presentations_of(model, draw(st.integers(1, 4)), seed)
