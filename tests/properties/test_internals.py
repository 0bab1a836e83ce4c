"""What is used of Brian2 and torch beyond their documented interfaces is there and does what we take it to do.

A test that fails here names the function that a new version of theirs has changed.
"""

import brian2 as b2
import pytest
import torch
from brian2.core.network import Network as Brian2Network
from torch.nn import functional

from dendrosim.circuit import brian2_internals, cuda
from dendrosim.circuit.target import active, find_target
from dendrosim.equilibrium import torch_internals

ATTRIBUTES = {
    "Network._globally_stopped": lambda: Brian2Network._globally_stopped is False,
    "Network.before_run and after_run": lambda: (
        callable(Brian2Network.before_run) and callable(Brian2Network.after_run)
    ),
    "Network.sorted_objects": lambda: b2.Network().sorted_objects == [],
    "Clock.set_interval and advance": lambda: advanced(b2.Clock(0.5 * b2.ms, name="a_clock*")) == [0, 1, 2],
    "BrianObject._contained_objects": lambda: b2.NeuronGroup(1, "x : 1").contained_objects is not None,
    "Group._enable_group_attributes": lambda: callable(brian2_internals.Group._enable_group_attributes),
    "CodeObject.templater.derive": lambda: (
        "apply" in brian2_internals.NumpyCode.templater.env.list_templates().__str__()
    ),
    "Function.stateless": lambda: b2.DEFAULT_FUNCTIONS["exp"].stateless and not b2.DEFAULT_FUNCTIONS["rand"].stateless,
    "BrianObject.run": lambda: b2.StateMonitor.run is brian2_internals.BrianObject.run is not b2.NetworkOperation.run,
    "Device.array_cache": lambda: brian2_internals.CPPStandaloneDevice().array_cache is not None,
    "Device.results_dir": lambda: hasattr(brian2_internals.CPPStandaloneDevice(), "results_dir"),
    "Device.has_been_run": lambda: brian2_internals.CPPStandaloneDevice().has_been_run is False,
}


def advanced(clock):
    clock.set_interval(0 * b2.ms, 10 * b2.ms)
    steps = []
    for _ in range(3):
        steps.append(int(clock.variables["timestep"].get_value().item()))
        clock.advance()
    return steps


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_brian2_has(name):
    with active(brian2_internals.runtime_device, find_target("numpy").preferences):
        assert ATTRIBUTES[name]()


@pytest.mark.parametrize("kind", ["NumpyCode", "CppCode"])
def test_brian2s_own_code_keeps_its_own_templates(kind):
    ours = getattr(brian2_internals, kind)
    assert ours.templater is not ours.__mro__[1].templater


def test_brian2cuda_has_its_code_object_and_device():
    pytest.importorskip("brian2cuda", reason="Brian2CUDA is not installed")
    assert cuda.code_object().templater is not cuda.code_object().__mro__[1].templater
    assert hasattr(cuda.device_class()(), "results_dir")


def test_torch_has_tanh_backward_and_sigmoid_backward():
    drive = torch.randn(7, dtype=torch.float64, requires_grad=True)
    for function, backward in (
        (torch.tanh, torch_internals.tanh_backward),
        (torch.sigmoid, torch_internals.sigmoid_backward),
    ):
        (wanted,) = torch.autograd.grad(function(drive).sum(), drive)
        torch.testing.assert_close(backward(torch.ones(7, dtype=torch.float64), function(drive).detach()), wanted)


def test_torch_has_convolution_backward():
    u, kernel = torch.randn(2, 3, 6, 5, requires_grad=True), torch.randn(4, 3, 3, 2, requires_grad=True)
    above = functional.conv2d(u, kernel, padding=(1, 1))
    delta = torch.randn_like(above)
    wanted = torch.autograd.grad(above, (u, kernel), delta)
    found = torch_internals.convolution_backward(delta, u.detach(), kernel.detach(), (1, 1), (True, True, False))
    for ours, theirs in zip(found, wanted, strict=False):
        torch.testing.assert_close(ours, theirs)


def test_torch_has_max_pool_backward_and_average_pool_backward():
    u = torch.randn(2, 3, 7, 5, requires_grad=True)
    largest, where = functional.max_pool2d(u, (2, 2), return_indices=True)
    feedback = torch.randn_like(largest)
    (wanted,) = torch.autograd.grad(largest, u, feedback)
    torch.testing.assert_close(torch_internals.max_pool_backward(feedback, u.detach(), (2, 2), where), wanted)
    (wanted,) = torch.autograd.grad(functional.avg_pool2d(u, (2, 2)), u, feedback)
    torch.testing.assert_close(torch_internals.average_pool_backward(feedback, u.detach(), (2, 2)), wanted)


def test_torch_has_fused_adamw():
    ours = torch.randn(5)
    theirs = torch.nn.Parameter(ours.clone())
    optimizer = torch.optim.AdamW([theirs], lr=0.1, weight_decay=0.3, maximize=True)
    moments = torch.zeros(5), torch.zeros(5), torch.zeros(())
    for direction in torch.randn(3, 5):
        theirs.grad = direction.clone()
        optimizer.step()
        moments[2].add_(1)
        torch_internals.adamw_step(ours, direction, moments, rate=0.1, decay=0.3)
    torch.testing.assert_close(ours, theirs.detach())


@pytest.mark.parametrize("size", [5, 2**16 + 3])
def test_torch_makes_one_fused_step_of_several_parameters(size):
    ours, theirs = torch.randn(2, size), torch.zeros(2, size)
    theirs.copy_(ours)
    moments = [(torch.zeros(size), torch.zeros(size), torch.zeros(())) for _ in range(3)]
    for direction in torch.randn(3, size):
        for each in moments:
            each[2].add_(1)
        torch_internals.adamw_step_of_all(
            list(ours), direction, moments[0], rate=0.1, decay=0.3, room=torch.ones(2**10)
        )
        for parameter, each in zip(theirs, moments[1:], strict=True):
            torch_internals.adamw_step(parameter, direction, each, rate=0.1, decay=0.3)
    assert torch.equal(ours, theirs)
    assert all(torch.equal(a, b) for a, b in zip(*moments[:2], strict=True))
