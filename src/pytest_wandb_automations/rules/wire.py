"""Read the JSON objects of a filter strictly; each problem is refused with the path to it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NoReturn, cast

from pytest_wandb_automations.errors import InvalidFilter
from pytest_wandb_automations.rules.wording import nearest, one_of, shown, shown_exactly

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["REQUIRED", "Record", "parse_json"]

REQUIRED: Final = object()
"""Default of a member that has none."""

_WINDOW_LIMIT = 2**31 - 1
"""Largest GraphQL `Int`."""


def parse_json(text: str, path: str) -> object:
    """Parse JSON text that stands at `path`.

    Raises `InvalidFilter` if it is none, or if an object has a member twice: Python's and most
    other parsers would silently drop one of the two.
    """
    repeated: list[tuple[object, str]] = []

    def collect(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members: dict[str, object] = {}
        twice: list[str] = []
        for name, value in pairs:
            if name in members:
                twice.append(name)
            members[name] = value
        if twice:
            repeated.append((members, twice[0]))
        return members

    try:
        parsed: object = json.loads(
            text, parse_constant=_refuse_constant, object_pairs_hook=collect
        )
    except RecursionError:
        raise InvalidFilter(path, "nested too deeply") from None
    except ValueError as error:
        raise InvalidFilter(path, f"not JSON: {error}; got {shown(text)}") from None
    if repeated:
        # The one that was complete last is in no other, so none of them dropped it.
        holder, name = repeated[-1]
        where = _place(holder, parsed, path)
        raise InvalidFilter(_member(where, name), "stands here twice; one of them would be lost")
    return parsed


def _place(wanted: object, source: object, path: str) -> str:
    """Return the path to an object that is somewhere in parsed JSON."""
    waiting = [(path, source)]
    while True:
        place, value = waiting.pop()
        if value is wanted:
            return place
        if isinstance(value, dict):
            members = cast("dict[str, object]", value)
            waiting += [(_member(place, name), member) for name, member in members.items()]
        elif isinstance(value, list):
            items = enumerate(cast("list[object]", value))
            waiting += [(f"{place}[{index}]", item) for index, item in items]


def _member(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


class Record:
    """A JSON object of which every member is known by name.

    A member that is null counts as left out: W&B's servers write null for what was not given.
    Raises `InvalidFilter` for another type, an unknown member or a value that does not fit.
    """

    def __init__(self, source: object, path: str, members: Collection[str]) -> None:
        if not isinstance(source, Mapping):
            raise InvalidFilter(path, f"expected an object, got {shown(source)}")
        self.path = path
        self._members: dict[str, object] = {}
        for name, value in cast("Mapping[object, object]", source).items():
            if name not in members:
                problem = f"unknown member{nearest(name, members)} (known: {', '.join(members)})"
                raise InvalidFilter(self.path_of(str(name)), problem)
            if value is not None:
                self._members[str(name)] = value

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __getitem__(self, name: str) -> object:
        return self._members[name]

    def get(self, name: str) -> object:
        """Return a member, or `None` if it was left out."""
        return self._members.get(name)

    def path_of(self, name: str) -> str:
        """Path of a member."""
        return _member(self.path, name)

    def refuse(self, name: str, problem: str) -> NoReturn:
        """Refuse a member."""
        raise InvalidFilter(self.path_of(name), problem)

    def text(self, name: str) -> str:
        """Return a string that is not empty."""
        value = self._value(name, REQUIRED)
        if not isinstance(value, str) or not value:
            self.refuse(name, f"expected a string that is not empty, got {shown(value)}")
        return value

    def choice(self, name: str, choices: Collection[str], default: object = REQUIRED) -> str:
        """Return one of the strings in `choices`."""
        value = self._value(name, default)
        if not isinstance(value, str) or value not in choices:
            problem = f"expected {one_of(choices)}, got {shown(value)}{nearest(value, choices)}"
            self.refuse(name, problem)
        return value

    def size(self, name: str, default: object = REQUIRED) -> int:
        """Return the size of a window: a whole number from 1 on."""
        value = self._value(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _WINDOW_LIMIT:
            self.refuse(
                name,
                f"expected a whole number from 1 to {_WINDOW_LIMIT}, got {shown_exactly(value)}",
            )
        return value

    def number(self, name: str, default: object = REQUIRED, *, positive: bool = False) -> float:
        """Return a finite number, as the float that logged values are compared with."""
        value = self._value(name, default)
        kind = "a number above 0" if positive else "a number"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.refuse(name, f"expected {kind}, got {shown(value)}")
        try:
            number = float(value)
        except OverflowError:
            self.refuse(name, f"expected {kind} that a float can hold, got {shown(value)}")
        if not math.isfinite(number) or (positive and number <= 0):
            self.refuse(name, f"expected {kind}, got {shown(value)}")
        return number

    def _value(self, name: str, default: object) -> object:
        value = self._members.get(name, default)
        if value is REQUIRED:
            self.refuse(name, "missing")
        return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")
