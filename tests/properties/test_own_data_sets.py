"""A data set of one's own under a name, as a stranger writes it: in Python, in model files and on the command line."""

import numpy as np
import pytest
from networks import dense, model_of
from own_rules import command, python

import dendrosim as ds
from dendrosim.data.images import IMAGES, images
from dendrosim.data.series import READERS, series
from dendrosim.errors import DataError, ModelError, PluginError
from dendrosim.registry import DATA

MODULE = '''
import numpy as np
import dendrosim as ds


def waves(model):
    """Sines and cosines of random phase.

    Nobody, 1999.
    """
    generator = np.random.default_rng(0)
    labels, phases = generator.integers(2, size=200), generator.uniform(-0.5, 0.5, 200)
    times = np.linspace(0, 2 * np.pi, *model.input)
    stimuli = np.sin(times + phases[:, None] + np.pi / 2 * labels[:, None])
    return ds.Dataset.from_arrays(stimuli, np.array(["sine", "cosine"])[labels], model.training.validation)


def nothing(model):
    """Returns what is no data set."""
    return [1, 2, 3]
'''
REGISTERING = "\nds.register_data('waves', waves)\n"
ENTRY_POINTS = "[dendrosim.data]\nwaves = mine.sets:waves\nnothing = mine.sets:nothing\nnumber = mine.sets:np.pi\n"
MODEL = """
data = "waves"
input = [20]
layers = [{ kind = "dense", units = 8 }, { kind = "dense", units = 2 }]

[training]
epochs = 3
"""


