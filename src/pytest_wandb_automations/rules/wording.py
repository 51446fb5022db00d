"""How values, numbers and near-misses read in explanations and error messages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import TypeVar, cast

from pytest_wandb_automations.rules.clauses import MISSING

__all__ = [
    "all_of",
    "cut",
    "cut_middle",
    "nearest",
    "one_line",
    "one_of",
    "shown",
    "shown_exactly",
    "shown_number",
]

_T = TypeVar("_T")

_TEXT_LIMIT = 60
_ITEM_LIMIT = 5
_DEPTH_LIMIT = 3
_EXACT_DIGITS = 15
"""Decimal digits that every float keeps; beyond them only the powers of ten mean something."""


def shown(value: object, *, digits: int = 4) -> str:
    """Write a JSON value for people: JSON's words, readable numbers, whatever is long or deep cut.

    `digits` is the number of significant digits of a float; see `shown_number`.
    """
    return _shown(value, digits, 0)


def _shown(value: object, digits: int, depth: int) -> str:
    if value is MISSING:
        return "nothing"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return shown_number(value, digits=digits)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        if depth == _DEPTH_LIMIT:
            return "{…}"
        items = [f"{key}: {_shown(item, digits, depth + 1)}" for key, item in _first(pairs)]
        return "{" + _listed(items, len(pairs)) + "}"
    if isinstance(value, (list, tuple, set, frozenset)):
        members = cast("list[object]", value)
        if depth == _DEPTH_LIMIT:
            return "[…]"
        items = [_shown(item, digits, depth + 1) for item in _first(members)]
        return "[" + _listed(items, len(members)) + "]"
    return cut(repr(value), _TEXT_LIMIT)


def shown_exactly(value: object) -> str:
    """Write a value of which the kind of number matters: 1.0 is `1.0`."""
    return repr(value) if isinstance(value, float) else shown(value)


def shown_number(value: float, *, digits: int = 4) -> str:
    """Write a number with `digits` significant digits, but never round its integer part away.

    0.30000000000000004 is `0.3`, 12345.678 is `12346`; integers below 10**15 stay exact.
    """
    if isinstance(value, int) and abs(value) < 10**_EXACT_DIGITS:
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        return f"an integer of {value.bit_length() if isinstance(value, int) else 0} bits"
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    size = abs(number)
    if 1 <= size < 10**_EXACT_DIGITS:
        digits = max(digits, len(str(int(size))))
    return f"{number:.{digits}g}"


def one_of(names: Iterable[str]) -> str:
    """Write alternatives as a sentence needs them: `a`, `a or b`, `a, b or c`."""
    return _joined(names, "or")


def all_of(names: Iterable[str]) -> str:
    """Write names as a sentence needs them: `a`, `a and b`, `a, b and c`."""
    return _joined(names, "and")


def _joined(names: Iterable[str], word: str) -> str:
    *rest, last = names
    return f"{', '.join(rest)} {word} {last}" if rest else last


def nearest(name: object, known: Iterable[str]) -> str:
    """Write `; did you mean 'x'?` if `name` looks like one of the `known` names, or nothing."""
    matches = get_close_matches(str(name), list(known), n=1)
    return f"; did you mean '{matches[0]}'?" if matches else ""


def one_line(text: str) -> str:
    """Escape what would break a line or change how it reads, such as a line feed in a name."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def cut(text: str, width: int) -> str:
    """Shorten text to `width` characters by leaving out its end."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def cut_middle(text: str, width: int) -> str:
    """Shorten text to `width` characters by leaving out its middle; both ends tell names apart."""
    if len(text) <= width:
        return text
    head = width // 2
    return f"{text[:head]}…{text[len(text) - (width - head - 1) :]}"


def _first(items: Iterable[_T]) -> list[_T]:
    return [item for item, _ in zip(items, range(_ITEM_LIMIT), strict=False)]


def _listed(items: list[str], total: int) -> str:
    more = [f"… {total - len(items)} more"] if total > len(items) else []
    return ", ".join(items + more)
