"""The description of a network: ``Model`` and its parts, immutable and validated."""

from __future__ import annotations

import hashlib
import json
import math
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from dendrosim.model.cell import Cell, RateCell
from dendrosim.model.connections import Connection, connect
from dendrosim.model.part import Count, NotNegative, Part, Positive, Size
from dendrosim.model.preparation import Preparation

LOSS_OF_OUTPUT = {"softmax": "cross-entropy", "identity": "squared-error"}

# Learning rate of Θ relative to W, and the decay λ of W and Θ, that suit each feedback rule.
FEEDBACK_DEFAULTS = {
    "paper": {"theta_rate": 0.01, "decay": 0.0},
    "released": {"theta_rate": 0.1, "decay": 0.0},
    "fixed": {"theta_rate": 0.0, "decay": 0.0},
    "kolen-pollack": {"theta_rate": 1.0, "decay": 0.1},
}


class Dense(Part):
    """A layer of cells, each of which receives from every cell below."""

    kind: Literal["dense"]
    units: Count


class Conv2d(Part):
    """A layer of cells in ``channels`` maps, each with a window of the layer below; weights are shared.

    ``kernel`` is the side of the window, or [height, width].
    """

    kind: Literal["conv2d"]
    channels: Count
    kernel: Size
    padding: Annotated[int, Field(ge=0)] = 0


class Pool(Part):
    """The largest, or the mean, of each window of the layer below: part of the next layer's projection.

    ``size`` is the side of the window, [height, width], or ``"all"``: one window over the whole layer.
    """

    kind: Literal["max-pool", "average-pool"]
    size: Size | Literal["all"]


class Recurrent(Part):
    """A layer of cells that receives from the layer below and, one step of the sequence later, from itself."""

    kind: Literal["recurrent"]
    units: Count


class Branches(Part):
    """Convolutions side by side on the same layer, each a layer of cells of its own, as in a TextCNN (Kim, 2014)."""

    kind: Literal["branches"]
    layers: Annotated[tuple[Conv2d, ...], Field(min_length=2, strict=False)]


Layer = Annotated[Dense | Conv2d | Pool | Recurrent | Branches, Field(discriminator="kind")]


class Teacher(Part):
    """How the target reaches the output soma: clamped to it, or nudged towards it with strength β."""

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
    validation : float
        Share of the training set that is held out for validation.
    patience : int, optional
        Epochs without a lower validation loss after which training stops and returns the best epoch's parameters; by
        default all epochs are trained and the last one counts.
    label_smoothing : float
        Share of the target that is spread evenly over all classes.
    clamp : float, optional
        Largest absolute value of any entry of an update, as a guard against divergence; by default there is none.
    """

    rule: Literal["dll", "backpropagation", "predictive-coding"] = "dll"
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    epochs: Count = 10
    batch_size: Count = 64
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.1
    patience: Count | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clamp: Positive | None = None
    seed: Annotated[int, Field(ge=0)] = 0


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
            return FEEDBACK_DEFAULTS.get(feedback, FEEDBACK_DEFAULTS["fixed"]) | values
        return values


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
    decay : float
        Decay λ of W and Θ for one presentation, relative to the learning rate.
    """

    mode: Literal["continuous", "at-convergence"] = "continuous"
    presentation_time: Positive = 50.0
    streams: Count = 32
    learning_rate: Positive = 0.3
    theta_rate: NotNegative | None = None
    decay: NotNegative = 0.0
    epochs: Count = 20
    schedule: Literal["constant", "linear", "cosine"] = "linear"


class PredictiveCoding(Part):
    """Predictive coding: how often, and by how much, the potentials move towards lower energy before W learns."""

    iterations: Count = 20
    rate: Annotated[float, Field(gt=0, lt=1)] = 0.2


class Rules(Part):
    """Settings of the learning rules, one table each."""

    dll: DLL = Field(default_factory=lambda: DLL.model_validate({}))
    predictive_coding: PredictiveCoding = Field(default_factory=PredictiveCoding)


