"""What a training runs on: device, precision and threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch

from dendrosim.errors import RunError

DEVICES = ("cpu", "cuda", "auto")
_GRAIN = 2**15  # numbers for which torch takes one more thread
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

    def prepare(self) -> AbstractContextManager[tuple[torch.device, torch.dtype]]:
        """Set torch up for as long as the context lasts, which gives the device and the type.

        Afterwards threads, flushing of denormal numbers, determinism, environment and current GPU are what they were.

        Raises
        ------
        RunError
            There is no such device or type here.
        """
        self._check()
        return self._prepared()

    @contextmanager
    def _prepared(self) -> Iterator[tuple[torch.device, torch.dtype]]:
        device = torch.device("cpu")
        if self.chosen == "cuda":
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        with (
            _threads(self.threads),
            _denormals_flushed(),
            _deterministic() if self.deterministic else nullcontext(),
            torch.cuda.device(device) if device.type == "cuda" else nullcontext(),
        ):
            yield device, DTYPES[self.dtype]

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
def _threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _denormals_flushed() -> Iterator[None]:
    """Take denormal numbers for zero: silenced errors are tiny, and would slow every product down."""
    before = flushes_denormals()
    # Threads that torch starts while this is on would keep it for ever, so let it start all of them now.
    torch.zeros(torch.get_num_threads() * _GRAIN).add_(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def flushes_denormals() -> bool:
    """Tell whether denormal numbers are taken for zero, which torch sets but does not tell."""
    return float(torch.full((1,), torch.finfo(torch.float32).tiny) / 2) == 0.0


@contextmanager
def _deterministic() -> Iterator[None]:
    """Refuse operations whose result may differ from run to run."""
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    workspace = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    torch.use_deterministic_algorithms(True)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is so only with work space of its own
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn_only)
        if workspace is None:
            os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


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
