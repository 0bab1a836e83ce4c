"""The passive membrane and the cytoplasm of a neuron."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, ValidationError

from dendrosim.cells.quantity import Quantity
from dendrosim.errors import DataError
from dendrosim.model.mistakes import sentence
from dendrosim.model.part import Part


class Membrane(Part):
    """A passive membrane, the same everywhere, and the cytoplasm that it encloses.

    The defaults are of the size that passive models of pyramidal neurons have; spines are not counted in. A neuron with
    spines has a lower R_m and a higher C_m by the area that they add.

    Attributes
    ----------
    resistance : float
        R_m, Ω·cm².
    axial_resistivity : float
        R_i, Ω·cm.
    capacitance : float
        C_m, µF/cm².

    Raises
    ------
    DataError
        One of them is no number, or none that a membrane has.

    Examples
    --------
    >>> from dendrosim.morphology import Membrane
    >>> Membrane(resistance=15_000.0).time_constant
    15.0
    """

    resistance: Annotated[float, Field(ge=1, le=1e8), Quantity("R_m", "Ω·cm²")] = 20_000.0
    axial_resistivity: Annotated[float, Field(ge=0.01, le=1e6), Quantity("R_i", "Ω·cm")] = 150.0
    capacitance: Annotated[float, Field(ge=1e-3, le=1e3), Quantity("C_m", "µF/cm²")] = 1.0

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise DataError(sentence(error, "the membrane", Membrane, values)) from None

    @property
    def time_constant(self) -> float:
        """R_m C_m, ms."""
        return self.resistance * self.capacitance * 1e-3
