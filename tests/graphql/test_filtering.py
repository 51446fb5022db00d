from __future__ import annotations

import json

import pytest

from pytest_wandb_automations.errors import InvalidFilter
from pytest_wandb_automations.graphql.filtering import apply_filters

ITEMS = [
    {"name": "deploy", "config": {"lr": 0.1}},
    {"name": "alert", "config": {"lr": 0.2}},
    {"name": "deploy-eu", "config": {}},
]
FIELDS = {"name": lambda item: item["name"], "config.*": lambda item: item["config"]}


def names(filters):
    return [item["name"] for item in apply_filters(ITEMS, filters, FIELDS)]


@pytest.mark.parametrize("filters", [None, "", "null", "{}"])
def test_no_filter_lets_everything_pass(filters) -> None:
    assert names(filters) == ["deploy", "alert", "deploy-eu"]


def test_items_that_the_filter_holds_for_stay_in_their_order() -> None:
    assert names('{"name": "deploy"}') == ["deploy"]
    assert names('{"name": {"$regex": "^deploy"}}') == ["deploy", "deploy-eu"]
    assert names('{"$or": [{"name": "deploy-eu"}, {"name": "alert"}]}') == ["alert", "deploy-eu"]


def test_a_field_below_a_mapping_can_be_asked_for() -> None:
    assert names('{"config.lr": {"$gt": 0.15}}') == ["alert"]


def test_fields_that_the_filter_does_not_name_are_not_read() -> None:
    def never(item):
        raise AssertionError(item)

    fields = {**FIELDS, "size": never}
    assert len(apply_filters(ITEMS, '{"name": "deploy"}', fields)) == 1


MADE = ["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.001000+00:00", "soon"]
INSTANTS = {"created_at": lambda made: made, "name": lambda made: made}


def made(filters):
    return apply_filters(MADE, json.dumps(filters), INSTANTS)


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00Z", "2026-01-01", "2026-01-01T01:00:00+01:00", MADE[0]]
)
def test_an_instant_may_be_written_in_any_way(text) -> None:
    assert made({"created_at": text}) == MADE[:1]
    assert made({"created_at": {"$in": [text]}}) == MADE[:1]
    assert made({"$and": [{"created_at": {"$gt": text, "$lt": "2027-01-01"}}]}) == MADE[1:2]


def test_what_is_no_instant_or_another_field_stays_as_it_is() -> None:
    assert made({"created_at": "soon"}) == MADE[2:]
    assert made({"created_at": {"$regex": "^2026-01-01"}}) == MADE[:2]
    assert made({"name": "2026-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize("filters", ["{", "[" * 100_000])
def test_what_is_no_json_is_refused(filters) -> None:
    with pytest.raises(InvalidFilter, match="invalid filter at filters: expected JSON text"):
        apply_filters(ITEMS, filters, FIELDS)


def test_an_unknown_field_is_refused_with_the_path_and_the_known_ones() -> None:
    with pytest.raises(InvalidFilter, match=r"colour.*known: name, config\.\*") as refused:
        apply_filters(ITEMS, '{"$or": [{"colour": "red"}]}', FIELDS, where="projectFilters")

    assert refused.value.path.startswith("projectFilters.$or[0]")
