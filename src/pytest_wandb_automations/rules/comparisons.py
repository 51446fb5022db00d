"""What equality and order mean between two JSON values: MongoDB's answers, made into tests.

Each function takes an operand and returns a test for values, so that whatever depends on the
operand alone is decided once. Operands that are no JSON, or have no order, raise `ValueError`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

from pytest_wandb_automations.rules.clauses import MISSING
from pytest_wandb_automations.rules.wording import shown

__all__ = ["ARRAYS", "OBJECTS", "Test", "equal_to", "equal_to_any", "ordered"]

Test: TypeAlias = Callable[[object], bool]
"""Whether one value is as asked."""

ARRAYS: Final[tuple[type, ...]] = (list, tuple)
"""Types that count as an array."""

OBJECTS: Final[tuple[type, ...]] = (dict,)
"""Types that count as an object."""

_DEPTH_LIMIT = 64
"""Levels of arrays and objects in an operand; more would exhaust Python's stack."""


def equal_to(operand: object, depth: int = 0) -> Test:
    """Test for MongoDB's equality with one value; the operand's type decides what it takes."""
    if depth > _DEPTH_LIMIT:
        raise ValueError(f"nested more than {_DEPTH_LIMIT} levels deep")
    if operand is None:
        return lambda value: value is None or value is MISSING
    if isinstance(operand, bool):
        return lambda value: value is operand
    if _is_number(operand):
        # true is no number, although Python says that it equals 1.
        return lambda value: value == operand and type(value) is not bool
    if isinstance(operand, str):
        return lambda value: value == operand
    if isinstance(operand, ARRAYS):
        return _equal_to_array(
            [equal_to(item, depth + 1) for item in cast("list[object]", operand)]
        )
    if isinstance(operand, dict):
        members = cast("dict[object, object]", operand)
        for key in members:
            if str(key).startswith("$"):
                raise ValueError(f"the operator {key} cannot stand inside a value")
        return _equal_to_object({key: equal_to(item, depth + 1) for key, item in members.items()})
    raise ValueError(f"{shown(operand)} is not a JSON value")


def _equal_to_array(tests: list[Test]) -> Test:
    def test(value: object) -> bool:
        if not isinstance(value, ARRAYS):
            return False
        items = cast("list[object]", value)
        return len(items) == len(tests) and all(
            test(item) for test, item in zip(tests, items, strict=True)
        )

    return test


def _equal_to_object(tests: dict[object, Test]) -> Test:
    def test(value: object) -> bool:
        if not isinstance(value, dict):
            return False
        members = cast("dict[object, object]", value)
        return members.keys() == tests.keys() and all(
            test(members[key]) for key, test in tests.items()
        )

    return test


def equal_to_any(operands: list[object]) -> Test:
    """Test for equality with one of several values."""
    tests = [equal_to(operand) for operand in operands]
    if all(type(operand) is str for operand in operands):
        texts = frozenset(cast("list[str]", operands))
        return lambda value: isinstance(value, str) and value in texts
    return lambda value: any(test(value) for test in tests)


def ordered(compare: Callable[[Any, Any], bool], operand: object) -> Test:
    """Test for an order between values of one type; between unlike types there is none."""
    if isinstance(operand, bool):
        return lambda value: type(value) is bool and compare(value, operand)
    if isinstance(operand, str):
        return lambda value: isinstance(value, str) and compare(value, operand)
    if _is_number(operand):
        return lambda value: (
            isinstance(value, (float, int)) and type(value) is not bool and compare(value, operand)
        )
    raise ValueError(f"expected a number, a string or a boolean, got {shown(operand)}")


def _is_number(operand: object) -> bool:
    # NaN and infinities are no JSON, and integers may be too large for `math.isfinite`.
    return isinstance(operand, int) or (isinstance(operand, float) and math.isfinite(operand))
