"""The main job, from training to pictures."""

import re

import matplotlib.image
import pytest
from typer.testing import CliRunner

from dendrosim.commands.main import app


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    result = CliRunner().invoke(app, ["demo", "--out", str(folder)])
    assert result.exit_code == 0, result.output
    return folder, result.output


def test_the_demo_prints_accuracies_convergence_and_agreement(demonstration):
    _, output = demonstration
    for rule in ("DLL kolen-pollack", "DLL fixed", "DLL paper", "backpropagation"):
        assert float(re.search(rf"{rule}\s+│\s+([\d.]+) %", output)[1]) > 93
    row = re.search(r"DLL kolen-pollack\s+│.*", output)[0]
    assert len(re.findall(r"\d+°", row)) == 2  # one for each matrix of feedback weights
    assert re.search(r"[\d.]+ to [\d.]+ ms of model time", output)
    differences = re.findall(r"largest relative difference, \S+\s+│ (\S+)", output)
    assert len(differences) == 3
    assert all(float(difference) < 1e-6 for difference in differences)


def test_the_demo_writes_what_it_says(demonstration):
    folder, output = demonstration
    for name in ("recording.nc", "relaxation.png", "learning.png", "neuron.png", "DLL-paper/weights.safetensors"):
        assert (folder / name).stat().st_size > 1000
        assert name.split("/")[0] in output


def test_the_figures_are_pictures_with_something_on_them(demonstration):
    for path in demonstration[0].glob("*.png"):
        image = matplotlib.image.imread(path)
        assert min(image.shape[:2]) > 400
        assert 0.005 < (image[..., :3].min(axis=2) < 0.9).mean() < 0.6
