"""Where a recording comes from: all that is needed to make it again."""

from __future__ import annotations

import shlex
import sys
from importlib.metadata import version
from pathlib import Path

from dendrosim.model import Model, Parameters

PACKAGES = ("dendrosim", "brian2", "numpy")


def provenance(model: Model, parameters: Parameters) -> dict[str, str | float | int]:
    """Return model, weights, cells, versions and command, as attributes of a dataset.

    Parameters
    ----------
    model : Model
        As it was simulated.
    parameters : Parameters
        Its weights.
    """
    cell = model.cell
    noise = cell.noise if cell.kind == "conductance" else 0.0
    return {
        "model": model.name,
        "description": model.model_dump_json(),
        "layers": " ".join(model.layer_names),
        "architecture": model.architecture,
        "fingerprint": model.fingerprint,
        "weights": parameters.digest,
        "seed": cell.seed if cell.kind == "conductance" and noise > 0 else model.training.seed,
        "cell": cell.kind,
        "coupling": cell.coupling if cell.kind == "conductance" else "one-way",
        "noise": noise,
        "tau_soma": cell.tau_soma,
        "tau_basal": cell.tau_basal,
        "tau_apical": cell.tau_apical,
        "python": ".".join(map(str, sys.version_info[:3])),
        **{package: version(package) for package in PACKAGES},
        "command": command(),
    }


def command() -> str:
    """Return the command line that started this process."""
    program = Path(sys.argv[0])
    name = f"python -m {program.parent.name}" if program.name == "__main__.py" else program.name
    return shlex.join([*name.split(), *sys.argv[1:]])
