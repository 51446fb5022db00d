"""Executes GraphQL requests: documents cached by text, errors with the HTTP status they mean."""

from __future__ import annotations

import logging
import pkgutil
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    ValueNode,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]  # its own annotations are partial
    parse,
    validate,
)

from pytest_wandb_automations.errors import WandbAutomationsError
from pytest_wandb_automations.graphql.resolvers import resolver
from pytest_wandb_automations.graphql.schema import load_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_wandb_automations.graphql.resolvers import Resolver

__all__ = ["Engine", "Result", "engine", "execute"]

_log = logging.getLogger(__name__)

_UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'\.(.*)")
"""How graphql-core says it."""

_BAD_REQUEST = 400
_DEFECT = 422
"""A defect of the kit. 422 because the SDK retries 5xx for minutes before it reports them."""


@dataclass(frozen=True)
class Result:
    """The answer to a GraphQL request, and the HTTP status that carries it.

    `status` is 200, or the one of the first error that the kit raised on purpose. W&B's clients
    act on the status: answered with 200, an error reaches the SDK without its meaning.
    """

    data: dict[str, Any] | None
    errors: list[dict[str, Any]]
    status: int

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object to answer with; `errors` is left out when there are none."""
        return {"data": self.data, "errors": self.errors} if self.errors else {"data": self.data}


@dataclass(frozen=True)
class _Document:
    """A document as far as it can be understood without variables."""

    ast: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    names: tuple[str | None, ...] = ()


class Engine:
    """Executes documents against the schema with a set of resolver functions.

    One engine serves any number of worlds at a time: what differs between them is the context.
    Parsing and validation are by far the most expensive part of a request, and clients send few
    texts many times: the last `documents` texts are kept, with what was wrong with them if
    something was.
    """

    def __init__(self, functions: Mapping[str, Resolver], *, documents: int = 512) -> None:
        self.schema = load_schema(functions)
        self._understand = lru_cache(documents)(self._parse_and_validate)

    def execute(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        context: object = None,
    ) -> Result:
        """Execute one operation of `query`; never raises.

        Errors that the kit raises on purpose give their own status, whatever the document or the
        variables do wrong gives 400, and anything else is a defect of the kit: 422, with the
        traceback in the log.
        """
        problem = _malformed(query, variables, operation_name)
        if problem:
            return _refused([GraphQLError(problem)], None)
        document = self._understand(query)
        secret = "secretValue" in query or _carries_secret(variables)
        name = operation_name or (document.names[0] if len(document.names) == 1 else None)
        if document.ast is None:
            return _refused(document.errors, name, secret=secret)
        result = execute_sync(
            self.schema,
            document.ast,
            variable_values=variables,
            operation_name=operation_name or None,
            context_value=context,
            type_resolver=_type_name,
        )
        if not result.errors:
            return Result(result.data, [], 200)
        return _answered_with_errors(result.data, result.errors, name, secret=secret)

    def operation(self, query: object, operation_name: object) -> str | None:
        """Return the name of the operation that a request asks for, if it has one."""
        if isinstance(operation_name, str) and operation_name:
            return operation_name
        names = self._understand(query).names if isinstance(query, str) else ()
        return names[0] if len(names) == 1 else None

    def _parse_and_validate(self, query: str) -> _Document:
        try:
            ast = parse(query)
            errors = validate(self.schema, ast)
        except GraphQLError as error:
            return _Document(None, (error,))
        except RecursionError:
            return _Document(None, (GraphQLError("the document is nested too deeply"),))
        names = tuple(
            node.name.value if node.name else None
            for node in ast.definitions
            if isinstance(node, OperationDefinitionNode)
        )
        return _Document(None if errors else ast, tuple(errors), names)


@cache
def engine() -> Engine:
    """Return the process's engine, with the resolvers of every module in this package."""
    package = import_module(__package__ or "")
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    return Engine(resolver.functions)


def execute(
    query: str,
    variables: dict[str, Any] | None,
    operation_name: str | None,
    context: object,
) -> Result:
    """Execute one operation with the process's engine; see `Engine.execute`."""
    return engine().execute(query, variables, operation_name, context)


