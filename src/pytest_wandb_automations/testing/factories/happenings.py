"""A factory of happenings: the events of `pytest_wandb_automations.events`.

`build_happening` makes the event, `happening` lets it happen and returns what it caused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from typing_extensions import TypeVar

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.events import (
    ArtifactLinked,
    ArtifactUnlinked,
    BaseEvent,
    CollectionTagEvent,
    Event,
    RunMetricLogged,
    RunStateChanged,
    VersionEvent,
)
from pytest_wandb_automations.testing.factories.nouns import Fields, NounFactory, lazy
from pytest_wandb_automations.testing.factories.places import path_of
from pytest_wandb_automations.world.executions import Executions

if TYPE_CHECKING:
    from pytest_wandb_automations.backend import Backend

__all__ = ["EVENT_CLASSES", "HappeningFactory", "event_class", "make_place"]

HappeningT = TypeVar("HappeningT", default=Executions)

EVENT_CLASSES: dict[EventType, type[BaseEvent]] = {
    event_type: cls for cls in get_args(Event) for event_type in cls.event_types
}
"""What has to happen for automations of each type to be asked."""


class HappeningFactory(NounFactory[HappeningT]):
    """Lets events happen, of a class, of those that a type of automations listens for, or given.

    The collection or run of the event is made first if it is not there. What is given has to be a
    field of the event's class.
    """

    noun = "happening"
    positional = ("kind",)
    nullable = frozenset({"author", "artifact_id", "step", "previous"})

    kind: Any = EventType.ADD_ARTIFACT_ALIAS
    """A class of `pytest_wandb_automations.events`, an `EventType` or its name, or an event."""
    author: Any = None
    """Username of who caused it; the default user if `None`."""
    collection: Any = lazy(lambda this: _collection(this))
    """A collection or its path; for links one of a registry."""
    version: Any = 0
    artifact_id: Any = None
    metadata: Any = lazy(lambda this: this.factory.build_artifact().metadata)
    alias: Any = lazy(lambda this: this.fake.wandb_alias())
    tag: Any = lazy(lambda this: this.fake.wandb_tag())
    run: Any = lazy(lambda this: this.factory.build_run())
    """A run or its path."""
    metric: Any = lazy(lambda this: this.fake.wandb_metric())
    value: Any = lazy(lambda this: round(this.fake.random.uniform(0.0, 10.0), 4))
    step: Any = lazy(lambda this: this.fake.random_int(0, 999))
    stream: Any = "history"
    state: Any = lazy(lambda this: this.fake.random_element(("running", "finished", "failed")))
    previous: Any = lazy(lambda this: None if this.state == "running" else "running")

    def draft(self, this: Fields) -> BaseEvent:
        """Make the event only."""
        given = this.given - {"kind"}
        if isinstance(this.kind, BaseEvent):
            _check_fields(type(this.kind), given, ())
            return this.kind
        cls = event_class(this.kind)
        names = tuple(cls.model_fields)
        _check_fields(cls, given, names)
        return cls(**{name: getattr(this, name) for name in names})

    def save(self, draft: Any, _: Fields) -> Executions:
        """Let it happen, and return the executions that it caused."""
        make_place(self.factory.backend, draft)
        return self.factory.backend.inject(draft)


def event_class(kind: Any) -> type[BaseEvent]:
    """Return the class of a kind of event; `InvalidInput` names those that there are."""
    if isinstance(kind, type) and kind in get_args(Event):
        return kind
    try:
        return EVENT_CLASSES[EventType(kind)]
    except (KeyError, ValueError):
        names = ", ".join(
            [*(each.value for each in EVENT_CLASSES), *(cls.__name__ for cls in get_args(Event))]
        )
        raise InvalidInput(f"nothing happens for {kind!r}; known are {names}") from None


def make_place(backend: Backend, event: BaseEvent) -> None:
    """Make the collection or run that an event names, unless it is there."""
    if isinstance(event, (VersionEvent, CollectionTagEvent)):
        backend.collection(event.collection)
    if isinstance(event, (RunMetricLogged, RunStateChanged)):
        project, _, run_id = event.run.rpartition("/")
        backend.run(project, run_id=run_id)


def _collection(this: Fields) -> str:
    linked = event_class(this.kind) in (ArtifactLinked, ArtifactUnlinked)
    place = this.factory.build_registry() if linked else this.factory.build_project()
    return path_of(this.factory.build_collection(project=place))


def _check_fields(cls: type[BaseEvent], given: frozenset[str], known: tuple[str, ...]) -> None:
    if unknown := sorted(given - set(known)):
        names = ", ".join(known) or "none, as the event is given"
        raise InvalidInput(f"happening: {cls.__name__} has no {unknown[0]!r}; known are {names}")
