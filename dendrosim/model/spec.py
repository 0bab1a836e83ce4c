"""The description of a network: ``Model`` and its parts, immutable and validated."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from dendrosim.model.cell import Cell, RateCell
from dendrosim.model.part import Count, NotNegative, Part, Positive

LOSS_OF_OUTPUT = {"softmax": "cross-entropy", "identity": "squared-error"}

# Learning rate of Θ relative to W, and the decay λ of W and Θ, that suit each feedback rule.
FEEDBACK_DEFAULTS = {
    "paper": {"theta_rate": 0.01, "decay": 0.0},
    "fixed": {"theta_rate": 0.0, "decay": 0.0},
    "kolen-pollack": {"theta_rate": 1.0, "decay": 0.1},
}


class Dense(Part):
    """A layer of cells, each of which receives from every cell below."""

    kind: Literal["dense"]
    units: Count


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
    """How the equilibrium engine trains; ``validation`` is a share of the training set."""

    rule: Literal["dll", "backpropagation"] = "dll"
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    epochs: Count = 10
    batch_size: Count = 64
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.1
    seed: Annotated[int, Field(ge=0)] = 0


class DLL(Part):
    """Dendritic Localized Learning: how Θ learns. Keys left out take the feedback rule's own defaults."""

    feedback: Literal["paper", "fixed", "kolen-pollack"] = "kolen-pollack"
    theta_rate: NotNegative
    decay: NotNegative

    @model_validator(mode="before")
    @classmethod
    def _fill_in_defaults(cls, values: Any) -> Any:
        if isinstance(values, dict):
            feedback = values.get("feedback", "kolen-pollack")
            return FEEDBACK_DEFAULTS.get(feedback, FEEDBACK_DEFAULTS["fixed"]) | values
        return values


class Rules(Part):
    """Settings of the learning rules, one table each."""

    dll: DLL = Field(default_factory=lambda: DLL.model_validate({}))


class Model(Part):
    """Description of a network: layers, cell, teacher and training.

    Attributes
    ----------
    data : str
        Name of the data set it is trained on.
    input : tuple of int
        Shape of one stimulus.
    layers : tuple
        The layers of cells from below to above; the last one is the output.
    activation, output, loss : str
        Nonlinearity of the hidden and of the output cells; output and loss are a canonical pair.
    """

    data: str
    input: Annotated[tuple[Count, ...], Field(min_length=1, strict=False)]
    layers: Annotated[tuple[Dense, ...], Field(min_length=1, strict=False)]
    activation: Literal["tanh", "relu", "sigmoid", "softplus", "identity"] = "tanh"
    output: Literal["softmax", "identity"] = "softmax"
    loss: Literal["cross-entropy", "squared-error"]
    cell: Cell = Field(default_factory=RateCell)
    teacher: Teacher = Field(default_factory=Teacher)
    training: Training = Field(default_factory=Training)
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
        if len(self.input) != 1:
            raise ValueError(f"input {list(self.input)} feeds a dense layer; write its size as one number")
        return self

    @property
    def source(self) -> str:
        """File or name the model was read from, for messages."""
        return self._source

    @property
    def name(self) -> str:
        """Short name: the file's stem."""
        return self._source.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".toml")

    @property
    def layer_names(self) -> tuple[str, ...]:
        """``hidden-1``, ``hidden-2``, ..., ``output``: one name a layer of cells."""
        return (*(f"hidden-{k}" for k in range(1, len(self.layers))), "output")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of cells from the input to the output."""
        return (self.input[0], *(layer.units for layer in self.layers))

    @property
    def architecture(self) -> str:
        """The part that decides which weights fit, in one line: ``64-128-64-10 tanh softmax``."""
        return f"{'-'.join(map(str, self.sizes))} {self.activation} {self.output}"

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


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    if new.get("kind", old.get("kind")) != old.get("kind"):
        old = {}
    if "feedback" in new:
        old = {key: value for key, value in old.items() if key not in ("theta_rate", "decay")}
    tables = {key: _merged(old[key], value) for key, value in new.items() if isinstance(value, dict) and key in old}
    return {**old, **new, **tables}
