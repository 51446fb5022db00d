"""`Limit`: the number that a question compares with, and how it reads beside the number found.

Rounding must not contradict the verdict: `found: -1` beside a failed `decreases by at least 1` is
no explanation. So both numbers are written with the digits that keep them on their sides.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pytest_wandb_automations.rules.wording import cut_middle, shown_number

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Limit"]

_ASKED_DIGITS: Final = 12
"""People write limits, so they are short; rounding them would show another question."""

_FOUND_DIGITS: Final = 4

_ALL_DIGITS: Final = 17
"""Digits that tell every float from its neighbours."""

_SHORTEST_NAME: Final = 9


class Limit(NamedTuple):
    """A question that ends with a number: `avg(loss, 5) > 3`, `loss increases by at least 10%`."""

    number: float
    """What the found number is compared with; finite."""

    before: str = ""
    """Words before the name: `avg(`."""

    name: str = ""
    """What people chose and may be long: the metric."""

    after: str = ""
    """Words between the name and the number: `, 5) > `."""

    measure: Literal["value", "drop", "size"] = "value"
    """What is compared: the found number, that with the other sign, or its absolute value."""

    percent: bool = False
    """Whether both numbers are fractions, to be written as percentages."""

    def asked(self, number: str = "", width: int | None = None) -> str:
        """Write the question, with its number as given; a long name is cut to fit `width`."""
        number = number or f"{_text(self._scaled(self.number), _ASKED_DIGITS)}{self._unit}"
        name = self.name
        size = len(self.before) + len(name) + len(self.after) + len(number)
        if width is not None and size > width:
            name = cut_middle(name, max(_SHORTEST_NAME, len(name) + width - size))
        return f"{self.before}{name}{self.after}{number}"

    def beside(self, found: float) -> tuple[str, str]:
        """Write the limit and a found number so that they compare as the numbers themselves do."""
        limit, scaled = self._scaled(self.number), self._scaled(found)
        if not (_is_written(limit) and _is_written(scaled)):
            return f"{_text(limit, _ASKED_DIGITS)}{self._unit}", _text(found, _FOUND_DIGITS)
        side = self._side(Fraction(found), Fraction(self.number))
        asked, text = next(
            (
                texts
                for texts in _pairs(limit, scaled)
                if self._side(Fraction(texts[1]), Fraction(texts[0])) == side
            ),
            (self._exact(self.number), self._exact(found)),
        )
        return f"{asked}{self._unit}", f"{text}{self._unit}"

    @property
    def _unit(self) -> str:
        return "%" if self.percent else ""

    def _scaled(self, number: float) -> float:
        # Through the shortest decimals: 100 * 0.29 is 28.999999999999996, and 0.29 is 29 %.
        return float(Decimal(repr(number)) * 100) if self.percent else number

    def _exact(self, number: float) -> str:
        return f"{Decimal(repr(number)) * 100:g}" if self.percent else repr(number)

    def _side(self, found: Fraction, limit: Fraction) -> int:
        if self.measure == "size":
            found = abs(found)
        elif self.measure == "drop":
            found = -found
        return (found > limit) - (found < limit)


def _pairs(limit: float, found: float) -> Iterator[tuple[str, str]]:
    for asked in _texts(limit, _ASKED_DIGITS):
        for text in _texts(found, _FOUND_DIGITS):
            yield asked, text


def _texts(number: float, digits: int) -> Iterator[str]:
    """Yield a number with more and more digits, until they are enough to tell it from others."""
    texts = (_text(number, more) for more in range(digits, _ALL_DIGITS + 1))
    for text in texts:
        yield text
        if float(text) == number:
            return


def _text(number: float, digits: int) -> str:
    return shown_number(number, digits=digits)


def _is_written(number: float) -> bool:
    """Whether a number is written in digits, and not described."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
