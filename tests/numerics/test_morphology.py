"""Oracle: closed forms of a cable, a tree measured by hand, dense matrices, and Brian2's SpatialNeuron."""

from pathlib import Path

import brian2 as b2
import numpy as np
import pytest
from brian2.spatialneuron.spatialneuron import FlatMorphology
from morphologies import PLAIN, cylinder, read
from scipy.linalg import expm

import dendrosim as ds
from dendrosim.cells.conductance import COMPARTMENTS
from dendrosim.circuit.brian2_internals import runtime_device
from dendrosim.circuit.electrophysiology import current_clamp, input_resistance
from dendrosim.circuit.target import active
from dendrosim.morphology import Cable, Membrane

LENGTH, RADIUS, SOMA = 400.0, 0.8, 6.0  # µm
R_M, R_I, C_M = 20_000.0, 150.0, 1.0
SHARED = "1 1 0 0 0 10 -1\n2 4 0 40 0 1 1\n3 3 100 40 0 1 2\n4 4 0 300 0 1 2\n"
"""A basal dendrite that leaves the apical trunk 30 µm away from the soma."""


def input_conductance(r_m):
    """Of a spherical soma and one cylinder with a sealed end, S, and the cylinder's length in length constants."""
    radius = RADIUS * 1e-4
    electrotonic = LENGTH * 1e-4 / np.sqrt(r_m * radius / (2 * R_I))
    endless = np.pi * np.sqrt(2) * radius**1.5 / np.sqrt(r_m * R_I)
    return 4 * np.pi * (SOMA * 1e-4) ** 2 / r_m + endless * np.tanh(electrotonic), electrotonic


def test_a_cylinder_has_the_input_and_transfer_resistance_of_the_closed_form(tmp_path):
    conductance, electrotonic = input_conductance(R_M)
    errors = []
    for longest in (20.0, 10.0, 1.0):
        cable = Cable.of(cylinder(tmp_path, LENGTH, RADIUS, SOMA), longest=longest)
        resistances = cable.transfer(cable.node) * 1e9
        errors.append(resistances[0, 0] * conductance - 1)
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.02)  # second order in the length of the pieces
    assert resistances[0, 0] == pytest.approx(1 / conductance, rel=1e-6)
    assert resistances[1, 0] == pytest.approx(1 / conductance / np.cosh(electrotonic), rel=1e-6)
    np.testing.assert_allclose(resistances, resistances.T, rtol=1e-12)


def test_the_centroid_of_a_cylinder_is_the_slope_of_its_impedance(tmp_path):
    cable = Cable.of(cylinder(tmp_path, LENGTH, RADIUS, SOMA), longest=1.0)
    step = 1e-4  # of s in Z(s), which is Z with R_m/(1 + s τ)
    less, more = (1 / input_conductance(R_M / (1 + s))[0] for s in (-step, step))
    expected = (less - more) / (2 * step) * R_M * C_M * 1e-3 * input_conductance(R_M)[0]
    assert (cable.moments(cable.node) / cable.transfer(cable.node))[0, 0] == pytest.approx(expected, rel=1e-5)


def test_a_soma_alone_is_a_sphere_that_charges_with_the_time_constant_of_its_membrane(tmp_path):
    membrane = Membrane(resistance=15_000.0, capacitance=0.9)
    cable = Cable.of(read(tmp_path, "1 1 0 0 0 8 -1"), membrane)
    resistance = 15_000 / (4 * np.pi * 8e-4**2) * 1e-9
    times = 0.1 * np.arange(1, 201)
    expected = resistance * (1 - np.exp(-times / membrane.time_constant))
    np.testing.assert_allclose(cable.steps(np.array([0]), 0.1, 200)[:, 0, 0], expected, rtol=2e-5)
    assert membrane.time_constant == 13.5


