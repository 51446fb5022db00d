"""What the kit raises: one small tree, each leaf with the HTTP status that W&B's clients act on.

Statuses follow what the SDK's retry policy and its automation methods need: 409 for a taken name,
404 for an unknown id, 400 for malformed input, 401 for an unknown key, 403 for a forbidden act.
None of them is retried by the SDK's service.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "Conflict",
    "Forbidden",
    "Gone",
    "InvalidFilter",
    "InvalidInput",
    "NotFound",
    "TooLarge",
    "Unauthorized",
    "UnknownVariableWarning",
    "WandbAutomationsError",
    "error_of_status",
]


class WandbAutomationsError(Exception):
    """Base of everything that the kit refuses; `status` is the HTTP status that carries it."""

    status: ClassVar[int] = 400


class InvalidInput(WandbAutomationsError, ValueError):
    """A value that W&B's API cannot accept; the message names the field, the value and the cure."""


class InvalidFilter(InvalidInput):
    """A filter that cannot be saved; `path` leads to the part, e.g. `$or[0].alias.$like`."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"invalid filter at {path or '(root)'}: {problem}")
        self.path = path
        self.problem = problem


class UnknownVariableWarning(UserWarning):
    """A payload uses a `${variable}` that W&B does not know, most likely a misspelt one."""


class Unauthorized(WandbAutomationsError):
    """The request carries no API key, or one that belongs to nobody in this world."""

    status = 401


class Forbidden(WandbAutomationsError):
    """The user of the request may see the object but not do this to it."""

    status = 403


class NotFound(WandbAutomationsError, LookupError, ValueError):
    """No such object, or none that the user of the request may see."""

    status = 404


class Conflict(WandbAutomationsError, ValueError):
    """The name is taken within its scope."""

    status = 409


class Gone(WandbAutomationsError):
    """What this request was meant for has ended: its world, or its run. No client tries again."""

    status = 410


class TooLarge(WandbAutomationsError):
    """The body, as sent or unpacked, exceeds the limit of the listener."""

    status = 413


def error_of_status(status: int) -> type[WandbAutomationsError]:
    """Return the error that a client raises for an HTTP status."""
    return _BY_STATUS.get(status, WandbAutomationsError)


_BY_STATUS: dict[int, type[WandbAutomationsError]] = {
    400: InvalidInput,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
}
