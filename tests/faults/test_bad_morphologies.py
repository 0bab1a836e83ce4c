"""Files in SWC as they are found: what is handled becomes the plain tree, all else is one sentence."""

import gzip
import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from morphologies import PLAIN, read

import dendrosim as ds
from dendrosim.errors import DataError
from dendrosim.morphology import Membrane

ROWS = PLAIN.splitlines()
SAME = {
    "unsorted": "\n".join(ROWS[::-1]),
    "ends of lines of DOS": PLAIN.replace("\n", "\r\n"),
    "ends of lines of old Macs": PLAIN.replace("\n", "\r"),
    "comments and blank lines": "# ORIGINAL_SOURCE µ\n\n" + PLAIN.replace("-1\n", "-1  # soma\n\n   \n"),
    "Latin-1 in a comment": b"# \xb5m\n" + PLAIN.encode(),
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "more columns": "\n".join(f"{row} 7 ok" for row in ROWS),
    "tabs and floats": re.sub(r"^(\d) (\d)", r"\1.0\t\2.0", PLAIN, flags=re.MULTILINE),
    "numbers with gaps": "\n".join(f"{row[0]}0{row[1:]}{'0' * (not row.endswith('-1'))}" for row in ROWS),
    "three points of a soma": PLAIN + "8 1 0 -10 0 10 1\n9 1 0 10 0 10 1\n",
    "forks and ends of old programs": PLAIN.replace("3 3 30", "3 6 30").replace("6 4 0", "6 6 0"),
    "a tree of its own": PLAIN.replace("30 0 0 0.4 1", "30 0 0 0.4 -1"),
}
BAD = {
    "": "there is no row in it; give a file in SWC.",
    "# nothing\n": "there is no row in it; give a file in SWC.",
    "1 1 0 0 0 10": "line 1: a row of SWC has seven columns, and this one 6",
    "1 1 0 0 zero 10 -1": "line 1: '1 1 0 0 zero 10 -1' are not seven numbers; correct that row.",
    "1 1 0 0 nan 10 -1": "line 1: a coordinate or the radius is not finite, or above 1e+06 µm",
    "1 1 0 0 0 inf -1": "line 1: a coordinate or the radius is not finite, or above 1e+06 µm",
    "1 1 0 0 1e300 1 -1": "line 1: a coordinate or the radius is not finite, or above 1e+06 µm",
    "1 1 0 0 0 -3 -1": "line 1: the radius is -3 µm; give a positive one.",
    "1.5 1 0 0 0 3 -1": "line 1: number, type and parent are 1.5 1 -1; give whole numbers",
    "nan 1 0 0 0 3 -1": "line 1: number, type and parent are nan 1 -1; give whole numbers",
    "1 -1 0 0 0 3 -1": "line 1: number, type and parent are 1 -1 -1; give whole numbers",
    "1 1 0 0 0 3 1e300": "line 1: number, type and parent are 1 1 1e300; give whole numbers",
    PLAIN + "3 3 1 1 1 1 2": "line 8: the number 3 stands on line 3, too; give another.",
    PLAIN + "8 3 1 1 1 1 99": "line 8: there is no row 99, its parent; give one, or -1.",
    PLAIN + "8 3 1 1 1 1 8": "line 8: this point is its own ancestor; give the root the parent -1.",
    PLAIN + "8 3 1 1 1 1 10\n9 3 1 1 1 1 8\n10 3 1 1 1 1 9": "line 8: this point is its own ancestor",
    "1 3 0 0 0 1 -1": "no point is of type 1, so that it has no soma; add one",
    PLAIN + "8 1 500 0 0 10 -1": "line 8: this is a second soma; give one neuron a file.",
    PLAIN + "8 1 0 -70 0 10 2": "line 8: this soma hangs on a neurite; let the soma be the root.",
    "1 1 0 0 0 0 -1": "the soma has no size; give its point a radius.",
    PLAIN + "8 3 500 0 0 1 -1": "line 8: this tree begins 490 µm away from the soma",
    PLAIN + "8 3 50 0 0 0 1": "line 8: a branch begins with a radius of 0 µm; give the true one.",
}


@pytest.mark.parametrize("name", SAME)
def test_what_files_have_in_many_ways_is_the_same_tree(name, tmp_path):
    plain, same = read(tmp_path, PLAIN), read(tmp_path, SAME[name])
    assert same.lengths == pytest.approx(plain.lengths)
    assert same.areas == pytest.approx(plain.areas)
    assert (same.branches, same.tips) == (plain.branches, plain.tips)
    np.testing.assert_allclose(np.sort(same.distance), np.sort(plain.distance))


def test_a_radius_of_zero_is_the_one_of_the_parent(tmp_path):
    tree = read(tmp_path, PLAIN.replace("-60 0 0.5 2", "-60 0 0 2"))
    assert tree.radius.tolist() == [10, 1, 0.5, 1, 2, 1, 0.4]


def test_a_packed_file_is_unpacked(tmp_path):
    tree = read(tmp_path, gzip.compress(PLAIN.encode()), "mine.swc.gz")
    assert (tree.name, len(tree.parent)) == ("mine", 7)


