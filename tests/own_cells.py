"""A kind of cell as a stranger writes it: four compartments, none of them called as ours, in a package of its own."""

from __future__ import annotations

from pathlib import Path

MODULE = '''
"""A cell whose top-down input passes a stem between crown and body."""

from typing import Annotated, ClassVar, Literal

import numpy as np

from dendrosim.cells import Cell, Compartment, Observable, Population, Ports, Quantity
from dendrosim.model import ACTIVATIONS
from dendrosim.model.part import Positive


class StemCell(Cell):
    """Foot, body, stem and crown, each a first-order filter in mV about rest."""

    ports: ClassVar = Ports("foot", "sent", "heard", "fed", "error", "guess", "wanted", "guided")
    observables: ClassVar = {
        "foot": Observable("potential of the foot", "foot f", "f", "1", "#0072B2", "dash", "lower"),
        "body": Observable("potential of the body", "body b", "b", "1", "#000000", "solid", "lower"),
        "stem": Observable("potential of the stem", "stem s", "s", "1", "#009E73", "dot", "upper"),
        "crown": Observable("potential of the crown", "crown c", "c", "1", "#D55E00", "solid", "upper"),
        "error": Observable("local error", "error e", "e", "1", "#CC79A7", "dot", "upper"),
        "V_crown": Observable("membrane of the crown", "V crown", "V", "mV", "#D55E00", "dash", "membrane"),
        "fed": Observable("feedback", "fed", "d", "1", "#E69F00", "dash", "upper", False),
    }
    compartments: ClassVar = (
        Compartment("foot", "foot", ("basal",), ("foot",), "foot, body", "below"),
        Compartment("body", "body", ("soma",), ("body",), "foot, body"),
        Compartment("stem", "stem", ("trunk", "oblique"), ("stem",), "stem"),
        Compartment("crown", "crown", ("tuft",), ("crown", "V_crown"), "crown", "above"),
    )

    kind: Literal["stem"] = "stem"
    tau: Annotated[Positive, Quantity("tau", "ms")] = 4.0
    gain: Annotated[Positive, Quantity("G", "mV")] = 10.0

    def hidden(self, model):
        activation = ACTIVATIONS[model.activation]
        function, slope = activation.brian("heard"), activation.brian_slope("guess")
        evaluation = f"guess = {function}\\nerror = body - foot\\nsent = error*({slope})"
        equations = """
            heard : 1
            guess : 1
            sent : 1
            error : 1
            fed : 1
            dfoot/dt = (guess - foot)/tau : 1
            dcrown/dt = (fed - crown)/tau : 1
            dstem/dt = (crown - stem)/tau : 1
            dbody/dt = (foot + stem - body)/tau : 1
            V_crown = gain*crown : volt
        """
        derivatives = (
            {"foot": 1.0, "stem": 1.0, "body": -1.0},
            {"crown": 1.0, "stem": -1.0},
            {"fed": 1.0, "crown": -1.0},
            {"guess": 1.0, "foot": -1.0},
        )
        sums = {"error": {"body": 1.0, "foot": -1.0}, "V_crown": {"crown": self.gain / 1000}}
        return Population(equations, evaluation, derivatives, self._constants, sums=sums)

    def output(self, model):
        equations = """
            heard : 1
            guess : 1
            sent : 1
            error : 1
            wanted : 1
            guided : 1
            body : 1
            dfoot/dt = (guess - foot)/tau : 1
        """
        evaluation = [] if model.output == "softmax" else ["guess = heard"]
        evaluation += ["body = foot + guided*(wanted - foot)", "error = body - foot", "sent = error"]
        sums = {"error": {"body": 1.0, "foot": -1.0}}
        code, moves = "\\n".join(evaluation), ({"guess": 1.0, "foot": -1.0},)
        return Population(equations, code, moves, self._constants, sums=sums)

    @property
    def time_constants(self):
        return (self.tau,) * 4

    def rates(self, nudging=0.0):
        return np.full(4, 1 / self.tau)

    @property
    def _constants(self):
        return {"tau": (self.tau, "ms"), "gain": (self.gain, "mV")}
'''


def package(folder: Path) -> Path:
    """Write the installed package ``theirs``, whose entry point names the cell."""
    info = folder / "theirs-1.0.dist-info"
    for place in (folder / "theirs", info):
        place.mkdir(parents=True)
    (folder / "theirs" / "__init__.py").write_text("")
    (folder / "theirs" / "cells.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dendrosim.cells]\nstem = theirs.cells:StemCell\n")
    return folder
