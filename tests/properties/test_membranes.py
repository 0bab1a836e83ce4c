"""Conductance cells: what convergence means in millivolts, recordings and the table of parameters."""

import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model

from dendrosim.cells import parameter_table
from dendrosim.circuit import Circuit
from dendrosim.errors import DataError, NotConverged
from dendrosim.model import load_model
from dendrosim.recording import Record

POTENTIALS = ("V_soma", "V_basal", "V_apical")


@pytest.mark.parametrize("coupling", ["one-way", "two-way"])
def test_the_test_of_convergence_sees_the_rate_of_change_of_every_potential(coupling):
    model = small_model(cell={"kind": "conductance", "coupling": coupling})
    dt = 1e-4
    record = Record((*POTENTIALS, "basal", "apical", "soma", "prediction", "feedback"), interval=dt)
    circuit = Circuit(model, parameters_of(model, 2), dt=dt)
    with pytest.warns(NotConverged, match="time limit"):
        recording = circuit.relax(*presentations_of(model, 2, 2), start="rest", record=record, time_limit=0.2)
    cells = recording.layer("hidden-1")
    distances = {
        "V_soma": cells["basal"] + cells["apical"] - cells["soma"],
        "V_basal": cells["prediction"] - cells["basal"],
        "V_apical": cells["feedback"] - cells["apical"],
    }
    time_constants = model.cell.capacitances * model.cell.resistances[0] / model.cell.scale
    for (name, distance), factor in zip(distances.items(), time_constants, strict=True):
        change = factor * np.diff(cells[name].values[:, -4:-1], axis=1) / dt
        assert np.abs(change).max() > 1e-3
        np.testing.assert_allclose(change, distance.values[:, -4:-2], rtol=1e-3, atol=1e-6)


def test_membrane_potentials_of_a_rate_cell_cannot_be_recorded():
    model = small_model()
    with pytest.raises(DataError, match="a rate cell has no 'V_soma'; choose out of basal, apical, soma, error"):
        Circuit(model, parameters_of(model, 0)).relax(*presentations_of(model, 1, 0), record=Record(("V_soma",)))


@pytest.mark.parametrize("name", ["digits-mlp", "digits-mlp-conductance"])
def test_the_table_of_parameters_has_the_values_of_the_model_with_units_and_sources(name):
    cell = load_model(name).cell
    rows = {row[0]: row[1:] for row in parameter_table(cell)}
    numbers = {key for key, value in cell.model_dump().items() if isinstance(value, float)}
    assert set(rows) == numbers
    for key, (symbol, value, unit, source) in rows.items():
        assert value == getattr(cell, key)
        assert symbol
        assert unit in {"1", "ms", "mV", "nS", "pF"}
        assert source != "model file"


def test_the_table_says_which_values_are_not_the_defaults():
    cell = load_model("digits-mlp-conductance").changed(cell={"capacitance": 250.0}).cell
    rows = {row[0]: row for row in parameter_table(cell)}
    assert rows["capacitance"] == ("capacitance", "C", 250.0, "pF", "model file")
    assert rows["scale"][-1] != "model file"


def test_both_kinds_of_cell_take_the_same_weights():
    rate, conductance = load_model("digits-mlp"), load_model("digits-mlp-conductance")
    assert rate.fingerprint == conductance.fingerprint
    assert rate.changed(cell={"kind": "conductance"}).cell == conductance.cell
