"""How well outputs meet their targets."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from dendrosim.data.samples import Task

MEASURES: dict[Task, tuple[str, ...]] = {"classification": ("accuracy",), "regression": ("mse", "mae")}
"""What is measured on each task beside the loss."""


def measures(task: Task, output: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Return the mean over presentations (and steps of a sequence) of what is measured on a task.

    Parameters
    ----------
    task : {"classification", "regression"}
        ``accuracy`` for the first; for the second ``mse`` and ``mae``, in units of the standardised targets.
    output, targets : Tensor of shape (presentation, [step,] output cell)
        Predicted and wanted.

    Returns
    -------
    dict of str to Tensor
        On the device of the outputs, so that nobody has to wait for them.
    """
    if task == "classification":
        return {"accuracy": (output.argmax(dim=-1) == targets.argmax(dim=-1)).double().mean()}
    difference = output - targets
    return {"mse": difference.square().mean(), "mae": difference.abs().mean()}


def described(measured: Mapping[str, float]) -> str:
    """Return what was measured in words: ``accuracy 97.50 %``, or ``MSE 0.0312, MAE 0.1204``."""
    if "accuracy" in measured:
        return f"accuracy {100 * measured['accuracy']:.2f} %"
    return ", ".join(f"{name.upper()} {measured[name]:.4f}" for name in MEASURES["regression"])
