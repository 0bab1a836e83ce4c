"""Arguments of public functions: values of every type, by hypothesis."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import torch
from brian2 import Mohm, kelvin, ms, mV, second
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from networks import parameters_of, presentations_of, small_model

import dendrosim as ds
from dendrosim import plot
from dendrosim.circuit import Circuit
from dendrosim.data import readers
from dendrosim.model import Parameters
from dendrosim.morphology import Membrane
from dendrosim.recording import Record, Recording
from dendrosim.training import train
from dendrosim.view import write_page
from fuzzing.judge import Judge

MODEL = small_model(training={"epochs": 1}, plasticity={"epochs": 1, "streams": 2})
PARAMETERS = parameters_of(MODEL, 0)
NEURON = ds.Morphology.pyramidal()
STIMULI, TARGETS = presentations_of(MODEL, 2, 0)

NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 3, 2**31, 2**63, 10**4500, 0.5, 1e-320, 1e300, np.nan, np.inf, -np.inf, True, 1j]),
    st.sampled_from([np.int64(1), np.uint8(3), np.float32(0.5), np.array(2), np.array([1.0]), np.bool_(True)]),
    st.sampled_from([1 * ms, 0.2 * ms, 5 * second, 1 * mV, 2 * kelvin, 3 * Mohm, ms]),
    st.integers(0, 4),
    st.floats(0.1, 9.0),
    st.integers(),
    st.floats(),
)
TEXTS = st.one_of(
    st.sampled_from(
        ["", "rest", "settled", "numpy", "hidden-1", "x" * 300, "[/b]", "\x1b[31m", "\0", "digits-mlp", "all"]
    ),
    st.text(max_size=5),
)
THINGS = st.sampled_from([None, [], {}, (), b"x", object(), int, lambda: 1, Path("x"), ..., slice(2), {1, 2}, range(2)])
ANY = st.one_of(NUMBERS, TEXTS, THINGS, st.lists(st.one_of(NUMBERS, TEXTS), max_size=3))
ARRAYS = st.one_of(
    st.sampled_from(
        [
            STIMULI,
            TARGETS,
            STIMULI.astype(np.float32),
            STIMULI.astype(complex),
            STIMULI.astype(object),
            STIMULI.astype(str),
            STIMULI[:0],
            STIMULI.tolist(),
            [[1], [1, 2]],
            pd.DataFrame(STIMULI),
            np.broadcast_to(0.0, (10**11, 5)),
            np.full((2, 5), np.inf),
            np.zeros(()),
            np.array(["2020-01-01"], "M8[s]"),
        ]
    ),
    ANY,
)
TENSORS = st.one_of(
    st.sampled_from(
        [
            torch.zeros(2, 5),
            torch.zeros(2, 2),
            torch.zeros(2, 5, dtype=torch.complex64),
            torch.full((2, 5), torch.nan),
            torch.zeros(0, 5),
            torch.tensor([0, 1]),
            torch.tensor([7, -7]),
            torch.tensor([True, False]),
            torch.tensor(3.0),
        ]
    ),
    ARRAYS,
)
SELECTIONS = st.one_of(
    ANY,
    st.dictionaries(
        st.sampled_from(["hidden-1", "output", "nothing", 3]),
        st.one_of(ANY, st.lists(st.integers(-2, 9)), st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)))),
        max_size=2,
    ),
)


def record(**options: Any) -> Record:
    """Make a record, and use it."""
    made = Record(**options)
    assert made == Record(**options)
    assert hash(made) == hash(Record(**options))
    made.selection(MODEL), made.places(MODEL), made.chosen(MODEL)
    return made


def trained(**options: Any) -> None:
    """Train, and let denormal numbers be numbers again, which hypothesis needs."""
    try:
        train(**options)
    finally:
        torch.set_flush_denormal(False)


class Uses:
    """Public functions, with a small circuit and a recording to use them on."""

    def __init__(self, folder: Path):
        self.circuit = Circuit(MODEL, PARAMETERS)
        self.recording = self.circuit.relax(STIMULI, TARGETS, start="settled", record=Record(synapses="all"))
        bursting = MODEL.changed(cell={"kind": "bursting", "base_rate": 300.0})
        calm = Circuit(bursting, PARAMETERS.map(lambda array: array / 4), dt=1.0)
        self.spiking = calm.relax(STIMULI, TARGETS, time_limit=60.0)
        self.folder = folder

    def relax(self, stimuli: Any, targets: Any, **options: Any) -> None:
        """Relax what settles in a moment."""
        self.circuit.relax(stimuli, targets, **options)

    def lacking(self, names: list[str], draw: Callable[[Recording], object]) -> None:
        """Use a recording that lacks variables or attributes."""
        dataset = self.recording.dataset.drop_vars([n for n in names if n in self.recording.dataset.variables])
        draw(Recording(dataset.assign_attrs({}) if "attrs" not in names else dataset.drop_attrs()))


def run(judge: Judge, count: int, random: Random) -> None:
    """Try out `count` calls, the same number of each function."""
    os.environ["DENDROSIM_DATA"] = str(judge.folder / "data")
    calls = _calls(Uses(judge.folder))
    each = -(-count // len(calls))
    for name, call, options in calls:
        _try(judge, name, call, options, each, random.randrange(2**32))


def _try(
    judge: Judge, name: str, call: Callable[..., object], options: dict[str, Any], count: int, number: int
) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.sampled_from(sorted(options)), max_size=2).flatmap(lambda names: _of(names, options)))
    def attempt(given: dict[str, Any]) -> None:
        judge.try_out(f"{name}({_shown(given)})", lambda: call(**given), writes=True)

    before = judge.counts["inputs"]
    attempt()
    for _ in range(count - (judge.counts["inputs"] - before)):  # where there are fewer different ones
        judge.try_out(name, lambda: call(), writes=True)


def _of(names: list[str], options: dict[str, Any]) -> Any:
    """Draw one argument or two: with more of them wrong, only the first is looked at."""
    return st.fixed_dictionaries({name: options[name] for name in names})


def _shown(given: dict[str, Any]) -> str:
    with contextlib.suppress(Exception):
        return ", ".join(f"{name}={str(value)[:60]!r}" for name, value in given.items())
    return str(list(given))


def _checked_weights(value: Any) -> None:
    Parameters({**PARAMETERS.W, "hidden-1": value}, PARAMETERS.bias, PARAMETERS.theta).check(MODEL)


def _calls(uses: Uses) -> list[tuple[str, Callable[..., object], dict[str, Any]]]:
    """Return name, function and strategies of its arguments; what is not given has a value that is right."""
    recording, spiking, folder = uses.recording, uses.spiking, uses.folder
    layer, table = (
        "hidden-1",
        pd.DataFrame({"epoch": [1, 2], "validation_accuracy": [0.1, 0.2], "angle.output": [80, 70]}),
    )
    tables = st.one_of(
        ANY, st.dictionaries(TEXTS, st.sampled_from([table, table[["epoch"]], table[:0], 3]), max_size=2)
    )
    missing = st.lists(
        st.sampled_from(["basal", "apical", "soma", "error", "layer", "time", "index", "step", "residual", "attrs"])
    )
    draws = [
        lambda r: write_page(r, folder / "page.html"),
        lambda r: plot.relaxation(r, layer),
        plot.relaxation_page,
        plot.settling,
        plot.error_map,
        lambda r: plot.phase_portrait(r, layer),
        plot.network,
        lambda r: plot.neuron_page(r, layer),
        lambda r: r.converged,
        lambda r: r.to_neo(),
    ]
    of_a_recording = {"presentation": ANY, "neuron": ANY}
    of_spikes = {"recording": ANY, "layer": ANY, "presentation": ANY}
    default = lambda function, **right: lambda **given: function(**(right | given))  # noqa: E731
    return [
        (
            "Record",
            record,
            {
                "variables": st.one_of(ANY, st.lists(st.sampled_from(["soma", "V_soma", "x"]))),
                "neurons": SELECTIONS,
                "interval": ANY,
                "synapses": SELECTIONS,
                "spikes": ANY,
            },
        ),
        ("Recording.spikes", default(spiking.spikes, layer=layer), {"layer": ANY, "presentation": ANY}),
        *(
            (function.__name__, default(function, recording=spiking, layer=layer), of_spikes | {"interval": ANY})
            for function in (ds.spikes.population_rate, ds.spikes.burst_probability, plot.population_rate)
        ),
        (
            "spike_triggered_average",
            default(ds.spikes.spike_triggered_average, recording=spiking, layer=layer, variable="error"),
            of_spikes | {"variable": ANY, "window": ANY, "kind": ANY},
        ),
        (
            "raster",
            default(plot.raster, recording=spiking),
            of_spikes | {"time": st.one_of(ANY, st.tuples(NUMBERS, NUMBERS)), "neurons": ANY, "ax": ANY},
        ),
        (
            "Circuit",
            default(Circuit, model=MODEL, parameters=PARAMETERS),
            {
                "model": ANY,
                "parameters": ANY,
                "target": TEXTS,
                "integrator": ANY,
                "dt": ANY,
                "batch": ANY,
                "dtype": ANY,
                "threads": ANY,
                "blas": st.sampled_from([False, 0, None, "x", np.bool_(False)]),
            },
        ),
        (
            "relax",
            default(uses.relax, stimuli=STIMULI, targets=TARGETS),
            {
                "stimuli": ARRAYS,
                "targets": ARRAYS,
                "start": ANY,
                "record": ANY,
                "tolerance": ANY,
                "time_limit": NUMBERS,
            },
        ),
        (
            "learn",
            default(uses.circuit.learn, stimuli=STIMULI, targets=TARGETS),
            {"stimuli": ARRAYS, "targets": ARRAYS, "seed": ANY, "record": ANY},
        ),
        ("load_model", default(ds.load_model, name="digits-mlp"), {"name": ANY, "settings": ANY, "rule": ANY}),
        (
            "changed",
            MODEL.changed,
            {
                "training": ANY,
                "input": ANY,
                "layers": ANY,
                "cell": st.one_of(ANY, st.dictionaries(st.sampled_from(["tau_soma", "kind", "x"]), ANY)),
                "activation": ANY,
                "data": ANY,
                "rules": st.one_of(ANY, st.dictionaries(st.sampled_from(["dll", "hebbian"]), ANY)),
            },
        ),
        (
            "Model",
            default(ds.Model, **MODEL.model_dump(mode="json")),
            {"training": ANY, "input": ANY, "layers": ANY, "loss": ANY, "x": ANY},
        ),
        ("Parameters.initialise", default(Parameters.initialise, model=MODEL, seed=0), {"seed": ANY, "dtype": ANY}),
        ("Parameters.load", default(Parameters.load, path="x", model=MODEL), {"path": ANY}),
        ("Parameters.save", default(PARAMETERS.save, path="saved", model=MODEL), {"path": ANY}),
        ("check", default(_checked_weights, value=STIMULI), {"value": ARRAYS}),
        (
            "train",
            default(trained, model="nothing"),
            {"model": ANY, "seed": ANY, "folder": ANY, "hardware": ANY, "progress": ANY},
        ),
        (
            "nn.Network",
            default(ds.nn.Network, model=MODEL, parameters=PARAMETERS),
            {"model": ANY, "parameters": ANY, "seed": ANY},
        ),
        (
            "nn.Network.learn",
            default(ds.nn.Network(MODEL).learn, stimuli=torch.zeros(2, 5), targets=torch.zeros(2, 2)),
            {"stimuli": TENSORS, "targets": TENSORS},
        ),
        ("nn.Network.start_epoch", default(ds.nn.Network(MODEL).start_epoch, number=1), {"number": ANY}),
        (
            "from_torch",
            default(ds.from_torch, module=torch.nn.Sequential(torch.nn.Linear(5, 2))),
            {"module": ANY, "input": ANY, "output": ANY, "seed": ANY},
        ),
        ("to_torch", default(ds.to_torch, run=MODEL, parameters=PARAMETERS), {"run": ANY, "parameters": ANY}),
        ("view.show", default(ds.view.show, recording=recording), {"recording": ANY, "height": ANY}),
        ("load_data", default(ds.load_data, model=MODEL), {"model": ANY}),
        ("Morphology.read", default(ds.Morphology.read, path="x"), {"path": ANY}),
        ("Morphology.save", default(NEURON.save, path="neuron.swc"), {"path": ANY}),
        ("Morphology.pyramidal", ds.Morphology.pyramidal, {"seed": ANY}),
        (
            "Morphology.reduced",
            NEURON.reduced,
            {"membrane": ANY, "basal": ANY, "apical": ANY, "longest": st.one_of(ANY, st.floats(5.0, 500.0))},
        ),
        ("Membrane", Membrane, {"resistance": ANY, "axial_resistivity": ANY, "capacitance": ANY, "x": ANY}),
        ("Recording.load", default(Recording.load, path="x"), {"path": ANY}),
        ("Recording.from_nwb", default(Recording.from_nwb, path="x"), {"path": ANY}),
        ("Recording.layer", default(recording.layer, name=layer), {"name": ANY}),
        ("Recording.presentation", default(recording.presentation, number=0), {"number": ANY}),
        ("write_page", default(write_page, recording=recording, path="page.html"), {"recording": ANY, "path": TEXTS}),
        (
            "lacking",
            default(uses.lacking, names=[], draw=plot.settling),
            {"names": missing, "draw": st.sampled_from(draws)},
        ),
        (
            "plot.relaxation",
            default(plot.relaxation, recording=recording, layer=layer),
            {"layer": ANY, "ax": ANY, **of_a_recording},
        ),
        (
            "plot.relaxation_page",
            default(plot.relaxation_page, recording=recording),
            {"columns": ANY, "presentation": ANY},
        ),
        ("plot.error_map", default(plot.error_map, recording=recording), {"variable": ANY, "presentation": ANY}),
        (
            "plot.phase_portrait",
            default(plot.phase_portrait, recording=recording, layer=layer),
            {"layer": ANY, "neurons": ANY},
        ),
        (
            "plot.network",
            default(plot.network, recording=recording),
            {"time": ANY, "neurons": ANY, "presentation": ANY},
        ),
        ("plot.network_page", default(plot.network_page, recording=recording), {"times": ANY}),
        (
            "plot.neuron_page",
            default(plot.neuron_page, recording=recording, layer=layer),
            {"times": ANY, **of_a_recording},
        ),
        ("plot.learning_page", default(plot.learning_page, histories={"a": table}), {"histories": tables}),
        (
            "plot.gradient_angles",
            default(plot.gradient_angles, histories={"a": table}),
            {"histories": tables, "names": ANY},
        ),
        (
            "plot.angles_page",
            default(plot.angles_page, panels={"a": {"b": table}}),
            {"panels": st.one_of(ANY, st.dictionaries(TEXTS, tables))},
        ),
        (
            "plot.comparison_page",
            default(plot.comparison_page, panels=[("a", "b", [plot.Result("c", 1.0, 0.0, None)])]),
            {"panels": ANY, "columns": ANY},
        ),
        (
            "plot.agreement",
            default(plot.agreement, pairs={"a": (STIMULI, STIMULI)}, quantity="x"),
            {"pairs": st.one_of(ANY, st.dictionaries(TEXTS, st.tuples(ARRAYS, ARRAYS), max_size=2)), "quantity": ANY},
        ),
        (
            "plot.scaling",
            default(plot.scaling, rows=[]),
            {"rows": st.one_of(ANY, st.lists(st.dictionaries(st.sampled_from(["points", "seconds", "slope"]), ANY)))},
        ),
        (
            "plot.criteria",
            default(plot.criteria, rows=[]),
            {"rows": st.one_of(ANY, st.lists(st.dictionaries(st.sampled_from(["rule", "reads", "paper"]), ANY)))},
        ),
        (
            "plot.expectations",
            default(plot.expectations, output=STIMULI, targets=STIMULI, symbols="abcde"),
            {"output": ARRAYS, "targets": ARRAYS, "symbols": ANY},
        ),
        (
            "plot.matrices",
            default(plot.matrices, parameters=PARAMETERS, layer="output"),
            {"parameters": ANY, "layer": ANY},
        ),
        (
            "plot.receptive_fields",
            default(plot.receptive_fields, parameters=PARAMETERS, shape=(1, 5)),
            {"shape": ANY, "rows": ANY, "columns": ANY},
        ),
        (
            "plot.transfer_ratio",
            default(plot.transfer_ratio, by_coupling={}),
            {"by_coupling": st.one_of(ANY, st.dictionaries(TEXTS, ANY))},
        ),
        ("read_idx", default(readers.read_idx, path=Path("x")), {"path": ANY}),
    ]
