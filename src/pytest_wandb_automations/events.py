"""What can happen in W&B: the events that a backend emits by itself and that a test can inject.

One definition serves both ways. Events name what they happened to by path (`entity/project/name`),
so a test writes them by hand; any object of a backend that has a `path` is accepted in its place.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pytest_wandb_automations.automations import EventType

__all__ = [
    "ArtifactAliasAdded",
    "ArtifactCreated",
    "ArtifactLinked",
    "ArtifactTagAdded",
    "ArtifactTagRemoved",
    "ArtifactUnlinked",
    "BaseEvent",
    "CollectionTagAdded",
    "CollectionTagEvent",
    "CollectionTagRemoved",
    "Event",
    "RunMetricLogged",
    "RunStateChanged",
    "VersionEvent",
]


def _path_of(value: object) -> object:
    """Accept an object of the backend wherever its path is asked for."""
    return getattr(value, "path", value)


def _three_parts(count_name: str) -> Any:
    def check(value: object) -> object:
        value = _path_of(value)
        if isinstance(value, str) and (value.count("/") != 2 or not all(value.split("/"))):
            raise ValueError(f"expected a path 'entity/project/{count_name}', got {value!r}")
        if isinstance(value, str) and ":" in value and count_name == "collection":
            raise ValueError(f"{value!r} names a version; write its index as `version`")
        return value

    return BeforeValidator(check)


CollectionPath = Annotated[str, _three_parts("collection")]
RunPath = Annotated[str, _three_parts("run_id")]


class BaseEvent(BaseModel):
    """Fields that every event has."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    event_types: ClassVar[tuple[EventType, ...]]
    """Types of the automations that listen for this event."""

    author: str | None = None
    """Username of who caused it; the backend's default user when a test leaves it out."""


class VersionEvent(BaseEvent):
    """What events of a version have in common."""

    collection: CollectionPath
    """`entity/project/collection` in which the version is affected."""

    version: int = Field(default=0, ge=0, strict=True)
    """Index of the version within that collection: 3 for `v3`."""

    artifact_id: str | None = None
    """GraphQL id of the version, as `${artifact_version}` shows it."""

    metadata: dict[str, Any] = Field(default_factory=dict)
    """Metadata of the version, as `${artifact_metadata.KEY}` shows it."""


class ArtifactCreated(VersionEvent):
    """A new version was committed. Docs: "A new version is added to an artifact"."""

    event_types = (EventType.CREATE_ARTIFACT,)


class ArtifactLinked(VersionEvent):
    """A version was linked to a collection, usually of a registry."""

    event_types = (EventType.LINK_ARTIFACT,)


class ArtifactUnlinked(VersionEvent):
    """A version was removed from a collection that it had been linked to."""

    event_types = (EventType.UNLINK_ARTIFACT,)


class ArtifactAliasAdded(VersionEvent):
    """A version got an alias within a collection; one event for each alias."""

    event_types = (EventType.ADD_ARTIFACT_ALIAS,)

    alias: str


class ArtifactTagAdded(VersionEvent):
    """A version got a tag; one event for each tag."""

    event_types = (EventType.ADD_ARTIFACT_TAG,)

    tag: str


class ArtifactTagRemoved(VersionEvent):
    """A version lost a tag; one event for each tag."""

    event_types = (EventType.REMOVE_ARTIFACT_TAG,)

    tag: str


class CollectionTagEvent(BaseEvent):
    """What events of a collection's tags have in common."""

    collection: CollectionPath
    """`entity/project/collection` whose tags changed."""

    tag: str


class CollectionTagAdded(CollectionTagEvent):
    """A collection got a tag; one event for each tag."""

    event_types = (EventType.ADD_COLLECTION_TAG,)


class CollectionTagRemoved(CollectionTagEvent):
    """A collection lost a tag; one event for each tag."""

    event_types = (EventType.REMOVE_COLLECTION_TAG,)


class RunMetricLogged(BaseEvent):
    """A run logged a value of one metric, or W&B sampled a system metric of it."""

    event_types = (
        EventType.RUN_METRIC_THRESHOLD,
        EventType.RUN_METRIC_CHANGE,
        EventType.RUN_METRIC_ZSCORE,
    )

    run: RunPath
    """`entity/project/run_id` of the run."""

    metric: str = Field(min_length=1)
    """Name of the metric; a nested one is written with dots (`val.loss`)."""

    value: Any
    """The value as logged: numbers enter windows, `{"loss": 1}` is a nested metric."""

    step: int | None = None
    """Step at which it was logged; `None` for system metrics."""

    stream: Literal["history", "system"] = "history"
    """`history` for logged metrics, `system` for those that W&B samples."""


class RunStateChanged(BaseEvent):
    """A run's state changed. Automations see it as RUNNING, FINISHED or FAILED, or not at all."""

    event_types = (EventType.RUN_STATE,)

    run: RunPath
    """`entity/project/run_id` of the run."""

    state: str
    """The new state as runs carry it: `running`, `finished`, `failed`, `crashed`, `killed`, …"""

    previous: str | None = None
    """The state before; `None` for a new run."""


Event = (
    ArtifactCreated
    | ArtifactLinked
    | ArtifactUnlinked
    | ArtifactAliasAdded
    | ArtifactTagAdded
    | ArtifactTagRemoved
    | CollectionTagAdded
    | CollectionTagRemoved
    | RunMetricLogged
    | RunStateChanged
)
"""Any event; `event_types` tells which automations listen for it."""
