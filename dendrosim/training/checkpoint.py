"""Checkpoints: all that a training needs to go on exactly where it stopped.

The order of the samples, augmentation and noise are drawn from the seed and the number of the epoch alone, so no
state of a random generator has to be kept.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from dendrosim.errors import RunError
from dendrosim.files import replace_file

NAME = "checkpoint.safetensors"


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
    """

    model: dict[str, Any]
    epoch: int
    step: int
    history: list[dict[str, Any]]
    best_epoch: int
    tensors: dict[str, Tensor]

    def write(self, folder: Path) -> None:
        """Replace the checkpoint of a run folder; at any instant the old or the new one is there, whole."""
        fields = json.dumps({key: getattr(self, key) for key in ("model", "epoch", "step", "history", "best_epoch")})
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
        if not path.is_file():
            raise RunError(f"{folder}: there is no checkpoint to resume; start the training without --resume.")
        try:
            content = path.read_bytes()  # once: safe_open looks the path up twice, and may meet two checkpoints
            tensors = load(content)
            metadata = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
            if metadata["checksum"] != _checksum(metadata["dendrosim"], tensors):
                raise ValueError("its checksum is wrong")
            return cls(**json.loads(metadata["dendrosim"]), tensors=tensors)
        except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
            raise RunError(
                f"{path}: the checkpoint is damaged ({error}); start the training again with --overwrite."
            ) from None

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors of one group, without its prefix."""
        start = prefix + "/"
        return {name.removeprefix(start): tensor for name, tensor in self.tensors.items() if name.startswith(start)}


def _checksum(fields: str, tensors: dict[str, Tensor]) -> str:
    checksum = zlib.crc32(fields.encode())
    for name, tensor in sorted(tensors.items()):
        checksum = zlib.crc32(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode(), checksum)
        checksum = zlib.crc32(tensor.numpy().tobytes(), checksum)
    return f"{checksum:08x}"
