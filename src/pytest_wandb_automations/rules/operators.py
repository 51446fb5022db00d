"""The filter operators, each declared once: what it asks, what operand it takes, how it tests.

A *field operator* looks at the value of one field (`{"alias": {"$eq": "prod"}}`), a *group* at the
filters that it contains (`{"$or": [...]}`). The set is the one that W&B's SDK builds; semantics are
MongoDB's, as the SDK names its operators after them, except `$contains`, which is W&B's own.

To add a field operator, write a function from the operand to a `Question` and decorate it with
`@_field_operator`. The function raises `ValueError` for an operand that W&B could not save.
"""

from __future__ import annotations

import operator
import re
import warnings
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from pytest_wandb_automations.rules.clauses import MISSING
from pytest_wandb_automations.rules.comparisons import (
    ARRAYS,
    Test,
    equal_to,
    equal_to_any,
    ordered,
)
from pytest_wandb_automations.rules.limits import Limit
from pytest_wandb_automations.rules.wording import shown, shown_exactly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["FIELD_OPERATORS", "GROUPS", "FieldOperator", "Group", "Question"]


class Question(NamedTuple):
    """An operator together with its operand, ready to be asked of values."""

    phrase: str
    """The question for people: `= 'prod'`."""

    tests: tuple[Test, ...]
    """The value, or with `elementwise` any element of it, passes each of these."""

    elementwise: bool = True
    """Whether an array is as asked when one of its elements is, or itself as a whole."""

    negated: bool = False
    """Whether the question holds when the tests fail, as they do for a missing field."""

    limit: Limit | None = None
    """The number that the question compares with, if it does."""


class FieldOperator(NamedTuple):
    """An operator that looks at the value of one field."""

    name: str
    summary: str
    """What it asks, in a sentence for the docs."""

    ask: Callable[[object, bool], Question]
    """Question for an operand; the second argument is whether regular expressions ignore case."""


class Group(NamedTuple):
    """An operator that combines filters."""

    name: str
    label: str
    """The group for people: `all of`."""

    summary: str
    """What it asks, in a sentence for the docs."""

    decide: Callable[[int, int], bool]
    """Whether it holds, given how many of its members hold and how many there are."""


def _all_hold(held: int, total: int) -> bool:
    return held == total


def _any_holds(held: int, _: int) -> bool:
    return held > 0


def _none_holds(held: int, _: int) -> bool:
    return held == 0


GROUPS: Final[Mapping[str, Group]] = MappingProxyType(
    {
        group.name: group
        for group in (
            Group("$and", "all of", "Every member holds; so it does without members.", _all_hold),
            Group(
                "$or",
                "any of",
                "At least one member holds; without members it never does.",
                _any_holds,
            ),
            Group(
                "$nor",
                "none of",
                "No member holds; so it does without members.",
                _none_holds,
            ),
            Group(
                "$not",
                "not",
                "The one filter, or the operators of the field, that it contains does not hold.",
                _none_holds,
            ),
        )
    }
)
"""Operators that combine filters, by name. `$not` stands at a field too."""

_POSIX_CLASS: Final = re.compile(r"\[:\^?\w+:\]")

_operators: dict[str, FieldOperator] = {}

FIELD_OPERATORS: Final[Mapping[str, FieldOperator]] = MappingProxyType(_operators)
"""Operators that look at the value of a field, by name."""


def _field_operator(
    name: str, summary: str
) -> Callable[[Callable[[object, bool], Question]], Callable[[object, bool], Question]]:
    def register(
        ask: Callable[[object, bool], Question],
    ) -> Callable[[object, bool], Question]:
        _operators[name] = FieldOperator(name, summary, ask)
        return ask

    return register


@_field_operator("$eq", "The value equals the operand; null equals a missing field, too.")
def _eq(operand: object, _: bool) -> Question:
    return _comparison("=", operand, equal_to(operand))


@_field_operator("$ne", "The value differs from the operand, as a missing field does.")
def _ne(operand: object, _: bool) -> Question:
    return _comparison("≠", operand, equal_to(operand), negated=True)


@_field_operator("$gt", "The value is greater than the operand and of its type.")
def _gt(operand: object, _: bool) -> Question:
    return _comparison(">", operand, ordered(operator.gt, operand))


