"""The settings of the learning rules, one table each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from dendrosim.model.part import Count, NotNegative, Part, Positive

# Learning rate of Θ relative to W, and the decay λ of W and Θ, that suit each feedback rule.
FEEDBACK_DEFAULTS = {
    "paper": {"theta_rate": 0.01, "decay": 0.0},
    "released": {"theta_rate": 0.1, "decay": 0.0},
    "fixed": {"theta_rate": 0.0, "decay": 0.0},
    "kolen-pollack": {"theta_rate": 1.0, "decay": 0.1},
}


class DLL(Part):
    """Dendritic Localized Learning: how Θ learns. Keys left out take the feedback rule's own defaults.

    Attributes
    ----------
    theta_rate : float
        Learning rate of Θ relative to that of W.
    decay : float
        Decay λ of W and Θ.
    theta_deviation : float, optional
        Standard deviation with which Θ is drawn; by default 1/√fan-out of each connection. With 0 nothing is fed back,
        and only the readout learns.
    """

    feedback: Literal["paper", "fixed", "kolen-pollack", "released"] = "kolen-pollack"
    theta_rate: NotNegative
    decay: NotNegative
    theta_deviation: NotNegative | None = None

    @model_validator(mode="after")
    def _what_is_renormalised_is_not_zero(self) -> DLL:
        if self.feedback == "released" and self.theta_deviation == 0:
            raise ValueError("the feedback rule 'released' keeps the norm of Θ; give theta_deviation above 0")
        return self

    @model_validator(mode="before")
    @classmethod
    def _fill_in_defaults(cls, values: Any) -> Any:
        if isinstance(values, dict):
            feedback = values.get("feedback", "kolen-pollack")
            return FEEDBACK_DEFAULTS.get(str(feedback), FEEDBACK_DEFAULTS["fixed"]) | values
        return values


class PredictiveCoding(Part):
    """Predictive coding: how often, and by how much, the potentials move towards lower energy before W learns.

    Attributes
    ----------
    variant : {"standard", "fixed-prediction", "incremental", "centred"}
        Inference as published; with the predictions of the bottom-up sweep; with weights that learn in each of its
        steps; or as the mean of nudging towards the target and away from it.
    iterations : int
        Steps of inference.
    rate : float
        How far a potential moves down the gradient of the energy in each.
    nudge : float
        Weight β of the loss in the energy.
    """

    variant: Literal["standard", "fixed-prediction", "incremental", "centred"] = "standard"
    iterations: Count = 20
    rate: Annotated[float, Field(gt=0, le=1)] = 0.2
    nudge: Annotated[float, Field(gt=0, le=1)] = 1.0


class EquilibriumPropagation(Part):
    """Equilibrium propagation: two nudged phases from one free one.

    Attributes
    ----------
    free_steps, nudged_steps : int
        Sweeps over all layers in each phase.
    nudge : float
        Strength β of the teacher, towards the target and away from it.
    gain : float
        γ: how much a hidden layer acts on the one below, relative to the way up.
    feedback : {"symmetric", "separate"}
        Whether the way down has the weights W of the way up, or Θ, which learns as W does.
    """

    free_steps: Count = 8
    nudged_steps: Count = 5
    nudge: Annotated[float, Field(gt=0, le=1)] = 0.5
    gain: Annotated[float, Field(gt=0, le=1)] = 0.1
    feedback: Literal["symmetric", "separate"] = "symmetric"


class LocalLosses(Part):
    """Local losses: what each hidden layer is asked for, and how the answer comes back.

    Attributes
    ----------
    similarity : float
        Share β of the similarity-matching loss; the rest is the prediction loss.
    feedback : {"decoder", "separate"}
        Whether the error of a head comes back through its decoder, or through a fixed random matrix of its own; then
        similarities are those of the layer itself, and not of a linear map of it.
    """

    similarity: Annotated[float, Field(ge=0, lt=1)] = 0.9
    feedback: Literal["decoder", "separate"] = "decoder"


class Perturbation(Part):
    """Node perturbation: what is measured, and how often.

    Attributes
    ----------
    heads : {"local", "output"}
        Whether each hidden layer is pushed by itself for the loss of its head, or all together for that of the output.
    draws : int
        Pairs of pushes, forth and back, for each presentation.
    deviation : float
        Standard deviation σ of a push.
    """

    heads: Literal["local", "output"] = "local"
    draws: Count = 4
    deviation: Positive = 0.01


class TargetPropagation(Part):
    """Difference target propagation: how far the targets are, and how the way down learns.

    Attributes
    ----------
    nudge : float
        Strength β of the teacher.
    deviation : float
        Standard deviation σ of the noise that Θ learns from.
    draws : int
        How often noise is drawn for each presentation.
    theta_rate : float
        Learning rate of Θ relative to that of W.
    """

    nudge: Annotated[float, Field(gt=0, le=1)] = 0.1
    deviation: Positive = 0.1
    draws: Count = 1
    theta_rate: NotNegative = 4.0


class Hebbian(Part):
    """Hebbian learning with soft competition.

    Attributes
    ----------
    temperature : float
        T of the competition; drives are of unit variance where weights are random.
    rate : float
        Learning rate of the hidden layers, relative to that of the readout and to 1/√fan-in.
    """

    temperature: Positive = 1.0
    rate: NotNegative = 1.0


class ForwardForward(Part):
    """The forward-forward algorithm.

    Attributes
    ----------
    threshold : float
        Goodness θ between right and wrong labels; a network with convolutions needs none.
    sharpness : float
        κ: how steeply the loss of a layer depends on its goodness.
    label : float
        How active the cell of the label is in the stimulus; a network with convolutions has no labels there.
    """

    threshold: Positive = 0.5
    sharpness: Positive = 20.0
    label: Positive = 3.0


class RewardModulatedSTDP(Part):
    """Hebbian features, and R-STDP of a readout that sees their first spikes.

    Attributes
    ----------
    temperature, rate : float
        Of the hidden layers, as in :class:`Hebbian`.
    bins : int
        In how many steps a spike can come.
    threshold : float
        Potential at which an output cell fires.
    depression : float
        What a pair in the wrong order counts, relative to one in the right order.
    """

    temperature: Positive = 1.0
    rate: NotNegative = 1.0
    bins: Count = 15
    threshold: Positive = 0.5
    depression: NotNegative = 0.5


class Rules(Part):
    """Settings of the learning rules, one table each."""

    dll: DLL = Field(default_factory=lambda: DLL.model_validate({}))
    predictive_coding: PredictiveCoding = Field(default_factory=PredictiveCoding)
    equilibrium_propagation: EquilibriumPropagation = Field(default_factory=EquilibriumPropagation)
    local_losses: LocalLosses = Field(default_factory=LocalLosses)
    perturbation: Perturbation = Field(default_factory=Perturbation)
    target_propagation: TargetPropagation = Field(default_factory=TargetPropagation)
    hebbian: Hebbian = Field(default_factory=Hebbian)
    forward_forward: ForwardForward = Field(default_factory=ForwardForward)
    r_stdp: RewardModulatedSTDP = Field(default_factory=RewardModulatedSTDP)
