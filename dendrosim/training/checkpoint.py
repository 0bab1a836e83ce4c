"""Checkpoints: all that a training needs to go on exactly where it stopped.

The order of the samples, augmentation and noise are drawn from the seed and the number of the epoch alone, so no
state of a random generator has to be kept.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from dendrosim.checks import is_file, reason
from dendrosim.data.fingerprint import Fingerprint, is_fingerprint
from dendrosim.errors import RunError
from dendrosim.files import replace_file
from dendrosim.model.parameters import present_name

NAME = "checkpoint.safetensors"
NUMBERS = ("model", "epoch", "step", "history", "best_epoch")
MOMENTS = ("first", "second", "steps")


@dataclass(frozen=True)
class Checkpoint:
    """A training after some epochs.

    Attributes
    ----------
    model : dict
        The description that is trained, as plain values.
    epoch, step : int
        Epochs and optimizer steps that are done.
    history : list of dict
        One row an epoch.
    best_epoch : int
        Epoch with the lowest validation loss; 0 before the first.
    tensors : dict of str to Tensor
        ``parameters/…``, ``moments/…`` of the optimizer and, where training may stop early, ``best/…``: the
        parameters of the best epoch.
    data : dict
        The fingerprint of the data; empty in files of earlier versions.
    """

    model: dict[str, Any]
    epoch: int
    step: int
    history: list[dict[str, Any]]
    best_epoch: int
    tensors: dict[str, Tensor]
    data: Fingerprint = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Replace the checkpoint of a run folder; at any instant the old or the new one is there, whole."""
        fields = json.dumps({key: getattr(self, key) for key in (*NUMBERS, "data")})
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self.tensors.items()}
        metadata = {"dendrosim": fields, "checksum": _checksum(fields, tensors)}
        replace_file(folder / NAME, save(tensors, metadata))

    @classmethod
    def read(cls, folder: Path) -> Checkpoint:
        """Read the checkpoint of a run folder.

        Raises
        ------
        RunError
            There is none, or it is damaged.
        """
        path = folder / NAME
        if not is_file(path):
            raise RunError(
                f"{folder}: there is no checkpoint to resume; start the training without --resume (resume=True)."
            )
        try:
            content = path.read_bytes()  # once: safe_open looks the path up twice, and may meet two checkpoints
            tensors = load(content)
            metadata = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
            if metadata["checksum"] != _checksum(metadata["dendrosim"], tensors):
                raise ValueError("its checksum is wrong")
            tensors = {present_name(name): tensor for name, tensor in tensors.items()}
            return cls(**_fields(json.loads(metadata["dendrosim"])), tensors=tensors)
        except (SafetensorError, LookupError, TypeError, ValueError, RecursionError, OSError) as error:
            raise RunError(
                f"{path}: the checkpoint is damaged ({reason(error)}); start the training again with --overwrite "
                "(overwrite=True)."
            ) from None

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors of one group, without its prefix."""
        start = prefix + "/"
        return {name.removeprefix(start): tensor for name, tensor in self.tensors.items() if name.startswith(start)}

    def check(self, parameters: Mapping[str, Tensor]) -> None:
        """Refuse a checkpoint whose tensors are not those of a training with these parameters.

        Raises
        ------
        RunError
            It names one that is missing, unknown, or of another shape.
        """
        shapes = {name: tuple(tensor.shape) for name, tensor in parameters.items()}
        groups = [{f"{group}/{name}": shape for name, shape in shapes.items()} for group in ("parameters", "best")]
        groups += [
            {f"moments/{name}.{moment}": () if moment == "steps" else shape for moment in MOMENTS}
            for name, shape in shapes.items()
        ]
        # What is there of a group has to be all of it; only the parameters cannot be missing as a whole.
        needed = groups[0] | {
            n: s for group in groups[1:] if group.keys() & self.tensors.keys() for n, s in group.items()
        }
        for name in (*needed, *self.tensors):
            found = tuple(self.tensors[name].shape) if name in self.tensors else None
            if name not in needed or found != needed[name]:
                raise RunError(
                    f"the checkpoint holds '{name}' with shape {found} where the training has {needed.get(name)}; "
                    "start the training again with --overwrite (overwrite=True)."
                )


def _fields(values: Any) -> dict[str, Any]:
    """Return the fields of a checkpoint beside its tensors, if they are what they have to be."""
    model, epoch, step, history, best_epoch = (values[name] for name in NUMBERS)
    numbers = all(isinstance(value, int) and not isinstance(value, bool) for value in (epoch, step, best_epoch))
    fingerprint = values.get("data", {})
    if not isinstance(model, dict) or not numbers or not isinstance(history, list) or not is_fingerprint(fingerprint):
        raise ValueError("its fields are of other types")
    if len(history) != epoch or not 0 <= best_epoch <= epoch or step < 0:
        raise ValueError(f"it holds {len(history)} epochs, the best of which is {best_epoch}, where it says {epoch}")
    for row in history:
        if not isinstance(row["validation_loss"], float) or not all(
            isinstance(value, int | float | None) for value in row.values()
        ):
            raise ValueError("a row of its history holds no numbers")
    return dict(zip((*NUMBERS, "data"), (model, epoch, step, history, best_epoch, fingerprint), strict=True))


def _checksum(fields: str, tensors: dict[str, Tensor]) -> str:
    checksum = zlib.crc32(fields.encode())
    for name, tensor in sorted(tensors.items()):
        checksum = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), checksum)
        checksum = zlib.crc32(tensor.numpy().tobytes(), checksum)
    return f"{checksum:08x}"
