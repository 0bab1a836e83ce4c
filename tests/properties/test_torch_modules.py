"""A network as a module is trained, stored and moved as any other: by loops that know nothing of learning rules."""

import copy
import io

import numpy as np
import pytest
import torch
from networks import dense, feedback, model_of, parameters_of, presentations_of, small_model
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

import dendrosim as ds
from dendrosim.data import load_data
from dendrosim.model.local_update import drawn_norm

MODEL = small_model(rules=feedback("kolen-pollack"))


def batch(model=MODEL, count=6, seed=0):
    return [torch.from_numpy(array).float() for array in presentations_of(model, count, seed)]


def gradients(network):
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


def test_a_strangers_loop_with_sgd_a_scheduler_and_clipping_learns_the_digits():
    model = ds.load_model("digits-mlp")
    data = load_data(model)
    train = torch.utils.data.TensorDataset(
        torch.from_numpy(data.train.stimuli[:]).float(), torch.from_numpy(data.train.labels)
    )
    network = ds.nn.Network(model)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    losses = []
    for _ in range(4):
        for stimuli, labels in torch.utils.data.DataLoader(train, batch_size=64):
            optimizer.zero_grad()
            losses.append(network.learn(stimuli, labels).item())
            norm = nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            assert torch.isfinite(norm)
            optimizer.step()
        scheduler.step()
    network.eval()
    with torch.no_grad():
        predicted = network(torch.from_numpy(data.test.stimuli[:]).float()).argmax(dim=1)
    assert losses[-1] < losses[0] / 4
    assert (predicted.numpy() == data.test.labels).mean() > 0.9


def test_inside_another_module_it_learns_under_manual_optimization():
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = ds.nn.Network(MODEL)

        def training_step(self, stimuli, targets, optimizer):
            optimizer.zero_grad()
            loss = self.network.learn(stimuli, targets)
            optimizer.step()
            return loss

    wrapped = Wrapped()
    assert "network.hidden-1.W" in wrapped.state_dict()
    optimizer = torch.optim.Adam(wrapped.parameters(), lr=0.05)
    losses = [float(wrapped.training_step(*batch(), optimizer)) for _ in range(40)]
    assert losses[-1] < losses[0] / 2


def test_gradients_add_up_until_they_are_zeroed():
    network, (stimuli, targets) = ds.nn.Network(MODEL), batch(count=8)
    network.learn(stimuli, targets)
    whole = gradients(network)
    network.zero_grad()
    network.learn(stimuli[:4], targets[:4])
    network.learn(stimuli[4:], targets[4:])
    for name, gradient in gradients(network).items():
        torch.testing.assert_close(gradient / 2, whole[name], rtol=1e-5, atol=1e-7, msg=name)


def test_what_the_rule_leaves_alone_and_what_is_frozen_has_no_gradient():
    network = ds.nn.Network(small_model(rules=feedback("fixed")))
    network.get_submodule("hidden-1")["W"].requires_grad_(False)
    network.learn(*batch())
    without = {name for name, parameter in network.named_parameters() if parameter.grad is None}
    assert without == {"hidden-1.W", "hidden-2.theta", "output.theta"}


def test_classes_and_one_hot_targets_teach_the_same():
    one, other, (stimuli, targets) = ds.nn.Network(MODEL), ds.nn.Network(MODEL), batch()
    assert one.learn(stimuli, targets) == other.learn(stimuli, targets.argmax(dim=1))
    assert all(torch.equal(gradient, gradients(other)[name]) for name, gradient in gradients(one).items())


def test_the_steps_of_a_sequence_have_classes_too():
    model = model_of([4, 3], [{"kind": "recurrent", "units": 5}, dense(3)])
    one, other, (stimuli, targets) = ds.nn.Network(model), ds.nn.Network(model), batch(model)
    assert one.learn(stimuli, targets) == other.learn(stimuli, targets.argmax(dim=2))
    assert one(stimuli).shape == (6, 4, 3)


def test_learning_in_steps_that_keep_a_norm_puts_the_parameters_there_first():
    model = small_model(rules=feedback("released"))
    network = ds.nn.Network(model)
    theta = network.get_submodule("output")["theta"]
    with torch.no_grad():
        theta.mul_(3)
    network.learn(*batch(model))
    assert theta.norm().item() == pytest.approx(drawn_norm(model.connections[-1], None))


def test_the_groups_have_the_rates_and_decays_of_the_rule():
    rules = {"dll": {"feedback": "kolen-pollack", "theta_rate": 0.5, "decay": 0.2}}
    groups = ds.nn.Network(small_model(rules=rules)).parameter_groups(0.1)
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [(0.1, 0.2), (0.1, 0.0), (0.05, 0.2)]
    assert [len(group["params"]) for group in groups] == [3, 3, 2]
    default = ds.nn.Network(MODEL).parameter_groups()
    assert default[0]["lr"] == MODEL.training.learning_rate


