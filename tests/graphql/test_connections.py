from __future__ import annotations

import base64
import json
import reprlib
from datetime import datetime, timezone
from enum import Enum
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.graphql.connections import connect, order_by, sort


class Item(NamedTuple):
    number: int
    name: str | None = None


def items(*numbers: int) -> list[Item]:
    return [Item(number, f"item-{number}") for number in numbers]


def number(item: Item) -> tuple[int]:
    return (item.number,)


FIELDS = {"name": lambda item: item.name, "number": lambda item: item.number}


def page(things, **arguments):
    return connect(things, key=number, **arguments)


def numbers(connection) -> list[int]:
    return [edge.node.number for edge in connection.edges]


def walk(things, size: int, **arguments) -> list[int]:
    seen: list[int] = []
    cursor = None
    while True:
        connection = page(things, first=size, after=cursor, **arguments)
        seen += numbers(connection)
        if not connection.page_info.has_next_page:
            return seen
        cursor = connection.page_info.end_cursor


def test_without_arguments_there_is_one_page_with_everything() -> None:
    connection = page(items(1, 2, 3))

    assert numbers(connection) == [1, 2, 3]
    assert connection.total_count == 3
    assert not connection.page_info.has_next_page
    assert not connection.page_info.has_previous_page


def test_a_page_says_where_it_begins_and_ends_and_what_lies_beyond() -> None:
    first = page(items(1, 2, 3, 4, 5), first=2)
    second = page(items(1, 2, 3, 4, 5), first=2, after=first.page_info.end_cursor)

    assert numbers(second) == [3, 4]
    assert second.total_count == 5
    assert second.page_info.start_cursor == second.edges[0].cursor
    assert second.page_info.end_cursor == second.edges[1].cursor
    assert second.page_info.has_previous_page
    assert second.page_info.has_next_page


@pytest.mark.parametrize("first", [0, 5])
def test_an_empty_page_has_no_cursors(first) -> None:
    connection = page([], first=first)

    assert (connection.page_info.start_cursor, connection.page_info.end_cursor) == (None, None)
    assert not connection.page_info.has_next_page


def test_a_page_of_no_items_still_says_that_there_are_more() -> None:
    assert page(items(1), first=0).page_info.has_next_page


def test_items_are_sorted_by_key() -> None:
    assert numbers(page(items(3, 1, 2))) == [1, 2, 3]


def test_an_empty_cursor_is_the_beginning() -> None:
    assert numbers(page(items(1, 2), after="")) == [1, 2]


@pytest.mark.parametrize("order", [None, "name", "-name", "-number"])
@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_pages_put_together_are_the_whole_list(order, size) -> None:
    things = [Item(1, "b"), Item(2, "a"), Item(3, "b"), Item(4, None), Item(5, "a")]
    arguments = {"order": order_by(order, FIELDS)}

    assert walk(things, size, **arguments) == numbers(page(things, **arguments))


@given(
    st.dictionaries(st.integers(0, 50), st.sampled_from(["a", "b", None])),
    st.sets(st.integers(0, 50)),
    st.sampled_from(["name", "-name", "number", "-number"]),
    st.integers(1, 4),
)
def test_items_that_go_between_pages_neither_repeat_nor_skip_others(
    names, gone, order, size
) -> None:
    before = [Item(*pair) for pair in names.items()]
    after = [item for item in before if item.number not in gone]
    arguments = {"order": order_by(order, FIELDS)}
    first = page(before, first=size, **arguments)

    rest = page(after, after=first.page_info.end_cursor, **arguments)

    seen = set(numbers(first))
    assert numbers(rest) == [n for n in numbers(page(after, **arguments)) if n not in seen]


def test_items_that_come_between_pages_are_seen_if_they_lie_ahead() -> None:
    cursor = page(items(1, 4, 8), first=2).page_info.end_cursor

    assert numbers(page(items(1, 2, 4, 6, 8), after=cursor)) == [6, 8]


def test_a_cursor_of_another_order_is_refused() -> None:
    cursor = page(items(1), first=1, order=order_by("name", FIELDS)).page_info.end_cursor

    with pytest.raises(InvalidInput, match=r"^after: cursor '.+' belongs to another list$"):
        page(items(1, 2), after=cursor, order=order_by("number", FIELDS))


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense!",
        "bm9uc2Vuc2U=",
        base64.b64encode(b"5").decode(),
        base64.b64encode(b"[1]").decode(),
        base64.b64encode(b"[1,2]").decode(),
        base64.b64encode(b"[[],2]").decode(),
        "ÿ",
        pytest.param(
            base64.b64encode(b"[" * 100_000 + b"]" * 100_000).decode(), id="nested too deeply"
        ),
    ],
)
def test_a_malformed_cursor_is_refused_with_its_value(cursor) -> None:
    with pytest.raises(InvalidInput, match=r"after: .* is not a cursor of this server") as refused:
        page(items(1, 2), after=cursor)

    assert reprlib.repr(cursor) in str(refused.value)


def test_a_negative_page_size_is_refused_with_its_value() -> None:
    with pytest.raises(InvalidInput, match="first: expected 0 or more, got -1"):
        page(items(1), first=-1)


@pytest.mark.parametrize(("argument", "value"), [("last", 2), ("before", "abc")])
def test_paging_backwards_is_refused(argument, value) -> None:
    with pytest.raises(InvalidInput, match=f"{argument}: paging backwards .* got {value!r}"):
        page(items(1), **{argument: value})


class Size(Enum):
    SMALL = "small"


def test_instants_and_enums_may_be_part_of_a_key() -> None:
    moments = [datetime(2025, 1, day, tzinfo=timezone.utc) for day in (1, 2, 3)]
    first = connect(moments, key=lambda moment: (Size.SMALL, moment), first=2)
    rest = connect(moments, key=lambda m: (Size.SMALL, m), after=first.page_info.end_cursor)

    assert [edge.node for edge in rest.edges] == [moments[2]]
    assert json.loads(base64.b64decode(first.edges[0].cursor)) == [
        [],
        ["small", moments[0].timestamp()],
    ]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name", [4, 2, 1, 3]),
        ("+name", [4, 2, 1, 3]),
        ("-name", [1, 3, 2, 4]),
        (None, [4, 3, 2, 1]),
        ("", [4, 3, 2, 1]),
    ],
)
def test_items_are_sorted_by_name_up_or_down_and_stay_put_where_equal(order, expected) -> None:
    things = [Item(1, "b"), Item(2, "a"), Item(3, "b"), Item(4, None)]

    assert [item.number for item in sort(things, order, FIELDS, "-number")] == expected


def test_without_any_order_items_stay_as_they_are() -> None:
    assert sort(items(3, 1, 2), None, FIELDS) == items(3, 1, 2)


@pytest.mark.parametrize("order", ["size", "-size", "-"])
def test_an_unknown_order_is_refused_with_the_known_ones(order) -> None:
    with pytest.raises(InvalidInput, match=r"order: unknown field '.*' \(known: name, number\)"):
        order_by(order, FIELDS)
