"""The project's own errors: each names the cause and the remedy in one sentence."""

from __future__ import annotations

from typing import Any


def printable(text: str) -> str:
    """Write characters that would steer a terminal, or that no terminal shows, as their escapes."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def has_controls(text: str) -> bool:
    """Tell whether a text holds control characters, or bytes that were no text."""
    return any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 or 0xD800 <= ord(sign) < 0xE000 for sign in text)


class DendrosimError(Exception):
    """Base of every error that dendrosim raises on purpose; its text is one line, whatever names are in it."""

    def __str__(self) -> str:
        return printable(" ".join(super().__str__().splitlines()))


class ModelError(DendrosimError):
    """A model description is missing, malformed or contradicts itself."""


class PluginError(ModelError):
    """A rule, cell, activation or data set is not known by its name, or is not what it has to be."""


class ParametersError(DendrosimError):
    """A weights file cannot be read or belongs to another network."""


class DataError(DendrosimError):
    """Stimuli, targets or a data set do not fit what they are used for."""


class CircuitError(DendrosimError):
    """A circuit cannot be built or run as asked."""


class TargetError(CircuitError):
    """A code-generation target is unknown or not available on this machine."""


class RunError(DendrosimError):
    """A training run cannot go on, or its folder cannot be written."""


class AuditError(DendrosimError):
    """A learning rule cannot be audited: it is unknown, or does not keep to its interface."""


class DivergedError(RunError):
    """A training came to NaN or infinite values."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a run.

    It is no :class:`DendrosimError`, so that whoever catches errors does not swallow it.

    Attributes
    ----------
    finished
        What had ended before: a :class:`~dendrosim.recording.Recording` of presentations, what epochs have learned, or
        None.
    """

    def __init__(self, message: str, finished: Any = None):
        super().__init__(message)
        self.finished = finished


class Clipped(UserWarning):
    """Rates or probabilities of spikes were cut off so often that what they carry is not what the cells computed."""


class OtherPrediction(UserWarning):
    """A circuit has weights of a rule that predicts otherwise than by the bottom-up sweep to which circuits settle."""


class NotConverged(UserWarning):
    """A relaxation reached its time limit while some cells still moved."""