def test_lengths_areas_branches_and_tips_of_a_tree_that_was_measured_by_hand(tmp_path):
    tree = read(tmp_path, PLAIN)
    assert tree.lengths == pytest.approx({"soma": 0, "axon": 20, "basal": 50 + 50 + 40, "apical": 300})
    slant = np.hypot(50, 0.5), np.hypot(40, 0.5), np.hypot(200, 1)
    basal = np.pi * (2 * 50 + 1.5 * slant[0] + 1.5 * slant[1])
    apical = np.pi * (4 * 100 + 3 * slant[2])
    areas = {"soma": 400 * np.pi, "axon": 0.8 * np.pi * 20, "basal": basal, "apical": apical}
    assert tree.areas == pytest.approx(areas)
    assert tree.branches == {"soma": 0, "axon": 1, "basal": 3, "apical": 1}
    assert tree.tips == {"soma": 0, "axon": 1, "basal": 2, "apical": 1}
    assert tree.distance[[2, 5]] == pytest.approx([100, 300])
    assert repr(tree) == "Morphology('neuron': 7 points, 460 µm, 4 tips)"


def test_three_points_an_outline_and_a_stack_are_a_sphere(tmp_path):
    three = "1 1 5 5 5 10 -1\n2 1 5 -5 5 10 1\n3 1 5 15 5 10 1\n"
    ring = [(12 * np.cos(angle), 12 * np.sin(angle)) for angle in np.arange(16) * np.pi / 8]
    outline = "".join(f"{n} 1 {x} {y} 0 0 {n - 1 or -1}\n" for n, (x, y) in enumerate(ring, 1))
    stack = "1 1 0 -8 0 6 -1\n2 1 0 8 0 6 1\n"
    for text, radius, centre in ((three, 10, (5, 5, 5)), (outline, 12, (0, 0, 0)), (stack, 48**0.5, (0, 0, 0))):
        soma = read(tmp_path, text)
        assert len(soma.parent) == 1
        assert soma.radius[0] == pytest.approx(radius)
        assert soma.points.position[0] == pytest.approx(centre)


def by_hand(tree):
    """The same tree in Brian2: a section for each piece."""
    sections = [b2.Soma(diameter=2 * tree.radius[0] * b2.um)]
    for point in range(1, len(tree.parent)):
        ends = 2 * np.array([tree.start_radius[point], tree.radius[point]]) * b2.um
        section = b2.Section(n=1, diameter=ends, length=[tree.length[point]] * b2.um)
        setattr(sections[tree.parent[point]], f"piece{point}", section)
        sections.append(section)
    return sections


def test_a_file_of_neuromorpho_has_the_lengths_and_areas_that_brian2_reads():
    (file,) = Path(b2.__file__).parent.glob("spatialneuron/*.CNG.swc")
    tree, theirs = ds.Morphology.read(file), FlatMorphology(b2.Morphology.from_file(str(file)))
    begin = np.linalg.norm(tree.points.position - tree.points.position[0], axis=1)[tree.parent == 0]
    inside = np.minimum(begin, tree.radius[0]).sum()  # Brian2 begins at the centre of the soma
    assert tree.lengths["basal"] + inside == pytest.approx(theirs.length[1:].sum() * 1e6)
    ours = np.sort(tree.area[1:][tree.parent[1:] > 0])
    assert len(theirs.area) == len(tree.parent)
    assert tree.area[0] == pytest.approx(theirs.area[0] * 1e12)
    away = np.abs(np.sort(theirs.area[1:] * 1e12)[:, None] - ours).min(axis=0)
    assert away.max() < 1e-9
    assert (tree.branches["basal"], tree.tips["basal"]) == (theirs.sections - 1, 15)


def test_spatial_neuron_settles_to_the_sparse_solve(tmp_path):
    tree = read(tmp_path, PLAIN)
    cable = Cable.of(tree, longest=np.inf)
    centres = np.flatnonzero(cable.capacitances)  # one for each point
    expected = cable.transfer(centres)
    with active(runtime_device, {"codegen.target": "numpy"}):
        sections = by_hand(tree)
        neuron = b2.SpatialNeuron(
            sections[0],
            "Im = -v/R : amp/meter**2\nR : ohm*meter**2 (constant)\nI : amp (point current)",
            Cm=C_M * b2.uF / b2.cm**2,
            Ri=R_I * b2.ohm * b2.cm,
            method="exponential_euler",
            dt=20 * b2.ms,
        )
        neuron.R = R_M * b2.ohm * b2.cm**2
        place = [int(section.indices[0] if section.n == 1 else 0) for section in sections]
        network = b2.Network(neuron)
        for into in (0, 2, 5):
            neuron.I = 0 * b2.pA
            neuron.I[place[into]] = 1 * b2.pA
            network.run(1500 * b2.ms, namespace={})
            np.testing.assert_allclose(neuron.v[place] / b2.mV, expected[:, into], rtol=1e-6)


