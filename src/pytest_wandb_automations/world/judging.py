"""From an event and an automation that listens for it to a verdict with its reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.events import CollectionTagEvent, RunStateChanged, VersionEvent
from pytest_wandb_automations.rules.clauses import Clause
from pytest_wandb_automations.rules.states import coarse_state
from pytest_wandb_automations.rules.verdict import Verdict
from pytest_wandb_automations.world.artifacts import Collection
from pytest_wandb_automations.world.runs import Run

if TYPE_CHECKING:
    from pytest_wandb_automations.world.automations import Trigger

__all__ = ["judge"]


def judge(
    trigger: Trigger,
    event: VersionEvent | CollectionTagEvent | RunStateChanged,
    place: Collection | Run,
) -> Verdict:
    """Decide whether an automation fires for an event in its scope; every reason is a clause."""
    clauses = [
        Clause("enabled", held=trigger.enabled),
        Clause("scope", f"in {trigger.scope.path}", place.path),
    ]
    if isinstance(event, RunStateChanged):
        assert isinstance(place, Run)
        clauses.append(trigger.rule.run_filter.explain(place.lookup))
        clauses += _state(trigger, event)
    else:
        assert isinstance(place, Collection)
        clauses.append(trigger.rule.explain(_fields(event, place)))
    return Verdict(trigger.name, event, tuple(clauses))


def _state(trigger: Trigger, event: RunStateChanged) -> list[Clause]:
    wanted = trigger.rule.explain_state(event.state)
    before = event.previous and coarse_state(event.previous)
    unchanged = before is not None and before == coarse_state(event.state)
    changed = Clause("changed", "to another state than before", event.previous, not unchanged)
    return [wanted, changed]


def _fields(
    event: VersionEvent | CollectionTagEvent, collection: Collection
) -> Callable[[str], Any]:
    """Return the look-up of a filter's fields: what was added or removed, else what is there."""

    def lookup(field: str) -> Any:
        if (changed := getattr(event, field, None)) is not None:
            return changed
        if isinstance(event, CollectionTagEvent):
            return collection.tags
        version = collection.version(f"v{event.version}")
        if version is None:
            return []
        return version.aliases if field == "alias" else version.tags

    return lookup
