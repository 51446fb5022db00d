"""The scalars of W&B's schema: how their values travel and what a resolver sees of them."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from graphql import GraphQLError, GraphQLScalarType

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["parse_instant", "scalar"]

_INT64 = range(-(2**63), 2**63)


def _as_it_is(value: object) -> object:
    return value


def _json_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _text(value: object) -> str:
    # Not checked to be JSON: whoever uses the text unpacks it and knows what to say when it is not.
    if not isinstance(value, str):
        raise GraphQLError(f"expected JSON text in a string, got {type(value).__name__}")
    return value


def _instant(value: object) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, datetime):
        raise GraphQLError(f"expected a datetime, got {type(value).__name__}")
    if value.tzinfo is not None:
        value = value.astimezone(timezone.utc).replace(tzinfo=None)
    return value.isoformat() + "Z"


def parse_instant(value: object) -> datetime:
    """Read an instant as clients write it; without a time zone it is in UTC."""
    if not isinstance(value, str):
        raise GraphQLError(f"expected an instant in a string, got {type(value).__name__}")
    try:
        parsed = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise GraphQLError(
            f"expected an instant such as 2025-01-31T12:00:00Z, got {value!r}"
        ) from None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=timezone.utc)


def _whole_number(value: object) -> int:
    number: int | None = None
    if isinstance(value, str):
        try:
            number = int(value)
        except ValueError:
            number = None
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and value % 1 == 0:
        number = int(value)
    if number is None or number not in _INT64:
        raise GraphQLError(f"expected a whole number of up to 64 bits, got {value!r}")
    return number


_COERCION: dict[str, tuple[Callable[[object], object], Callable[[object], object]]] = {
    "JSONString": (_json_text, _text),
    "JSON": (_as_it_is, _as_it_is),
    "DateTime": (_instant, parse_instant),
    "Int64": (_whole_number, _whole_number),
    "Duration": (_whole_number, _whole_number),
}


def scalar(name: str, description: str | None) -> GraphQLScalarType:
    """Make the scalar of that name; `KeyError` when the kit has no coercion for it.

    Out of resolvers: `JSONString` takes text or anything that JSON can hold, `DateTime` a
    `datetime` (a naive one is UTC) or finished text. Into resolvers: `JSONString` stays text,
    `DateTime` becomes an aware `datetime`, `Int64` and `Duration` an `int`.
    """
    serialize, parse_value = _COERCION[name]
    return GraphQLScalarType(
        name, serialize=serialize, parse_value=parse_value, description=description
    )
