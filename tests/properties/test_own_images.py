"""Folders of images, ``data = "images:..."``: what becomes of images of any kind, and how they are refused."""

import os

import numpy as np
import pandas as pd
import pytest
from networks import dense, model_of
from PIL import Image
from terminals import called

import dendrosim as ds
from dendrosim.data import load_data
from dendrosim.data.folders import read_image
from dendrosim.errors import DataError, ModelError
from dendrosim.training import Run, train

RANDOM = np.random.default_rng(0)
COLOURS = RANDOM.integers(0, 256, (6, 8, 3), dtype=np.uint8)  # height, width, channels
GREY = RANDOM.integers(0, 256, (6, 8), dtype=np.uint8)
SPLITS = ("train", "validation", "test")


def folder_of(place, classes=("cat", "dog"), count=20, size=(8, 6)):
    """A folder with images of one grey value each: 0, 1, ... in the first class, 100, 101, ... in the next."""
    for first, name in enumerate(classes):
        (place / name).mkdir(parents=True)
        for number in range(count):
            Image.new("L", size, 100 * first + number).save(place / name / f"{number}.png")
    return place


def model_for(folder, shape=(1, 4, 4), outputs=2, **tables):
    return model_of(shape, [dense(outputs)], data=f"images:{folder}", **tables)


def greys(split):
    """The grey value of each image of a split; each has but one."""
    stimuli = (split.stimuli[:] + 1) * 127.5
    assert np.ptp(stimuli.reshape(len(stimuli), -1), axis=1).max() < 1e-3
    return stimuli.reshape(len(stimuli), -1)[:, 0].round().astype(int)


def test_subfolders_are_classes_and_every_image_is_in_one_split_with_its_label(tmp_path):
    data = load_data(model_for(folder_of(tmp_path / "pets")))
    assert (data.classes, data.task, data.shape) == (("cat", "dog"), "classification", (1, 4, 4))
    assert [len(getattr(data, split)) for split in SPLITS] == [28, 4, 8]
    found = np.concatenate([greys(getattr(data, split)) for split in SPLITS])
    assert sorted(found) == [*range(20), *range(100, 120)]
    for split in SPLITS:
        part = getattr(data, split)
        np.testing.assert_array_equal(part.labels, greys(part) >= 100)
        np.testing.assert_array_equal(part.targets[:].argmax(axis=1), part.labels)


