"""A user's tree in figures, films and on the page: its parts, its colours, and its size."""

import re
import time

import numpy as np
import pytest
from morphologies import PLAIN, read
from networks import dense, model_of, parameters_of, presentations_of
from typer.testing import CliRunner

import dendrosim as ds
from dendrosim.commands.main import app
from dendrosim.errors import DataError
from dendrosim.model.places import model_folder
from dendrosim.morphology import Morphology, Points
from dendrosim.morphology.shape import flat, parts, stretches
from dendrosim.plot.animation import relaxing_network, relaxing_neurons, save_animation, spreading
from dendrosim.plot.neuron import geometry
from dendrosim.view import write_page


@pytest.fixture(scope="module")
def recording():
    model = model_of([3], [dense(4), dense(3)])
    return ds.Circuit(model, parameters_of(model, 0), dt=0.5).relax(
        *presentations_of(model, 1, 0), tolerance=1e-2, record=ds.Record(interval=25.0)
    )


def test_the_shipped_neuron_is_the_made_up_one_of_seed_0_to_the_byte(tmp_path):
    Morphology.pyramidal(0).save(tmp_path / "again.swc")
    assert (tmp_path / "again.swc").read_bytes() == (model_folder() / "pyramidal.swc").read_bytes()
    assert len(Morphology.read("pyramidal").parent) == len(Morphology.pyramidal(0).parent)
    with pytest.raises(DataError, match=r"pyramid: there is no such morphology; give a file in SWC, .* or 'pyramidal'"):
        Morphology.read("pyramid")
    result = CliRunner().invoke(app, ["cell", "pyramidal", "--out", str(tmp_path / "cell.toml")])
    assert result.exit_code == 0, result.output
    assert "two-way" in (tmp_path / "cell.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", range(3))
def test_trunk_obliques_and_tuft_are_where_they_grew_and_stretches_hold_every_point_once(seed):
    tree = Morphology.pyramidal(seed)
    part = parts(tree)
    x, y = flat(tree).T
    trunk, tuft, oblique = (part == name for name in ("trunk", "tuft", "oblique"))
    assert trunk.any()
    assert tuft.any()
    assert oblique.any()
    assert y[trunk].max() > 580  # of about 600 µm
    assert y[tuft].mean() > y[trunk].max()
    assert np.abs(x[trunk]).max() < 100
    assert y[part == "basal"].mean() < 0 < y[trunk].min()
    along = stretches(tree)
    assert sorted(point for stretch in along for point in stretch[1:]) == list(range(1, len(part)))
    for stretch in along:
        np.testing.assert_array_equal(tree.parent[stretch[1:]], stretch[:-1])
        assert len(set(part[stretch[1:]])) == 1


def test_the_trunk_ends_where_no_branch_has_two_thirds_of_the_tips(tmp_path):
    soma, fork = "1 1 0 0 0 8 -1\n", "4 4 40 200 0 1 3\n5 4 -40 200 0 1 3\n"
    for rows, wanted in (
        ("2 3 0 30 0 1 1\n3 4 0 90 0 1 2\n", ["basal", "trunk", "tuft", "tuft"]),  # an apical dendrite on a basal one
        ("2 4 0 30 0 1 1\n3 4 0 90 0 1 1\n", ["tuft", "tuft", "tuft", "tuft"]),  # with a second one of a third of them
    ):
        assert list(parts(read(tmp_path, soma + rows + fork))[1:]) == wanted
    rows = "".join(f"{n} 4 {10 * n} 300 0 1 4\n" for n in range(6, 12))
    assert list(parts(read(tmp_path, soma + "2 4 0 30 0 1 1\n3 4 0 90 0 1 2\n" + fork + rows))[1:]) == [
        *["trunk"] * 3,
        "oblique",
        *["tuft"] * 6,
    ]


def test_a_tree_without_apical_or_basal_dendrites_draws_what_it_has(tmp_path, recording):
    for rows, names in (
        ("1 1 0 0 0 8 -1\n2 3 0 60 0 1 1\n", {"basal"}),
        ("1 1 0 0 0 8 -1\n2 4 0 60 0 1 1\n", {"trunk", "basal"}),
    ):
        shape = geometry(read(tmp_path, rows))
        assert set(shape.trees) == names
        ds.plot.neuron(recording, "hidden-1", morphology=read(tmp_path, rows)).figure.canvas.draw()
    assert geometry(read(tmp_path, "1 1 0 0 0 8 -1\n")).trees == {"basal": []}