class Model(Part):
    """Description of a network: layers, cell, teacher and training.

    Attributes
    ----------
    data : str
        Name of the data set it is trained on.
    input : tuple of int
        Shape of one stimulus: (cells,), (channels, height, width), or (steps, cells) for a recurrent network.
    layers : tuple
        The layers from below to above; the last one is the output.
    preparation : Preparation
        How the data set becomes stimuli.
    activation, output, loss : str
        Nonlinearity of the hidden and of the output cells; output and loss are a canonical pair.
    """

    data: str
    input: Annotated[tuple[Count, ...], Field(min_length=1, strict=False)]
    layers: Annotated[tuple[Layer, ...], Field(min_length=1, strict=False)]
    activation: Literal["tanh", "relu", "sigmoid", "softplus", "identity"] = "tanh"
    output: Literal["softmax", "identity"] = "softmax"
    loss: Literal["cross-entropy", "squared-error"]
    cell: Cell = Field(default_factory=RateCell)
    teacher: Teacher = Field(default_factory=Teacher)
    training: Training = Field(default_factory=Training)
    plasticity: Plasticity = Field(default_factory=Plasticity)
    preparation: Preparation = Field(default_factory=Preparation)
    rules: Rules = Field(default_factory=Rules)

    _source: str = PrivateAttr(default="model")

    @model_validator(mode="before")
    @classmethod
    def _pair_loss_with_output(cls, values: Any) -> Any:
        if isinstance(values, dict) and "loss" not in values:
            return {"loss": LOSS_OF_OUTPUT.get(values.get("output", "softmax"), "cross-entropy")} | values
        return values

    @model_validator(mode="after")
    def _parts_fit(self) -> Model:
        if self.loss != LOSS_OF_OUTPUT[self.output]:
            raise ValueError(
                f"loss '{self.loss}' does not go with output '{self.output}'; "
                f"use '{LOSS_OF_OUTPUT[self.output]}', its canonical pair"
            )
        if not isinstance(self.layers[-1], Dense):
            raise ValueError('the last layer is the output; end the layers with kind = "dense"')
        connect(self.input, self.layers)
        return self

    @property
    def source(self) -> str:
        """File or name the model was read from, for messages."""
        return self._source

    @property
    def name(self) -> str:
        """Short name: the file's stem."""
        return self._source.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".toml")

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """The connections between layers, from below to above."""
        return connect(self.input, self.layers)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each layer of cells by name, ``input`` first."""
        first = {"input": self.connections[0].below_shape}
        return first | {connection.above: connection.above_shape for connection in self.connections}

    @property
    def layer_names(self) -> tuple[str, ...]:
        """``hidden-1``, ``hidden-2``, ..., ``output``: one name a layer of cells."""
        return tuple(self.shapes)[1:]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of cells from the input to the output."""
        return tuple(math.prod(shape) for shape in self.shapes.values())

    @property
    def steps(self) -> int:
        """Steps of the sequence that one stimulus is; 1 for a network that is not recurrent."""
        return self.input[0] if any(connection.lag for connection in self.connections) else 1

    @property
    def architecture(self) -> str:
        """The part that decides which weights fit, in one line: ``64-128-64-10 tanh softmax``."""
        layers = [_short(layer) for layer in self.layers]
        return f"{'-'.join(['x'.join(map(str, self.input)), *layers])} {self.activation} {self.output}"

    @property
    def fingerprint(self) -> str:
        """Hash of the architecture; weights carry it."""
        parts = self.model_dump(mode="json", include={"input", "layers", "activation", "output"})
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def changed(self, **tables: Any) -> Model:
        """Return a copy with some keys changed, validated again.

        Parameters
        ----------
        **tables
            New values; a dictionary changes only the keys it names, as in ``training={"epochs": 3}``.
            A new ``feedback`` rule brings its own ``theta_rate`` and ``decay``, a new ``kind`` all its defaults.

        Raises
        ------
        ModelError
            The changed description is not valid.
        """
        from dendrosim.model.library import validated

        merged = _merged(self.model_dump(mode="json"), tables)
        if "loss" not in tables:
            merged.pop("loss")
        return validated(merged, self._source)


def _short(layer: Layer) -> str:
    match layer:
        case Conv2d():
            return f"conv{layer.channels}k{_by(layer.kernel)}" + (f"p{layer.padding}" if layer.padding else "")
        case Pool():
            return f"{layer.kind.replace('-', '')}{_by(layer.size)}"
        case Branches():
            return f"({'|'.join(map(_short, layer.layers))})"
        case Recurrent():
            return f"recurrent{layer.units}"
        case _:
            return str(layer.units)


def _by(size: int | tuple[int, int] | str) -> str:
    return "x".join(map(str, size)) if isinstance(size, tuple) else str(size)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    if new.get("kind", old.get("kind")) != old.get("kind"):
        old = {}
    if new.get("feedback", old.get("feedback")) != old.get("feedback"):
        old = {key: value for key, value in old.items() if key not in ("theta_rate", "decay")}
    tables = {key: _merged(old[key], value) for key, value in new.items() if isinstance(value, dict) and key in old}
    return {**old, **new, **tables}
