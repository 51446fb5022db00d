"""The HTTP API of one world: a request in, a response out."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.errors import (
    InvalidInput,
    NotFound,
    Unauthorized,
    WandbAutomationsError,
)
from pytest_wandb_automations.graphql.context import Context
from pytest_wandb_automations.graphql.execution import engine, execute
from pytest_wandb_automations.http.file_stream import answer_file_stream
from pytest_wandb_automations.http.messages import Request, Response, json_response
from pytest_wandb_automations.http.storage import ARTIFACTS, answer_artifacts, answer_storage
from pytest_wandb_automations.world.journal import Refused
from pytest_wandb_automations.world.storage import STORAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.faults import GraphqlFault
    from pytest_wandb_automations.world.world import World

__all__ = ["answer", "refuse"]

_log = logging.getLogger(__name__)

_DEFECT = 422
"""A defect of the kit. 422 because the SDK retries 5xx for minutes before it reports them."""


def answer(world: World, request: Request) -> Response:
    """Answer a request to a world; what is wrong with it is a 4xx that says so."""
    try:
        if request.path.startswith(STORAGE):
            return answer_storage(world, request)
        user = _authenticate(world, request)
        if request.path == "/graphql":
            return _graphql(world, user, request)
        if request.path.endswith("/file_stream"):
            return answer_file_stream(world, user, request)
        if request.path.startswith(ARTIFACTS):
            return answer_artifacts(Context(world, user), request)
        raise NotFound(f"nothing at {request.path}; GraphQL is at /graphql")
    except WandbAutomationsError as error:
        return refuse(error)
    except RecursionError:
        # Where it happens depends on the depth: reading, coercing or showing a value.
        return refuse(InvalidInput("the body is nested too deeply"))
    except Exception as error:  # noqa: BLE001  # it is logged, with its traceback
        told = f"{request.method} {request.path}: {type(error).__name__}: {error}"
        _log.exception("%s", told)
        return _errors(f"defect of pytest-wandb-automations, please report it: {told}", _DEFECT)


def refuse(error: WandbAutomationsError) -> Response:
    """Return an error in the form of GraphQL's, which the SDK reads for its message."""
    return _errors(str(error), error.status)


def _errors(message: str, status: int) -> Response:
    return json_response({"errors": [{"message": message}], "data": None}, status)


def _authenticate(world: World, request: Request) -> User:
    key = request.api_key
    if key is None:
        raise Unauthorized("no API key: expected HTTP Basic 'api:<key>' or a bearer token")
    user = world.directory.user_of_key(key)
    if user is None:
        raise Unauthorized(f"API key {key[:4]}… belongs to nobody in this world")
    return user


def _graphql(world: World, user: User, request: Request) -> Response:
    if request.method != "POST":
        raise InvalidInput(f"{request.method} {request.path}: GraphQL is asked with POST")
    body = request.json_object()
    fault = _fault(world, user, body)
    if fault is None:
        return _executed(world, user, body, request)
    # A client in process has no socket to give up on: it is told that it did.
    patience = math.inf if request.timeout is None else request.timeout
    late = fault.delay >= patience
    if fault.delay:
        world.faults.wait(min(fault.delay, patience))
    if fault.drop:
        return Response(0, lost="late" if late else "dropped")
    if fault.errors:
        response = json_response({"errors": fault.errors, "data": None}, fault.status)
    else:
        response = _executed(world, user, body, request)
    return replace(response, lost="late") if late else response


def _fault(world: World, user: User, body: Mapping[str, Any]) -> GraphqlFault | None:
    if not world.faults.of_requests:
        return None
    operation = engine().operation(body.get("query"), body.get("operationName"))
    return world.faults.meet_request(operation, user)


def _executed(world: World, user: User, body: Mapping[str, Any], request: Request) -> Response:
    with world.acting(user):
        result = execute(
            cast("str", body.get("query")),
            body.get("variables"),
            body.get("operationName"),
            Context(world, user, request.base_url, request.is_connected),
        )
    if result.errors:
        operation = engine().operation(body.get("query"), body.get("operationName"))
        told = str(result.errors[0]["message"])
        world.journal.add(Refused(operation, user.username, result.status, told))
    return json_response(result.body, result.status)
