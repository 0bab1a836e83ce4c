"""What every piece of a description is made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dendrosim.errors import PluginError
from dendrosim.registry import Registry

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Size = Count | Annotated[tuple[Count, Count], Field(strict=False)]


def known_to(registry: Registry[Any]) -> AfterValidator:
    """Return a check that a name is in a registry and can be imported from there."""

    def known(name: str) -> str:
        try:
            registry[name]
        except PluginError as error:
            raise ValueError(str(error).removesuffix(".")) from None
        return name

    return AfterValidator(known)


class Part(BaseModel):
    """A piece of a description: immutable, strict about types, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
