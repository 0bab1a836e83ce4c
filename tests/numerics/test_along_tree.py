"""Oracle: the sparse solve of a tree, and the cell of three compartments that it was reduced to."""

import numpy as np
import pytest
from morphologies import PLAIN, read
from networks import dense, model_of, parameters_of, presentations_of

import dendrosim as ds
from dendrosim.errors import DataError
from dendrosim.morphology import Cable

SITES = ("V_soma", "V_basal", "V_apical")


def relaxed(reduction, start="rest", **changes):
    """A network of cells made from a reduction, and the recording of one presentation."""
    cell = reduction.cell.model_dump() | {"scale": 2.0}
    model = model_of([3], [dense(4), dense(3)], cell=cell).changed(**changes)
    record = ds.Record((*SITES, "prediction", "feedback", "error"), interval=0.1)
    circuit = ds.Circuit(model, parameters_of(model, 0), dt=0.1)
    settings = {"start": start, "tolerance": 1e-9, "time_limit": 1200.0, "record": record}
    return circuit.relax(*presentations_of(model, 2, 0), **settings)


@pytest.fixture(scope="module")
def reduction(tmp_path_factory):
    return read(tmp_path_factory.mktemp("tree"), PLAIN).reduced()


@pytest.fixture(scope="module")
def recording(reduction):
    return relaxed(reduction)


@pytest.mark.parametrize("presentation", [0, 1])
def test_a_tree_settles_to_the_potentials_of_the_cell_and_differs_on_the_way_by_what_the_reduction_says(
    reduction, recording, presentation
):
    tree = ds.along_tree(recording, reduction, "hidden-1", 2, presentation, longest=5.0)
    cell = recording.layer("hidden-1").isel(presentation=presentation, neuron=2)
    rest = reduction.cell.resting_potential
    numbers = list(reduction.morphology.points.number)
    allowed = reduction.transient_error * np.abs(reduction.resistances)
    scale = 2.0 / reduction.cell.resistances[0]
    # A current is a sum of steps; each disturbs by no more than its height times the largest difference of a step.
    steps = [np.abs(np.diff(cell[name].values, prepend=0.0)).sum() for name in ("prediction", "feedback")]
    disturbed = allowed[:, 1:] @ (scale[1:] * steps)
    for row, (name, site) in enumerate(zip(SITES, reduction.sites, strict=True)):
        found, wanted = tree["V"].isel(point=numbers.index(site)).values, cell[name].values
        assert abs(found[-1] - wanted[-1]) < 2e-5 * abs(wanted[-1] - rest)
        assert np.abs(found - wanted).max() < disturbed[row] + 2e-3  # mV, of steps of 0.1 ms


def test_every_point_settles_to_the_sparse_solve(reduction, recording):
    tree = ds.along_tree(recording, reduction, "hidden-1", 0, longest=2.0)
    cell = recording.layer("hidden-1").isel(presentation=0, neuron=0, time=-1)
    cable = Cable.of(reduction.morphology, longest=2.0)
    numbers = list(reduction.morphology.points.number)
    sites = cable.node[[numbers.index(site) for site in reduction.sites[1:]]]
    currents = [float(cell["prediction"]), float(cell["feedback"])] * (2.0 / reduction.cell.resistances[0, 1:])
    wanted = (cable.steady(sites) @ currents)[cable.node]
    found = tree["V"].isel(time=-1).values - reduction.cell.resting_potential
    # Pieces have their potential in the middle, the sparse solve at the end: half a piece of 2 µm.
    np.testing.assert_allclose(found, wanted, atol=2e-3 * np.abs(wanted).max())


def test_a_relaxation_that_begins_settled_finds_the_prediction_in_the_tree_and_no_error(reduction):
    recording = relaxed(reduction, "settled")
    tree = ds.along_tree(recording, reduction, "hidden-1", 1, dt=0.5)
    cell = recording.layer("hidden-1").isel(presentation=0, neuron=1)
    numbers = list(reduction.morphology.points.number)
    for name, site in zip(SITES, reduction.sites, strict=True):
        for moment, tolerance in ((0, 5e-3), (-1, 1e-4)):
            found, wanted = tree["V"][moment, numbers.index(site)], cell[name][moment]
            assert float(found - wanted) == pytest.approx(0, abs=tolerance * abs(float(wanted) + 70.0) + 1e-3)
    assert tree["V"].attrs["units"] == "mV"
    assert list(tree["type"].values[:2]) == ["soma", "basal"]


def test_what_has_no_tree_is_said_in_one_sentence(reduction, recording):
    with pytest.raises(DataError, match=r"'output' is no hidden layer of this recording; choose hidden-1"):
        ds.along_tree(recording, reduction, "output", 0)
    with pytest.raises(DataError, match=r"neuron 99 of layer 'hidden-1' was not recorded"):
        ds.along_tree(recording, reduction, "hidden-1", 99)
    with pytest.raises(DataError, match=r"of other cells than this reduction's; relax a model"):
        ds.along_tree(recording, ds.Morphology.pyramidal().reduced(longest=20.0), "hidden-1", 0)
    with pytest.raises(DataError, match=r"reduction is .*; make one by Morphology\.reduced\(\)"):
        ds.along_tree(recording, None, "hidden-1", 0)
    model = model_of([3], [dense(4), dense(3)], cell=reduction.cell.model_dump())
    bare = ds.Circuit(model, parameters_of(model, 0), dt=0.5).relax(np.zeros((1, 3)), time_limit=5.0, tolerance=1.0)
    with pytest.raises(DataError, match=r"prediction"):
        ds.along_tree(bare, reduction, "hidden-1", 0)