@pytest.mark.parametrize("rule", ["dll", "local-losses"])
def test_a_state_goes_through_files_of_torch_and_of_safetensors(rule, tmp_path):
    model = small_model(training={"rule": rule})
    network, other, third = (ds.nn.Network(model, seed=seed) for seed in (1, 2, 3))
    names = {name for name, _ in network.to_parameters().items()}
    assert set(network.state_dict()) == names
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    save_file(network.state_dict(), tmp_path / "weights.safetensors")
    third.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert network.to_parameters().digest == other.to_parameters().digest == third.to_parameters().digest


def test_weights_of_another_network_are_refused_by_torch():
    with pytest.raises(RuntimeError, match=r"size mismatch for hidden-1\.W"):
        ds.nn.Network(MODEL).load_state_dict(ds.nn.Network(small_model((6, 4, 3, 2))).state_dict())


def test_a_weights_file_holds_the_names_of_the_module(tmp_path):
    parameters = ds.Parameters.initialise(MODEL, 4)
    parameters.save(tmp_path / "weights.safetensors", MODEL)
    network = ds.nn.Network(MODEL)
    network.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert network.to_parameters().digest == parameters.digest


def test_parameters_go_in_and_come_out_in_their_precision():
    parameters = parameters_of(MODEL, 3)
    network = ds.nn.Network(MODEL, parameters)
    assert next(network.parameters()).dtype == torch.float64
    found = network.to_parameters()
    assert found.digest == parameters.digest
    found.W["output"][:] = 0  # a copy
    assert network.to_parameters().digest == parameters.digest


def test_what_a_rule_has_of_its_own_is_drawn_where_parameters_lack_it():
    model = small_model(training={"rule": "local-losses"})
    network = ds.nn.Network(model, ds.Parameters.initialise(model, 0))
    assert network.to_parameters().auxiliary.keys() == {
        "hidden-1-decoder",
        "hidden-2-decoder",
        "hidden-1-similarity",
        "hidden-2-similarity",
    }


def test_copies_learn_on_their_own_and_draw_the_same_noise():
    network = ds.nn.Network(small_model(training={"rule": "target-propagation"}))
    copied = copy.deepcopy(network)
    for each in (network, copied):
        each.learn(*batch())
    assert all(torch.equal(gradient, gradients(copied)[name]) for name, gradient in gradients(network).items())
    copied.start_epoch(2)
    copied.zero_grad()
    copied.learn(*batch())
    assert any(not torch.equal(gradient, gradients(copied)[name]) for name, gradient in gradients(network).items())


def test_torchs_random_numbers_are_left_alone():
    before = torch.get_rng_state()
    network = ds.nn.Network(small_model(training={"rule": "perturbation"}))
    network.learn(*batch())
    ds.to_torch(MODEL, ds.Parameters.initialise(MODEL, 0))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("layers", ["mlp", "rnn"])
def test_autocast_holds_for_the_forward_pass_and_not_for_learning(layers):
    model = {"mlp": MODEL, "rnn": model_of([4, 3], [{"kind": "recurrent", "units": 5}, dense(3)])}[layers]
    network, (stimuli, targets) = ds.nn.Network(model), batch(model)
    loss = network.learn(stimuli, targets)
    expected, logits = gradients(network), network(stimuli)
    network.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert network.learn(stimuli, targets) == loss
        lower = network(stimuli)
        with torch.no_grad():
            assert network(stimuli).dtype == torch.bfloat16
        functional.cross_entropy(lower.flatten(0, -2), targets.flatten(0, -2)).backward()
    assert lower.dtype == torch.bfloat16
    torch.testing.assert_close(lower.float(), logits, rtol=0.05, atol=0.05)
    network.zero_grad()
    network.learn(stimuli, targets)
    assert all(torch.equal(gradient, expected[name]) for name, gradient in gradients(network).items())


def test_a_network_of_lower_precision_learns_in_it():
    network, (stimuli, targets) = ds.nn.Network(MODEL).bfloat16(), batch()
    network.learn(stimuli, targets)
    assert {gradient.dtype for gradient in gradients(network).values()} == {torch.bfloat16}


@pytest.mark.parametrize("rule", ["equilibrium-propagation", "hebbian", "forward-forward", "r-stdp"])
def test_rules_that_predict_otherwise_give_the_logarithm_of_their_probabilities(rule):
    network = ds.nn.Network(small_model(training={"rule": rule}))
    stimuli, _ = batch()
    torch.testing.assert_close(network(stimuli).softmax(dim=1), network.predict(stimuli))
    assert not network(stimuli).requires_grad


def test_a_network_whose_feedback_is_tied_to_its_weights_learns():
    network = ds.nn.Network(MODEL)
    output = network.get_submodule("output")
    output["theta"] = output["W"]
    network.learn(*batch())
    assert "output.theta" in network.state_dict()
    assert np.array_equal(network.to_parameters().theta["output"], network.to_parameters().W["output"])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_the_noise_moves_with_the_parameters():
    network = ds.nn.Network(small_model(training={"rule": "perturbation"})).cuda()
    loss = network.learn(*(tensor.cuda() for tensor in batch()))
    assert loss.is_cuda
    assert network.to_parameters().W["output"].dtype == np.float32
