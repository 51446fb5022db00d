"""`POST /files/<entity>/<project>/<run>/file_stream`: what a run's process sends of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.http.messages import Response, json_response
from pytest_wandb_automations.world.file_stream import Chunk, Transmission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_wandb_automations.http.messages import Request
    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.world import World

__all__ = ["answer_file_stream"]

_PARTS = 6  # "", "files", entity, project, run, "file_stream"

_WRITER = "x-wandb-async-client-id"
"""A header that wandb-core sends in `mode="shared"` alone."""


def answer_file_stream(world: World, user: User, request: Request) -> Response:
    """Take in a request and answer with what the server has to say to the run.

    `stopped` asks the process to stop; `exitcode` and `limits` are as wandb-core expects them.
    """
    if request.method != "POST":
        raise InvalidInput(f"{request.method} {request.path}: the file stream takes POST")
    sent = _transmission(request.json_object(), request.headers.get(_WRITER))
    with world.acting(user):
        run = _run(world, user, request.path)
        user.check_may_write(run.project)
        run.is_connected = request.is_connected
        run.file_stream.receive(sent)
        return json_response({"exitcode": None, "limits": {}, "stopped": run.stopped})


def _run(world: World, user: User, path: str) -> Run:
    parts = path.split("/")
    if len(parts) != _PARTS or parts[1] != "files":
        raise NotFound(f"nothing at {path}; expected /files/<entity>/<project>/<run>/file_stream")
    run = world.projects.find_run("/".join(parts[2:5]))
    if not user.may_see(run.project.entity):
        raise NotFound(f"no run {run.path!r}")
    return run


def _transmission(body: Mapping[str, Any], writer: str | None) -> Transmission:
    files = _checked(body, "files", dict, {})
    return Transmission(
        chunks={str(name): _chunk(str(name), chunk) for name, chunk in files.items()},
        preempting=_checked(body, "preempting", bool, default=False),
        complete=_checked(body, "complete", bool, default=False),
        exit_code=_checked(body, "exitcode", int, 0),
        writer=writer,
    )


def _chunk(name: str, chunk: object) -> Chunk:
    if not isinstance(chunk, dict):
        raise InvalidInput(f"files.{name}: expected an object, got {chunk!r}")
    fields = cast("dict[str, Any]", chunk)
    offset: int = _checked(fields, "offset", int, 0, f"files.{name}.")
    lines: Any = fields.get("content")
    if isinstance(lines, str):
        lines = [lines]
    content: list[Any] = _checked({"content": lines}, "content", list, [], f"files.{name}.")
    if offset < 0 or not all(isinstance(line, str) for line in content):
        raise InvalidInput(
            f"files.{name}: expected an offset of 0 or more and a list of lines, got {chunk!r}"
        )
    return Chunk(offset, content)


def _checked(
    fields: Mapping[str, Any], name: str, type_: type, default: Any, where: str = ""
) -> Any:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
        raise InvalidInput(f"{where}{name}: expected {type_.__name__}, got {value!r}")
    return value