def test_the_order_is_that_of_names_and_the_seed_draws_the_splits(tmp_path):
    folder = folder_of(tmp_path / "pets")
    first, again, other = (ds.Dataset.from_images(folder, (1, 4, 4), seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(greys(first.train), greys(again.train))
    np.testing.assert_array_equal(greys(first.train), greys(load_data(model_for(folder)).train))
    assert set(greys(first.test)) != set(greys(other.test))


def saved(place, image, name="x.png", **options):
    image.save(place / name, **options)
    return place / name


def test_images_are_grey_or_in_colour_as_the_model_asks(tmp_path):
    path = saved(tmp_path, Image.fromarray(COLOURS))
    np.testing.assert_array_equal(read_image(path, (3, 6, 8)), COLOURS.transpose(2, 0, 1))
    luma = COLOURS @ np.array([0.299, 0.587, 0.114])  # ITU-R 601
    assert np.abs(read_image(path, (1, 6, 8))[0] - luma).max() <= 1
    grey = saved(tmp_path, Image.fromarray(GREY), "grey.png")
    np.testing.assert_array_equal(read_image(grey, (3, 6, 8)), np.stack([GREY] * 3))


def test_a_pixel_of_a_smaller_image_is_the_mean_of_what_it_covers(tmp_path):
    path = saved(tmp_path, Image.fromarray(GREY))
    means = GREY.reshape(3, 2, 4, 2).mean(axis=(1, 3))
    assert np.abs(read_image(path, (1, 3, 4))[0] - means).max() <= 1


def test_transparent_pixels_are_white(tmp_path):
    opacity = np.full((6, 8), 255, np.uint8)
    opacity[0, 0], opacity[0, 1] = 0, 51
    path = saved(tmp_path, Image.fromarray(np.dstack([COLOURS, opacity])))
    read = read_image(path, (3, 6, 8)).transpose(1, 2, 0).astype(float)
    np.testing.assert_array_equal(read[0, 0], [255] * 3)
    assert np.abs(read[0, 1] - (0.2 * COLOURS[0, 1] + 0.8 * 255)).max() <= 1
    np.testing.assert_array_equal(read[1:], COLOURS[1:])


def test_palettes_and_their_transparent_colour_are_looked_up(tmp_path):
    image = Image.new("P", (8, 6), 1)
    image.putpalette([9, 9, 9, 10, 20, 30])
    image.putpixel((0, 0), 0)
    path = saved(tmp_path, image, transparency=0)
    read = read_image(path, (3, 6, 8))
    assert (list(read[:, 0, 0]), list(read[:, 5, 7])) == ([255] * 3, [10, 20, 30])


def test_sixteen_bits_become_the_upper_eight(tmp_path):
    deep = (GREY.astype(np.uint16) << 8) + 77
    for name in ("x.png", "x.tif"):
        path = saved(tmp_path, Image.fromarray(deep), name)
        np.testing.assert_array_equal(read_image(path, (1, 6, 8))[0], GREY)


@pytest.mark.parametrize(("mode", "white"), [("1", 1), ("LA", (255, 255)), ("CMYK", (0, 0, 0, 0))])
def test_other_modes_are_read_too(mode, white, tmp_path):
    path = saved(tmp_path, Image.new(mode, (8, 6), white), "x.tif")
    assert (read_image(path, (3, 6, 8)) == 255).all()


def test_photographs_are_turned_as_their_exif_data_say(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the top of what was seen is on the right of what is stored
    path = saved(tmp_path, Image.fromarray(GREY), exif=exif)
    np.testing.assert_array_equal(read_image(path, (1, 8, 6))[0], np.rot90(GREY, -1))


def test_a_flat_model_says_the_shape_in_its_preparation(tmp_path):
    folder = folder_of(tmp_path / "pets")
    flat = load_data(model_for(folder, (48,), preparation={"image": [3, 4, 4]}))
    np.testing.assert_array_equal(
        flat.train.stimuli[:], load_data(model_for(folder, (3, 4, 4))).train.stimuli[:].reshape(28, 48)
    )


def test_training_images_are_augmented_on_demand(tmp_path):
    data = load_data(model_for(folder_of(tmp_path / "pets"), preparation={"augmentation": "crop-flip"}))
    assert data.train.augmentation is not None
    assert data.test.augmentation is None


def test_what_is_no_image_by_its_ending_is_left_out(tmp_path):
    folder = folder_of(tmp_path / "pets")
    (folder / "notes.txt").write_text("mine")
    (folder / "cat" / "notes.txt").write_text("mine")
    (folder / ".thumbnails").mkdir()
    assert len(load_data(model_for(folder)).train) == 28


def test_a_network_trains_on_a_folder_and_its_run_keeps_the_classes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder_of(tmp_path / "pets", count=30)
    model = model_for("pets", training={"epochs": 20, "batch_size": 8, "learning_rate": 0.05})
    run = train(model, folder="run")
    assert run.test_accuracy > 0.9
    read = Run.load("run")
    assert read.classes == ("cat", "dog")
    assert read.evaluate() == run.test


@pytest.mark.parametrize("flat", [False, True])
def test_a_run_is_evaluated_on_another_folder_and_predicts_the_images_in_one(flat, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder_of(tmp_path / "pets")
    folder_of(tmp_path / "others", count=3)
    shape, preparation = ((16,), {"image": [1, 4, 4]}) if flat else ((1, 4, 4), {})
    run = train(model_for("pets", shape, preparation=preparation, training={"epochs": 2}), folder="run")
    status, out, err = called(["evaluate", "run", "--data", "images:others"])
    assert status == 0, err
    greys_of = np.concatenate([np.full((3, 16), first) + np.arange(3)[:, None] for first in (0, 100)])
    stimuli = (greys_of / 127.5 - 1).reshape(6, *shape)
    wanted = run.evaluate(stimuli, ["cat"] * 3 + ["dog"] * 3)
    assert f"Accuracy {100 * wanted['accuracy']:.2f} %, loss {wanted['loss']:.4f} on 6 images of images:others" in out
    status, _, err = called(["predict", "run", "images:others/dog"])
    assert status == 0, err
    table = pd.read_csv("predictions.csv")
    assert list(table["file"]) == ["0.png", "1.png", "2.png"]
    np.testing.assert_allclose(table["output dog"], run.predict(stimuli[3:])[:, 1], atol=1e-6)
    assert (
        "others: there are no images in this folder; add some"
        in called(["predict", "run", "images:others", "--overwrite"])[2]
    )


def broken(place):
    folder_of(place / "pets")
    content = (place / "pets" / "dog" / "3.png").read_bytes()
    (place / "pets" / "dog" / "3.png").write_bytes(content[:40])


def other(place):
    folder_of(place / "pets")
    (place / "pets" / "dog" / "4.jpg").write_text("no image")


def empty(place):
    folder_of(place / "pets")
    (place / "pets" / "owl").mkdir()


def floats(place):
    folder_of(place / "pets")
    Image.fromarray(GREY.astype(np.float32)).save(place / "pets" / "cat" / "x.tif")


MISTAKES = {
    "missing": (lambda place: None, r"there is no folder 'pets'; write the path of one that has a subfolder for each"),
    "a file": (lambda place: (place / "pets").write_text(""), "there is no folder 'pets'"),
    "empty": (
        lambda place: (place / "pets").mkdir(),
        "pets: this folder has no subfolders; give a subfolder of images",
    ),
    "one class": (
        lambda place: folder_of(place / "pets", ("cat",)),
        "pets: this folder has only the class 'cat'; give",
    ),
    "an empty class": (empty, r"pets/owl: there are no images of this class; add some \(.png, "),
    "two images": (
        lambda place: folder_of(place / "pets", count=2),
        "class 'cat' has 2 samples only, .* give at least",
    ),
    "a truncated image": (broken, r"pets/dog/3\.png: this file is truncated or not in its format"),
    "no image": (other, r"pets/dog/4\.jpg: this file is truncated or not in its format .*: save it again"),
    "floats": (floats, r"pets/cat/x\.tif: .*its grey values are floats; give whole numbers"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_folder_that_is_no_data_is_one_sentence(mistake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make, message = MISTAKES[mistake]
    make(tmp_path)
    with pytest.raises(DataError, match=message) as raised:
        load_data(model_for("pets"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (model_for("pets", (16,)), r"input: \[16\] does not say how high and wide the images are; set input to \[chan"),
        (model_for("pets", (2, 4, 4)), r"input: images have 1 channel \(grey\) or 3 \(colour\), and not 2; set the"),
        (model_for("pets", (17,), preparation={"image": [1, 4, 4]}), r"input: \[17\] does not fit .* set it to \[16\]"),
        (model_for("pets", (1, 4, 4), preparation={"image": [1, 5, 4]}), r"\[1, 4, 4\] does not fit .*\[1, 5, 4\]"),
        (model_for("pets", outputs=3), "3 output cells do not fit the 2 classes of 'images:pets'; set it to 2"),
        (model_for("pets", preparation={"task": "forecast"}), "preparation.task: 'images:pets' does not know it"),
    ],
)
def test_a_model_that_does_not_fit_is_one_sentence(model, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder_of(tmp_path / "pets")
    with pytest.raises(ModelError, match=message):
        load_data(model)


@pytest.mark.parametrize("shape", [(1, 4), 3, (2, 4, 4), (1, 0, 4), "rgb"])
def test_a_shape_that_no_image_has_is_one_sentence(shape, tmp_path):
    with pytest.raises(DataError, match=r"shape of images|images have 1 channel"):
        ds.Dataset.from_images(folder_of(tmp_path / "pets"), shape)


def test_an_image_that_claims_gigabytes_is_not_unfolded(tmp_path):
    folder = folder_of(tmp_path / "pets")
    Image.new("1", (17000, 17000)).save(folder / "cat" / "large.png")
    assert os.path.getsize(folder / "cat" / "large.png") < 2**17
    with pytest.raises(DataError, match=r"large\.png: .*claims to hold 1\.16 GB|large\.png: .*exceeds limit"):
        load_data(model_for(folder))
