"""The `filters` argument of lists: MongoDB-like filters in JSON text."""

from __future__ import annotations

import json
from datetime import timezone
from typing import TYPE_CHECKING, TypeVar, cast

from graphql import GraphQLError

from pytest_wandb_automations.errors import InvalidFilter
from pytest_wandb_automations.graphql.scalars import parse_instant
from pytest_wandb_automations.rules.filters import compile_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["apply_filters"]

_T = TypeVar("_T")


def apply_filters(
    items: Iterable[_T],
    filters: str | None,
    fields: Mapping[str, Callable[[_T], object]],
    where: str = "filters",
) -> list[_T]:
    """Return the items that a client's filter holds for, in their order.

    `filters` is JSON text such as `{"name": {"$eq": "deploy"}}`; none, `""`, `null` and `{}` let
    everything pass. `fields` are the names that it may use and how to read them from an item; a
    name that ends in `.*` stands for a mapping, read as a whole (`config.*` lets a filter ask for
    `config.lr`), and one that ends in `_at` or `At` for an instant, read as `isoformat()` of one in
    UTC: a filter may write it as clients do. `where` is the argument's name, for messages.

    Raises `InvalidFilter`, with the path inside the filter, for anything that does not make sense.
    """
    try:
        source = json.loads(filters or "null")
    except (ValueError, RecursionError) as error:
        raise InvalidFilter(where, f"expected JSON text, got {filters!r}: {error}") from None
    if source is None:
        return list(items)
    compiled = compile_filter(source, fields=list(fields), where=where)
    instants = frozenset(name for name in fields if name.endswith(("_at", "At")))
    if instants:
        # What is nested too deeply, or not a filter at all, has been refused by now.
        compiled = compile_filter(_comparable(source, instants), fields=list(fields), where=where)
    readers = {name.removesuffix(".*"): read for name, read in fields.items()}
    # A filter asks only for the fields that it names, so that the others are never computed.
    return [item for item in items if compiled.matches(lambda name, item=item: readers[name](item))]


def _comparable(source: object, instants: frozenset[str], *, inside: bool = False) -> object:
    """Return a filter in which instants are written as items have them: then texts are in order."""
    if isinstance(source, dict):
        clauses = cast("dict[str, object]", source)
        return {
            name: value
            if name == "$regex"
            else _comparable(value, instants, inside=inside or name in instants)
            for name, value in clauses.items()
        }
    if isinstance(source, list):
        items = cast("list[object]", source)
        return [_comparable(item, instants, inside=inside) for item in items]
    if not inside or not isinstance(source, str):
        return source
    try:
        return parse_instant(source).astimezone(timezone.utc).isoformat()
    except GraphQLError:
        return source
