"""The parameters of a network: W, bias and Θ by layer name, and what a learning rule needs beside them."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from dendrosim.checks import LONGEST, is_file, of_kind, path_of, reason, shown, whole
from dendrosim.claims import memory_free
from dendrosim.errors import ModelError, ParametersError
from dendrosim.files import replace_file, write_safely
from dendrosim.kinds import WEIGHTS as WEIGHTS_FILE
from dendrosim.kinds import missing
from dendrosim.model.local_update import feedback_deviation
from dendrosim.model.randomness import stream
from dendrosim.model.spec import Model
from dendrosim.notebook import parameters_html, summary_of_parameters

WEIGHTS = "weights.safetensors"
"""The weights file of a run folder."""
KINDS = ("W", "bias", "theta", "auxiliary")
FLOATS = ("F16", "F32", "F64")
"""Types that weights may have in a file."""

Draw = Callable[[Model, np.random.Generator], Mapping[str, np.ndarray]]
"""Draws the auxiliary parameters of a learning rule."""


@dataclass(frozen=True, repr=False)
class Parameters:
    """Weights by the name of their connection: the layer they end in, or ``hidden-1-recurrent``.

    The same class holds NumPy arrays (files, circuit), torch tensors (training) and updates of parameters.

    Attributes
    ----------
    W : dict
        Feedforward weights onto the basal dendrites, shape (post, pre) or
        (channels above, channels below, kernel, kernel).
    bias : dict
        Bias of the drive, shape (post,).
    theta : dict
        Feedback weights Θ of the same shape as W, read through their adjoint. The lowest layer has none:
        nothing is fed back to the stimulus.
    auxiliary : dict
        What only the learning rule knows: its decoders, or matrices that send errors past layers. By the names that
        the rule gives; the circuit has no use for them.
    """

    W: dict[str, Any] = field(default_factory=dict)
    bias: dict[str, Any] = field(default_factory=dict)
    theta: dict[str, Any] = field(default_factory=dict)
    auxiliary: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def initialise(cls, model: Model, seed: int, dtype: Any = np.float32, auxiliary: Draw | None = None) -> Parameters:
        """Draw W with variance 1/fan-in and, from an independent stream, Θ with variance 1/fan-out; biases are zero.

        Independent streams are criterion C1: Θ knows nothing of W. The model may give another deviation of Θ.

        Parameters
        ----------
        model : Model
            The network.
        seed : int
            Seed of all streams.
        dtype : dtype
            Floating-point type of the arrays.
        auxiliary : callable, optional
            Draws the auxiliary parameters of a rule from a third stream: :meth:`dendrosim.rules.Rule.auxiliary`.

        Raises
        ------
        ModelError
            The model needs more weights than there is memory for.
        """
        model = of_kind(model, Model, "the model", ParametersError)
        seed, dtype = whole(seed, "the seed", error=ParametersError), _floating(dtype)
        _check_room(model)
        forward, feedback, third = (np.random.default_rng(stream(seed, each)) for each in ("W", "theta", "auxiliary"))
        parameters = cls()
        for connection in model.connections:
            name, shape = connection.name, connection.shape
            parameters.W[name] = (forward.standard_normal(shape) / np.sqrt(connection.fan_in)).astype(dtype)
            if connection.has_bias:
                parameters.bias[name] = np.zeros(shape[0], dtype)
            if connection.has_feedback:
                deviation = feedback_deviation(connection, model.rules.dll.theta_deviation)
                parameters.theta[name] = (deviation * feedback.standard_normal(shape)).astype(dtype)
        if auxiliary is not None:
            parameters.auxiliary.update({name: array.astype(dtype) for name, array in auxiliary(model, third).items()})
        return parameters

    @classmethod
    def collect(cls, pairs: Iterable[tuple[str, Any]]) -> Parameters:
        """Gather ("hidden-1.W", array) pairs, as :meth:`items` gives them."""
        parameters = cls()
        for key, array in pairs:
            name, _, kind = key.rpartition(".")
            if kind not in KINDS or not name:
                raise ParametersError(f"'{key}' is no parameter; its name ends in .{', .'.join(KINDS)}.")
            getattr(parameters, kind)[name] = array
        return parameters

    def items(self) -> Iterator[tuple[str, Any]]:
        """Iterate over ("hidden-1.W", array) pairs, in a fixed order."""
        for kind in KINDS:
            for name, array in getattr(self, kind).items():
                yield f"{name}.{kind}", array

    def __repr__(self) -> str:
        return summary_of_parameters(self)

    def _repr_html_(self) -> str:
        return parameters_html(self)

    def map(self, function: Callable[[Any], Any]) -> Parameters:
        """Return parameters with `function` applied to every array."""
        kinds = (self.W, self.bias, self.theta, self.auxiliary)
        return Parameters(*({name: function(array) for name, array in kind.items()} for kind in kinds))

    @property
    def digest(self) -> str:
        """Hash of all arrays: the same weights have the same."""
        found = hashlib.sha256()
        for name, array in self.items():
            found.update(f"{name} {array.dtype} {array.shape} ".encode())
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()[:16]

    def alignment(self) -> dict[str, float]:
        """Return, by connection, the angle between Θ and W in degrees and the norm ‖Θ‖ (both Frobenius)."""
        row: dict[str, float] = {}
        for name, theta in self.theta.items():
            row[f"angle.{name}"] = angle_between(theta, self.W[name])
            row[f"theta_norm.{name}"] = float(np.linalg.norm(np.asarray(theta, dtype=np.float64)))
        return row

    def save(self, path: str | Path, model: Model) -> None:
        """Write the parameters as safetensors, marked with the model's fingerprint.

        Parameters
        ----------
        path : str or Path
            The file; it is written beside its place and renamed over it. Missing folders are made.
        model : Model
            The network they belong to.

        Raises
        ------
        ParametersError
            The file cannot be written; the sentence says where the weights are instead.
        """
        model = of_kind(model, Model, "the model", ParametersError)
        path, content = path_of(path, "the weights file", ParametersError), self.content(model)
        write_safely(path, lambda place: replace_file(place, content), "weights file", ParametersError)

    def content(self, model: Model) -> bytes:
        """Return the content of the file that :meth:`save` writes."""
        arrays = {name: np.ascontiguousarray(array) for name, array in self.items()}
        metadata = {"fingerprint": model.fingerprint, "architecture": model.architecture, "model": model.name}
        metadata["rule"] = model.training.rule
        return save(arrays, {"dendrosim": json.dumps(metadata)})

    @classmethod
    def load(cls, path: str | Path, model: Model) -> Parameters:
        """Read parameters written by :meth:`save`.

        Parameters
        ----------
        path : str or Path
            A weights file, or the folder of a run, which has one.
        model : Model
            The network they belong to.

        Raises
        ------
        ParametersError
            The file is missing, damaged, or holds weights of another architecture.
        """
        path = path_of(path, "the weights file", ParametersError)
        path, model = (
            path / WEIGHTS if os.path.isdir(path) else path,
            of_kind(model, Model, "the model", ParametersError),
        )
        arrays, metadata = _read(path)
        if metadata.get("fingerprint") != model.fingerprint:
            raise ParametersError(
                f"{path}: these are weights of {str(metadata.get('architecture', 'an unknown network'))[:LONGEST]}, "
                f"but {model.source} describes {model.architecture}; choose the model they were trained with."
            )
        try:
            # In the order of the model, and not of the file: the same parameters have the same digest.
            places = {key: place for place, key in enumerate(_shapes(model))}
            names = sorted(arrays, key=lambda key: places.get(key, len(places)))
            parameters = cls.collect((key, arrays[key]) for key in names)
        except ParametersError as error:
            raise ParametersError(f"{path}: {error}") from None
        parameters.check(model, str(path))
        return parameters

    def check(self, model: Model, source: str = "parameters") -> None:
        """Raise ParametersError unless every array is there, has the model's shape and is finite.

        The shapes of auxiliary parameters are not the model's business.
        """
        wanted = _shapes(of_kind(model, Model, "the model", ParametersError))
        for key, array in self.items():
            if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
                kind = getattr(array, "dtype", type(array).__name__)
                raise ParametersError(f"{source}: '{key}' is of type {kind}; give a NumPy array of floats.")
            if key not in wanted and not key.endswith(".auxiliary"):
                raise ParametersError(f"{source}: '{key}' is no parameter of {model.architecture}; take it out.")
        there = dict(self.items())
        for key, shape in wanted.items():
            found = f"shape {there[key].shape}" if key in there else "nothing"
            if found != f"shape {shape}":
                raise ParametersError(
                    f"{source}: '{key}' has {found} where {model.architecture} needs {shape}; "
                    "use parameters of that network."
                )
        for key, array in there.items():
            if not np.isfinite(array).all():
                raise ParametersError(
                    f"{source}: '{key}' holds NaN or infinite values; the run that made it diverged, "
                    "so train again with a lower learning rate."
                )


def trained_by(path: str | Path) -> str:
    """Return the rule that the weights of a file, or of the folder of a run, were trained by; "" where it is not told.

    Raises
    ------
    ParametersError
        The file is missing or damaged.
    """
    path = path_of(path, "the weights file", ParametersError)
    return str(_read(path / WEIGHTS if os.path.isdir(path) else path)[1].get("rule", ""))


def present_name(name: str) -> str:
    """Return the name of a tensor as this version writes it: version 0.1 wrote ``NAME.own`` for ``NAME.auxiliary``."""
    return re.sub(r"\.own(?=$|\.(first|second|steps)$)", ".auxiliary", name)


def angle_between(one: np.ndarray, other: np.ndarray) -> float:
    """Return the angle between two arrays of the same shape, in degrees (Frobenius); 90° where one is zero."""
    a, b = (np.asarray(array, dtype=np.float64).ravel() for array in (one, other))
    cosine = float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), np.finfo(float).tiny)
    return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


def _shapes(model: Model) -> dict[str, tuple[int, ...]]:
    """Return the shape of every parameter that a model needs, by name."""
    shapes = {}
    for connection in model.connections:
        name = connection.name
        shapes[f"{name}.W"] = connection.shape
        if connection.has_bias:
            shapes[f"{name}.bias"] = connection.shape[:1]
        if connection.has_feedback:
            shapes[f"{name}.theta"] = connection.shape
    return shapes


def _check_room(model: Model) -> None:
    """Raise ModelError if the weights of a model, drawn in float64, do not fit in the memory that is free."""
    needed, free = 8 * sum(map(math.prod, _shapes(model).values())), memory_free()
    if needed > free:
        raise ModelError(
            f"{model.source}: layers: the weights of {model.architecture} take {needed / 1e9:.3g} GB where "
            f"{free / 1e9:.3g} GB are free; ask for fewer units or channels."
        )


def _floating(dtype: Any) -> np.dtype:
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError):
        found = np.dtype(object)
    if found.kind != "f":
        raise ParametersError(f"the dtype is {shown(dtype)}, and weights are floats; choose float32 or float64.")
    return found


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    if not is_file(path):
        raise missing(path, WEIGHTS_FILE)
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = json.loads((file.metadata() or {}).get("dendrosim", "{}"))
            foreign = [name for name in file.keys() if file.get_slice(name).get_dtype() not in FLOATS]  # noqa: SIM118
            if foreign:
                raise ValueError(f"'{foreign[0]}' is not of type {', '.join(FLOATS)}")
            arrays = {present_name(name): file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, RecursionError, OSError) as error:
        raise ParametersError(
            f"{path}: the weights file is damaged or truncated ({reason(error)}); restore it or train again."
        ) from None
    if not isinstance(metadata, dict):
        raise ParametersError(f"{path}: this is no weights file of dendrosim; make one with 'dendrosim train'.")
    return arrays, metadata
