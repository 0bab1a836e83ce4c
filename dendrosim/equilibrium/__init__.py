"""The network at local convergence, in torch. Never imports Brian2."""

from dendrosim.equilibrium.network import Network, State

__all__ = ["Network", "State"]
