"""Mistakes in a description as sentences: file, key and remedy."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from dendrosim.checks import shown

_TYPE_NAMES = {"int": "whole number", "float": "number", "string": "string", "tuple": "list", "model": "table"}


def sentence(error: ValidationError, source: str, part: type[BaseModel], values: Any) -> str:
    """Say the first mistake of a description, and how many more there are.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    source : str
        The file.
    part : type
        What was to be described.
    values : dict
        The description.
    """
    keys, remedy, others = _first_mistake(error, part, values)
    more = f" ({others} more after this one)" if others else ""
    return f"{source}: {'.'.join(keys) or 'the model'}: {remedy}{more}."


class MistakeError(ValueError):
    """A mistake within a part, of which pydantic knows only that it is one: its keys, the remedy, and how many more."""

    def __init__(self, keys: list[str], remedy: str, others: int = 0):
        super().__init__(remedy)
        self.keys, self.remedy, self.others = keys, remedy, others


def built[Described: BaseModel](part: type[Described], values: Any, keys: Sequence[str] = ()) -> Described:
    """Return the part that the values under some keys describe, within a validator.

    Raises
    ------
    MistakeError
        They describe none.
    """
    if not isinstance(values, dict):
        raise MistakeError([*keys], f"{shown(values)} has the wrong type; write a table")
    made = part.__new__(part)
    try:
        BaseModel.__init__(made, **values)  # and not as the part is made by itself, with a sentence of its own
    except ValidationError as error:
        within, remedy, others = _first_mistake(error, part, values)
        raise MistakeError([*keys, *within], remedy, others) from None
    return made


def _first_mistake(error: ValidationError, part: type[BaseModel], values: Any) -> tuple[list[str], str, int]:
    """Return the keys of the first mistake, its remedy, and how many others there are."""
    # A misspelt key is also a missing one: name the spelling first.
    first, *others = sorted(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    keys = _keys(first, values)
    # A value that may have one of several forms is one mistake, though it has none of them.
    others_at = {tuple(_keys(other, values)) for other in others} - {tuple(keys)}
    within = first.get("ctx", {}).get("error")
    if isinstance(within, MistakeError):
        return [*keys, *within.keys], within.remedy, within.others + len(others_at)
    return keys, _remedy(first, part), len(others_at)


def _remedy(error: Any, part: type[BaseModel]) -> str:
    given, context = error.get("input"), error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            known = sorted(_holder(error["loc"], part).model_fields)
            close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
            return f"unknown key; did you mean '{close[0]}'" if close else f"unknown key; known are {', '.join(known)}"
        case "union_tag_invalid":
            return f"{shown(context['tag'])} is not known; choose {context['expected_tags']}"
        case "union_tag_not_found" | "model_attributes_type" if not isinstance(given, dict):
            return f"{shown(given)} has the wrong type; write a table"
        case "union_tag_not_found":
            return "its kind is missing; add kind = ..."
        case "missing" if isinstance(given, dict):
            return "this key is missing; add it"
        case "literal_error":
            return f"{shown(given)} is not known; choose {context['expected']}"
        case "too_short":
            return f"it is empty; give at least {context['min_length']}"
        case "value_error":
            return str(context["error"])
        case "int_type" | "float_type" | "string_type" | "tuple_type" | "model_type" | "model_attributes_type":
            return f"{shown(given)} has the wrong type; write a {_TYPE_NAMES[error['type'].split('_')[0]]}"
        case _:
            return f"{error['msg'][0].lower()}{error['msg'][1:]}, but it is {shown(given)}; change it"


def _keys(error: Any, values: Any) -> list[str]:
    """Return the keys as the file has them.

    Where a part has one of several forms, pydantic puts the form into the location; the file has no such key.
    """
    keys, here = [], values
    for key in error["loc"]:
        there = here if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
        if key in there:
            here = here[key]
        elif not (error["type"] == "missing" and isinstance(here, dict) and key == error["loc"][-1]):
            continue
        keys.append(str(key))
    if error["type"] == "union_tag_invalid":
        keys.append("kind")
    return keys


def _holder(location: tuple[str | int, ...], part: type[BaseModel]) -> type[BaseModel]:
    """Return the part in which the last key of a location stands."""
    holder, candidates = part, [part]
    for key in location:
        if isinstance(key, int):
            continue
        if len(candidates) > 1:
            candidates = [each for each in candidates if key in get_args(each.model_fields["kind"].annotation)]
        elif candidates:
            holder = candidates[0]
            candidates = _parts(holder.model_fields[key].annotation) if key in holder.model_fields else []
    return holder


def _parts(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for inner in get_args(annotation) for part in _parts(inner)]
