"""The schema against the SDK's generated models: what may be null, and what may be left out.

For each operation an answer is made up from the schema alone. Then every value in it becomes null,
one at a time: the SDK's model must accept that exactly where the schema allows it.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    parse,
    type_from_ast,
)
from pydantic import ValidationError

from pytest_wandb_automations.graphql.schema import load_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("wandb")

PACKAGES = (
    "wandb.apis._generated",
    "wandb.automations._generated",
    "wandb.sdk.artifacts._generated",
    "wandb.sdk.internal._generated",
)
NOT_SIMULATED = {
    "GetAgentRuns",
    "GetSweep",
    "GetSweepAgent",
    "GetSweepAgents",
    "GetSweepLegacy",
    "GetSweeps",
}

SAMPLES = {
    "Boolean": True,
    "DateTime": "2025-01-31T12:00:00Z",
    "Float": 0.5,
    "ID": "VHJpZ2dlcjox",
    "Int": 1,
    "Int64": 1,
    "JSON": {},
    "JSONString": "{}",
    "String": "text",
}

Path = tuple[Any, ...]  # keys and indices


def _operations() -> Iterator[Any]:
    for package in PACKAGES:
        module = import_module(f"{package}.operations")
        for constant in module.__all__:
            text = getattr(module, constant)
            name = next(
                node.name.value
                for node in parse(text).definitions
                if isinstance(node, OperationDefinitionNode) and node.name
            )
            if name not in NOT_SIMULATED:
                yield pytest.param(package, text, name, id=f"{package.split('.')[-2]}-{name}")


def _models(part: str, base: str) -> Iterator[Any]:
    for package in PACKAGES:
        module = import_module(f"{package}.{part}")
        for name, value in vars(module).items():
            is_own = getattr(value, "__module__", "") == module.__name__
            if is_own and any(ancestor.__name__ == base for ancestor in value.__mro__[1:]):
                yield pytest.param(value, id=f"{package.split('.')[-2]}-{name}")


@cache
def _schema() -> GraphQLSchema:
    return load_schema({})


class Answer:
    """An answer made up for one operation, every value in it given.

    Where the schema leaves a choice of types, all fields of that kind take the nth possible type,
    round and round.
    """

    def __init__(self, text: str, choice: int) -> None:
        definitions = parse(text).definitions
        self._fragments = {
            node.name.value: node
            for node in definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._choice = choice
        self.nullable: dict[Path, bool] = {}
        self.most_types = 1
        operation = next(node for node in definitions if isinstance(node, OperationDefinitionNode))
        root = _schema().get_root_type(operation.operation)
        self.data = self._object(root, [operation.selection_set], ())

    def _object(self, type_: Any, selection_sets: list[Any], path: Path) -> dict[str, Any]:
        if is_abstract_type(type_):
            # A type of which the operation selects nothing, not even its name, is none the SDK
            # could tell from another: it expects no such answer there.
            possible = [
                each
                for each in sorted(_schema().get_possible_types(type_), key=lambda one: one.name)
                if any(self._selected(each, selection_sets))
            ]
            self.most_types = max(self.most_types, len(possible))
            type_ = possible[self._choice % len(possible)]
        data: dict[str, Any] = {}
        for key, nodes in self._selected(type_, selection_sets).items():
            name = nodes[0].name.value
            if name == "__typename":
                data[key] = type_.name
                continue
            field_type = type_.fields[name].type
            # The SDK's models do not mind when a field is missing that its query may leave out.
            if not nodes[0].directives:
                self.nullable[(*path, key)] = not is_non_null_type(field_type)
            below = [node.selection_set for node in nodes if node.selection_set]
            data[key] = self._value(field_type, below, (*path, key))
        return data

    def _selected(self, type_: Any, selection_sets: list[Any]) -> dict[str, list[FieldNode]]:
        fields: dict[str, list[FieldNode]] = {}
        for selection_set in selection_sets:
            self._collect(type_, selection_set, fields)
        return fields

    def _collect(self, type_: Any, selection_set: Any, fields: dict[str, list[FieldNode]]) -> None:
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                fields.setdefault(key, []).append(node)
                continue
            if isinstance(node, FragmentSpreadNode):
                node = self._fragments[node.name.value]
            condition: Any = type_from_ast(_schema(), node.type_condition)
            if condition is type_ or (
                is_abstract_type(condition) and _schema().is_sub_type(condition, type_)
            ):
                self._collect(type_, node.selection_set, fields)

    def _value(self, type_: Any, selection_sets: list[Any], path: Path) -> Any:
        if is_non_null_type(type_):
            type_ = type_.of_type
        if is_list_type(type_):
            self.nullable[(*path, 0)] = not is_non_null_type(type_.of_type)
            return [self._value(type_.of_type, selection_sets, (*path, 0))]
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        if is_leaf_type(type_):
            return SAMPLES[type_.name]
        return self._object(type_, selection_sets, path)

    @contextmanager
    def null_at(self, path: Path) -> Iterator[dict[str, Any]]:
        """Let one value of the answer be null for a moment."""
        inner: Any = self.data
        for step in path[:-1]:
            inner = inner[step]
        value, inner[path[-1]] = inner[path[-1]], None
        yield self.data
        inner[path[-1]] = value


def _accepts(model: Any, data: dict[str, Any]) -> bool:
    try:
        model.model_validate(data)
    except ValidationError:
        return False
    return True


def _wrong_nulls(model: Any, answer: Answer) -> Iterator[str]:
    for path, nullable in answer.nullable.items():
        with answer.null_at(path) as data:
            accepted = _accepts(model, data)
        if accepted != nullable:
            place = ".".join(map(str, path))
            yield f"{place}: {'nullable' if nullable else 'non-null'} in the schema, not in the SDK"


@pytest.mark.parametrize(("package", "text", "name"), list(_operations()))
def test_answers_are_as_strict_about_null_as_the_sdk(package: str, text: str, name: str) -> None:
    model = getattr(import_module(package), name)
    most_types = Answer(text, 0).most_types

    for choice in range(most_types):
        answer = Answer(text, choice)
        model.model_validate(answer.data)
        assert list(_wrong_nulls(model, answer)) == []


@pytest.mark.parametrize("model", list(_models("input_types", "GQLInput")))
def test_inputs_have_the_fields_that_the_sdk_sends(model: Any) -> None:
    type_ = _schema().type_map[model.__name__]
    assert isinstance(type_, GraphQLInputObjectType)

    sent = {field.alias or name: field.is_required() for name, field in model.model_fields.items()}
    assert {name: is_required_input_field(field) for name, field in type_.fields.items()} == sent


@pytest.mark.parametrize("model", list(_models("enums", "Enum")))
def test_enums_have_the_values_that_the_sdk_knows(model: Any) -> None:
    type_ = get_named_type(_schema().type_map[model.__name__])
    assert isinstance(type_, GraphQLEnumType)

    assert set(type_.values) == {member.value for member in model}


def test_a_null_that_the_sdk_refuses_would_be_noticed() -> None:
    from wandb.automations._generated import DELETE_AUTOMATION_GQL, DeleteAutomation

    answer = Answer(DELETE_AUTOMATION_GQL, 0)
    answer.nullable[("result", "success")] = True

    assert list(_wrong_nulls(DeleteAutomation, answer)) == [
        "result.success: nullable in the schema, not in the SDK"
    ]
