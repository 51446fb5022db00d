"""Dotted field names: which values of a nested document a name such as `config.optimizer.lr` means.

An array on the way stands for its elements, as in MongoDB: `config.layers.size` means the `size` of
every layer, `config.layers.0` the first layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pytest_wandb_automations.rules.clauses import MISSING
from pytest_wandb_automations.rules.comparisons import ARRAYS, OBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["reached"]


def reached(value: object, parts: Sequence[str]) -> Iterator[tuple[object, bool]]:
    """Yield each value that `parts` lead to from `value`, `MISSING` where they lead nowhere.

    The flag tells whether an array stands for its elements, too: an array that was selected by its
    index (`layers.0`) does not. Nothing is yielded for an array without objects on the way, which
    therefore neither has nor lacks the field; MongoDB tells these apart as well.
    """
    for position, part in enumerate(parts):
        if isinstance(value, OBJECTS):
            value = cast("dict[str, object]", value).get(part, MISSING)
        elif isinstance(value, ARRAYS):
            yield from _through(cast("Sequence[object]", value), part, parts[position + 1 :])
            return
        else:
            yield MISSING, True
            return
    yield value, True


def _through(
    array: Sequence[object], part: str, rest: Sequence[str]
) -> Iterator[tuple[object, bool]]:
    if _is_index(part) and int(part) < len(array):
        selected = array[int(part)]
        if not rest:
            yield selected, False
        elif isinstance(selected, (*OBJECTS, *ARRAYS)):
            yield from reached(selected, rest)
    for element in array:
        if isinstance(element, OBJECTS):
            yield from reached(cast("dict[str, object]", element), (part, *rest))


def _is_index(part: str) -> bool:
    # Only the canonical spelling counts, and nobody has arrays of 10**9 elements.
    return part.isascii() and part.isdecimal() and len(part) < 10 and part == str(int(part))
