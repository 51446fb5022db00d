from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from graphql import GraphQLError

from pytest_wandb_automations.graphql.scalars import scalar


def out(name, value):
    return scalar(name, None).serialize(value)


def into(name, value):
    return scalar(name, None).parse_value(value)


def test_json_text_goes_out_as_it_is_and_other_values_become_json_text() -> None:
    assert out("JSONString", '{"a": 1}') == '{"a": 1}'
    assert out("JSONString", {"a": [1, None]}) == '{"a":[1,null]}'


def test_json_text_comes_in_as_text() -> None:
    assert into("JSONString", '{"a": 1}') == '{"a": 1}'
    with pytest.raises(GraphQLError, match="expected JSON text in a string, got dict"):
        into("JSONString", {"a": 1})


def test_json_values_pass_unchanged() -> None:
    assert out("JSON", {"a": 1}) == into("JSON", {"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2025, 1, 31, 12), "2025-01-31T12:00:00Z"),
        (datetime(2025, 1, 31, 12, tzinfo=timezone.utc), "2025-01-31T12:00:00Z"),
        (datetime(2025, 1, 31, 13, tzinfo=timezone(timedelta(hours=1))), "2025-01-31T12:00:00Z"),
        (datetime(2025, 1, 31, 12, 0, 0, 250000), "2025-01-31T12:00:00.250000Z"),
        ("2025-01-31T12:00:00Z", "2025-01-31T12:00:00Z"),
    ],
)
def test_instants_go_out_in_utc_with_a_z(value, text) -> None:
    assert out("DateTime", value) == text


@pytest.mark.parametrize("text", ["2025-01-31T12:00:00Z", "2025-01-31T12:00:00"])
def test_instants_come_in_as_aware_datetimes(text) -> None:
    assert into("DateTime", text) == datetime(2025, 1, 31, 12, tzinfo=timezone.utc)


def test_what_is_no_instant_is_refused() -> None:
    with pytest.raises(GraphQLError, match="expected a datetime, got int"):
        out("DateTime", 5)
    with pytest.raises(GraphQLError, match="expected an instant in a string, got int"):
        into("DateTime", 5)
    with pytest.raises(GraphQLError, match="such as 2025-01-31T12:00:00Z, got 'noon'"):
        into("DateTime", "noon")


@pytest.mark.parametrize("name", ["Int64", "Duration"])
@pytest.mark.parametrize("value", [2**62, str(2**62), float(2**62)])
def test_whole_numbers_of_64_bits_pass_both_ways(name, value) -> None:
    assert out(name, value) == into(name, value) == 2**62


@pytest.mark.parametrize("value", [2**63, 0.5, True, "many", None, float("inf"), float("nan")])
def test_what_is_no_whole_number_of_64_bits_is_refused(value) -> None:
    with pytest.raises(GraphQLError, match="expected a whole number of up to 64 bits"):
        into("Int64", value)


def test_a_scalar_without_coercion_is_a_mistake_in_the_schema() -> None:
    with pytest.raises(KeyError):
        scalar("Colour", None)
