"""How a data set becomes stimuli and targets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dendrosim.model.part import Count, Part


class Preparation(Part):
    """How a data set becomes stimuli and targets; it does not decide which weights fit.

    Attributes
    ----------
    augmentation : {"none", "crop-flip"}
        Of training images: a random crop after a border of four pixels, and a mirror image half of the time.
    task : {"same-time", "forecast"}
        Of time series: the last column from the others at the same step, as the paper does, or all columns later on.
    horizon : int
        How many steps later a forecast is due.
    image : tuple of int, optional
        Of a folder of images: channels (1 grey, 3 colour), height and width that they are resized to, where the input
        of the model is flat; by default that input.
    """

    augmentation: Literal["none", "crop-flip"] = "none"
    task: Literal["same-time", "forecast"] = "same-time"
    horizon: Count = 1
    image: Annotated[tuple[Count, Count, Count], Field(strict=False)] | None = None

    @model_validator(mode="after")
    def _a_horizon_is_of_a_forecast(self) -> Preparation:
        if self.task != "forecast" and self.horizon != 1:
            raise ValueError("a horizon belongs to a forecast; set task = 'forecast' or remove horizon")
        return self

    def foreign(self, keys: set[str]) -> list[str]:
        """Return the keys that were changed although the data set knows only `keys`."""
        return [key for key in self.model_dump(exclude_defaults=True) if key not in keys]
