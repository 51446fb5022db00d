"""respx's patches, put on in microseconds.

respx patches with `unittest.mock`, which takes 0.4 ms for each package and each test. The functions
that it puts in place depend on nothing that changes between tests, so they are made once and then
only set. respx's own list knows of them: whoever leaves last, the user's router or the kit's, takes
them off, by respx's own `stop`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from respx.mocks import HTTPCoreMocker

__all__ = ["start"]


def start(mocker: type[HTTPCoreMocker]) -> None:
    """Do what `mocker.start()` does."""
    patches: list[Any] = mocker._patches  # noqa: SLF001  # pyright: ignore  # `stop` reads it
    if patches:
        return
    for target in mocker.targets:
        # Looked up each time: a package may have been imported anew since the last test.
        module, _, cls = target.rpartition(".")
        owner: type = getattr(import_module(module), cls)
        for name in mocker.target_methods:
            # What a class inherits is patched where it comes from.
            if original := vars(owner).get(name):
                setattr(owner, name, _replacement(mocker, original))
                patches.append(_Patch(owner, name, original))


class _Patch:
    """A method that was replaced."""

    __slots__ = ("_name", "_original", "_owner")

    def __init__(self, owner: type, name: str, original: Callable[..., Any]) -> None:
        self._owner = owner
        self._name = name
        self._original = original

    def stop(self) -> None:
        """Put the original back; respx calls this."""
        setattr(self._owner, self._name, self._original)


@cache
def _replacement(mocker: type[HTTPCoreMocker], original: Callable[..., Any]) -> Any:
    return cast("Any", mocker).mock(original)  # respx leaves it without types