def test_a_response_is_that_of_the_dense_matrix_exponential(tmp_path):
    cable = Cable.of(read(tmp_path, PLAIN), longest=60.0)
    matrix, has = cable.conductances.toarray(), cable.capacitances > 0
    inner = np.linalg.solve(matrix[np.ix_(~has, ~has)], matrix[np.ix_(~has, has)])
    matrix = matrix[np.ix_(has, has)] - matrix[np.ix_(has, ~has)] @ inner
    nodes = np.flatnonzero(has)[[0, 3, 8]]
    places = np.searchsorted(np.flatnonzero(has), nodes)
    steady = np.linalg.inv(matrix)
    decayed = expm(-5.0 * matrix / cable.capacitances[has][:, None])  # after 5 ms
    expected = (steady - decayed @ steady)[np.ix_(places, places)]
    np.testing.assert_allclose(cable.steps(nodes, 0.05, 100)[-1], expected, rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_a_cell_in_place_of_a_tree_has_its_resistances_and_its_centroids_at_the_soma(seed):
    tree = ds.Morphology.pyramidal(seed)
    reduction = tree.reduced(longest=20.0)
    cell = reduction.cell
    np.testing.assert_allclose(cell.resistances, reduction.resistances, rtol=1e-9)
    moments = cell.resistances @ np.diag(cell.capacitances) @ cell.resistances
    np.testing.assert_allclose((moments / cell.resistances)[0], reduction.centroids[0], rtol=1e-9)
    assert abs(reduction.missing_conductance) < 1e-9
    assert reduction.steady_error.max() < 1e-9
    assert reduction.centroid_error[0].max() < 1e-9
    assert reduction.transient_error[0].max() < 0.15
    assert cell.capacitances.sum() < Cable.of(tree).capacitances.sum()


def test_the_error_of_the_transient_is_that_of_the_cell_in_brian2():
    tree = ds.Morphology.pyramidal()
    reduction = tree.reduced(longest=20.0)
    cable = Cable.of(tree, longest=20.0)
    dt = reduction.membrane.time_constant / 200
    nodes = cable.node[[list(tree.points.number).index(site) for site in reduction.sites]]
    expected = cable.steps(nodes, dt, 1000)
    for into, name in enumerate(COMPARTMENTS):
        clamp = current_clamp(reduction.cell, [1.0], name, before=0.0, step=1001 * dt, after=0.0, dt=dt)
        for at, other in enumerate(COMPARTMENTS):
            seen = clamp[f"V_{other}"].values[0, 1:] - reduction.cell.resting_potential
            error = np.abs(seen - expected[:, at, into]).max() / reduction.resistances[at, into]
            assert error == pytest.approx(reduction.transient_error[at, into], rel=1e-3)
    assert input_resistance(reduction.cell) == pytest.approx(reduction.resistances[0, 0] * 1e3, rel=1e-6)


def test_sites_that_share_a_dendrite_have_one_wrong_resistance_and_the_error_says_which(tmp_path):
    reduction = read(tmp_path, SHARED).reduced()
    theirs, ours = reduction.resistances, reduction.cell.resistances
    exact = np.ones((3, 3), bool)
    exact[1, 2] = exact[2, 1] = False
    np.testing.assert_allclose(ours[exact], theirs[exact], rtol=1e-9)
    assert ours[1, 2] == pytest.approx(theirs[0, 1] * theirs[0, 2] / theirs[0, 0])
    assert reduction.steady_error[1, 2] == pytest.approx(1 - ours[1, 2] / theirs[1, 2])
    assert reduction.steady_error[1, 2] > 0.01
    assert reduction.centroid_error[0].max() < 1e-9
    # With that conductance as well, the matrix is that of the tree.
    matrix = np.linalg.inv(theirs)
    assert reduction.missing_conductance == pytest.approx(-matrix[1, 2])
    assert reduction.missing_conductance > 0.1


def test_sites_are_the_mean_way_of_the_area_the_farthest_tip_or_a_row(tmp_path):
    tree = read(tmp_path, PLAIN)
    assert tree.reduced().sites == (1, 4, 6)
    assert tree.reduced(basal="farthest", apical="mean").sites == (1, 3, 6)
    assert tree.reduced(basal=2, apical=np.int64(5)).sites == (1, 2, 5)
