"""The HTTP API of one world: a request in, a response out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.errors import (
    InvalidInput,
    NotFound,
    Unauthorized,
    WandbAutomationsError,
)
from pytest_wandb_automations.graphql.context import Context
from pytest_wandb_automations.graphql.execution import execute
from pytest_wandb_automations.http.messages import Request, Response, json_response

if TYPE_CHECKING:
    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.world import World

__all__ = ["answer", "refuse"]


def answer(world: World, request: Request) -> Response:
    """Answer a request to a world; what is wrong with it is a 4xx that says so, never an exception."""
    try:
        user = _authenticate(world, request)
        if request.path != "/graphql":
            raise NotFound(f"nothing at {request.path}; GraphQL is at /graphql")
        if request.method != "POST":
            raise InvalidInput(f"{request.method} {request.path}: GraphQL is asked with POST")
        return _graphql(world, user, request)
    except WandbAutomationsError as error:
        return refuse(error)


def refuse(error: WandbAutomationsError) -> Response:
    """Return an error in the form of GraphQL's, which the SDK reads for its message."""
    return json_response({"errors": [{"message": str(error)}], "data": None}, error.status)


def _authenticate(world: World, request: Request) -> User:
    key = request.api_key
    if key is None:
        raise Unauthorized("no API key: expected HTTP Basic 'api:<key>' or a bearer token")
    user = world.directory.user_of_key(key)
    if user is None:
        raise Unauthorized(f"API key {key[:4]}… belongs to nobody in this world")
    return user


def _graphql(world: World, user: User, request: Request) -> Response:
    body = _json_object(request.content())
    with world.acting(user):
        result = execute(
            cast("str", body.get("query")),
            body.get("variables"),
            body.get("operationName"),
            Context(world, user),
        )
    return json_response(result.body, result.status)


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the body is no JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidInput(
            f"the body is a JSON {type(body).__name__}; "
            'expected an object {"query": …, "variables": …}'
        )
    return cast("dict[str, Any]", body)
