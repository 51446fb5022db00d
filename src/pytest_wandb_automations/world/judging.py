"""From an event and an automation that listens for it to a verdict with its reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.events import Event, RunStateChanged, VersionEvent
from pytest_wandb_automations.rules.clauses import MISSING, Clause
from pytest_wandb_automations.rules.states import coarse_state
from pytest_wandb_automations.rules.verdict import Verdict
from pytest_wandb_automations.world.collections import Collection
from pytest_wandb_automations.world.pacing import broad_limits
from pytest_wandb_automations.world.runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.world import World

__all__ = ["event_clause", "judge"]


def judge(world: World, trigger: Trigger, event: Event, place: Collection | Run) -> Verdict:
    """Decide whether an automation fires for an event; every reason is a clause.

    For every event but that of a logged value, which `world.metrics` looks at. An event of another
    type or outside the scope is asked nothing more.
    """
    meant = trigger.event_type in event.event_types
    inside = trigger.scope.id in place.scope_ids
    clauses = [
        Clause("enabled", held=trigger.enabled),
        event_clause(trigger, event),
        Clause("scope", f"in {trigger.scope.path}", place.path, inside),
    ]
    if not (meant and inside):
        return Verdict(trigger.name, event, tuple(clauses))
    if isinstance(event, RunStateChanged):
        assert isinstance(place, Run)
        clauses.append(trigger.rule.run_filter.explain(_attributes(event, place)))
        clauses += _state(trigger, event)
    else:
        assert isinstance(place, Collection)
        clauses.append(trigger.rule.explain(_fields(event, place)))
    clauses += broad_limits(trigger, world.semantics, world.clock.now(), world.happened)
    return Verdict(trigger.name, event, tuple(clauses))


def event_clause(trigger: Trigger, event: Event | None = None) -> Clause:
    """Ask whether an event is of the type that an automation listens for; without one, it is."""
    wanted = trigger.event_type
    if event is None or wanted in event.event_types:
        return Clause("event", wanted.value)
    return Clause("event", wanted.value, event.event_types[0].value, held=False)


def _state(trigger: Trigger, event: RunStateChanged) -> list[Clause]:
    wanted = trigger.rule.explain_state(event.state)
    before = coarse_state(event.previous or "")
    changed = before is None or before != coarse_state(event.state)
    found = MISSING if event.previous is None else event.previous
    clause = Clause("changed", "to another state than before", found, changed)
    return [wanted, clause]


def _attributes(event: RunStateChanged, run: Run) -> Callable[[str], Any]:
    """Return the look-up of a run's attributes, in the state that the event says it came to."""
    return lambda field: event.state if field == "state" else run.lookup(field)


def _fields(event: Event, collection: Collection) -> Callable[[str], Any]:
    """Return the look-up of a filter's fields: what was added or removed, else what is there."""

    def lookup(field: str) -> Any:
        if (changed := getattr(event, field, None)) is not None:
            return changed
        assert isinstance(event, VersionEvent)
        version = collection.version(f"v{event.version}")
        if version is None:
            return []
        return version.aliases if field == "alias" else version.tags

    return lookup
