"""Image data sets."""

from __future__ import annotations

from dataclasses import replace

from sklearn.datasets import load_digits

from dendrosim.data.dataset import Dataset, one_hot, split_off


def digits(validation: float = 0.1) -> Dataset:
    """Load scikit-learn's 1,797 handwritten digits (8 x 8 pixels), which ship with it.

    One fifth is the test set. Grey values 0 ... 16 are scaled to -1 ... 1.

    Parameters
    ----------
    validation : float
        Share of the remaining samples that is held out for validation.
    """
    images, labels = load_digits(return_X_y=True)
    images, test_images, labels, test_labels = split_off(images / 8.0 - 1.0, labels, 0.2)
    images, validation_images, labels, validation_labels = split_off(images, labels, validation)
    return Dataset(
        "digits",
        10,
        train=one_hot(images, labels, 10),
        validation=one_hot(validation_images, validation_labels, 10),
        test=one_hot(test_images, test_labels, 10),
    )


def digits_images(validation: float = 0.1) -> Dataset:
    """Load the same digits as images of shape (1, 8, 8).

    Parameters
    ----------
    validation : float
        See :func:`digits`.
    """
    rows = digits(validation)
    train, validated, test = (
        replace(split, stimuli=split.stimuli.reshape(-1, 1, 8, 8)) for split in (rows.train, rows.validation, rows.test)
    )
    return Dataset("digits-images", rows.classes, train, validated, test)
