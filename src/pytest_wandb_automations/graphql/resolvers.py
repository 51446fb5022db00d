"""The register that binds resolver functions to fields of the schema by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

__all__ = ["Info", "Resolver", "Resolvers", "resolver"]

Resolver = Callable[..., Any]
"""Called as `function(source, info, **arguments)`."""


class Info(Protocol):
    """What resolvers read of graphql-core's `info`, whose own type differs between its versions."""

    @property
    def context(self) -> Any:
        """The context that the request was executed with."""
        ...

    @property
    def field_name(self) -> str:
        """The field's name in the schema."""
        ...


_R = TypeVar("_R", bound=Resolver)


class Resolvers:
    """Resolver functions by coordinate, e.g. `Query.viewer`; an instance is the decorator itself.

    A function takes the object that the field belongs to, graphql-core's `info` (`info.context` is
    the context of the request) and the field's arguments as keywords in snake case. A name that
    would hide a builtin gets an underscore (`id_`, `type_`). A mutation gets the fields of its
    `input` as keywords and returns a dict of the payload's fields, or None; `clientMutationId` is
    echoed for it.

    A coordinate on an interface counts for every type that implements it, unless the type has a
    resolver of its own.

        @resolver("Query.viewer")
        def viewer(_source, info):
            return info.context.user

        @resolver("Mutation.deleteTrigger")
        def delete_trigger(_source, info, *, trigger_id):
            info.context.world.delete_automation(trigger_id)
            return {"success": True}
    """

    def __init__(self) -> None:
        self._functions: dict[str, Resolver] = {}

    def __call__(self, *coordinates: str) -> Callable[[_R], _R]:
        """Bind the decorated function to each of these fields."""

        def register(function: _R) -> _R:
            for coordinate in coordinates:
                if coordinate in self._functions:
                    raise ValueError(f"{coordinate} has a resolver already")
                self._functions[coordinate] = function
            return function

        return register

    @property
    def functions(self) -> Mapping[str, Resolver]:
        """What is registered, by coordinate."""
        return self._functions


resolver = Resolvers()
"""The register of this package's resolver modules."""
