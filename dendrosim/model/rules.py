"""The settings of learning rules: one table each, validated by the class that stands in the rule's own file."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, model_validator

from dendrosim.errors import PluginError
from dendrosim.model.mistakes import MistakeError, built
from dendrosim.model.part import Part
from dendrosim.registry import RULES


class Rules(Part):
    """Settings of learning rules by name: ``rules.dll.feedback``, ``rules["predictive-coding"].iterations``.

    A rule whose table a model does not have has its defaults. Names may be spelled with hyphens or underscores.

    Examples
    --------
    >>> rules = Rules.model_validate({"predictive-coding": {"iterations": 5}})
    >>> rules["predictive-coding"].iterations, rules.predictive_coding.iterations, rules.dll.feedback
    (5, 5, 'kolen-pollack')
    """

    model_config = ConfigDict(extra="allow")

    @classmethod
    def class_of(cls, name: str) -> type[Part]:
        """Return the class of a rule's settings.

        Raises
        ------
        PluginError
            There is no such rule.
        """
        hyphened = name.replace("_", "-")
        settings: type[Part] = RULES[hyphened if hyphened in RULES else name].Settings
        return settings

    def of[S: Part](self, name: str, settings: type[S]) -> S:
        """Return the settings of a rule; `settings` is their class."""
        table: S | None = (self.__pydantic_extra__ or {}).get(spelled(name))
        return settings.model_validate({}) if table is None else table

    def __getitem__(self, name: str) -> Any:
        return self.of(name, self.class_of(name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            return super().__getattr__(name)  # type: ignore[misc]  # pydantic hides it from type checkers
        try:
            return self[name]
        except PluginError as error:
            raise AttributeError(str(error)) from None

    def completed(self, *names: str) -> Rules:
        """Return the same settings, with the tables of these rules and without others that hold nothing but defaults.

        Whatever tables were written, equal settings are then equal.
        """
        tables = self.__pydantic_extra__ or {}
        kept = {key: table for key, table in tables.items() if table != type(table).model_validate({})}
        kept |= {spelled(name): self[name] for name in names if self.class_of(name).model_fields}
        return Rules.model_construct(**dict(sorted(kept.items())))

    @model_validator(mode="before")
    @classmethod
    def _by_their_rules(cls, tables: Any) -> Any:
        if not isinstance(tables, dict):
            return tables
        found: dict[str, Part] = {}
        for key, table in tables.items():
            if spelled(key) in found:
                raise MistakeError([key], "stands there in two spellings; keep one")
            try:
                settings = cls.class_of(key)
            except PluginError as error:
                raise MistakeError([key], _short(error)) from None
            found[spelled(key)] = table if isinstance(table, settings) else built(settings, table, [key])
        return found


def spelled(name: str) -> str:
    """Return the name of a rule as its table is called."""
    return name.replace("-", "_")


def _short(error: PluginError) -> str:
    return str(error).removesuffix(".")
