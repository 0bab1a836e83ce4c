"""What a training runs on: device, precision and threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from dendrosim.errors import RunError

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Hardware:
    """What to run on.

    Attributes
    ----------
    device : {"cpu", "cuda", "auto"}
        ``auto`` takes a GPU where there is one.
    dtype : {"float32", "float64"}
        Type of all potentials and parameters.
    threads : int, optional
        Threads of the CPU; by default torch's choice.
    deterministic : bool
        Refuse operations whose result may differ from run to run, which only a GPU has.
    """

    device: Literal["cpu", "cuda", "auto"] = "cpu"
    dtype: Literal["float32", "float64"] = "float32"
    threads: int | None = None
    deterministic: bool = False

    def prepare(self) -> tuple[torch.device, torch.dtype]:
        """Set torch up and return the device and the type.

        Raises
        ------
        RunError
            There is no such device or type here.
        """
        if self.dtype not in DTYPES:
            raise RunError(f"there is no dtype '{self.dtype}'; choose {' or '.join(DTYPES)}.")
        if self.device not in ("cpu", "cuda", "auto"):
            raise RunError(f"there is no device '{self.device}'; choose cpu, cuda or auto.")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise RunError("torch finds no GPU on this machine; choose --device cpu, or auto.")
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        # Silenced errors are tiny, and denormal numbers would slow every product down.
        torch.set_flush_denormal(True)
        torch.use_deterministic_algorithms(self.deterministic)
        name = "cpu" if self.device == "cpu" or not torch.cuda.is_available() else "cuda"
        return torch.device(name), DTYPES[self.dtype]
