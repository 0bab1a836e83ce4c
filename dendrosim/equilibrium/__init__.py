"""The network at local convergence, in torch. Never imports Brian2.

Its names are imported when they are first used, so that rules can be read without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dendrosim.equilibrium.network import Network
    from dendrosim.equilibrium.state import State

__all__ = ["Network", "State"]


def __getattr__(name: str) -> Any:
    if name == "Network":
        from dendrosim.equilibrium.network import Network

        return Network
    if name == "State":
        from dendrosim.equilibrium.state import State

        return State
    raise AttributeError(f"module 'dendrosim.equilibrium' has no attribute '{name}'")
