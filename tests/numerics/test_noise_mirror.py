"""Oracle: what the noise mirror does to Θ in the mean, its variance, and that nothing else changes D = W − Θ."""

import numpy as np
import pytest
import torch
from networks import model_of, parameters_of, small_model
from trainings import NETWORKS, state_of, train_in_ranks, training_of

from dendrosim.audit import audit
from dendrosim.equilibrium import Network
from dendrosim.equilibrium.maps import Conv2d, Dense
from dendrosim.errors import ModelError
from dendrosim.model import Parameters
from dendrosim.model.local_update import NoiseMirror
from dendrosim.rules import DendriticLocalizedLearning
from dendrosim.training import Hardware, train
from dendrosim.training.checkpoint import Checkpoint

MIRROR = {"dll": {"feedback": "mirror", "samples": 16, "spontaneous": 3, "every": 2}}
DRAWS = 20_000
DOUBLE = Hardware(dtype="float64", threads=1)


def noise(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def rule_of(model, seed=0):
    rule = DendriticLocalizedLearning.from_model(model)
    rule.generator = torch.Generator().manual_seed(seed)
    return rule


def tensors_of(model, seed=0):
    return parameters_of(model, seed).map(lambda array: torch.from_numpy(array.copy()))


def test_orthogonal_noise_gives_the_weights_themselves():
    W = noise(0, 4, 6)
    patterns = torch.linalg.qr(noise(1, 6, 6))[0] * 6**0.5
    torch.testing.assert_close(Dense((6,)).mirror(W, patterns), W, rtol=0, atol=1e-13)


def test_dense_estimates_have_the_mean_and_the_variance_that_were_derived():
    W, zeta = noise(0, 3, 5), noise(1, DRAWS, 5)
    estimates = torch.stack([Dense((5,)).mirror(W, each) for each in zeta.split(4)])
    variance = (W.square().sum(1, keepdim=True) + W.square()) / 4  # Σ_k W_ik² + W_ij², over 4 samples
    error = (estimates.mean(0) - W) / (variance / len(estimates)).sqrt()
    assert error.abs().max() < 4
    torch.testing.assert_close(estimates.var(0), variance, rtol=0.15, atol=0)


@pytest.mark.parametrize(
    ("kernel", "padding", "size"),
    [((3, 3), 0, (5, 4)), ((3, 3), 1, (5, 4)), ((5, 5), 2, (5, 6)), ((2, 3), 1, (4, 3)), ((3, 1), 0, (6, 1))],
)
def test_the_mean_over_the_positions_of_a_kernel_is_the_kernel(kernel, padding, size):
    shape, below = (2, 3, *kernel), (3, *size)
    W, zeta = noise(0, *shape), noise(1, DRAWS, *below)
    layer = Conv2d(shape, below, padding)
    estimates = torch.stack([layer.mirror(W, each) for each in zeta.split(40)])
    error = (estimates.mean(0) - W) / (estimates.std(0) / len(estimates) ** 0.5)
    assert error.abs().max() < 4


@pytest.mark.parametrize(("kernel", "padding"), [((3, 3), 0), ((3, 3), 1), ((4, 2), 1), ((5, 5), 2), ((3, 3), 2)])
def test_positions_are_those_that_a_product_of_ones_counts(kernel, padding):
    layer = Conv2d((1, 1, *kernel), (1, 5, 6), padding)
    ones = torch.ones(1, 1, 5, 6)
    above = torch.ones_like(layer.apply(torch.zeros(1, 1, *kernel), None, ones))
    assert layer.positions() == layer.outer(above, ones)[0, 0].tolist()


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_difference_of_w_and_theta_stays_as_drawn_where_there_is_no_mirror(kind, monkeypatch):
    monkeypatch.setattr(NoiseMirror, "steps", lambda mirror, batches_done: range(0))
    model = training_of(kind, rules=MIRROR)
    start = Parameters.initialise(model, model.training.seed)
    trained = train(model, hardware=DOUBLE).parameters
    for name, theta in trained.theta.items():
        drawn = start.W[name].astype(float) - start.theta[name]
        assert abs(trained.W[name] - start.W[name]).max() > 1e-3
        np.testing.assert_allclose(trained.W[name] - theta, drawn, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", NETWORKS)
def test_feedback_that_is_mirrored_is_aligned_after_training(kind):
    run = train(training_of(kind, rules={"dll": {"feedback": "mirror"}}))
    angles = run.history.filter(regex=r"^angle\.").iloc[-1]
    assert len(angles)
    assert (angles < 12).all(), angles


def test_the_distance_of_theta_falls_with_the_number_of_patterns_seen():
    model = small_model((60, 50, 40, 30), rules={"dll": {"feedback": "mirror", "samples": 32, "spontaneous": 99}})
    parameters = tensors_of(model)
    rule_of(model).constrain(Network(model), parameters)
    for name, theta in parameters.theta.items():
        W = parameters.W[name]
        relative = float((W - theta).norm() / W.norm())
        assert relative == pytest.approx(((W.shape[1] + 1) / (32 * 100)) ** 0.5, rel=0.1)


def test_mirror_steps_are_counted_over_the_training_from_the_batches_alone():
    mirror = NoiseMirror(samples=1, spontaneous=3, every=2)
    assert [list(mirror.steps(done)) for done in range(5)] == [[0, 1, 2, 3], [], [4], [], [5]]


def test_a_training_that_is_resumed_has_the_bits_of_one_that_was_not(tmp_path):
    model = training_of("mlp", rules=MIRROR, epochs=4)
    train(model, folder=tmp_path / "whole")

    def stop(row):
        if row["epoch"] == 3:
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        train(model, folder=tmp_path / "part", report=stop)
    assert Checkpoint.read(tmp_path / "part").epoch in (2, 3)
    train(model, folder=tmp_path / "part", resume=True)
    assert state_of(tmp_path / "part") == state_of(tmp_path / "whole")


def test_two_ranks_draw_the_same_noise_and_train_as_one(tmp_path):
    model = training_of("mlp", rules=MIRROR)
    assert train_in_ranks(model, tmp_path / "two", hardware=DOUBLE) == ["done", "done"]
    train(model, folder=tmp_path / "one", hardware=DOUBLE)
    two, one = (Checkpoint.read(tmp_path / run).part("parameters") for run in ("two", "one"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=0, atol=1e-9)


def test_the_audit_passes_the_mirror_on_all_criteria():
    found = audit(DendriticLocalizedLearning, {"dll": {"feedback": "mirror", "spontaneous": 1}})
    assert {name: found.outcome(name) for name in ("C1", "C2", "C3")} == {"C1": "yes", "C2": "yes", "C3": "yes"}


def test_unequal_steps_of_w_and_theta_are_refused():
    with pytest.raises(ModelError, match="needs equal steps of W and Θ; set theta_rate to 1"):
        small_model(rules={"dll": {"feedback": "mirror", "theta_rate": 0.5}})


def test_the_settings_survive_a_file(tmp_path):
    model = model_of([4], [{"kind": "dense", "units": 3}] * 2, rules=MIRROR)
    assert type(model).model_validate(model.model_dump(mode="json")).rules.dll == model.rules.dll
