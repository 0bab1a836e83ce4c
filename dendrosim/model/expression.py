"""Formulas of one variable, or two, that users write as text: read by a whitelist, never run as code."""

from __future__ import annotations

import ast
import math
from functools import lru_cache
from typing import Any

import numpy as np

from dendrosim.checks import shown
from dendrosim.errors import PluginError

LONGEST_FORMULA = 300
"""Characters of a formula."""
FUNCTIONS = {
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "sqrt", "abs", "sign"), 1),
    **dict.fromkeys(("tanh", "sinh", "cosh", "sin", "cos", "arctan"), 1),
    **dict.fromkeys(("maximum", "minimum"), 2),
}
"""What a formula may call, with the number of arguments; every engine and target has them."""
_OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}


class Expression:
    """A formula of variables, which NumPy and torch evaluate and Brian2 writes into its code.

    Parameters
    ----------
    text : str
        Numbers, the variables, ``+ - * / **``, brackets, and the functions of ``FUNCTIONS``.
    *variables : str
        Their names.

    Raises
    ------
    PluginError
        The text is something else.

    Examples
    --------
    >>> formula = Expression("z/(1 + abs(z))", "z")
    >>> formula(np, np.array([-1.0, 3.0]))
    array([-0.5 ,  0.75])
    >>> formula.brian("drive")
    'drive / (1 + abs(drive))'
    """

    def __init__(self, text: str, *variables: str):
        named = " and ".join(variables)
        if not isinstance(text, str) or len(text) > LONGEST_FORMULA:
            raise PluginError(f"{shown(text)} is no formula; write one of {named} in {LONGEST_FORMULA} characters.")
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
            _check(self._tree, variables)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
            raise PluginError(
                f"the formula {shown(text)} cannot be read ({error.args[0] if error.args else 'nested too deeply'}); "
                f"write it with {named}, numbers, + - * / ** and {', '.join(FUNCTIONS)}."
            ) from None
        self._variables = variables

    def __call__(self, xp: Any, *values: Any) -> Any:
        """Return the value, a new array like `values`; `xp` is their namespace, numpy or torch."""
        found = _evaluated(self._tree, xp, dict(zip(self._variables, values, strict=True)))
        if isinstance(found, int | float):
            return xp.full_like(values[0], found)
        return found * 1 if any(found is value for value in values) else found

    def brian(self, name: str) -> str:
        """Return the formula as Brian2 writes it, of a variable of another name."""
        return ast.unparse(ast.parse(_for_brian(self._tree, name), mode="eval"))


@lru_cache(maxsize=256)
def parsed(text: str, *variables: str) -> Expression:
    """Return a formula that is parsed once."""
    return Expression(text, *variables)


def _check(node: ast.expr, variables: tuple[str, ...]) -> None:
    match node:
        case ast.Constant(value=bool()):
            raise ValueError("a truth value is no number")
        case ast.Constant(value=int() | float() as value) if math.isfinite(value):
            return
        case ast.Name(id=name):
            if name not in variables:
                raise ValueError(f"'{name}' is unknown")
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            _check(node.operand, variables)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            _check(left, variables)
            _check(right, variables)
            if isinstance(operator, ast.Pow) and not any(isinstance(each, ast.Name) for each in ast.walk(left)):
                raise ValueError("it holds a power of a number; write it with exp")
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            if len(arguments) != FUNCTIONS[name]:
                raise ValueError(f"'{name}' takes {FUNCTIONS[name]} of what it is given {len(arguments)}")
            for each in arguments:
                _check(each, variables)
        case ast.Call(func=ast.Name(id=name)):
            raise ValueError(f"the function '{name}' is unknown")
        case _:
            raise ValueError(f"'{ast.unparse(node)[:40]}' is none of what a formula may hold")


def _evaluated(node: ast.expr, xp: Any, values: dict[str, Any]) -> Any:
    match node:
        case ast.Constant():
            return float(node.value)  # type: ignore[arg-type]  # numbers only are let in
        case ast.Name(id=name):
            return values[name]
        case ast.UnaryOp(op=ast.USub()):
            return -_evaluated(node.operand, xp, values)
        case ast.UnaryOp():
            return _evaluated(node.operand, xp, values)
        case ast.BinOp():
            left, right = _evaluated(node.left, xp, values), _evaluated(node.right, xp, values)
            match node.op:
                case ast.Add():
                    return left + right
                case ast.Sub():
                    return left - right
                case ast.Mult():
                    return left * right
                case ast.Div():
                    return left / right
                case _:
                    return left**right
        case ast.Call(func=ast.Name(id=name)):
            return _called(name, xp, *(_evaluated(each, xp, values) for each in node.args))
    raise AssertionError("a formula is checked before it is evaluated")


def _called(name: str, xp: Any, first: Any, second: Any = None) -> Any:
    if isinstance(first, int | float) and isinstance(second, int | float | None):
        numbers = (first,) if second is None else (first, second)
        return float(getattr(np, name)(*numbers))
    if second is None:
        return getattr(xp, name)(first)
    if isinstance(first, int | float):
        first, second = second, first
    return xp.clip(first, second, None) if name == "maximum" else xp.clip(first, None, second)


def _for_brian(node: ast.expr, name: str) -> str:
    match node:
        case ast.Name():
            return name
        case ast.UnaryOp():
            return f"{'-' if isinstance(node.op, ast.USub) else '+'}({_for_brian(node.operand, name)})"
        case ast.BinOp():
            left, right = _for_brian(node.left, name), _for_brian(node.right, name)
            return f"({left}) {_OPERATORS[type(node.op)]} ({right})"
        case ast.Call(func=ast.Name(id=function), args=arguments):
            texts = [f"({_for_brian(each, name)})" for each in arguments]
            if function == "maximum" and texts[1] == "(0)":
                return f"0.5*({texts[0]} + abs({texts[0]}))"
            return _BRIAN.get(function, f"{function}({{0}})").format(*texts)
    return ast.unparse(node)


# Of what not all targets of Brian2 have. For small x, 1 + x and e^x have lost its digits, but tanh(x/2) has not:
# e^x − 1 = 2 tanh(x/2)/(1 − tanh(x/2)), and a step of Newton from log(1 + x) finds the inverse.
_LARGEST = "3e38"  # in single precision
_SMALL = "clip({0}, -1, 1)"
_ROOT = f"tanh(0.5*log(1 + {_SMALL}))"
_BRIAN = {
    "expm1": "(2*exp(0.5*({0} + abs({0})))*tanh(0.5*{0})/(1 + tanh(0.5*abs({0}))))",
    "log1p": f"(log(1 + {{0}}) + ({_SMALL} - 2*{_ROOT}/(1 - {_ROOT}))/(1 + {_SMALL}))",
    "maximum": f"clip({{0}}, {{1}}, {_LARGEST})",
    "minimum": f"clip({{0}}, -{_LARGEST}, {{1}})",
}
