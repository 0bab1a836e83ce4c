"""The description of a network: ``Model`` and its parts, immutable and validated."""

from __future__ import annotations

import hashlib
import json
import math
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, PrivateAttr, ValidationError, model_validator

from dendrosim.errors import ModelError, PluginError, printable
from dendrosim.model.connections import Connection, connect
from dendrosim.model.layers import Dense, Layer, short_name
from dendrosim.model.mistakes import MistakeError, built, sentence
from dendrosim.model.part import Count, Part, known_to
from dendrosim.model.plain import plain
from dendrosim.model.preparation import Preparation
from dendrosim.model.rules import Rules, spelled
from dendrosim.model.settings import Plasticity, Teacher, Training
from dendrosim.notebook import model_html
from dendrosim.registry import ACTIVATIONS, CELLS, OUTPUTS

if TYPE_CHECKING:
    from dendrosim.cells import Cell

ARRAYS = "arrays"
"""The ``data`` of a model whose data set no file holds."""
LOSS_OF_OUTPUT = {"softmax": "cross-entropy", "identity": "squared-error"}
CANONICAL = "canonical"
"""The loss that an output of one's own brings."""


def _cell(values: Any) -> Cell:
    """Return the cell that a table describes; one that names no kind is a rate cell."""
    kind = values.get("kind", "rate") if isinstance(values, dict) else getattr(values, "kind", "rate")
    try:
        described = CELLS[kind]
    except PluginError as error:
        raise MistakeError(["kind"], str(error).removesuffix(".")) from None
    return values if isinstance(values, described) else built(described, values)


if not TYPE_CHECKING:
    Cell = Annotated[Any, BeforeValidator(_cell)]


class Model(Part):
    """Description of a network: layers, cell, teacher and training.

    Attributes
    ----------
    data : str
        Name of the data set it is trained on; ``arrays``, the default, are given in Python.
    input : tuple of int
        Shape of one stimulus: (cells,), (channels, height, width), or (steps, cells) for a recurrent network.
    layers : tuple
        The layers from below to above; the last one is the output.
    preparation : Preparation
        How the data set becomes stimuli.
    activation : str
        Nonlinearity of the hidden cells, by a name that :data:`dendrosim.registry.ACTIVATIONS` knows.
    output, loss : str
        Nonlinearity of the output cells, and the loss that is its canonical pair, which is the default.
    cell : Cell
        Kind of cell, with its settings.
    teacher, training, plasticity : Teacher, Training, Plasticity
        How the target reaches the output, how the equilibrium engine trains, and how the circuit learns.
    rules : Rules
        Settings of learning rules by name.
    """

    data: str = ARRAYS
    input: Annotated[tuple[Count, ...], Field(min_length=1, strict=False)]
    layers: Annotated[tuple[Layer, ...], Field(min_length=1, strict=False)]
    activation: Annotated[str, known_to(ACTIVATIONS)] = "tanh"
    output: Annotated[str, known_to(OUTPUTS)] = "softmax"
    loss: str
    cell: Cell = Field(default_factory=lambda: _cell({}))
    teacher: Teacher = Field(default_factory=Teacher)
    training: Training = Field(default_factory=Training)
    plasticity: Plasticity = Field(default_factory=Plasticity)
    preparation: Preparation = Field(default_factory=Preparation)
    rules: Rules = Field(default_factory=Rules)

    _source: str = PrivateAttr(default="model")

    def __init__(self, /, **values: Any) -> None:
        values = plain(values, "model")
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ModelError(sentence(error, "model", Model, values)) from None

    @model_validator(mode="before")
    @classmethod
    def _pair_loss_with_output(cls, values: Any) -> Any:
        if isinstance(values, dict) and "loss" not in values:
            return {"loss": LOSS_OF_OUTPUT.get(str(values.get("output", "softmax")), CANONICAL)} | values
        return values

    @model_validator(mode="after")
    def _parts_fit(self) -> Model:
        paired = LOSS_OF_OUTPUT.get(self.output, CANONICAL)
        if self.loss != paired:
            raise ValueError(
                f"loss '{self.loss}' does not go with output '{self.output}'; use '{paired}', its canonical pair"
            )
        if not isinstance(self.layers[-1], Dense):
            raise ValueError('the last layer is the output; end the layers with kind = "dense"')
        connect(self.input, self.layers)
        # Θ is drawn as [rules.dll] says under every rule.
        object.__setattr__(self, "rules", self.rules.completed("dll", self.training.rule))
        return self

    def __repr__(self) -> str:
        training = self.training
        rule = f"{training.rule} {self.rules.dll.feedback}" if training.rule == "dll" else training.rule
        return printable(f"Model({self.name}, {self.architecture}, on '{self.data}' by {rule})")

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        return model_html(self)

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
    def is_sequence(self) -> bool:
        """Whether one stimulus is a sequence, of one step or more; then stimuli and targets have an axis of steps."""
        return any(connection.lag for connection in self.connections)

    @property
    def steps(self) -> int:
        """Steps of the sequence that one stimulus is; 1 for a network that is not recurrent."""
        return self.input[0] if self.is_sequence else 1

    @property
    def architecture(self) -> str:
        """The part that decides which weights fit, in one line: ``64-128-64-10 tanh softmax``."""
        layers = [short_name(layer) for layer in self.layers]
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
        tables = plain(tables, self._source)
        if isinstance(tables.get("rules"), dict):
            tables["rules"] = {spelled(name): table for name, table in tables["rules"].items()}
        merged = _merged(self.model_dump(mode="json"), tables)
        if "loss" not in tables:
            merged.pop("loss")
        return validated(merged, self._source)


def validated(values: dict[str, Any], source: str) -> Model:
    """Build a model from plain values; a mistake is one sentence that names `source`, key and remedy."""
    values = plain(values, source)
    model = Model.__new__(Model)
    try:
        BaseModel.__init__(model, **values)
    except ValidationError as error:
        raise ModelError(sentence(error, source, Model, values)) from None
    model._source = source
    return model


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    if new.get("kind", old.get("kind")) != old.get("kind"):
        old = {}
    if new.get("feedback", old.get("feedback")) != old.get("feedback"):
        old = {key: value for key, value in old.items() if key not in ("theta_rate", "decay")}
    both = [key for key, value in new.items() if isinstance(value, dict) and isinstance(old.get(key), dict)]
    return {**old, **new, **{key: _merged(old[key], new[key]) for key in both}}
