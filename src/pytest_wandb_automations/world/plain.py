"""`plain`: what a test logs, as a run's history has it.

Training code logs numbers and arrays of numpy, torch and the like. The SDK writes them as JSON, so
W&B's filters, windows and answers never see anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["plain"]

_ALREADY = frozenset({float, int, bool, str, type(None)})


def plain(value: Any) -> Any:
    """Return a value with Python's numbers and lists in place of other libraries'.

    `InvalidInput` for what JSON has no form for, such as images: the SDK makes files of those.
    """
    if type(value) in _ALREADY:
        return value
    if isinstance(value, dict):
        row = cast("dict[Any, Any]", value)
        if _ALREADY.issuperset(map(type, row.values())):  # what is logged over and over
            return dict(row)
    if isinstance(value, Mapping):
        return {name: plain(entry) for name, entry in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in cast("list[Any]", value)]
    written: Callable[[], Any] | None = getattr(value, "tolist", None)
    if written is not None:
        return written()
    if not isinstance(value, (str, int, float)):  # of a subclass: members of an enumeration, say
        raise InvalidInput(
            f"JSON has no form for {value!r}, a {type(value).__name__}; give numbers, texts, "
            "lists, dictionaries, or arrays that have a `tolist`"
        )
    return value
