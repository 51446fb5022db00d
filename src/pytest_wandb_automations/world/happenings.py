"""What happened last, by kind of event and scope: what an explanation looks for near a miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_wandb_automations.events import Event
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.runs import Run

__all__ = ["Happening", "Happenings"]

_REMEMBERED = 10_000
"""How many pairs of kind and scope are kept; the one that was quiet for longest goes first."""


class Happening(NamedTuple):
    """One event, with the ids of the scopes that contained it then: paths change, ids do not."""

    event: Event
    place: Collection | Run
    scope_ids: tuple[str, ...]


class Happenings:
    """The newest event of each kind in each scope."""

    def __init__(self, limit: int = _REMEMBERED) -> None:
        self._limit = limit
        self._newest: dict[tuple[type[Event], str], Happening] = {}

    def __len__(self) -> int:
        return len(self._newest)

    def __iter__(self) -> Iterator[Happening]:
        """Yield them newest first; an event of several scopes comes several times."""
        return reversed(self._newest.values())

    def add(self, event: Event, place: Collection | Run) -> Happening:
        """Remember an event in each scope that contains it, and return the record of it."""
        happening = Happening(event, place, place.scope_ids)
        newest = self._newest
        for scope_id in happening.scope_ids:
            key = (type(event), scope_id)
            newest.pop(key, None)
            newest[key] = happening
        while len(newest) > self._limit:
            del newest[next(iter(newest))]
        return happening

    def within(self, scope_id: str) -> Iterator[Happening]:
        """Yield the newest event of each kind in a scope, newest first."""
        for (_, inside), happening in reversed(self._newest.items()):
            if inside == scope_id:
                yield happening

    def outside(self, scope_id: str) -> Iterator[Happening]:
        """Yield events that happened elsewhere, newest first."""
        return (happening for happening in self if scope_id not in happening.scope_ids)

    def clear(self) -> None:
        """Forget everything."""
        self._newest.clear()
