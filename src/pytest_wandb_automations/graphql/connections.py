"""Relay's connections: one page of a list at a time, with cursors that outlive changes to it."""

from __future__ import annotations

import base64
import json
import reprlib
from bisect import bisect_left
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Connection", "Edge", "Order", "PageInfo", "connect", "order_by", "sort"]

_T = TypeVar("_T")


class Order(Generic[_T]):
    """An order that a client asked for: one field, up or down. Made by `order_by`."""

    def __init__(self, field: Callable[[_T], object] | None, *, descending: bool) -> None:
        self._field = field
        self._descending = descending

    def sort(self, items: Iterable[_T]) -> list[_T]:
        """Return the items in this order; those that are equal by it stay as they were."""
        if self._field is None:
            return list(items)
        return sorted(items, key=self.rank, reverse=self._descending)

    def rank(self, item: _T) -> list[Any]:
        """Return the field's value as JSON can hold it and so that `None` is the smallest."""
        value = None if self._field is None else _plain(self._field(item))
        return [] if value is None else [value]

    def is_after(self, one: list[Any], other: list[Any]) -> bool:
        """Whether the first of two different ranks comes later in this order."""
        return (one > other) != self._descending


class Edge(Generic[_T]):
    """An item of a page, and its cursor."""

    def __init__(self, node: _T, position: Callable[[_T], list[Any]]) -> None:
        self.node = node
        self._position = position

    @property
    def cursor(self) -> str:
        """Where this item stands. Made when asked for: clients rarely do."""
        text = json.dumps(self._position(self.node), separators=(",", ":"))
        return base64.b64encode(text.encode()).decode()


class PageInfo:
    """Where a page begins and ends, and what lies beyond."""

    def __init__(
        self, edges: list[Edge[Any]], *, has_previous_page: bool, has_next_page: bool
    ) -> None:
        self._edges = edges
        self.has_previous_page = has_previous_page
        self.has_next_page = has_next_page

    @property
    def start_cursor(self) -> str | None:
        """The first item's cursor; `None` on an empty page."""
        return self._edges[0].cursor if self._edges else None

    @property
    def end_cursor(self) -> str | None:
        """The last item's cursor, the next page's `after`; `None` on an empty page."""
        return self._edges[-1].cursor if self._edges else None


class Connection(Generic[_T]):
    """One page of a list, as the connection types of the schema describe it."""

    def __init__(self, edges: list[Edge[_T]], page_info: PageInfo, total_count: int) -> None:
        self.edges = edges
        self.page_info = page_info
        self.total_count = total_count


def order_by(
    order: str | None,
    fields: Mapping[str, Callable[[_T], object]],
    default: str | None = None,
) -> Order[_T]:
    """Read an order as clients write it: `name` or `+name` upwards, `-name` downwards.

    `fields` are the names that a client may use and how to read them from an item; values are text,
    numbers, instants or `None`. Without an order the default counts, without a default the order of
    the items themselves. Raises `InvalidInput` for an unknown name, with the known ones.
    """
    text = order or default
    if not text:
        return Order(None, descending=False)
    name = text[1:] if text[0] in "+-" else text
    if name not in fields:
        raise InvalidInput(f"order: unknown field {name!r} (known: {', '.join(fields)})")
    return Order(fields[name], descending=text[0] == "-")


def sort(
    items: Iterable[_T],
    order: str | None,
    fields: Mapping[str, Callable[[_T], object]],
    default: str | None = None,
) -> list[_T]:
    """Return the items in the order that a client asked for; see `order_by`."""
    return order_by(order, fields, default).sort(items)


def connect(
    items: Iterable[_T],
    *,
    key: Callable[[_T], tuple[Any, ...]],
    order: Order[_T] | None = None,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[_T]:
    """Cut one page out of a list: the `first` items that follow the cursor `after`.

    Items are sorted by `order`, and by `key` where that leaves a choice. A key identifies its item:
    a tuple of text, numbers and instants, different for every item and the same at every call. A
    cursor holds the place in that order, not a number: items that come or go between two pages
    neither repeat nor skip others, even if the cursor's own item is gone.

    Raises `InvalidInput`, with the argument and its value, for a negative `first`, a cursor that is
    not one of this list, and paging backwards (`last`, `before`), which W&B's clients never do.
    """
    for name, value in (("last", last), ("before", before)):
        if value is not None:
            raise InvalidInput(f"{name}: paging backwards is not supported, got {value!r}")
    if first is not None and first < 0:
        raise InvalidInput(f"first: expected 0 or more, got {first}")
    sorting: Order[_T] = order or Order(None, descending=False)

    def identity(item: _T) -> list[Any]:
        return [_plain(part) for part in key(item)]

    def position(item: _T) -> list[Any]:
        return [sorting.rank(item), identity(item)]

    nodes = sorting.sort(sorted(items, key=identity))
    start = _start(nodes, after, sorting, position) if after else 0
    stop = len(nodes) if first is None else min(start + first, len(nodes))
    edges = [Edge(node, position) for node in nodes[start:stop]]
    page = PageInfo(edges, has_previous_page=start > 0, has_next_page=stop < len(nodes))
    return Connection(edges, page, len(nodes))


def _start(
    nodes: list[_T], cursor: str, order: Order[_T], position: Callable[[_T], list[Any]]
) -> int:
    """Return the index of the first node that comes after the cursor's place."""
    cursor_rank, cursor_identity = _read(cursor)

    def is_later(node: _T) -> bool:
        rank, identity = position(node)
        if rank != cursor_rank:
            return order.is_after(rank, cursor_rank)
        return identity > cursor_identity

    try:
        return bisect_left(nodes, True, key=is_later)
    except TypeError:
        raise InvalidInput(f"after: cursor {cursor!r} belongs to another list") from None


def _read(cursor: str) -> tuple[list[Any], list[Any]]:
    try:
        rank, identity = json.loads(base64.b64decode(cursor, validate=True))
    except (ValueError, TypeError, RecursionError):
        rank, identity = None, None
    if not isinstance(rank, list) or not isinstance(identity, list):
        raise InvalidInput(f"after: {reprlib.repr(cursor)} is not a cursor of this server")
    return cast("list[Any]", rank), cast("list[Any]", identity)


def _plain(value: object) -> object:
    """Return a value as JSON can hold it, ordered as before."""
    if isinstance(value, datetime):
        return value.timestamp()
    return value.value if isinstance(value, Enum) else value
