"""Oracle: the sparse solve of a tree, and the cell of three compartments that it was reduced to."""

import json

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


def changed(recording, settings):
    """The same recording, as if its cells had had other settings: what they were sent stays."""
    description = json.loads(recording.dataset.attrs["description"])
    description["cell"] |= settings
    return ds.Recording(recording.dataset.assign_attrs(description=json.dumps(description)))


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
    tree = ds.along_tree(recording, reduction, "hidden-1", 2, presentation)
    cell = recording.layer("hidden-1").isel(presentation=presentation, neuron=2)
    rest = reduction.cell.resting_potential
    allowed = reduction.transient_error * np.abs(reduction.resistances)
    scale = 2.0 / reduction.cell.resistances[0]
    # A current is a sum of steps; each disturbs by no more than its height times the largest difference of a step.
    steps = [np.abs(np.diff(cell[name].values, prepend=0.0)).sum() for name in ("prediction", "feedback")]
    disturbed = allowed[:, 1:] @ (scale[1:] * steps)
    for row, (name, site) in enumerate(zip(SITES, reduction.sites, strict=True)):
        found, wanted = tree["V"].sel(point=site).values, cell[name].values
        assert abs(found[-1] - wanted[-1]) < 1e-6 * abs(wanted[-1] - rest)
        assert np.abs(found - wanted).max() < disturbed[row]


@pytest.mark.parametrize("longest", [2.0, 30.0])
def test_every_point_settles_to_the_sparse_solve(reduction, recording, longest):
    check_against_the_sparse_solve(reduction.morphology.reduced(longest=longest), recording)


def test_points_that_fork_coincide_or_change_their_width_settle_to_the_sparse_solve(tmp_path, recording):
    # A fork, points twice at one place where the radius jumps, an apical dendrite on a basal one, and an axon.
    rows = "1 1 0 0 0 8 -1\n2 3 0 -40 0 1 1\n3 3 0 -40 0 0.6 2\n4 3 30 -90 0 0.5 3\n5 3 -30 -90 0 0.5 3\n"
    rows += "6 4 0 40 0 2 1\n7 4 0 90 0 1.5 6\n8 4 0 90 0 0.7 7\n9 4 0 190 0 0.7 8\n10 2 9 0 0 0.3 1\n"
    rows += "11 4 60 -90 0 0.4 4\n"
    check_against_the_sparse_solve(read(tmp_path, rows).reduced(basal=2, apical=8, longest=15.0), recording)


def check_against_the_sparse_solve(reduction, recording):
    cell = recording.layer("hidden-1").isel(presentation=0, neuron=0, time=-1)
    cable = Cable.of(reduction.morphology, longest=reduction.longest)
    numbers = list(reduction.morphology.points.number)
    sites = cable.node[[numbers.index(site) for site in reduction.sites[1:]]]
    currents = [float(cell["prediction"]), float(cell["feedback"])] * (2.0 / reduction.cell.resistances[0, 1:])
    tree = ds.along_tree(changed(recording, reduction.table()), reduction, "hidden-1", 0)
    found = tree["V"].isel(time=-1) - reduction.cell.resting_potential
    np.testing.assert_allclose(found, (cable.steady(sites) @ currents)[cable.node], rtol=1e-6)


def test_a_relaxation_that_begins_settled_finds_the_prediction_in_the_tree_and_no_error(reduction):
    recording = relaxed(reduction, "settled")
    tree = ds.along_tree(recording, reduction, "hidden-1", 1, dt=0.5)
    cell = recording.layer("hidden-1").isel(presentation=0, neuron=1)
    rest = reduction.cell.resting_potential
    for name, site in zip(SITES, reduction.sites, strict=True):
        for moment in (0, -1):
            found, wanted = (float(each[moment]) - rest for each in (tree["V"].sel(point=site), cell[name]))
            assert found == pytest.approx(wanted, rel=1e-6)
    assert tree["V"].attrs["units"] == "mV"
    assert list(tree["type"].values[:2]) == ["soma", "basal"]
    np.testing.assert_array_equal(tree["time"], cell["time"])


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
    with pytest.raises(DataError, match=r"of other cells than this reduction's"):
        ds.along_tree(changed(recording, {"coupling": "one-way"}), reduction, "hidden-1", 0)
    with pytest.raises(DataError, match=r"membrane noise, which no recording holds; relax them with noise = 0"):
        ds.along_tree(changed(recording, {"noise": 1.0}), reduction, "hidden-1", 0)
