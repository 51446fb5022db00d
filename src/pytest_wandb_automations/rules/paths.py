"""Dotted field names: which values of a nested document a name such as `config.optimizer.lr` means.

An array on the way stands for its elements, as in MongoDB: `config.layers.size` means the `size` of
every layer, `config.layers.0` the first layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.rules.clauses import MISSING
from pytest_wandb_automations.rules.comparisons import ARRAYS, OBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["nested", "reached"]


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """Return a view in which `{"val.loss": 1}` is `{"val": {"loss": 1}}`.

    Names of metrics and of configuration are written both ways, and mean the same.
    """
    if not any("." in name for name in values):
        return values
    view: dict[str, Any] = {}
    for name, value in values.items():
        _put(view, name.split("."), value)
    return view


def _put(view: dict[str, Any], parts: Sequence[str], value: Any) -> None:
    *path, last = parts
    for part in path:
        below = view.get(part)
        # Copied on the way: what is nested by itself belongs to the run.
        view[part] = view = dict(cast("dict[str, Any]", below)) if isinstance(below, dict) else {}
    view[last] = value


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
