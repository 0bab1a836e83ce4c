"""The commands that say what there is, `dendrosim models` and `rules`, and `--set`, which changes one key."""

import re

import pytest
from rich.console import Console
from typer.testing import CliRunner

from dendrosim.commands import models as models_command
from dendrosim.commands import rules as rules_command
from dendrosim.commands.main import app
from dendrosim.errors import ModelError, PluginError
from dendrosim.model import available_models, load_model
from dendrosim.model.library import save_model
from dendrosim.registry import RULES

SMALL = load_model("digits-mlp").changed(training={"epochs": 1}, plasticity={"epochs": 1})


@pytest.fixture
def run(monkeypatch):
    """Runs a command on a terminal of 80 columns."""
    for module in (models_command, rules_command):
        monkeypatch.setattr(module, "console", Console(width=80))

    def run(*arguments):
        result = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "80"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return run


def rows_of(output):
    assert max(map(len, output.splitlines())) <= 80
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if line.startswith("│")]
    return {first: rest for first, *rest in lines if first}


def test_every_model_is_listed_with_data_network_and_settings(run):
    rows = rows_of(run("models"))
    assert list(rows) == available_models()
    data, network = rows["digits-mlp"][:2]
    assert data == "digits"
    assert network.endswith("…")
    assert load_model("digits-mlp").architecture.startswith(network[:-1])
    assert rows["fashion-mnist-mlp"][2] == "kolen-pollack, paper"


def test_every_rule_is_listed_with_a_line_and_its_settings(run):
    output = run("rules")
    assert set(rows_of(output)) >= {name for name in RULES if name in RULES._places}
    for name in RULES._places:
        shown = " ".join(run("rules", name).replace("│", " ").split())
        for key, value in RULES[name].Settings.model_validate({}):
            assert f"{key} = {'none' if value is None else value}" in shown
    assert "feedback = kolen-pollack" in output
    with pytest.raises(PluginError, match="did you mean 'hebbian'"):
        run("rules", "hebian")


def test_the_help_of_the_audit_says_what_the_criteria_are(run):
    shown = " ".join(run("audit", "--help").split())
    for criterion in ("C1, no weight transport:", "C2, local error:", "C3, no separate phases:"):
        assert criterion in shown


def test_a_key_that_is_set_is_that_of_the_run(run, tmp_path):
    save_model(SMALL, tmp_path / "small.toml")
    values = ["training.learning_rate=0.002", "rules.dll.feedback=paper", "activation = relu", "training.patience=3"]
    sets = [word for value in values for word in ("--set", value)]
    run("train", tmp_path / "small.toml", "--out", tmp_path / "run", *sets)
    model = load_model(tmp_path / "run" / "model.toml")
    assert (model.training.learning_rate, model.training.patience, model.activation) == (0.002, 3, "relu")
    assert (model.rules.dll.feedback, model.rules.dll.theta_rate) == ("paper", 0.01)


def test_a_circuit_learns_with_a_key_that_is_set(run, tmp_path):
    save_model(SMALL, tmp_path / "small.toml")
    with pytest.raises(ModelError, match=r"plasticity\.streams: input should be greater than or equal to 1"):
        run("learn", tmp_path / "small.toml", "--set", "plasticity.streams=0")
    with pytest.raises(Exception, match="cannot learn by 'hebbian'"):
        run("learn", tmp_path / "small.toml", "--set", "training.rule=hebbian")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("training.learning_rat=0.1", "training.learning_rat: unknown key; did you mean 'learning_rate'"),
        ("trainin.epochs=1", "trainin: unknown key; did you mean 'training'"),
        ("training.epochs=many", "training.epochs: 'many' has the wrong type; write a whole number"),
        ("training.learning_rate=-1", "training.learning_rate: input should be greater than 0, but it is -1"),
        ("training.rule=hebian", "training.rule: there is no learning rule 'hebian'; did you mean 'hebbian'"),
        ("training.rule=os:getcwd", "training.rule: 'os:getcwd' is code"),
        ("training", "--set: 'training' is no KEY=VALUE; write it as training.epochs=3."),
        ("=3", "--set: '=3' is no KEY=VALUE"),
        ("training..epochs=3", "is no KEY=VALUE"),
        ("layers.7.units=3", "layers.7.units: there is no entry '7' among 3; count from 0"),
    ],
)
def test_a_key_that_cannot_be_set_is_one_sentence(run, value, sentence, tmp_path):
    with pytest.raises(ModelError, match=re.escape(sentence)):
        run("train", "digits-mlp", "--out", tmp_path / "run", "--set", value)
    assert not (tmp_path / "run").exists()


def test_a_rule_that_is_misspelt_is_guessed(run):
    with pytest.raises(PluginError, match="did you mean 'predictive-coding'"):
        run("train", "digits-mlp", "--rule", "predictive-codin")
