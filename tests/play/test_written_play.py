"""The page that simulates as a file: what is refused, how large it is, and the command that writes it."""

import re

import numpy as np
import pytest
from networks import dense, model_of, parameters_of, presentations_of, small_model
from typer.testing import CliRunner

import dendrosim as ds
from dendrosim.commands.main import app
from dendrosim.errors import DataError
from dendrosim.model.library import save_model
from dendrosim.play import play_page, write_play_page


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            model_of([1, 6, 6], [{"kind": "conv2d", "channels": 2, "kernel": 3}, dense(3)]),
            "no plain multilayer perceptron",
        ),
        (model_of([4, 3], [{"kind": "recurrent", "units": 5}, dense(3)]), "no plain multilayer perceptron"),
        (small_model((5, 4, 3), cell={"kind": "conductance"}), "cells of kind 'conductance'"),
        (small_model((1000, 300, 3)), "300,900 weights, and not at most 300,000"),
    ],
    ids=["convolution", "recurrent", "cell", "large"],
)
def test_what_a_page_cannot_simulate_is_refused_in_one_sentence(model, words, tmp_path):
    with pytest.raises(DataError, match=words):
        write_play_page(tmp_path / "new" / "play.html", model, parameters_of(model, 0))
    assert not (tmp_path / "new").exists()


def test_activations_and_outputs_of_a_users_own_are_refused():
    ds.register_activation("softsign", ds.Activation("z/(1 + abs(z))", slope="(1 - abs(u))**2"))
    ds.register_output("counts", ds.Output("exp(z)", loss="u - t*log(u)"))
    for model, words in (
        (small_model((5, 4, 3), activation="softsign"), "the activation 'softsign'"),
        (small_model((5, 4, 3), output="counts"), "the output 'counts'"),
    ):
        with pytest.raises(DataError, match=words):
            play_page(model, parameters_of(model, 0))


def test_the_largest_network_of_images_stays_below_3_megabytes():
    model = small_model((784, 330, 100, 10))
    single = parameters_of(model, 0).map(lambda array: array.astype(np.float32))
    stimuli, targets = presentations_of(model, 20, 0)
    assert sum(np.prod(each.shape) for each in model.connections) > 290_000
    assert len(play_page(model, single, stimuli, targets).encode()) < 3e6


def test_a_page_that_would_be_larger_says_what_helps():
    model = small_model((784, 330, 100, 10))
    with pytest.raises(DataError, match=r"would take 3\.\d MB of at most 3 MB; .* float32"):
        play_page(model, parameters_of(model, 0).map(lambda array: array.astype(float)))


def test_nothing_in_the_page_points_to_a_network_and_names_are_no_markup(tmp_path):
    model = small_model((5, 4, 3)).model_copy(update={"name": "</script><b>mine"})
    page = play_page(model, parameters_of(model, 0))
    assert re.findall(r"https?://|url\((?!#)|@import", page) == []
    assert "default-src 'none'" in page
    assert "<b>mine" not in page


def written(*words):
    return CliRunner().invoke(app, ["play", *map(str, words), "--no-open"])


def test_the_command_plays_a_run_folder_and_a_model_with_weights(tmp_path):
    model = ds.load_model("digits-mlp").changed(training={"epochs": 1})
    run = ds.train(model, folder=tmp_path / "run", progress=False)
    result = written(tmp_path / "run", "--out", tmp_path / "run.html")
    assert result.exit_code == 0, result.output
    save_model(run.model, tmp_path / "model.toml")
    assert (
        written(tmp_path / "model.toml", "--weights", tmp_path / "run", "--out", tmp_path / "model.html").exit_code == 0
    )
    pages = [(tmp_path / name).read_text() for name in ("run.html", "model.html")]
    held = [re.search(r'"connections": (\[.*?\]), "colours"', page)[1] for page in pages]
    assert held[0] == held[1]
    assert all(len(re.findall('"stimulus":', page)) == 20 for page in pages)
    again = written(tmp_path / "run", "--out", tmp_path / "run.html")
    assert again.exit_code != 0
    assert "--overwrite" in str(again.exception)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["digits-mlp"], "a model has no weights of its own; pass --weights"),
        (["nosuch"], "nosuch"),
        (["digits-cnn"], "no plain multilayer perceptron"),
    ],
)
def test_the_command_says_what_is_missing(words, error, tmp_path):
    result = written(*words, "--out", tmp_path / "play.html")
    assert result.exit_code != 0
    assert error in f"{result.exception}{result.output}"
    assert not (tmp_path / "play.html").exists()


def test_without_its_data_a_network_is_played_without_examples(tmp_path, monkeypatch):
    monkeypatch.setenv("DENDROSIM_DATA", str(tmp_path / "empty"))
    model = ds.load_model("mnist-mlp").changed(layers=[dense(20), dense(10)])
    save_model(model, tmp_path / "model.toml")
    ds.Parameters.initialise(model, 0).save(tmp_path / "w.safetensors", model)
    result = written(tmp_path / "model.toml", "--weights", tmp_path / "w.safetensors", "--out", tmp_path / "play.html")
    assert result.exit_code == 0, result.output
    assert "no examples to pick from" in result.output
