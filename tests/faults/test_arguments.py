"""Oracle: injected faults. Whatever stands in the place of an argument, a public function says so in one sentence."""

import contextlib
import io

import brian2
import numpy as np
import pandas as pd
import pytest
import torch
from networks import dense

import dendrosim as ds
from dendrosim import cells, plot
from dendrosim.circuit import active_cells, burst_code, electrophysiology
from dendrosim.circuit.isolated import isolated
from dendrosim.errors import DendrosimError
from dendrosim.training import Hardware

RANDOM = np.random.default_rng(0)
STIMULI, TARGETS = RANDOM.normal(size=(40, 4)), np.eye(2)[[0, 1] * 20]
DATA = ds.Dataset.from_arrays(STIMULI, ["left", "right"] * 20)
MODEL = ds.Model(
    input=[4],
    layers=[dense(3), dense(2)],
    training={"epochs": 1, "batch_size": 8},
    plasticity={"epochs": 1, "mode": "at-convergence"},
)
PARAMETERS = ds.Parameters.initialise(MODEL, seed=0)
CONDUCTANCE, ACTIVE = cells.ConductanceCell(), cells.ActiveCell()

JUNK = (
    *(None, True, -1, 10**30, float("nan"), float("inf"), 1e300, 3j, "x", "", "\0", b"a", (1, 2, 3), [], {}, set()),
    *(object(), lambda *given: None, iter([1]), range(0), np.array([]), np.array(["a"]), np.full((2, 64), np.nan)),
    *(pd.DataFrame(), brian2.ms),
)
"""What nobody means."""


class Calls:
    """Calls that are right, to be made wrong in one argument at a time."""

    def __init__(self):
        self.made = []

    def __call__(self, function, *arguments, **keywords):
        self.made.append((function, arguments, keywords))


def cells_alone(call, folder):
    current = np.zeros((2, 10))
    call(electrophysiology.current_clamp, CONDUCTANCE, [10.0], "soma", before=1.0, step=1.0, after=1.0, dt=0.1)
    call(electrophysiology.rate_curve, CONDUCTANCE, [1.0], "tanh", "soma")
    call(electrophysiology.firing_rate, CONDUCTANCE, "tanh", np.zeros(2))
    call(electrophysiology.input_resistance, CONDUCTANCE, "soma")
    call(electrophysiology.transfer_ratio, CONDUCTANCE, "basal")
    call(electrophysiology.membrane_time_constant, CONDUCTANCE)
    call(active_cells.stimulate, ACTIVE, current, current, dt=0.1, seed=0)
    call(active_cells.spike_train, ACTIVE, [50.0], spikes=2, dt=0.1, after=2.0)
    call(active_cells.bac_firing, ACTIVE, (700.0, 5.0), (700.0, 5.0), dt=0.1)
    call(active_cells.critical_frequency, ACTIVE, spikes=1, highest=21)
    call(burst_code.burst_curves, ACTIVE, [100.0], [100.0], cells=1, duration=10.0, dt=1.0, seed=0)
    call(isolated, CONDUCTANCE, 1, "", dt=0.1, seed=0)
    for kind in (cells.RateCell, cells.ConductanceCell, cells.BurstingCell, cells.ActiveCell):
        call(kind, noise=0.0)
    call(cells.AMPA, rise=1.0, decay=2.0)
    call(cells.synaptic_input, "soma", cells.AMPA())


def figures_and_pages(call, folder):
    circuit = ds.Circuit(MODEL, PARAMETERS, "numpy")
    recording = circuit.relax(STIMULI[:2], TARGETS[:2], time_limit=5.0, tolerance=1.0)
    spiking = ds.load_model("digits-mlp-bursting")
    spikes = ds.Circuit(spiking, ds.Parameters.initialise(spiking, seed=0), "numpy").relax(
        np.zeros((1, 64)), np.eye(10)[:1], time_limit=10.0
    )
    history = {"mine": ds.train(MODEL, data=DATA, progress=False).history}
    pairs = {"mine": (np.arange(3.0), np.arange(3.0))}
    call(plot.relaxation, recording, "hidden-1", neuron=0, presentation=0)
    call(plot.network, recording, presentation=0, time=1.0, neurons=2)
    call(plot.neuron, recording, "hidden-1", neuron=0, presentation=0, time=1.0)
    call(plot.error_map, recording, presentation=0, variable="error")
    call(plot.phase_portrait, recording, "hidden-1", presentation=0, neurons=2)
    call(plot.matrices, PARAMETERS, "output")
    call(plot.receptive_fields, PARAMETERS, (2, 2), rows=1, columns=2)
    call(plot.learning_curves, history)
    call(plot.residuals, pairs, "x")
    call(plot.raster, spikes, "hidden-1", presentation=0, time=(0.0, 5.0), neurons=2)
    call(plot.population_rate, spikes, "hidden-1", presentation=0, interval=5.0)
    call(ds.spikes.population_rate, spikes, "hidden-1", presentation=0, interval=5.0, kind="events")
    call(ds.spikes.spike_triggered_average, spikes, "hidden-1", "error", presentation=0, window=(-2.0, 2.0))
    call(ds.play.write_play_page, folder / "play.html", MODEL, PARAMETERS, STIMULI[:2], TARGETS[:2])
    call(ds.view.write_page, recording, folder / "page.html")
    call(recording.layer, "hidden-1")
    call(recording.need, "error")
    call(recording.presentation, 0)


