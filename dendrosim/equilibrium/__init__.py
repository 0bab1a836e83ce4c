"""The network at local convergence, in torch. Never imports Brian2."""

from dendrosim.equilibrium.maps import Dense
from dendrosim.equilibrium.network import Network, State

__all__ = ["Dense", "Network", "State"]