@_field_operator("$gte", "The value is greater than or equal to the operand and of its type.")
def _gte(operand: object, _: bool) -> Question:
    return _comparison(">=", operand, ordered(operator.ge, operand))


@_field_operator("$lt", "The value is less than the operand and of its type.")
def _lt(operand: object, _: bool) -> Question:
    return _comparison("<", operand, ordered(operator.lt, operand))


@_field_operator("$lte", "The value is less than or equal to the operand and of its type.")
def _lte(operand: object, _: bool) -> Question:
    return _comparison("<=", operand, ordered(operator.le, operand))


@_field_operator("$in", "The value equals one of the operand's values.")
def _in(operand: object, _: bool) -> Question:
    values = _array(operand)
    return Question(f"in {_asked(values)}", (equal_to_any(values),))


@_field_operator("$nin", "The value equals none of the operand's values, as a missing field does.")
def _nin(operand: object, _: bool) -> Question:
    values = _array(operand)
    return Question(f"not in {_asked(values)}", (equal_to_any(values),), negated=True)


@_field_operator("$all", "The array contains each of the operand's values.")
def _all(operand: object, _: bool) -> Question:
    values = _array(operand)
    # As in MongoDB, no array contains "each" of no values.
    tests = tuple(map(equal_to, values)) or (_never,)
    return Question(f"has all of {_asked(values)}", tests)


@_field_operator("$exists", "The field exists (true) or is missing (false).")
def _exists(operand: object, _: bool) -> Question:
    if not isinstance(operand, bool):
        raise ValueError(f"expected true or false, got {shown(operand)}")
    phrase = "exists" if operand else "does not exist"
    return Question(phrase, (_is_present,), elementwise=False, negated=not operand)


@_field_operator("$size", "The value is an array of that many elements.")
def _size(operand: object, _: bool) -> Question:
    if isinstance(operand, bool) or not isinstance(operand, int) or operand < 0:
        raise ValueError(f"expected a whole number from 0 on, got {shown_exactly(operand)}")

    def test(value: object) -> bool:
        return isinstance(value, ARRAYS) and len(cast("list[object]", value)) == operand

    return Question(f"has {operand} elements", (test,), elementwise=False)


@_field_operator("$regex", "The regular expression is found somewhere in the string.")
def _regex(operand: object, ignore_case: bool) -> Question:
    if isinstance(operand, str) and (named := _POSIX_CLASS.search(operand)):
        raise ValueError(
            f"invalid regular expression {shown(operand)}: it is read as Python's, "
            f"which have no class {named[0]}"
        )
    try:
        with warnings.catch_warnings():
            # Python warns of syntax that it may read differently one day.
            warnings.simplefilter("ignore")
            search = re.compile(_text(operand), re.IGNORECASE if ignore_case else 0).search
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"invalid regular expression {shown(operand)}: {error}") from None

    def test(value: object) -> bool:
        return isinstance(value, str) and search(value) is not None

    return Question(f"matches /{operand}/{'i' if ignore_case else ''}", (test,))


@_field_operator("$contains", "The string contains the operand; an array has it as an element.")
def _contains(operand: object, _: bool) -> Question:
    text = _text(operand)

    def test(value: object) -> bool:
        if isinstance(value, str):
            return text in value
        return isinstance(value, ARRAYS) and text in cast("list[object]", value)

    # Elements are compared as a whole: the tag `production` does not contain the tag `prod`.
    return Question(f"contains {_asked(text)}", (test,), elementwise=False)


def _comparison(symbol: str, operand: object, test: Test, *, negated: bool = False) -> Question:
    limit = None
    if isinstance(operand, (int, float)) and not isinstance(operand, bool):
        limit = Limit(operand, after=f"{symbol} ")
    return Question(f"{symbol} {_asked(operand)}", (test,), negated=negated, limit=limit)


def _asked(operand: object) -> str:
    # People write operands, so they are short; rounding them would show another question.
    return shown(operand, digits=12)


def _text(operand: object) -> str:
    if not isinstance(operand, str):
        raise ValueError(f"expected a string, got {shown(operand)}")
    return operand


def _array(operand: object) -> list[object]:
    if not isinstance(operand, ARRAYS):
        raise ValueError(f"expected an array, got {shown(operand)}")
    return list(cast("list[object]", operand))


def _never(_: object) -> bool:
    return False


def _is_present(value: object) -> bool:
    return value is not MISSING
