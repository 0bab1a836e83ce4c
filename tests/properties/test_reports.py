"""What a circuit reports while it relaxes: the true state, about every ms, at no cost to the result."""

import numpy as np
import pytest
from networks import convolution, dense, model_of, parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.recording import Record

MODEL = small_model((5, 4, 3, 2))
MODELS = {
    "dense": MODEL,
    "nudged, instantaneous apical dendrite": small_model(
        teacher={"kind": "nudged", "strength": 0.5}, cell={"tau_apical": 0.0}
    ),
    "convolutional": model_of([1, 6, 6], [convolution(2), {"kind": "max-pool", "size": 2}, dense(3)]),
    "recurrent": model_of([3, 2], [{"kind": "recurrent", "units": 3}, dense(2)]),
    "conductances, two-way": small_model(cell={"kind": "conductance", "coupling": "two-way"}),
}
ALL = ("basal", "apical", "soma", "error", "prediction", "feedback")


def reports_of(circuit, stimuli, targets, **settings):
    rows = []
    recording = circuit.relax(stimuli, targets, report=rows.append, **settings)
    return rows, recording


@pytest.mark.parametrize("start", ["rest", "settled"])
@pytest.mark.parametrize("name", MODELS)
def test_whoever_watches_changes_no_bit(name, start):
    model = MODELS[name]
    stimuli, targets = presentations_of(model, 2, 0)
    circuit = Circuit(model, parameters_of(model, 0))
    alone = circuit.relax(stimuli, targets, start=start, tolerance=1e-3)
    rows, watched = reports_of(circuit, stimuli, targets, start=start, tolerance=1e-3)
    again = circuit.relax(stimuli, targets, start=start, tolerance=1e-3)
    assert watched.dataset.identical(alone.dataset)
    assert again.dataset.identical(alone.dataset)
    assert len(rows) > 20


@pytest.mark.parametrize("target", ["numpy", pytest.param("cython", marks=pytest.mark.slow)])
def test_noise_and_targets_are_the_same_to_the_bit_when_watched(target):
    model = small_model(cell={"kind": "conductance", "noise": 0.5})
    one, other = (Circuit(model, parameters_of(model, 0), target=target) for _ in range(2))
    alone = one.relax(*presentations_of(model, 2, 0), time_limit=20.0)
    rows, watched = reports_of(other, *presentations_of(model, 2, 0), time_limit=20.0)
    assert watched.dataset.identical(alone.dataset)
    assert len(rows) > 20


def test_reports_are_the_largest_errors_and_residuals_of_the_recording():
    stimuli, targets = presentations_of(MODEL, 3, 0)
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    rows, recording = reports_of(circuit, stimuli, targets, start="settled", record=Record(ALL))
    assert [row["time"] for row in rows] == pytest.approx(list(recording.dataset["time"].values))
    for layer in MODEL.layer_names:
        error = np.abs(recording.layer(layer)["error"].values).max(axis=(0, 2))
        np.testing.assert_array_equal([row[f"error.{layer}"] for row in rows], error)
    moving = []  # τ d·/dt of every compartment, by hand from what was recorded
    for layer in MODEL.layer_names:
        cells = recording.layer(layer)
        moving.append(cells["prediction"] - cells["basal"])
        if layer != "output":
            moving.append(cells["feedback"] - cells["apical"])
            moving.append(cells["basal"] + cells["apical"] - cells["soma"])
    residual = np.max([np.abs(each.values).max(axis=(0, 2)) for each in moving], axis=0)
    np.testing.assert_allclose([row["residual"] for row in rows[:-1]], residual[:-1], rtol=1e-12)
    assert rows[-1]["residual"] == recording.dataset["residual"].values.max() < rows[-1]["tolerance"] == 1e-9


def test_a_report_comes_every_millisecond_whatever_is_recorded_and_whatever_the_step():
    for dt in (0.2, 0.3):
        circuit = Circuit(MODEL, parameters_of(MODEL, 0), dt=dt)
        record = Record(("soma",), interval=7.0)
        rows, _ = reports_of(circuit, *presentations_of(MODEL, 2, 0), record=record, tolerance=1e-4)
        np.testing.assert_allclose(np.diff([row["time"] for row in rows])[:-1], round(1 / dt) * dt)


def test_every_batch_is_reported_from_time_zero_with_its_first_presentation():
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), batch=2)
    rows, _ = reports_of(circuit, *presentations_of(MODEL, 3, 0), tolerance=1e-3)
    for first in (0, 2):
        times = [row["time"] for row in rows if row["presentation"] == first]
        assert times[0] == 0
        assert np.all(np.diff(times) > 0)
    assert [row["presentation"] for row in rows] == sorted(row["presentation"] for row in rows)


def test_a_report_that_fails_leaves_the_circuit_as_it_was():
    stimuli, targets = presentations_of(MODEL, 2, 0)
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    alone = circuit.relax(stimuli, targets, tolerance=1e-3)

    def fail(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        circuit.relax(stimuli, targets, tolerance=1e-3, report=fail)
    assert circuit.relax(stimuli, targets, tolerance=1e-3).dataset.identical(alone.dataset)


def test_nothing_is_added_to_the_circuit_of_someone_who_does_not_ask():
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    stimuli, targets = presentations_of(MODEL, 2, 0)
    circuit.relax(stimuli, targets, tolerance=1e-3)
    (simulation,) = circuit._simulations.values()
    network = simulation.assembly.network
    before = list(network.objects)
    seen = []
    circuit.relax(stimuli, targets, tolerance=1e-3, report=lambda row: seen.append(len(network.objects)))
    assert max(seen) == len(before) + 1  # the report itself, while it runs
    assert list(network.objects) == before


@pytest.mark.slow  # the command line shows it, too, in tests/cli/test_watch.py
def test_a_binary_reports_its_end():
    stimuli, targets = presentations_of(MODEL, 4, 0)
    compiled = Circuit(MODEL, parameters_of(MODEL, 0), "cpp_standalone", batch=2)
    rows, _ = reports_of(compiled, stimuli, targets)
    wanted, _ = reports_of(Circuit(MODEL, parameters_of(MODEL, 0), batch=2), stimuli, targets)
    ends = [row for row, following in zip(wanted, [*wanted[1:], {}], strict=True) if following.get("time", 0) == 0]
    assert len(rows) == len(ends) == 2
    for found, end in zip(rows, ends, strict=True):
        assert found["time"] == pytest.approx(end["time"])
        assert found["residual"] <= found["tolerance"]
        for layer in MODEL.layer_names:
            assert found[f"error.{layer}"] == pytest.approx(end[f"error.{layer}"], rel=1e-6, abs=1e-9)
