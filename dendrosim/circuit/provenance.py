"""Where a recording comes from: all that is needed to make it again."""

from __future__ import annotations

import shlex
import sys
from importlib.metadata import version
from pathlib import Path

from dendrosim.model import Model, Parameters
from dendrosim.recording.appearance import compartments_as_text

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
    return {
        "model": model.name,
        "description": model.model_dump_json(),
        "layers": " ".join(model.layer_names),
        "architecture": model.architecture,
        "fingerprint": model.fingerprint,
        "weights": parameters.digest,
        "seed": model.training.seed,
        "cell": model.cell.kind,
        "settles": int(model.cell.settles),
        "slowest": max(model.cell.time_constants),
        "compartments": compartments_as_text(model.cell.compartments),
        **model.cell.provenance(),
        "python": ".".join(map(str, sys.version_info[:3])),
        **{package: version(package) for package in PACKAGES},
        "command": command(),
    }


def command() -> str:
    """Return the command line that started this process."""
    program = Path(sys.argv[0])
    name = f"python -m {program.parent.name}" if program.name == "__main__.py" else program.name
    return shlex.join([*name.split(), *sys.argv[1:]])
