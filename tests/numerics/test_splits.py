"""Splits are those of scikit-learn, which is not loaded for them."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import dendrosim as ds
from dendrosim.data.images import _digits_file
from dendrosim.data.splits import divided, split_off


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_classes_are_split_as_scikit_learn_stratifies_them(data):
    classes = data.draw(st.integers(2, 7))
    labels = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=2 * classes, max_size=120)))
    share, seed = data.draw(st.floats(0.05, 0.95)), data.draw(st.integers(0, 2**32 - 1))
    names, members = np.unique(labels, return_counts=True)
    assume(members.min() >= 2 and len(names) <= len(labels) * share <= len(labels) - len(names))
    wanted = train_test_split(np.arange(len(labels)), test_size=share, random_state=seed, stratify=labels)
    for found, indices in zip(split_off(labels, share, seed), wanted, strict=True):
        np.testing.assert_array_equal(found, indices)


@settings(max_examples=50, deadline=None)
@given(st.integers(4, 200), st.floats(0.3, 0.7), st.integers(0, 2**32 - 1))
def test_quantities_are_split_as_scikit_learn_shuffles_them(count, share, seed):
    wanted = train_test_split(np.arange(count), test_size=round(count * share), random_state=seed)
    for found, indices in zip(divided(np.zeros(count), False, share, "the share", seed), wanted, strict=True):
        np.testing.assert_array_equal(found, indices)


def test_the_digits_are_those_of_scikit_learn():
    rows = np.loadtxt(_digits_file(), delimiter=",", dtype=np.uint8)
    pixels, labels = load_digits(return_X_y=True)
    np.testing.assert_array_equal(rows[:, :-1], pixels)
    np.testing.assert_array_equal(rows[:, -1], labels)
    assert len(ds.load_data("digits-mlp").test) == 360