def test_types_that_swc_does_not_define_are_those_of_their_parents_or_other(tmp_path):
    tree = read(tmp_path, PLAIN + "8 7 0 0 60 1 1\n9 5 0 0 90 1 8\n10 0 0 400 0 1 6\n")
    assert tree.lengths["other"] == pytest.approx(80)
    assert tree.lengths["apical"] == pytest.approx(390)


@pytest.mark.parametrize("text", BAD)
def test_a_file_that_is_no_neuron_is_one_sentence(text, tmp_path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert str(tmp_path / "neuron.swc") in str(caught.value)
    assert BAD[text] in str(caught.value)
    assert "\n" not in str(caught.value)


WORDS = ["0", "1", "2", "5", "-1", "nan", "inf", "1e308", "1e-320", "9" * 30, "x", "#", "1_0", "\x1b[31m"]
PLACES = st.tuples(st.integers(0, 6), st.integers(0, 6), st.sampled_from(WORDS))


@given(rows=st.permutations([row.split() for row in ROWS]), changes=st.lists(PLACES, min_size=1, max_size=4))
def test_rows_of_any_fields_are_a_tree_or_one_sentence(rows, changes, tmp_path_factory):
    rows = [list(row) for row in rows]
    for row, column, value in changes:
        rows[row][column] = value
    tree, sentence = None, ""
    with warnings.catch_warnings(action="error"):
        try:
            tree = read(tmp_path_factory.getbasetemp(), "\n".join(map(" ".join, rows)))
        except DataError as error:
            sentence = str(error)
        if tree is None:
            assert sentence.endswith(".")
            assert len(sentence) < 500
        else:
            assert all(np.isfinite(each).all() for each in (tree.length, tree.area, tree.distance))
            assert sum(tree.tips.values()) <= sum(tree.branches.values()) < len(tree.parent)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere.swc"):
        with pytest.raises(DataError, match=r"there is no such morphology|this file cannot be read"):
            ds.Morphology.read(path)
    with pytest.raises(DataError, match=r"the morphology is 3; give the path of a file"):
        ds.Morphology.read(3)
    with pytest.raises(DataError, match=r"points is 'neuron.swc'; read a file by ds.Morphology.read."):
        ds.Morphology("neuron.swc")
    with pytest.raises(DataError, match="this file cannot be read"):
        read(tmp_path, b"no gzip", "mine.swc.gz")


def test_a_long_chain_is_a_tree_as_any_other(tmp_path):
    chain = "".join(f"{n} 3 0 {-10 - n} 0 1 {n - 1}\n" for n in range(2, 5001))
    tree = read(tmp_path, "1 1 0 0 0 10 -1\n" + chain)
    assert (tree.tips["basal"], tree.branches["basal"]) == (1, 1)
    assert tree.lengths["basal"] == pytest.approx(5000)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"basal": 99}, "there is no point 99 for the basal site; give the number of a row"),
        ({"apical": "tip"}, "the apical site is 'tip'; give mean, farthest, or the number of a point"),
        ({"apical": True}, "the apical site is True; give mean, farthest, or the number of a point"),
        ({"basal": 1}, "the points 1, 1 and 6 are not apart; choose others"),
        ({"membrane": 15_000}, "membrane is 15000; give a dendrosim.morphology.Membrane."),
        ({"longest": 0}, "longest is 0; give a finite number above 0"),
        ({"longest": 1e-6}, "for this tree; allow longer ones"),
    ],
)
def test_a_reduction_that_cannot_be_is_one_sentence(arguments, sentence, tmp_path):
    with pytest.raises(DataError, match=re.escape(sentence)):
        read(tmp_path, PLAIN).reduced(**arguments)


def test_a_neuron_without_an_apical_dendrite_needs_a_site(tmp_path):
    tree = read(tmp_path, PLAIN.replace(" 4 ", " 3 "))
    with pytest.raises(DataError, match="neuron has no apical dendrite; give the number of a point as the apical site"):
        tree.reduced()
    assert tree.reduced(basal=3, apical=6).steady_error.max() < 1e-9


def test_sites_behind_one_another_on_a_thin_dendrite_are_refused(tmp_path):
    chain = "1 1 0 0 0 1 -1\n2 4 0 200 0 0.5 1\n3 4 0 600 0 9 2\n4 3 60 600 0 0.5 3\n"
    with pytest.raises(DataError, match="share so much of a dendrite that no cell with three compartments"):
        read(tmp_path, chain).reduced(basal=4, apical=3)


@pytest.mark.parametrize("values", [{"resistance": -1.0}, {"capacitance": float("nan")}, {"axial_resistivity": "150"}])
def test_a_membrane_that_cannot_be_is_one_sentence(values):
    with pytest.raises(DataError, match=f"the membrane: {next(iter(values))}: "):
        Membrane(**values)


def test_a_seed_that_is_none_is_one_sentence():
    with pytest.raises(DataError, match="the seed is -1; give a whole number of at least 0"):
        ds.Morphology.pyramidal(-1)
