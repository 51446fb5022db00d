"""JSON in text, as many arguments and fields of W&B's API carry it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, cast

from pytest_wandb_automations.errors import InvalidInput

__all__ = ["json_object", "json_text", "lenient_json_object", "without_nan"]


def json_object(text: str | None, field: str) -> dict[str, Any] | None:
    """Read an argument that is a JSON object or nothing; `InvalidInput` names the field."""
    return _object(text, field, _refuse_constant)


def lenient_json_object(text: str | None, field: str) -> dict[str, Any] | None:
    """Read an argument as `json_object` does, and NaN and infinities as wandb-core writes them."""
    return _object(text, field, float)


def _object(
    text: str | None, field: str, constant: Callable[[str], float]
) -> dict[str, Any] | None:
    try:
        value = json.loads(text or "null", parse_constant=constant)
    except RecursionError:
        raise InvalidInput(f"{field} is nested too deeply") from None
    except ValueError as error:
        raise InvalidInput(f"{field} is no JSON: {error}; got {text!r}") from None
    if value is not None and not isinstance(value, dict):
        raise InvalidInput(f"{field}: expected a JSON object, got {text!r}")
    return cast("dict[str, Any] | None", value)


def _refuse_constant(name: str) -> NoReturn:
    # Python reads NaN and Infinity; JSON has no such values, and neither has W&B.
    raise ValueError(f"{name} is not a JSON value")


def json_text(value: object) -> str:
    """Write a value as W&B does: what is no number in JSON becomes a text, `"NaN"`."""
    return json.dumps(without_nan(value))


def without_nan(value: object) -> Any:
    """Return a value with `"NaN"`, `"Infinity"` and `"-Infinity"` for what JSON cannot write."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value)
        return {name: without_nan(entry) for name, entry in entries.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(item) for item in cast("list[object]", value)]
    return value
