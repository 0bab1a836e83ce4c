"""dendrosim: networks of two-compartment pyramidal neurons that learn by Dendritic Localized Learning.

A network is described once (:class:`Model`) and runs in two engines: :class:`Circuit` lives in continuous
time (Brian2), :class:`Network` computes the state it relaxes to (torch). The names below are imported when
they are first used, so that ``import dendrosim`` loads neither torch nor Brian2.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOME = {
    "Activation": "dendrosim.model",
    "Circuit": "dendrosim.circuit",
    "Dataset": "dendrosim.data",
    "LocalRule": "dendrosim.rules",
    "Model": "dendrosim.model",
    "Morphology": "dendrosim.morphology",
    "Network": "dendrosim.equilibrium",
    "Output": "dendrosim.model",
    "Parameters": "dendrosim.model",
    "Record": "dendrosim.recording",
    "Recording": "dendrosim.recording",
    "Rule": "dendrosim.rules",
    "Run": "dendrosim.training",
    "along_tree": "dendrosim.circuit.tree",
    "compare": "dendrosim.audit.agreement",
    "evaluate": "dendrosim.training",
    "from_torch": "dendrosim.nn",
    "load_data": "dendrosim.data",
    "load_model": "dendrosim.model",
    "register_activation": "dendrosim.model",
    "register_cell": "dendrosim.cells",
    "register_output": "dendrosim.model",
    "register_data": "dendrosim.data",
    "register_rule": "dendrosim.rules",
    "to_torch": "dendrosim.nn",
    "train": "dendrosim.training",
    "train_many": "dendrosim.training",
}

_MODULES = ("errors", "nn", "play", "plot", "spikes", "view")

__all__ = [
    "Activation",
    "Circuit",
    "Dataset",
    "LocalRule",
    "Model",
    "Morphology",
    "Network",
    "Output",
    "Parameters",
    "Record",
    "Recording",
    "Rule",
    "Run",
    "__version__",
    "along_tree",
    "compare",
    "errors",
    "evaluate",
    "from_torch",
    "load_data",
    "load_model",
    "nn",
    "play",
    "plot",
    "register_activation",
    "register_cell",
    "register_data",
    "register_output",
    "register_rule",
    "spikes",
    "to_torch",
    "train",
    "train_many",
    "view",
]

if TYPE_CHECKING:
    from dendrosim import errors, nn, play, plot, spikes, view
    from dendrosim.audit.agreement import compare
    from dendrosim.cells import register_cell
    from dendrosim.circuit import Circuit
    from dendrosim.circuit.tree import along_tree
    from dendrosim.data import Dataset, load_data, register_data
    from dendrosim.equilibrium import Network
    from dendrosim.model import Activation, Model, Output, Parameters, load_model, register_activation, register_output
    from dendrosim.morphology import Morphology
    from dendrosim.nn import from_torch, to_torch
    from dendrosim.recording import Record, Recording
    from dendrosim.rules import LocalRule, Rule, register_rule
    from dendrosim.training import Run, evaluate, train, train_many


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("dendrosim")
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"dendrosim.{name}")
    raise AttributeError(f"module 'dendrosim' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
