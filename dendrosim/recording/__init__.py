"""What was recorded: potentials over presentation, time and neuron, with units."""

from dendrosim.recording.record import Record
from dendrosim.recording.recording import Recording
from dendrosim.recording.spool import spooled
from dendrosim.recording.synapses import synapses

__all__ = ["Record", "Recording", "spooled", "synapses"]
