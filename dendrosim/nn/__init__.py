"""The bridge to :mod:`torch.nn`: a network as a module, and plain modules as networks and back."""

from dendrosim.nn.from_sequential import from_torch
from dendrosim.nn.network import Network
from dendrosim.nn.to_sequential import to_torch

__all__ = ["Network", "from_torch", "to_torch"]
