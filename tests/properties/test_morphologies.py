"""Morphologies: what was saved reads back to the bit; what they show; a made-up neuron is the one of its seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from morphologies import PLAIN, read

import dendrosim as ds

SIZES = st.floats(0.01, 5)
PLACES = st.floats(-500, 500)


@st.composite
def files(draw):
    """A soma and neurites in any order, as text."""
    count = draw(st.integers(0, 12))
    rows = ["1 1 0 0 0 9.3 -1"]
    for number in range(2, count + 2):
        kind, parent = draw(st.sampled_from((0, 2, 3, 4, 7))), draw(st.integers(1, number - 1))
        x, y, z = (draw(PLACES) for _ in range(3))
        rows.append(f"{number} {kind} {x!r} {y!r} {z!r} {draw(SIZES)!r} {parent}")
    return "\n".join(draw(st.permutations(rows)))


def equal(one, other):
    return all(np.array_equal(mine, yours) for mine, yours in zip(one.points, other.points, strict=True))


@given(text=files())
def test_what_was_saved_reads_back_to_the_bit(text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("swc")
    tree = read(folder, text)
    tree.save(folder / "saved.swc")
    again = ds.Morphology.read(folder / "saved.swc")
    assert equal(tree, again)
    assert again.areas == tree.areas
    parents = tree.parent[1:]
    assert (parents < np.arange(1, len(tree.parent))).all()
    assert (parents >= 0).all()


def test_the_numbers_of_rows_stay(tmp_path):
    tree = read(tmp_path, PLAIN.replace("\n5 ", "\n50 ").replace(" 5\n", " 50\n"))
    tree.save(tmp_path / "saved.swc")
    assert ds.Morphology.read(tmp_path / "saved.swc").points.number.tolist() == [1, 2, 3, 4, 50, 6, 7]


@pytest.mark.parametrize("seed", range(5))
def test_a_made_up_neuron_has_the_proportions_of_a_pyramidal_one(seed, tmp_path):
    tree = ds.Morphology.pyramidal(seed)
    assert equal(tree, ds.Morphology.pyramidal(seed))
    assert not equal(tree, ds.Morphology.pyramidal(seed + 1))
    tree.save(tmp_path / "made-up.swc")
    assert equal(tree, ds.Morphology.read(tmp_path / "made-up.swc"))
    assert 300 < len(tree.parent) < 900
    assert 3000 < tree.lengths["basal"] < 8000  # µm
    assert 3000 < tree.lengths["apical"] < 8000
    assert tree.tips["basal"] == 48
    assert tree.tips["apical"] == 32
    assert 700 < tree.distance.max() < 1200
    assert tree.radius.min() > 0.15


def test_a_morphology_shows_itself_in_a_notebook(tmp_path):
    shown = read(tmp_path, PLAIN, "<b>.swc")._repr_html_()
    assert "&lt;b&gt;, 7 points" in shown
    for word in ("basal", "140", "length (µm)"):
        assert word in shown


def test_the_table_of_a_cell_is_one_that_a_model_takes(tmp_path):
    reduction = read(tmp_path, PLAIN).reduced()
    model = ds.load_model("digits-mlp").changed(cell=reduction.table())
    assert model.cell == reduction.cell


@given(text=files(), which=st.integers(0, 100))
def test_a_tree_whose_root_is_not_its_soma_is_the_one_seen_from_the_soma(text, which, tmp_path_factory):
    folder = tmp_path_factory.mktemp("swc")
    rows = {int(row.split()[0]): row.split() for row in text.splitlines()}
    above, number = "-1", list(rows)[which % len(rows)]
    while number > 0:
        parent = int(rows[number][6])
        rows[number][6], above, number = above, str(number), parent
    turned = "\n".join(" ".join(row) for row in rows.values())
    assert equal(read(folder, turned, "turned.swc"), read(folder, text))