def trainings(call, folder):
    run = ds.train(MODEL, data=DATA, progress=False, folder=folder / "run")
    weights = folder / "run" / "weights.safetensors"
    keywords = {"seed": 0, "resume": False, "overwrite": True, "hardware": Hardware(), "parameters": PARAMETERS}
    call(ds.train, MODEL, data=DATA, rule="dll", folder=None, progress=False, **keywords)
    call(ds.train_many, MODEL, seeds=[0], rules=["dll"], data=DATA, folder=None, workers=1)
    call(ds.evaluate, MODEL, DATA, parameters=PARAMETERS, hardware=Hardware())
    call(run.predict, STIMULI[:2], Hardware())
    call(run.evaluate, STIMULI, ["left", "right"] * 20)
    call(run.save, folder / "saved")
    call(ds.Run.load, folder / "run", imports=[])
    call(ds.Parameters.initialise, MODEL, seed=0)
    call(ds.Parameters.load, weights, MODEL)
    call(PARAMETERS.save, folder / "weights.safetensors", MODEL)
    call(ds.load_model, "digits-mlp", rule="dll", imports=[])
    call(ds.Dataset.from_arrays, STIMULI, ["left", "right"] * 20, validation=0.1, test=0.2, seed=0)
    call(ds.Dataset.from_torch, [(row, number % 2) for number, row in enumerate(STIMULI)], validation=0.1, seed=0)


def circuits_and_modules(call, folder):
    circuit = ds.Circuit(MODEL, PARAMETERS, "numpy", integrator="settle")
    circuit.relax(STIMULI[:2], TARGETS[:2])
    steady = ds.Circuit(MODEL, PARAMETERS, "numpy")
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2))
    call(ds.Circuit, MODEL, PARAMETERS, "numpy", integrator="exponential_euler", dt=0.5, dtype="float64", batch=3)
    call(circuit.relax, STIMULI[:2], TARGETS[:2], start="rest", record=None, time_limit=9.0, out=None, report=None)
    call(circuit.learn, STIMULI[:8], TARGETS[:8], seed=0, record=None, report=None)
    call(steady.embed, 1, None, learning=False, inputs="", prefix="mine")
    call(ds.compare, circuit, STIMULI[:2], TARGETS[:2])
    call(ds.Record, variables=("error",), neurons={"hidden-1": (0,)}, interval=1.0, spikes=True)
    call(ds.nn.Network, MODEL)
    call(ds.nn.Network(MODEL).learn, torch.zeros(2, 4), torch.tensor([0, 1]))
    call(ds.from_torch, module, input=None, output="softmax", seed=0)
    call(ds.to_torch, MODEL, parameters=PARAMETERS)


def wrong(arguments, keywords):
    """Yield the place of an argument, what stands there, and the arguments with it."""
    for junk in JUNK:
        for place in range(len(arguments)):
            yield place, junk, (*arguments[:place], junk, *arguments[place + 1 :]), keywords
        for name in keywords:
            yield name, junk, arguments, keywords | {name: junk}


def fault_of(function, arguments, keywords):
    """Return what a user would see that is no sentence of ours."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            function(*arguments, **keywords)
    except DendrosimError as error:
        return f"several lines: {error}" if "\n" in str(error) else ""
    except Exception as error:
        return f"{type(error).__name__}: {error!s:.80}"
    return ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("area", [cells_alone, figures_and_pages, trainings, circuits_and_modules])
def test_what_nobody_means_is_one_sentence_in_the_place_of_every_argument(area, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = Calls()
    area(call, tmp_path)
    foreign = [
        f"{function.__qualname__}, {place}: {junk!r:.40}: {fault}"
        for function, arguments, keywords in call.made
        for place, junk, some, others in wrong(arguments, keywords)
        if (fault := fault_of(function, some, others))
    ]
    assert not foreign, "\n".join(foreign)
