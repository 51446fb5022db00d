"""Compiled filters and mgqpy, an independent evaluator of MongoDB's filters, agree.

Filters are drawn from the operators that both know. The differences that the docstring of
`rules.filters` lists are kept out of the draw, or translated where mgqpy can say the same.
"""

from __future__ import annotations

from typing import Any

import mgqpy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_wandb_automations.rules import MISSING, Clause, compile_filter

deterministic = settings(derandomize=True, deadline=None, max_examples=300)
thorough = settings(deterministic, max_examples=2000)

numbers = st.one_of(
    st.integers(-2, 3),
    st.sampled_from([0.0, -0.0, 1.0, 1.5, 2.0, 2**53, 2**53 + 1, float(2**53)]),
)
texts = st.sampled_from(["", "a", "b", "ab", "A", "1", "prod", "staging", "ä"])
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
keys = st.sampled_from(["a", "b", "0"])


def sorted_keys(members: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(members.items()))


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3).map(sorted_keys)
    )


values = st.recursive(scalars, containers, max_leaves=8)
documents = st.dictionaries(keys, st.one_of(values, st.just(float("nan"))), max_size=3).map(
    sorted_keys
)
# Paths through arrays: few keys, much nesting, so that a path mostly leads somewhere.
nested = st.recursive(
    st.one_of(st.integers(0, 2), st.sampled_from(["a", None])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "0"]), inner, max_size=2)
    ),
    max_leaves=6,
)
paths = st.lists(st.sampled_from(["a", "0", "1", "01"]), max_size=2).map(
    lambda parts: ".".join(["a", *parts])
)
fields = st.lists(st.sampled_from(["a", "b", "0", "1", "01"]), min_size=1, max_size=3).map(".".join)

expressions = st.deferred(
    lambda: st.lists(operators, min_size=1, max_size=2).map(
        lambda chosen: {name: operand for one in chosen for name, operand in one.items()}
    )
)
operators = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne"]), values),
    st.tuples(
        st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), st.one_of(st.booleans(), numbers, texts)
    ),
    st.tuples(st.sampled_from(["$in", "$nin", "$all"]), st.lists(values, max_size=3)),
    st.tuples(st.just("$exists"), st.booleans()),
    st.tuples(st.just("$size"), st.integers(0, 3)),
    st.tuples(st.just("$regex"), st.sampled_from(["a", "^a$", "^$", "(?i)prod", "[ab]+", "g$"])),
    st.tuples(st.just("$not"), expressions),
).map(lambda pair: {pair[0]: pair[1]})

literals = values.filter(lambda value: value != {})
conditions = st.tuples(fields, st.one_of(expressions, literals)).map(lambda pair: dict([pair]))
filters = st.recursive(
    st.one_of(
        st.just({}), conditions, st.tuples(conditions, conditions).map(lambda p: p[0] | p[1])
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).flatmap(
            lambda members: st.sampled_from([{name: members} for name in ("$and", "$or", "$nor")])
        ),
        inner.map(lambda member: {"$not": member}),
    ),
    max_leaves=5,
)


def for_mgqpy(source: Any) -> Any:
    """Translate `$not` around filters, which mgqpy knows by the name of `$nor` of one."""
    translated: dict[str, Any] = {}
    for key, operand in source.items():
        if key == "$not":
            translated["$nor"] = [for_mgqpy(operand)]
        elif key.startswith("$"):
            translated[key] = [for_mgqpy(member) for member in operand]
        else:
            translated[key] = operand
    return translated


@deterministic
@given(documents, filters)
def test_filters_match_what_mgqpy_matches(document: Any, source: Any) -> None:
    compiled = compile_filter(source, fields=None)

    assert compiled.matches(document) is mgqpy.Query(for_mgqpy(source)).test(document)


@deterministic
@given(documents, conditions)
def test_single_conditions_match_what_mgqpy_matches(document: Any, source: Any) -> None:
    compiled = compile_filter(source, fields=None)

    assert compiled.matches(document) is mgqpy.Query(source).test(document)


@thorough
@given(nested, paths, st.one_of(operators, st.integers(0, 2)))
@example([[1], 2], "a", {"$size": 1})
@example([[1], 2], "a.0", 1)
@example([0, 1], "a.01", 1)
@example([[0, 1], 2], "a.0", {"$in": [1]})
@example([{"0": 1}, [1]], "a.0", 1)
def test_paths_through_arrays_lead_where_mgqpys_lead(value: Any, path: str, asked: Any) -> None:
    compiled = compile_filter({path: asked}, fields=None)

    assert compiled.matches({"a": value}) is mgqpy.Query({path: asked}).test({"a": value})


@settings(deterministic, max_examples=100)
@given(documents, filters)
def test_groups_hold_exactly_when_their_children_say_so(document: Any, source: Any) -> None:
    def check(clause: Clause) -> None:
        held = [child.held for child in clause.children]
        expected = {
            "all of": all(held),
            "any of": any(held),
            "none of": not any(held),
            "not": not any(held),
        }
        if held:
            assert clause.held is expected[clause.asked]
        for child in clause.children:
            check(child)

    check(compile_filter(source, fields=None).explain(document))


@settings(deterministic, max_examples=50)
@given(documents, filters)
def test_documents_may_be_functions(document: Any, source: Any) -> None:
    compiled = compile_filter(source, fields=None)

    by_name = compiled.explain(lambda name: document.get(name, MISSING))
    assert repr(by_name) == repr(compiled.explain(document))
