"""What was recorded: potentials over presentation, time and neuron, with units."""

from dendrosim.recording.record import Record
from dendrosim.recording.recording import Recording

__all__ = ["Record", "Recording"]
