"""What a training runs on: device, precision and threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from dendrosim.errors import RunError

DEVICES = ("cpu", "cuda", "auto")
DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Hardware:
    """What to run on.

    Attributes
    ----------
    device : {"cpu", "cuda", "auto"}
        ``auto`` takes a GPU where there is one. Of several GPUs each rank of torchrun takes its own.
    dtype : {"float32", "float64"}
        Type of all potentials and parameters.
    threads : int, optional
        Threads of the CPU; by default torch's choice.
    deterministic : bool
        Refuse operations whose result may differ from run to run, which only a GPU has.
    """

    device: str = "cpu"
    dtype: str = "float32"
    threads: int | None = None
    deterministic: bool = False

    @property
    def chosen(self) -> str:
        """The device that is taken: cpu or cuda."""
        if self.device != "auto":
            return self.device
        return "cuda" if torch.cuda.is_available() else "cpu"

    def prepare(self) -> tuple[torch.device, torch.dtype]:
        """Set torch up and return the device and the type.

        Raises
        ------
        RunError
            There is no such device or type here.
        """
        self._check()
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        # Silenced errors are tiny, and denormal numbers would slow every product down.
        torch.set_flush_denormal(True)
        torch.use_deterministic_algorithms(self.deterministic)
        if self.deterministic:  # cuBLAS is so only with work space of its own
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        if self.chosen == "cpu":
            return torch.device("cpu"), DTYPES[self.dtype]
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
        return device, DTYPES[self.dtype]

    def _check(self) -> None:
        if self.dtype not in DTYPES:
            raise RunError(f"there is no dtype '{self.dtype}'; choose {' or '.join(DTYPES)}.")
        if self.device not in DEVICES:
            raise RunError(f"there is no device '{self.device}'; choose {', '.join(DEVICES)}.")
        if self.threads is not None and self.threads < 1:
            raise RunError(f"{self.threads} threads cannot compute anything; choose 1 or more.")
        if self.chosen == "cuda":
            found, wanted = torch.cuda.device_count(), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
            if found == 0:
                raise RunError("torch finds no GPU on this machine; choose device cpu, or auto.")
            if wanted > found:
                raise RunError(f"{wanted} ranks on this machine need a GPU each and it has {found}; start {found}.")


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what torch says of an operation that the deterministic mode refuses into one sentence."""
    try:
        yield
    except RuntimeError as error:
        if "does not have a deterministic implementation" not in str(error):
            raise
        raise RunError(
            f"{str(error).split()[0]} has no deterministic form on this device; choose device cpu, or train without "
            "--deterministic."
        ) from None
