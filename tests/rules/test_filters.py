"""What filters ask, what they explain, and what they refuse."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pytest_wandb_automations.errors import InvalidFilter
from pytest_wandb_automations.rules import MISSING, NO_VALUE, Filter, compile_filter


def compiled(source: Any, **options: Any) -> Filter:
    return compile_filter(source, fields=None, **options)


def refusal(source: Any, **options: Any) -> InvalidFilter:
    with pytest.raises(InvalidFilter) as caught:
        compile_filter(source, **{"fields": None, **options})
    return caught.value


def test_a_clause_shows_where_what_was_asked_and_what_was_found() -> None:
    source = {"$or": [{"$and": [{"alias": {"$eq": "prod"}}, {"tag": {"$eq": "eu"}}]}]}

    clause = compiled(source).explain({"alias": "staging", "tag": "eu"})

    assert (clause.path, clause.asked, clause.held) == ("$or[0].$and", "all of", False)
    alias, tag = clause.children
    assert (alias.path, alias.asked) == ("$or[0].$and[0].alias", "= 'prod'")
    assert (alias.found, alias.held) == ("staging", False)
    assert (tag.path, tag.found, tag.held) == ("$or[0].$and[1].tag", "eu", True)


def test_every_part_is_asked_even_when_the_first_one_decides() -> None:
    clause = compiled({"$or": [{"a": 1}, {"a": 2}]}).explain({"a": 1})

    assert [child.held for child in clause.children] == [True, False]


def test_the_wrapping_of_a_single_condition_does_not_show() -> None:
    clause = compiled({"$or": [{"$and": [{"alias": "prod"}]}]}).explain({"alias": "prod"})

    assert (clause.path, clause.children) == ("$or[0].$and[0].alias", ())


def test_several_fields_and_several_operators_must_all_hold() -> None:
    source = {"a": {"$gt": 1, "$lt": 3}, "b": "x"}

    assert compiled(source).matches({"a": 2, "b": "x"})
    assert not compiled(source).matches({"a": 3, "b": "x"})
    assert not compiled(source).matches({"a": 2, "b": "y"})


@pytest.mark.parametrize(
    ("source", "held"),
    [({}, True), ({"$and": []}, True), ({"$nor": []}, True), ({"$or": []}, False)],
)
def test_groups_of_nothing_decide_like_empty_sums(source: Any, held: bool) -> None:
    clause = compiled(source).explain({})

    assert clause.held is held
    assert (clause.found, clause.children) == (NO_VALUE, ())


def test_missing_fields_are_told_from_null() -> None:
    clause = compiled({"a": None})

    assert clause.explain({}).found is MISSING
    assert clause.explain({"a": None}).found is None
    assert clause.matches({})
    assert clause.matches({"a": None})


@pytest.mark.parametrize(
    ("operand", "matching", "others"),
    [
        ({"$contains": "prod"}, ["prod", "preprod"], ["PROD", None, 5, {"prod": 1}]),
        ({"$contains": "prod"}, [["eu", "prod"], ("prod",)], [["preprod"], [["prod"]], []]),
        ({"$not": {"$contains": "prod"}}, ["dev", MISSING, ["preprod"]], ["prod", ["prod"]]),
        ({"$eq": True}, [True, [True]], [1, "true", 1.0]),
        ({"$eq": 1}, [1, 1.0, [0, 1]], [True, "1", 1.5]),
        ({"$eq": 10**400}, [10**400], [float("inf"), 1]),
        ({"$gt": 0}, [0.1, 5, [-1, 1]], [True, "1", None, float("nan")]),
        ({"$lte": "b"}, ["a", "b"], ["c", 1, MISSING]),
        ({"$gte": False}, [False, True], [0, 1]),
        ({"$in": ["a", 1, None]}, ["a", 1.0, None, MISSING], ["b", True]),
        ({"$all": ["a", "b"]}, [["b", "a", "c"]], [["a"], "a", []]),
        ({"$all": []}, [], [[], "a"]),
        ({"$size": 2}, [[1, 2], ("a", "b")], [[1], "ab", {"a": 1, "b": 2}]),
        ({"$exists": False}, [MISSING], [None, 0]),
        ({"$regex": "^prod"}, ["prod", "production", ["x", "prod"]], ["preprod", 1, "PROD"]),
        ({"a": 1, "b": [2]}, [{"b": (2.0,), "a": 1}], [{"a": 1}, {"a": 1, "b": []}, [2], "a"]),
        (["a", 1], [["a", 1.0], ("a", 1), [["a", 1]]], [[1, "a"], ["a"], "a"]),
    ],
)
def test_operators_know_their_values(operand: Any, matching: Any, others: Any) -> None:
    asked = compiled({"field": operand})

    for value in matching:
        assert asked.matches({} if value is MISSING else {"field": value}), value
    for value in others:
        assert not asked.matches({} if value is MISSING else {"field": value}), value


def test_nan_equals_nothing() -> None:
    assert not compiled({"a": {"$in": [1, 2.5]}}).matches({"a": float("nan")})
    assert compiled({"a": {"$ne": 1}}).matches({"a": float("nan")})


def test_regular_expressions_can_ignore_case() -> None:
    source = {"alias": {"$regex": "^prod$"}}

    assert not compiled(source).matches({"alias": "Prod"})
    assert compiled(source, ignore_case=True).matches({"alias": "Prod"})
    assert compiled(source, ignore_case=True).explain({}).asked == "matches /^prod$/i"


def test_regular_expressions_that_python_warns_of_are_taken_without_a_warning() -> None:
    assert compiled({"a": {"$regex": "[[a]"}}).matches({"a": "["})


def test_dotted_names_descend_into_objects_and_arrays() -> None:
    document = {"config": {"layers": [{"size": 3}, {"size": 5}, {}, 7], "lr": 0.1}}

    assert compiled({"config.lr": {"$lt": 1}}).matches(document)
    clause = compiled({"config.layers.size": 5}).explain(document)
    assert (clause.held, clause.found) == (True, [3, 5])
    assert compiled({"config.layers.1.size": 5}).explain(document).found == 5
    assert compiled({"config.layers.3": 7}).matches(document)
    assert compiled({"config.layers.3.size": 7}).explain(document).found is MISSING
    assert compiled({"config.lr.deeper": 1}).explain(document).found is MISSING
    assert compiled({"config.layers.nope": 1}).explain(document).found is MISSING
    assert compiled({"tags.name": 1}).explain({"tags": [1]}).found is MISSING


def test_elements_of_arrays_on_the_way_may_share_the_values_asked_for() -> None:
    document = {"layers": [{"kind": "conv"}, {"kind": "dense"}]}

    assert compiled({"layers.kind": {"$all": ["dense", "conv"]}}).matches(document)
    assert not compiled({"layers.kind": {"$all": ["dense", "pool"]}}).matches(document)


def test_a_filter_keeps_what_it_was_compiled_from() -> None:
    source = {"tags": {"$all": ["a", "b"]}}
    asked = compiled(source)
    before = copy.deepcopy(source)

    source["tags"]["$all"].append("c")

    assert asked.matches({"tags": ["a", "b"]})
    assert repr(compiled(before)) == f"Filter({before!r})"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({}, ""),
        ({"$or": [{"$and": []}]}, ""),
        ({"$or": []}, "nothing"),
        ({"$and": [{}, {"a": 1}]}, "anything and a = 1"),
        ({"a": 1, "b": {"$ne": "x"}}, "a = 1 and b ≠ 'x'"),
        ({"$or": [{"a": 1}, {"b": 2, "c": 3}]}, "a = 1 or (b = 2 and c = 3)"),
        ({"$nor": [{"a": 1}, {"b": 2}]}, "none of (a = 1, b = 2)"),
        ({"$not": {"$or": [{"a": 1}, {"b": 2}]}}, "not (a = 1 or b = 2)"),
        (
            {"a": {"$not": {"$regex": "^x", "$size": 1}}},
            "not (a matches /^x/ and a has 1 elements)",
        ),
        ({"a": {"$not": {"$not": {"$eq": 1}}}}, "not (not (a = 1))"),
        ({"config.lr": {"$gte": 0.1, "$lte": 0.5}}, "config.lr >= 0.1 and config.lr <= 0.5"),
        ({"a": {"$in": [1, None]}}, "a in [1, null]"),
        ({"a": {"$nin": [True]}}, "a not in [true]"),
        ({"a": {"$exists": True}}, "a exists"),
        ({"a": {"$exists": False}}, "a does not exist"),
        ({"a": {"$contains": "b"}}, "a contains 'b'"),
        ({"a": {"$gt": 1, "$lt": 3}}, "a > 1 and a < 3"),
        ({"a": {"$all": ["x"]}}, "a has all of ['x']"),
    ],
)
def test_filters_read_as_sentences(source: Any, sentence: str) -> None:
    assert compiled(source).describe() == sentence


@pytest.mark.parametrize(
    ("source", "path", "problem"),
    [
        ([], "", "expected an object, got []"),
        ("alias", "", "expected an object, got 'alias'"),
        ({1: 2}, "", "expected field names to be strings, got 1"),
        ({"a": {1: 2}}, "a", "expected field names to be strings, got 1"),
        ({"$or": [{"a": {"$like": 1}}]}, "$or[0].a.$like", "unknown operator $like"),
        ({"a": {"$regexp": "x"}}, "a.$regexp", "unknown operator $regexp; did you mean '$regex'?"),
        ({"$ands": []}, "$ands", "unknown operator $ands; did you mean '$and'?"),
        ({"$and": {"a": 1}}, "$and", "expected an array of filters, got {a: 1}"),
        ({"$and": [1]}, "$and[0]", "expected an object, got 1"),
        ({"$not": [{"a": 1}]}, "$not", "expected an object, got [{a: 1}]"),
        ({"$eq": "x"}, "$eq", "$eq needs a field: write {'FIELD': {'$eq': 'x'}}"),
        ({"a": {"$or": []}}, "a.$or", "$or combines filters and cannot stand at a field"),
        (
            {"a": {"$not": {"$and": [{"$gt": 1}, {"$lt": 3}]}}},
            "a.$not.$and",
            "$and combines filters and cannot stand at a field; "
            "write {'$not': {'a': {...}}} for several operators",
        ),
        ({"a": {"$eq": 1, "b": 2}}, "a.b", "'b' stands among operators, but is none"),
        ({"a": {}}, "a", "empty; expected an operator such as {'$eq': ...}"),
        ({"a": {"$not": {}}}, "a.$not", "empty; expected an operator such as {'$eq': ...}"),
        ({"a": {"$not": 5}}, "a.$not", "expected an object, got 5"),
        ({"a": {"$in": "x"}}, "a.$in", "expected an array, got 'x'"),
        ({"a": {"$gt": None}}, "a.$gt", "expected a number, a string or a boolean, got null"),
        ({"a": {"$gt": float("nan")}}, "a.$gt", "a boolean, got NaN"),
        ({"a": float("inf")}, "a", "Infinity is not a JSON value"),
        ({"a": {"$eq": {1, 2}}}, "a.$eq", "is not a JSON value"),
        ({"a": {"$in": [{"$gt": 1}]}}, "a.$in", "the operator $gt cannot stand inside a value"),
        ({"a": {"$exists": 1}}, "a.$exists", "expected true or false, got 1"),
        ({"a": {"$size": -1}}, "a.$size", "expected a whole number from 0 on, got -1"),
        ({"a": {"$size": True}}, "a.$size", "expected a whole number from 0 on, got true"),
        ({"a": {"$size": 1.0}}, "a.$size", "expected a whole number from 0 on, got 1"),
        ({"a": {"$contains": ["x"]}}, "a.$contains", "expected a string, got ['x']"),
        ({"a": {"$regex": 5}}, "a.$regex", "expected a string, got 5"),
        ({"a": {"$regex": "["}}, "a.$regex", "invalid regular expression '[': "),
        ({"a": {"$regex": "x{99999999999}"}}, "a.$regex", "invalid regular expression"),
        ({"a..b": 1}, "a..b", "'a..b' has an empty part"),
        ({"": 1}, "", "'' has an empty part"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_its_path(
    source: Any, path: str, problem: str
) -> None:
    error = refusal(source)

    assert error.path == path
    assert problem in error.problem
    assert str(error).startswith(f"invalid filter at {path or '(root)'}: ")


def test_unknown_operators_without_a_likeness_are_answered_with_the_known_ones() -> None:
    assert "(known: $and, $or, $nor, $not, $eq, " in refusal({"a": {"$zz": 1}}).problem


def test_paths_begin_where_the_filter_stands() -> None:
    assert refusal({"$and": [{"a": {"$x": 1}}]}, where="run_filter").path == (
        "run_filter.$and[0].a.$x"
    )
    assert compiled({"a": 1}, where="run_filter").explain({}).path == "run_filter.a"


def test_only_known_fields_may_be_used() -> None:
    error = refusal({"$and": [{"alais": "prod"}]}, fields=("alias", "config.*"))

    assert error.path == "$and[0].alais"
    assert error.problem == (
        "unknown field 'alais'; did you mean 'alias'? (known: alias, config.*)"
    )
    assert refusal({"a": 1}, fields=()).problem == "unknown field 'a' (known: none)"


def test_a_star_stands_for_every_name_below() -> None:
    compile_filter({"config.a.b": 1}, fields=["config.*"])

    assert "unknown field" in refusal({"config": {"$exists": True}}, fields=["config.*"]).problem
    assert "unknown field" in refusal({"configs.a": 1}, fields=["config.*"]).problem


@pytest.mark.parametrize(
    "source",
    [
        '{"$and": [' * 200 + "{}" + "]}" * 200,
        '{"$not": ' * 500 + "{}" + "}" * 500,
        '{"a": ' + '{"$not": ' * 500 + '{"$eq": 1}' + "}" * 501,
        '{"a": ' + "[" * 500 + "]" * 500 + "}",
        '{"a": ' + '{"b": ' * 500 + "1" + "}" * 501,
    ],
)
def test_bottomless_filters_are_refused(source: str) -> None:
    assert refusal(json.loads(source)).problem == "nested more than 64 levels deep"


@pytest.mark.parametrize("level", [64, 65])
@pytest.mark.parametrize(
    "nest",
    [
        lambda level: json.loads('{"$and": [' * level + "{}" + "]}" * level),
        lambda level: json.loads('{"a": ' + '{"$not": ' * level + '{"$eq": 1}' + "}" * (level + 1)),
        # An array below the first one is a level.
        lambda level: json.loads('{"a": ' + "[" * (level + 1) + "]" * (level + 1) + "}"),
    ],
    ids=["groups", "$not", "operand"],
)
def test_64_levels_are_as_deep_as_a_filter_may_be(nest: Any, level: int) -> None:
    if level > 64:
        assert refusal(nest(level)).problem == "nested more than 64 levels deep"
    else:
        compiled(nest(level))


@pytest.mark.parametrize("field", ["config.*", "config.a.*", "config.$x", "*", "$x.a"])
def test_a_star_or_an_operator_is_no_name(field: str) -> None:
    assert refusal({"$and": [{field: 3}]}, fields=["config.*"]).path.startswith("$and[0].")


def test_a_star_is_no_near_miss_of_itself() -> None:
    assert refusal({"config.*": 3}, fields=["config.*"]).problem == (
        "'config.*' has a '*' where a name is to stand"
    )


@pytest.mark.parametrize("pattern", ["[[:alpha:]]+", "^[[:^digit:]]"])
def test_classes_that_python_would_misread_are_refused(pattern: str) -> None:
    problem = refusal({"a": {"$regex": pattern}}).problem

    assert problem.startswith(f"invalid regular expression {pattern!r}: it is read as Python's")


def test_a_size_that_is_no_whole_number_is_shown_as_it_is_written() -> None:
    assert refusal({"a": {"$size": 1.0}}).problem == "expected a whole number from 0 on, got 1.0"
