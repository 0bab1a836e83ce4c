"""Oracle: injected faults. Each rule here breaks one criterion on purpose, and the audit must say which, and how."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from dendrosim.audit import audit
from dendrosim.equilibrium.maps import Conv2d, Dense
from dendrosim.equilibrium.projection import Synapses
from dendrosim.errors import AuditError
from dendrosim.model import load_model
from dendrosim.registry import RULES
from dendrosim.rules import DendriticLocalizedLearning
from dendrosim.rules.dll import FEEDBACK
from dendrosim.training import train


class Honest(DendriticLocalizedLearning):
    @classmethod
    def local_updates(cls, model):
        return FEEDBACK["fixed"]


class SignOfTheWeights(Honest):
    def updates(self, network, parameters, state, targets):
        for name, W in parameters.W.items():
            if name in parameters.theta:
                parameters.theta[name] = W.sign()
        yield from super().updates(network, parameters, state, targets)


class FeedbackPulledTowardsTheWeights(Honest):
    def updates(self, network, parameters, state, targets):
        yield from super().updates(network, parameters, state, targets)
        for name, theta in parameters.theta.items():
            yield f"{name}.theta", parameters.W[name] - theta


class MirrorThatReadsTheWeights(Honest):
    def constrain(self, network, parameters):
        for name, theta in parameters.theta.items():
            theta.lerp_(parameters.W[name], 0.5)


class MirrorOfActivity(Honest):
    def updates(self, network, parameters, state, targets):
        yield from super().updates(network, parameters, state, targets)
        for projection in network.projections:
            if projection.name in parameters.theta:
                activity = state.sources[projection.name][0] - 1
                yield f"{projection.name}.theta", projection.map.mirror(parameters.W[projection.name], activity)


class FeedbackDrawnFromTheWeights(Honest):
    def auxiliary(self, model, generator):
        # The weights of the last layer are known to whoever knows their seed.
        forward = np.random.default_rng(np.random.SeedSequence(1).spawn(3)[0])
        drawn = [forward.standard_normal(each.shape) / np.sqrt(each.fan_in) for each in model.connections]
        return {"output-copy": 2 * drawn[-1]}


class Reward(Honest):
    def updates(self, network, parameters, state, targets):
        reward = 1 - network.loss(network.output(state), targets)
        for synapses in network.descend(state, network.output_error(state, targets), parameters.theta):
            error = synapses.delta if synapses.name == "output" else torch.tanh(synapses.delta) * reward
            yield f"{synapses.name}.W", synapses.projection.outer(error, synapses.source)


class MeanOfTheLayer(Honest):
    def updates(self, network, parameters, state, targets):
        for synapses in network.descend(state, network.output_error(state, targets), parameters.theta):
            cells = state.basal[synapses.projection.above]
            yield (
                f"{synapses.name}.W",
                synapses.projection.outer(cells - cells.mean(dim=1, keepdim=True), synapses.source),
            )


class NeighbourAbove(Honest):
    def updates(self, network, parameters, state, targets):
        for synapses in network.descend(state, network.output_error(state, targets), parameters.theta):
            delta = synapses.delta
            if synapses.name == "hidden-1":
                delta = delta + state.basal["hidden-3"].flatten(1)[:, :1].view(-1, *[1] * (delta.ndim - 1))
            yield f"{synapses.name}.W", synapses.projection.outer(delta, synapses.source)


class NormOfTheLayer(Honest):
    def updates(self, network, parameters, state, targets):
        parameters.W["hidden-2"].div_(parameters.W["hidden-2"].norm())
        yield from super().updates(network, parameters, state, targets)


class ErrorOfAllOutputs(Honest):
    compartments = ("basal", "apical")

    def updates(self, network, parameters, state, targets):
        shared = network.output_error(state, targets)
        for projection in network.projections:
            width = state.basal[projection.above].shape[1]
            weights = torch.linspace(-1, 1, width * shared.shape[1], dtype=shared.dtype).view(shared.shape[1], width)
            delta = (shared @ weights).view(len(shared), width, *[1] * (state.basal[projection.above].ndim - 2))
            delta = delta.expand_as(state.basal[projection.above])
            yield f"{projection.name}.W", projection.outer(delta, state.sources[projection.name][0])


class SecondLook(Honest):
    def updates(self, network, parameters, state, targets):
        dreamt = network.sweep(parameters, -state.basal["input"])
        yield from super().updates(network, parameters, dreamt, targets)


class DecoderBothWays(Honest):
    def auxiliary(self, model, generator):
        return {"hidden-3-decoder": generator.standard_normal((model.sizes[-1], model.shapes["hidden-3"][0]))}

    def updates(self, network, parameters, state, targets):
        layer, decoder = "hidden-3", parameters.auxiliary["hidden-3-decoder"]
        head = Dense(network.model.shapes[layer])
        error = targets - head.apply(decoder, None, state.basal[layer]).softmax(dim=-1)
        delta = network.times_slope(head.adjoint(decoder, error), state.basal[layer])
        projection = next(each for each in network.projections if each.above == layer)
        yield f"{layer}.W", projection.outer(delta, state.sources[layer][0])


def found(rule):
    examined = audit(rule)
    return {name: (examined.outcome(name), examined.witness(name)) for name in ("C1", "C2", "C3")}


def test_the_rule_that_the_cheats_start_from_satisfies_all_criteria():
    assert {outcome for outcome, _ in found(Honest).values()} == {"yes"}


@pytest.mark.parametrize(
    ("rule", "criterion", "outcome", "seen"),
    [
        (SignOfTheWeights, "C1", "no", "changes when"),
        (FeedbackPulledTowardsTheWeights, "C1", "no", ".theta changes when"),
        (MirrorThatReadsTheWeights, "C1", "no", "changes when"),
        (MirrorOfActivity, "C3", "no", "receives as noise changes with the target or the activity"),
        (FeedbackDrawnFromTheWeights, "C1", "no", "drawn alike: their correlation is 1.00"),
        (DecoderBothWays, "C1", "no", "hidden-3-decoder.auxiliary is replaced"),
        (Reward, "C2", "weakly", "one number"),
        (MeanOfTheLayer, "C2", "weakly", "hidden-1 changes with other neurons, but only with those of its own layer"),
        (NormOfTheLayer, "C2", "weakly", "hidden-2 changes with other synapses"),
        (NeighbourAbove, "C2", "no", "hidden-1 changes with other cells of hidden-3"),
        (ErrorOfAllOutputs, "C2", "no", "hidden-1 changes with other cells of output"),
        (SecondLook, "C3", "no", "differs from that without a target"),
    ],
)
def test_a_cheat_is_found_with_a_witness(rule, criterion, outcome, seen):
    verdicts = found(rule)
    assert verdicts[criterion][0] == outcome
    assert seen in verdicts[criterion][1]


def test_each_cheat_breaks_only_what_it_means_to_break():
    assert found(Reward)["C1"][0] == found(Reward)["C3"][0] == "yes"
    assert found(SignOfTheWeights)["C2"][0] == found(NeighbourAbove)["C3"][0] == "yes"


def test_parameters_in_one_memory_are_found():
    class Shared(Honest):
        def updates(self, network, parameters, state, targets):
            yield from super().updates(network, parameters, state, targets)

    from dendrosim.audit.subject import Subject, network_of
    from dendrosim.audit.transport import transport

    subject = Subject(Shared, network_of("MLP", {}), 2, 0)
    subject.parameters.theta["output"] = subject.parameters.W["output"].view(-1).view_as(subject.parameters.W["output"])
    assert "the same memory" in transport(subject).witness


def test_a_rule_that_does_not_make_the_same_steps_twice_is_an_error():
    class Restless(RULES["predictive-coding"]):
        def updates(self, network, parameters, state, targets):
            self.iterations = 5 + int(1000 * abs(state.basal["hidden-2"].flatten()[-1])) % 7
            yield from super().updates(network, parameters, state, targets)

    with pytest.raises(AuditError, match="let it make the same steps"):
        audit(Restless)


def test_an_audit_leaves_alone_what_another_thread_trains():
    def weights():
        model = load_model("digits-mlp").changed(training={"epochs": 2, "rule": "direct-feedback-alignment"})
        return train(model, seed=3).parameters.digest

    alone, methods = weights(), [dict(vars(each)) for each in (Dense, Conv2d, Synapses)]
    wanted = {name: outcome for name, (outcome, _) in found(DecoderBothWays).items()}
    stop = threading.Event()

    def audits():
        verdicts = []
        while not verdicts or not stop.is_set():
            verdicts.append({name: outcome for name, (outcome, _) in found(DecoderBothWays).items()})
        return verdicts

    with ThreadPoolExecutor() as pool:
        auditing = pool.submit(audits)
        beside = [weights() for _ in range(3)]
        stop.set()
        assert all(verdict == wanted for verdict in auditing.result())
    assert beside == [alone] * 3
    assert [dict(vars(each)) for each in (Dense, Conv2d, Synapses)] == methods


def test_a_compartment_that_there_is_not_is_an_error_that_names_those_there_are():
    class Somatic(Honest):
        compartments = ("basal", "soma")

    with pytest.raises(AuditError, match="'soma' is not a way into a cell; declare compartments out of basal, apical"):
        audit(Somatic)