def test_figures_films_and_the_page_draw_the_tree(tmp_path, recording):
    tree = read(tmp_path, PLAIN)
    lines = sum(len(branches) for branches in geometry(tree).trees.values())
    ax = ds.plot.neuron(recording, "hidden-1", 0, morphology=tree)
    assert sum(len(each.get_segments()) for each in ax.collections) == 2 * lines  # each with its edge
    for axes in (ax, ds.plot.network(recording, morphology=tree)):
        low, high = axes.get_ylim()
        for each in axes.collections:
            for line in getattr(each, "get_segments", list)():
                assert low <= line[:, 1].min() <= line[:, 1].max() <= high
    save_animation(relaxing_network(recording, fps=2, morphology=tree), tmp_path / "network.gif", 2)
    save_animation(relaxing_neurons(recording, "hidden-1", 0, fps=2, morphology=tree), tmp_path / "neurons.gif", 2)
    page = write_page(recording, tmp_path / "page.html", tree).read_text(encoding="utf-8")
    drawing = re.search(r'<svg id="drawing".*?</svg>', page, flags=re.DOTALL)[0]
    assert drawing.count("<path") == 2 * lines + 2  # with the soma and the axon
    recording.save(tmp_path / "recording.nc")
    for command in (
        ["view", "--no-open", "--out", str(tmp_path / "again.html")],
        ["animate", "--layer", "hidden-1", "--neuron", "0", "--out", str(tmp_path / "film.gif")],
    ):
        given = [command[0], str(tmp_path / "recording.nc"), "--morphology", str(tmp_path / "neuron.swc"), *command[1:]]
        assert CliRunner().invoke(app, given).exit_code == 0
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page
    refused = CliRunner().invoke(app, ["view", str(tmp_path / "recording.nc"), "--morphology", "nosuch.swc"])
    assert refused.exit_code == 1
    assert "there is no such morphology" in str(refused.exception)
    with pytest.raises(DataError, match=r"morphology is 5; read a file by dendrosim\.Morphology\.read"):
        geometry(5)


def test_a_tree_of_many_points_is_drawn_quickly_and_small(recording):
    """20,000 points on 200 branches, closer than can be seen."""
    count, branches = 100, 200
    angle = np.repeat(np.linspace(0, 2 * np.pi, branches), count)
    away = 12.0 + np.tile(np.arange(1, count + 1), branches) * 3.0
    position = np.column_stack([away * np.cos(angle), away * np.sin(angle), 0 * away])
    parent = np.arange(branches * count)
    parent[::count] = 0
    size = branches * count + 1
    points = Points(
        np.arange(1, size + 1),
        np.array([1, *np.where(np.sin(angle) > 0.5, 4, 3)]),
        np.vstack([np.zeros(3), position]),
        np.array([10.0, *np.full(size - 1, 0.4)]),
        np.array([-1, *parent]),
    )
    tree = Morphology(points)
    start = time.process_time()
    shape = geometry(tree)
    assert time.process_time() - start < 3.0
    drawn = sum(len(line) for branches in shape.trees.values() for line, _ in branches)
    assert drawn < 0.9 * size
    from dendrosim.recording.appearance import compartments
    from dendrosim.view.drawing import neuron_drawing

    assert len(neuron_drawing(compartments(recording.dataset), tree)) < 1_000_000


def test_a_film_of_a_tree_has_a_picture_for_every_sample_and_the_colours_of_its_potentials(tmp_path):
    reduction = read(tmp_path, PLAIN).reduced()
    model = model_of([3], [dense(2), dense(2)], cell=reduction.cell.model_dump())
    record = ds.Record(("prediction", "feedback", "error"), interval=2.0)
    relaxed = ds.Circuit(model, parameters_of(model, 0), dt=0.5).relax(
        *presentations_of(model, 1, 0), record=record, time_limit=20.0, tolerance=1.0
    )
    tree = ds.along_tree(relaxed, reduction, "hidden-1", 0, dt=0.5)
    film = spreading(tree, fps=2)
    save_animation(film, tmp_path / "tree.gif", 2)
    assert (tmp_path / "tree.gif").stat().st_size > 5000
    ax = ds.plot.along_tree(tree, time=10.0)
    coloured = ax.collections[-1].get_array()
    np.testing.assert_array_equal(coloured, tree["V"].sel(time=10.0, method="nearest").values[1:])
    assert ds.plot.over_distance(tree, (0.0, 10.0)).get_ylabel() == "membrane potential (mV)"
    with pytest.raises(DataError, match=r"potentials is .*; give what dendrosim\.along_tree returns"):
        ds.plot.along_tree(relaxed.dataset)