def _malformed(query: object, variables: object, operation_name: object) -> str | None:
    # The three come out of a client's JSON as they are.
    if not isinstance(query, str):
        return f"query: expected a GraphQL document in a string, got {type(query).__name__}"
    if variables is not None and not isinstance(variables, dict):
        return f"variables: expected an object, got {type(variables).__name__}"
    if operation_name is not None and not isinstance(operation_name, str):
        return f"operationName: expected a string, got {type(operation_name).__name__}"
    return None


def _type_name(value: Any, _info: object, _abstract_type: object) -> str:
    if isinstance(value, dict):
        return cast("dict[str, str]", value)["__typename"]
    return value.typename__


def _refused(
    errors: Iterable[GraphQLError], operation: str | None, *, secret: bool = False
) -> Result:
    formatted = [
        _formatted(
            error,
            _described(
                error,
                operation,
                "the document is malformed here; not shown, it carries a secret"
                if secret and _may_quote_a_value(error)
                else _with_unknown_fields_explained(error.message),
            ),
        )
        for error in errors
    ]
    return Result(None, formatted, _BAD_REQUEST)


def _answered_with_errors(
    data: dict[str, Any] | None,
    errors: Iterable[GraphQLError],
    operation: str | None,
    *,
    secret: bool,
) -> Result:
    statuses: list[int] = []
    meant: list[int] = []
    formatted: list[dict[str, Any]] = []
    for error in errors:
        cause = _cause(error)
        message = error.message
        if isinstance(cause, WandbAutomationsError):
            status = cause.status
            meant.append(status)
        elif _is_the_requests_fault(error):
            status = _BAD_REQUEST
            if secret and error.nodes:
                message = "the variables do not fit the document; not shown, they carry a secret"
        else:
            status = _DEFECT
            message = (
                f"defect of pytest-wandb-automations, please report it: {_told(cause, message)}"
            )
            _log.error("%s", _described(error, operation, message), exc_info=cause)
        statuses.append(status)
        formatted.append(_formatted(error, _described(error, operation, message)))
    return Result(data, formatted, (meant or statuses)[0])


def _cause(error: GraphQLError) -> BaseException:
    """Follow graphql-core's wrappers to what a resolver raised."""
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _is_the_requests_fault(error: GraphQLError) -> bool:
    # Without a path nothing was executed yet: variables or operation name. With one it is the
    # request's fault when it points to an argument that its variable leaves without a value; what
    # resolvers raise, and values that their types refuse, point to the field.
    return error.path is None or not (error.nodes and isinstance(error.nodes[0], FieldNode))


def _with_unknown_fields_explained(message: str) -> str:
    """Say of a field that the schema lacks that W&B may have it all the same."""
    found = _UNKNOWN_FIELD.match(message)
    if found is None:
        return message
    field, type_, suggestions = found.groups()
    return f"{type_}.{field} is not simulated by this backend, if W&B has it.{suggestions}"


def _may_quote_a_value(error: GraphQLError) -> bool:
    # Errors of the parser have no nodes, and quote whatever they stumble over.
    return not error.nodes or isinstance(error.nodes[0], ValueNode)


def _carries_secret(value: object) -> bool:
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value)
        return "secretValue" in entries or any(map(_carries_secret, entries.values()))
    return False


def _told(cause: BaseException, message: str) -> str:
    return message if isinstance(cause, GraphQLError) else f"{type(cause).__name__}: {cause}"


def _described(error: GraphQLError, operation: str | None, message: str) -> str:
    """Put the operation and the field in front of a message.

    The field is written with its own name even where the document gives it another one. A message
    about an argument begins with `input.` and continues the field's path.
    """
    where = [str(key) for key in error.path or () if isinstance(key, str)]
    if where and error.nodes and isinstance(error.nodes[0], FieldNode):
        where[-1] = error.nodes[0].name.value
    field = ".".join(where)
    if field and message.startswith("input."):
        field, message = "", f"{field}.{message}"
    return ": ".join(part for part in (operation, field, message) if part)


def _formatted(error: GraphQLError, message: str) -> dict[str, Any]:
    return {**error.formatted, "message": message}
