"""From `schema.graphql` and resolver functions to a schema that executes."""

from __future__ import annotations

import builtins
import keyword
import re
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    ScalarTypeDefinitionNode,
    extend_schema,
    get_named_type,
    parse,
)

from pytest_wandb_automations.errors import WandbAutomationsError
from pytest_wandb_automations.graphql.scalars import scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLField, GraphQLNamedType

    from pytest_wandb_automations.graphql.resolvers import Info, Resolver

__all__ = ["NotSimulated", "load_schema", "python_name", "schema_text", "unresolved_fields"]

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_RESERVED = frozenset(dir(builtins)) | frozenset(keyword.kwlist)


class NotSimulated(WandbAutomationsError):
    """A field of W&B's API that the schema knows and nothing in this backend answers.

    501 is the one status above 500 that the SDK does not retry.
    """

    status = 501


def schema_text() -> str:
    """Return the schema in GraphQL's definition language, as shipped."""
    return files("pytest_wandb_automations.graphql").joinpath("schema.graphql").read_text("utf-8")


@cache
def python_name(name: str) -> str:
    """Write a GraphQL name the way Python does: `scopeID` as `scope_id`, `md5` as it is."""
    return _WORD_STARTS.sub("_", name).lower()


def load_schema(functions: Mapping[str, Resolver]) -> GraphQLSchema:
    """Build the schema and bind resolver functions by coordinate (`Type.field`).

    A field without a function reads the attribute of the same name in snake case from its source,
    or the key if the source is a dict, and calls it if it is callable. Two kinds of fields have no
    such default and answer `NotSimulated`: those of `Query` and `Mutation`, and those that take
    arguments, so that no argument is ever ignored in silence.

    Raises `ValueError` when a coordinate names a type or field that the schema does not have.
    """
    document = parse(schema_text(), no_location=True)
    scalars = [node for node in document.definitions if isinstance(node, ScalarTypeDefinitionNode)]
    others = [node for node in document.definitions if node not in scalars]
    base = GraphQLSchema(
        types=[
            scalar(node.name.value, node.description and node.description.value) for node in scalars
        ]
    )
    schema = extend_schema(base, DocumentNode(definitions=tuple(others)), assume_valid=True)

    unknown = [name for name in functions if not _has_field(schema, name)]
    if unknown:
        raise ValueError(
            f"resolvers for fields that the schema does not have: {', '.join(unknown)}"
        )
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLInputObjectType):
            for name, input_field in type_.fields.items():
                input_field.out_name = _argument_name(name)
        elif isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                field.resolve = _bound(schema, type_, name, field, functions)
                for argument_name, argument in field.args.items():
                    argument.out_name = _argument_name(argument_name)
    return schema


def unresolved_fields(schema: GraphQLSchema, functions: Mapping[str, Resolver]) -> list[str]:
    """Return the coordinates that would answer `NotSimulated`."""
    return [
        f"{type_.name}.{name}"
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
        for name, field in type_.fields.items()
        if _needs_function(schema, type_, field) and _function(type_, name, functions) is None
    ]


def _argument_name(name: str) -> str:
    name = python_name(name)
    return f"{name}_" if name in _RESERVED else name


def _has_field(schema: GraphQLSchema, coordinate: str) -> bool:
    type_name, _, field_name = coordinate.partition(".")
    type_ = schema.get_type(type_name)
    return (
        isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)) and field_name in type_.fields
    )


def _needs_function(schema: GraphQLSchema, type_: GraphQLObjectType, field: GraphQLField) -> bool:
    return type_ in (schema.query_type, schema.mutation_type) or bool(field.args)


def _function(
    type_: GraphQLObjectType, name: str, functions: Mapping[str, Resolver]
) -> Resolver | None:
    for owner in (type_, *type_.interfaces):
        function = functions.get(f"{owner.name}.{name}")
        if function is not None:
            return function
    return None


def _bound(
    schema: GraphQLSchema,
    type_: GraphQLObjectType,
    name: str,
    field: GraphQLField,
    functions: Mapping[str, Resolver],
) -> Resolver:
    function = _function(type_, name, functions)
    if function is None:
        if _needs_function(schema, type_, field):
            return _not_simulated(f"{type_.name}.{name}")
        function = _reader(name)
    elif type_ is schema.mutation_type:
        function = _mutation(function)
    returned = cast("object", field.type)  # pyright: ignore[reportUnknownMemberType]  # generic there
    if isinstance(get_named_type(cast("GraphQLNamedType", returned)), GraphQLEnumType):
        return _enum_value(function)
    return function


def _not_simulated(coordinate: str) -> Resolver:
    def refuse(_source: object, _info: Info, **_arguments: object) -> object:
        raise NotSimulated(f"{coordinate} is not simulated by this backend")

    return refuse


def _reader(name: str) -> Resolver:
    """Read a field from its source: one closure a field, as it runs for every value answered."""
    attribute = python_name(name)

    def read(source: Any, _info: Info) -> Any:
        if isinstance(source, dict):
            entries = cast("dict[str, Any]", source)
            value = entries[attribute] if attribute in entries else entries.get(name)
        else:
            value = getattr(source, attribute)
        return value() if callable(value) else value

    return read


def _mutation(function: Resolver) -> Resolver:
    def mutate(source: object, info: Info, *, input_: dict[str, Any]) -> object:
        mutation_id = input_.pop("client_mutation_id", None)
        payload = function(source, info, **input_)
        if payload is None or mutation_id is None:
            return payload
        return {**payload, "client_mutation_id": mutation_id}

    return mutate


def _enum_value(function: Resolver) -> Resolver:
    """Let a resolver answer with a Python enum, whose members hash unlike their values."""

    def resolve(source: object, info: Info, **arguments: object) -> object:
        value = function(source, info, **arguments)
        return value.value if isinstance(value, Enum) else value

    return resolve