def package(folder, text):
    (folder / "mine").mkdir()
    (folder / "mine" / "__init__.py").write_text("")
    (folder / "mine" / "sets.py").write_text(text)
    (folder / "waves.toml").write_text(MODEL)
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = package(tmp_path_factory.mktemp("site"), MODULE)
    (folder / "mine-1.0.dist-info").mkdir()
    (folder / "mine-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (folder / "mine-1.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


@pytest.fixture(scope="module")
def lying_about(tmp_path_factory):
    """A package that is no distribution, in the folder where commands run."""
    return package(tmp_path_factory.mktemp("work"), MODULE + REGISTERING)


@pytest.fixture
def registered(request):
    """Registers loaders, and forgets them."""
    names = []

    def register(name, loader):
        ds.register_data(name, loader)
        names.append(name)
        return model_of([4], [dense(3), dense(2)], data=name)

    yield register
    for name in names:
        del DATA._registered[name]


def points(model):
    stimuli = np.random.default_rng(0).normal(size=(60, 4))
    return ds.Dataset.from_arrays(stimuli, stimuli[:, 0] > 0, model.training.validation)


@pytest.mark.slow
def test_an_installed_package_brings_its_data_sets_by_name(installed, tmp_path):
    model = str(installed / "waves.toml")
    command("train", model, "--out", "run", path=installed, cwd=tmp_path)
    assert 'data = "waves"' in (tmp_path / "run" / "model.toml").read_text()
    assert "on the test split of 'waves'" in command("evaluate", "run", path=installed, cwd=tmp_path)
    command("train", model, "--out", "run", "--resume", "--epochs", "4", path=installed, cwd=tmp_path)
    command("relax", model, "--weights", "run", "--out", "seen.nc", path=installed, cwd=tmp_path)
    command("train", "digits-mlp", "--set", "data=waves", "--set", "input=[20]", "--set", "training.epochs=1",
            "--set", "layers=[{kind='dense', units=2}]", path=installed, cwd=tmp_path)  # fmt: skip


def test_a_file_names_what_an_imported_module_registers(lying_about, tmp_path):
    out, nowhere = str(tmp_path / "run"), tmp_path / "nowhere"
    command("train", "waves.toml", "--import", "mine.sets", "--out", out, path=nowhere, cwd=lying_about)
    command("evaluate", out, "--import", "mine.sets", path=nowhere, cwd=lying_about)
    script = (
        f"import dendrosim as ds; run = ds.Run.load({out!r}, imports=['mine.sets']); "
        "print(run.data, run.data.classes == run.classes)"
    )
    done = python("-c", script, path=lying_about, cwd=tmp_path)
    wanted = "Dataset('waves': 144 + 16 + 40 samples of shape (20,), classes cosine, sine) True\n"
    assert done.stdout == wanted, done.stderr


def test_a_file_alone_never_imports_a_module(lying_about, tmp_path):
    (tmp_path / "evil.toml").write_text(MODEL.replace("waves", "mine.sets:waves"))
    script = (
        "import sys, dendrosim as ds\n"
        "try: ds.load_data(ds.load_model('evil.toml'))\n"
        "except ds.errors.DataError as error: print(error)\n"
        "assert 'mine' not in sys.modules and 'mine.sets' not in sys.modules"
    )
    done = python("-c", script, path=lying_about, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "evil.toml: data: 'mine.sets:waves' is code" in done.stdout
    assert "name its module by --import" in done.stdout


def test_the_list_shows_what_packages_and_imported_modules_bring(installed, lying_about, tmp_path):
    shown = command("data", "list", path=installed, cwd=tmp_path)
    for words in ("Sines and cosines of random phase.", "Returns what is no data set.", "'mine.sets' has no 'np.pi'"):
        assert words in shown
    shown = command("data", "list", "waves", "digits", "--import", "mine.sets", path=lying_about, cwd=tmp_path)
    assert "Nobody, 1999." in shown
    assert "digits" in shown


def test_in_python_a_registered_name_is_a_data_set_that_trains_as_the_same_arrays(registered):
    model = registered("points-here", points)
    data = ds.load_data(model)
    assert (data.name, data.classes) == ("points-here", (False, True))
    run, given = ds.train(model, seed=1), ds.train(model, data=points(model), seed=1)
    assert run.parameters.digest == given.parameters.digest
    assert run.model.data == "points-here"
    circuit = ds.Circuit(model, run.parameters, integrator="settle")
    circuit.learn(data.train.stimuli[:], data.train.targets[:])
    with pytest.raises(ModelError, match=r"input: \[5\] does not fit the stimuli of 'points-here'; set it to \[4\]"):
        ds.load_data(model.changed(input=[5]))
    with pytest.raises(ModelError, match=r"preparation\.augmentation: 'points-here' does not know it"):
        ds.load_data(model.changed(preparation={"augmentation": "crop-flip"}))


def test_what_ships_is_one_list_whose_names_are_those_of_the_readers():
    assert {name for name in DATA.built_in if DATA[name] is images} == set(IMAGES)
    assert {name for name in DATA.built_in if DATA[name] is series} == set(READERS)


@pytest.mark.parametrize(
    ("name", "loader", "sentence"),
    [
        ("mine", 3, "the loader of the data set 'mine' is 3; give a function that takes the model"),
        ("mine", points(model_of([4], [dense(2)])), r"the loader of the data set 'mine' is .*; give a function"),
        ("mine", lambda: None, "give a function that takes the model"),
        ("mine", lambda model, other: None, "give a function that takes the model"),
        ("a.b:c", points, r"'a\.b:c' is no name of a data set; write letters, digits and hyphens"),
        ("file:mine", points, "is no name of a data set"),
        ("arrays", points, "'arrays' is no name of a data set; .* and not 'arrays'"),
        ("", points, "is no name of a data set"),
        (3, points, "3 is no name of a data set"),
        ("digits", points, "the name 'digits' is taken by another data set; choose another one"),
    ],
)
def test_what_is_no_loader_and_no_name_is_one_sentence(name, loader, sentence):
    with pytest.raises(PluginError, match=sentence):
        ds.register_data(name, loader)
    assert "mine" not in DATA


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (None, "the loader of the data set 'empty' returned None; return a dendrosim.Dataset, such as"),
        ((np.zeros((3, 4)), [0, 1, 1]), "the loader of the data set 'empty' returned .*Dataset.from_arrays"),
    ],
)
def test_a_loader_that_returns_no_data_set_is_one_sentence(registered, returned, sentence):
    model = registered("empty", lambda model: returned)
    with pytest.raises(DataError, match=sentence):
        ds.load_data(model)


def test_a_file_that_a_loader_does_not_find_is_one_sentence(registered, tmp_path):
    model = registered("gone", lambda model: (tmp_path / "gone.npy").read_bytes())
    with pytest.raises(DataError, match="the data set 'gone' cannot be read"):
        ds.load_data(model)


def test_an_unknown_name_is_told_with_the_nearest_and_with_what_else_may_stand_there(registered):
    model = registered("points-there", points).changed(data="point-there")
    with pytest.raises(DataError, match="there is no data set 'point-there'; did you mean 'points-there'") as raised:
        ds.load_data(model)
    assert "points-there, text:FILE, file:FILE, images:FOLDER; --import brings in more." in str(raised.value)


@pytest.mark.slow
def test_packages_that_bring_no_loader_are_one_sentence_on_the_command_line(installed, tmp_path):
    for name, sentence in {"nothing": "'nothing' returned [1, 2, 3]", "number": "no 'np.pi'"}.items():
        (tmp_path / "model.toml").write_text(MODEL.replace("waves", name))
        done = python("-m", "dendrosim", "train", "model.toml", path=installed, cwd=tmp_path)
        assert done.returncode == 1
        assert sentence in " ".join(done.stderr.split()), done.stderr
        assert "Traceback" not in done.stderr
