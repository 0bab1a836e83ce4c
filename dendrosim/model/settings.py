"""How a network is taught: teacher, training, and plasticity of the circuit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dendrosim.model.part import Count, NotNegative, Part, Positive, known_to
from dendrosim.registry import RULES


class Teacher(Part):
    """How the target reaches the output soma: clamped to it, or nudged towards it with strength β.

    Attributes
    ----------
    kind : {"clamped", "nudged"}
        Held at the target, or drawn towards it.
    strength : float
        Strength β of a nudge; that of a clamp is 1.
    """

    kind: Literal["clamped", "nudged"] = "clamped"
    strength: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _a_clamp_is_whole(self) -> Teacher:
        if self.kind == "clamped" and self.strength != 1.0:
            raise ValueError('a clamped teacher has strength 1; write kind = "nudged" for a weaker one')
        return self


class Training(Part):
    """How the equilibrium engine trains.

    Attributes
    ----------
    rule : str
        Name of a learning rule; a file names only what is registered (:data:`dendrosim.registry.RULES`).
    optimizer : {"adam", "sgd"}
        Steps of Adam, or plain steps along the update.
    learning_rate : float
        Length of a step at the start.
    schedule : {"constant", "linear", "cosine"}
        How the learning rate falls to zero over all batches, or that it does not.
    epochs : int
        Passes over the training set.
    batch_size : int
        Samples in an update.
    warm_up : int
        Batches over which the learning rate grows in proportion to their number, before it follows its schedule.
    validation : float
        Share of the training set that is held out for validation.
    patience : int, optional
        Epochs without a lower validation loss after which training stops and returns the best epoch's parameters; by
        default all epochs are trained and the last one counts.
    label_smoothing : float
        Share of the target that is spread evenly over all classes.
    clamp : float, optional
        Largest absolute value of any entry of an update, as a guard against divergence; by default there is none.
    seed : int
        Of weights, batches and noise.
    """

    rule: Annotated[str, known_to(RULES)] = "dll"
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    warm_up: Annotated[int, Field(ge=0)] = 0
    epochs: Count = 10
    batch_size: Count = 64
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.1
    patience: Count | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clamp: Positive | None = None
    seed: Annotated[int, Field(ge=0)] = 0


class Plasticity(Part):
    """How the circuit itself learns, in continuous time or presentation by presentation.

    Attributes
    ----------
    mode : {"continuous", "at-convergence"}
        Plasticity always on while stimuli change, or one update whenever all presentations have converged.
    presentation_time : float
        How long a stimulus is held in continuous mode, ms.
    streams : int
        Presentations that run side by side and share their weights.
    learning_rate : float
        Of W, for one presentation of each stream.
    theta_rate : float, optional
        Learning rate of Θ relative to W; by default that of the feedback rule.
    decay : float, optional
        Decay λ of W and Θ for one presentation, relative to the learning rate; by default that of the feedback rule.
    mirror_time : float
        Of the feedback rule ``mirror``: time constant with which Θ tends to W, ms.
    high_pass : float
        Of the feedback rule ``mirror``: time constant of the high-pass through which the synapses of Θ see the noise of
        one cell and the drive of the other, ms.
    epochs : int
        Passes over the training set.
    schedule : {"constant", "linear", "cosine"}
        How the learning rate falls to zero over all presentations, or that it does not.
    """

    mode: Literal["continuous", "at-convergence"] = "continuous"
    presentation_time: Positive = 50.0
    streams: Count = 32
    learning_rate: Positive = 0.3
    theta_rate: NotNegative | None = None
    decay: NotNegative | None = None
    mirror_time: Positive = 2000.0
    high_pass: Positive = 5.0
    epochs: Count = 20
    schedule: Literal["constant", "linear", "cosine"] = "linear"
