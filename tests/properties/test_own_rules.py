"""A learning rule of one's own, as a stranger writes it: on the command line, in Python and in model files."""

import json
import subprocess
import sys

import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model
from own_rules import MODULE, SMALL, command, package, python

import dendrosim as ds
from dendrosim.audit import audit
from dendrosim.circuit import Circuit
from dendrosim.errors import CircuitError
from dendrosim.model.local_update import LocalUpdate, LocalUpdates

NOTHING_LOADED = (
    "import dendrosim, sys; dendrosim.load_model('fashion-mnist-mlp'); "
    "assert not {'torch', 'brian2', 'scipy.linalg'} & set(sys.modules)"
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return package(tmp_path_factory.mktemp("site"), installed=True)


@pytest.fixture(scope="module")
def lying_about(tmp_path_factory):
    """A package that is no distribution, in the folder where commands run."""
    folder = package(tmp_path_factory.mktemp("work"))
    (folder / "small.toml").write_text(SMALL)
    (folder / "named.toml").write_text(SMALL + 'rule = "mine-delta"\n[rules.mine-delta]\ngain = 0.5\n')
    return folder


def test_a_model_is_read_without_an_engine():
    subprocess.run([sys.executable, "-c", NOTHING_LOADED], check=True)


def test_an_installed_package_brings_its_rules_by_name(installed, lying_about, tmp_path):
    model = lying_about / "small.toml"
    written = command("train", str(model), "--rule", "mine-delta", "--out", "run", path=installed, cwd=tmp_path)
    assert "with mine-delta" in written
    assert 'rule = "mine-delta"' in (tmp_path / "run" / "model.toml").read_text()
    assert "[rules.mine_delta]\ngain = 1.0" in (tmp_path / "run" / "model.toml").read_text()
    assert "loss" in command("evaluate", "run", path=installed, cwd=tmp_path)


def test_a_rule_in_the_present_folder_is_trained_by_its_place_and_resumed(lying_about, tmp_path):
    folder = str(tmp_path / "run")
    arguments = ["train", "small.toml", "--rule", "mine.rules:Delta", "--out", folder]
    nowhere = tmp_path / "nowhere"
    command(*arguments, path=nowhere, cwd=lying_about)
    command(*arguments, "--resume", "--epochs", "3", path=nowhere, cwd=lying_about)
    history = (tmp_path / "run" / "history.csv").read_text().splitlines()
    assert len(history) == 1 + 3
    measured = command("evaluate", folder, "--import", "mine.rules", path=nowhere, cwd=lying_about)
    assert "ccuracy" in measured


@pytest.mark.slow
def test_a_file_names_what_an_imported_module_registers(lying_about, tmp_path):
    out = str(tmp_path / "run")
    command("train", "named.toml", "--import", "mine.rules", "--out", out, path=lying_about, cwd=lying_about)
    script = (
        f"import dendrosim as ds; run = ds.Run.load({out!r}, imports=['mine.rules']); "
        "assert run.model.rules['mine-delta'].gain == 0.5; print(len(run.history)); "
        "import dendrosim.plot as plot; plot.learning_curves({'mine': run.history})"
    )
    done = python("-c", script, path=lying_about, cwd=tmp_path)
    assert done.stdout == "2\n", done.stderr


def test_a_file_alone_never_imports_a_module(lying_about, tmp_path):
    path = tmp_path / "evil.toml"
    path.write_text(SMALL + 'rule = "mine.rules:Delta"\n')
    script = (
        "import sys, dendrosim as ds\n"
        f"try: ds.load_model({str(path)!r})\n"
        "except ds.errors.ModelError as error: print(error)\n"
        "assert 'mine' not in sys.modules and 'mine.rules' not in sys.modules"
    )
    done = python("-c", script, path=lying_about, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "evil.toml: training.rule: 'mine.rules:Delta' is code" in done.stdout
    assert "name its module by --import" in done.stdout


@pytest.mark.slow
def test_a_rule_is_audited_and_tabled_like_ours(lying_about, tmp_path):
    found = command("audit", "mine.rules:Contracting", "dll paper", "--json", path=lying_about, cwd=tmp_path)
    mine, ours = json.loads(found)
    assert mine["rule"] == "mine-contracting"
    assert [each["outcome"] for each in mine["criteria"].values()] == ["yes", "yes", "yes"]
    assert mine["reads"] == ours["reads"]
    arguments = ["bench", "rules", "--quick", "--data", "digits", "--epochs", "1", "--rule", "mine.rules:Delta"]
    command(*arguments, "--out", "results", path=lying_about, cwd=tmp_path)
    command(*arguments, "--rule", "dll paper", "--out", "results", path=lying_about, cwd=tmp_path)
    table = (tmp_path / "results" / "rules.md").read_text()
    assert table.index("| digits-mlp | dll paper |") < table.index("| digits-mlp | mine-delta |")
    assert (tmp_path / "results" / "rules.png").stat().st_size > 5_000


@pytest.fixture(scope="module")
def rules():
    """The stranger's module, in this process."""
    names: dict = {"__name__": "mine_here"}
    exec(compile(MODULE, "mine_here.py", "exec"), names)
    return names


def test_from_python_a_rule_is_given_by_its_class(rules):
    model = ds.load_model("digits-mlp").changed(training={"epochs": 1})
    run = ds.train(model, rule=rules["Delta"], seed=1)
    assert run.model.training.rule == "mine-delta"
    half = ds.train(run.model.changed(rules={"mine-delta": {"gain": 0.5}}), seed=1)
    assert half.model.rules["mine-delta"].gain == 0.5
    assert run.model != half.model
    assert run.model == half.model.changed(rules={"mine_delta": {"gain": 1.0}})
    assert audit(rules["Delta"]).outcome("C1") == "yes"


class Signed(ds.LocalRule):
    """All terms of it are others than those of DLL."""

    name = "signed"

    @classmethod
    def local_updates(cls, model):
        return LocalUpdates(LocalUpdate("basal", sign=-1), LocalUpdate("basal"), theta_rate=0.3, decay=0.05)


class Held(ds.LocalRule):
    """W stays as it was drawn."""

    name = "held"

    @classmethod
    def local_updates(cls, model):
        return LocalUpdates(None, LocalUpdate("error", sign=-1), theta_rate=0.5)


@pytest.mark.parametrize("target", ["numpy", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
@pytest.mark.parametrize("rule", [Signed, Held])
def test_local_updates_of_ones_own_are_those_of_both_engines(rule, target):
    ds.register_rule(rule)
    model = small_model(
        training={"rule": rule.name, "optimizer": "sgd", "schedule": "constant"},
        plasticity={"mode": "at-convergence", "streams": 6, "epochs": 1, "schedule": "constant", "learning_rate": 0.2},
    )
    parameters, (stimuli, targets) = parameters_of(model, 0), presentations_of(model, 6, 0)
    circuit = Circuit(model, parameters, target, integrator="settle")
    circuit.relax(stimuli, targets)
    assert ds.compare(circuit, stimuli, targets).largest < 1e-9
    updates = dict(circuit.updates().items())
    circuit.learn(stimuli, targets)
    local = rule.local_updates(model)
    for name, before in parameters.items():
        rate = 0.2 * (local.theta_rate if name.endswith("theta") else 1.0)
        decay = 0.0 if name.endswith("bias") or name not in updates else local.decay
        wanted = before + rate * (updates.get(name, 0.0) - decay * before)
        np.testing.assert_allclose(dict(circuit.parameters.items())[name], wanted, atol=1e-6, err_msg=name)


@pytest.mark.filterwarnings("ignore::dendrosim.errors.OtherPrediction")
@pytest.mark.parametrize("rule", ["predictive-coding", "hebbian", "forward-forward"])
def test_a_circuit_relaxes_a_network_of_any_rule_and_says_which_it_cannot_learn_by(rule):
    model = small_model(training={"rule": rule})
    parameters, (stimuli, targets) = parameters_of(model, 0), presentations_of(model, 2, 0)
    circuit = Circuit(model, parameters, integrator="settle")
    circuit.relax(stimuli, targets)
    found = ds.compare(circuit, stimuli, targets)
    assert found.largest < 1e-9
    assert (found.W, found.theta) == ({}, {})
    for learn in (circuit.updates, lambda: circuit.learn(stimuli, targets)):
        with pytest.raises(CircuitError, match=rf"a circuit cannot learn by '{rule}'.*set training\.rule to 'dll'"):
            learn()


@pytest.mark.slow
def test_the_command_learn_refuses_such_a_rule_before_it_computes(lying_about, tmp_path):
    (tmp_path / "small.toml").write_text(SMALL + 'rule = "predictive-coding"\n')
    done = python("-m", "dendrosim", "learn", "small.toml", path=lying_about, cwd=tmp_path)
    assert done.returncode == 1
    assert "a circuit cannot learn by 'predictive-coding'" in " ".join(done.stderr.split())
    assert [each.name for each in tmp_path.iterdir()] == ["small.toml"]
