"""How conditions are written, combined and shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from pytest_wandb_automations.automations import (
    ArtifactEvent,
    EventType,
    OnLinkArtifact,
    ProjectScope,
    RunEvent,
    RunStateFilter,
)
from pytest_wandb_automations.automations.base import JsonEncoded, adopt
from pytest_wandb_automations.automations.filters import OPERATORS, JsonFilter, MongoLikeFilter

alias, tag, name = ArtifactEvent.alias, ArtifactEvent.tag, RunEvent.name
a, b, c = alias == "a", alias == "b", tag == "c"
loss = RunEvent.metric("loss")


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        (a, {"alias": {"$eq": "a"}}),
        (a & b & c, {"$and": [a, b, c]}),
        (a | (b | c), {"$and": [{"$or": [a, b, c]}]}),
        (~~a, a),
        (~(a | b), {"$and": [{"$nor": [a, b]}]}),
        (~~(a | b), {"$and": [{"$or": [a, b]}]}),
        (~(a & b), {"$and": [{"$not": {"$and": [a, b]}}]}),
        (a & (b | c), {"$and": [a, {"$or": [b, c]}]}),
        ({"alias": "a", "tag": "c"}, {"$and": [{"$and": [a, c]}]}),
        ({"alias": {"$like": "a"}}, {"alias": {"$like": "a"}}),
        ({"$and": [{}, {"$like": 1}]}, {"$and": [{}, {"$like": 1}]}),
    ],
)
def test_a_filter_is_brought_into_the_form_that_w_and_b_expects(written: Any, normal: Any):
    event = OnLinkArtifact(scope=ProjectScope(id="p", name="n"), filter=written)

    def dumped(value: Any) -> Any:
        if isinstance(value, BaseModel):
            return value.model_dump()
        if isinstance(value, dict):
            return {key: dumped(each) for key, each in value.items()}
        return [dumped(each) for each in value] if isinstance(value, list) else value

    expected = dumped(normal)
    inner = expected.get("$and", [expected])
    assert event.filter.model_dump() == {"$or": [{"$and": inner}]}


@pytest.mark.parametrize(
    ("condition", "mongo"),
    [
        (alias < "x", {"$lt": "x"}),
        (alias > "x", {"$gt": "x"}),
        (alias <= "x", {"$lte": "x"}),
        (alias >= "x", {"$gte": "x"}),
        (alias != "x", {"$ne": "x"}),
        (alias.in_(["x"]), {"$in": ["x"]}),
        (alias.not_in(("x",)), {"$nin": ["x"]}),
        (alias.contains("x"), {"$contains": "x"}),
        (alias.matches_regex("x"), {"$regex": "x"}),
        (alias.exists(), {"$exists": True}),
        (alias.exists(False), {"$exists": False}),
    ],
)
def test_each_comparison_has_its_operator(condition: Any, mongo: dict[str, Any]):
    assert condition.model_dump() == {"alias": mongo}


def test_operators_that_have_an_opposite_negate_to_it():
    negated = (alias < "x").op, alias.in_(["x"]).op, alias.exists().op
    assert [repr(~op) for op in negated] == ["Gte('x')", "NotIn(('x',))", "Exists(False)"]


def test_a_field_shows_its_name_on_the_wire():
    assert (str(name), repr(alias)) == ("display_name", "FilterableField('alias')")


def test_conditions_show_what_they_say():
    shown = [
        a & ~c,
        loss.avg(5) >= 3,
        loss < 0.5,
        loss.changes_by(diff=2),
        loss.max(3).decreases_by(frac=0.25),
        loss.zscore(30) > 2,
        loss.zscore(30) < -2,
        loss.zscore(30).abs() >= 2,
    ]
    assert [repr(condition).strip("'\"") for condition in shown[1:]] == [
        "AVERAGE(loss) >= 3",
        "loss < 0.5",
        "loss changes 2",
        "MAX(loss) decreases 25.00%",
        "zscore('loss') > +2",
        "zscore('loss') < -2",
        "abs(zscore('loss')) > 2",
    ]
    assert repr(shown[0]) == "And((FilterExpr(alias: Eq('a')), Not(FilterExpr(tag: Eq('c')))))"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "exactly one"),
        ({"diff": 1, "frac": 1}, "exactly one"),
        ({"diff": 0}, "positive"),
        ({"frac": -0.1}, "positive"),
    ],
)
def test_a_change_needs_one_positive_amount(arguments: dict[str, float], error: str):
    with pytest.raises(ValueError, match=error):
        loss.changes_by(**arguments)


def test_a_change_needs_a_number():
    with pytest.raises(TypeError, match="expected a number for `diff` or `frac`"):
        loss.increases_by(diff="1")


def test_a_z_score_is_compared_with_a_number_of_its_sign():
    for wrong in (lambda: loss.zscore(3) > 0, lambda: loss.zscore(3) < 0):
        with pytest.raises(ValueError, match="z-score"):
            wrong()
    with pytest.raises(ValueError, match="absolute"):
        abs(loss.zscore(3)) < -1  # noqa: B015 -- comparing is what raises


def test_run_filters_combine_with_conditions_from_either_side():
    run = name.contains("x") | name.contains("y")
    assert run & (loss > 3) == (loss > 3) & run
    state = RunEvent.state == "failed"
    assert run & state == state & run
    assert isinstance(state & run, RunStateFilter)
    assert state.event_type is EventType.RUN_STATE


@pytest.mark.parametrize("condition", [a, loss > 3, RunEvent.state == "failed"])
def test_conditions_do_not_combine_with_anything_else(condition: Any):
    for wrong in (lambda: condition & 3, lambda: 3 & condition, lambda: 3 | condition):
        with pytest.raises(TypeError, match="unsupported operand"):
            wrong()
    with pytest.raises((TypeError, ValidationError)):
        condition | 3


def test_a_state_is_compared_with_text():
    with pytest.raises(TypeError, match="expected a run state, got int: 3"):
        RunEvent.state == 3  # noqa: B015 -- comparing is what raises


def test_models_of_other_packages_are_left_alone():
    class Other(BaseModel):
        id: str = "i"

    other = Other()
    assert adopt(other) is other


def test_a_filter_has_no_other_attributes():
    with pytest.raises(AttributeError):
        _ = a.nothing
    with pytest.raises(TypeError, match="write the kit's filter before"):
        getattr(a, "$and")


quickly_read, read_by_pydantic = TypeAdapter(JsonFilter), TypeAdapter(JsonEncoded[MongoLikeFilter])

values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
names = st.sampled_from([*OPERATORS, "$like", "", "alias", "tag", "field", "op", "expr", "exprs"])
comparisons = st.dictionaries(names, values | st.lists(values, max_size=2), max_size=2)
filters = st.recursive(
    values | comparisons | st.dictionaries(st.sampled_from(["alias", "tag"]), comparisons),
    lambda inner: (
        st.dictionaries(names, inner, max_size=2)
        | st.dictionaries(st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, max_size=2))
    ),
    max_leaves=6,
)


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(filters)
def test_a_filter_is_what_pydantic_makes_of_it_although_it_is_read_without(raw: Any):
    text = json.dumps(raw)
    try:
        expected = read_by_pydantic.validate_python(text)
    except ValidationError:
        with pytest.raises(ValidationError):
            quickly_read.validate_python(text)
    else:
        quick = quickly_read.validate_python(text)
        assert (quick, repr(quick), type(quick)) == (expected, repr(expected), type(expected))


@pytest.mark.parametrize("text", ["", "{", "\ud800", b"{}x"])
def test_text_that_is_no_json_is_no_filter(text: Any):
    with pytest.raises(ValidationError):
        OnLinkArtifact(scope=ProjectScope(id="p", name="n"), filter=text)


def test_what_is_changed_in_a_part_of_a_filter_given_to_an_event_is_not_changed_in_the_event():
    condition = alias == "a"
    event = OnLinkArtifact(scope=ProjectScope(id="p", name="n"), filter=condition)
    condition.field = "tag"
    assert "tag" not in event.model_dump_json()
