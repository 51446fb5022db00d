"""Events that automations listen for, as they are given to W&B and as it returns them."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WrapValidator,
    model_validator,
)
from pydantic_core import from_json

from .base import JsonEncoded, Model, ResultModel, adopt, ensure_json
from .enums import EventType
from .fields import FilterableField
from .filters import And, JsonFilter
from .metrics import RunMetricFilter
from .normal_form import wrap_mutation_filter
from .operands import MetricVal
from .saved_actions import ACTION_MODELS
from .scopes import ArtifactCollectionScope, AutomationScope, RunEventScope
from .states import RunStateFilter, StateOperand

if TYPE_CHECKING:
    from .automation import NewAutomation

__all__ = [
    "ArtifactEvent",
    "InputEvent",
    "OnAddArtifactAlias",
    "OnAddArtifactTag",
    "OnAddCollectionTag",
    "OnCreateArtifact",
    "OnLinkArtifact",
    "OnRemoveArtifactTag",
    "OnRemoveCollectionTag",
    "OnRunMetric",
    "OnRunState",
    "OnUnlinkArtifact",
    "RunEvent",
    "SavedEvent",
    "WrappedSavedEventFilter",
]


class WrappedSavedEventFilter(Model):
    """The filter of a saved artifact event, which W&B returns within one more object."""

    filter: JsonFilter = And()


def _read_saved_filter(value: Any, parse: Any, info: ValidationInfo) -> Any:
    # Its shape is not published: whatever it is, it is shown and written back as it came.
    if info.data.get("event_type") is EventType.WEAVE_METRIC_THRESHOLD:
        return from_json(ensure_json(value))
    return parse(value)


class SavedEvent(ResultModel):
    """The event of a saved automation.

    The filter of a `WEAVE_METRIC_THRESHOLD` event is a plain dict.
    """

    typename__: Annotated[Literal["FilterEventTriggeringCondition"], Field(alias="__typename")] = (
        "FilterEventTriggeringCondition"
    )
    event_type: EventType
    filter: Annotated[
        JsonEncoded[WrappedSavedEventFilter | RunMetricFilter | RunStateFilter],
        WrapValidator(_read_saved_filter),
    ]


class _InputEventModel(Model):
    def then(self, action: Any) -> "NewAutomation":
        """Define an automation that does this when the event happens."""
        from .automation import NewAutomation

        action = adopt(action)
        if isinstance(action, ACTION_MODELS):
            return NewAutomation.model_validate({"event": self, "action": action})
        raise TypeError(f"expected an action, got {type(action).__name__}: {action!r}")

    def __rshift__(self, other: Any) -> "NewAutomation":
        return self.then(other)


class _ArtifactEventModel(_InputEventModel):
    scope: AutomationScope
    """Where to watch."""

    filter: Annotated[JsonFilter, AfterValidator(wrap_mutation_filter)] = And()
    """Which alias or tag counts; any by default."""


class OnLinkArtifact(_ArtifactEventModel):
    """A version is linked to a collection."""

    event_type: Literal[EventType.LINK_ARTIFACT] = EventType.LINK_ARTIFACT


class OnUnlinkArtifact(_ArtifactEventModel):
    """A version is removed from a collection that it was linked to."""

    event_type: Literal[EventType.UNLINK_ARTIFACT] = EventType.UNLINK_ARTIFACT


class OnAddArtifactAlias(_ArtifactEventModel):
    """A version gets an alias."""

    event_type: Literal[EventType.ADD_ARTIFACT_ALIAS] = EventType.ADD_ARTIFACT_ALIAS


class OnAddArtifactTag(_ArtifactEventModel):
    """A version gets a tag."""

    event_type: Literal[EventType.ADD_ARTIFACT_TAG] = EventType.ADD_ARTIFACT_TAG


class OnRemoveArtifactTag(_ArtifactEventModel):
    """A version loses a tag."""

    event_type: Literal[EventType.REMOVE_ARTIFACT_TAG] = EventType.REMOVE_ARTIFACT_TAG


class OnAddCollectionTag(_ArtifactEventModel):
    """A collection gets a tag."""

    event_type: Literal[EventType.ADD_COLLECTION_TAG] = EventType.ADD_COLLECTION_TAG


class OnRemoveCollectionTag(_ArtifactEventModel):
    """A collection loses a tag."""

    event_type: Literal[EventType.REMOVE_COLLECTION_TAG] = EventType.REMOVE_COLLECTION_TAG


class OnCreateArtifact(_ArtifactEventModel):
    """A collection gets a new version."""

    event_type: Literal[EventType.CREATE_ARTIFACT] = EventType.CREATE_ARTIFACT

    # Narrower than in the other events: new versions can only be watched for in a collection.
    scope: ArtifactCollectionScope  # pyright: ignore[reportIncompatibleVariableOverride]
    """Where to watch: a collection."""


class OnRunMetric(_InputEventModel):
    """A metric of a run meets a condition; the condition decides about `event_type`."""

    event_type: Literal[
        EventType.RUN_METRIC_THRESHOLD,
        EventType.RUN_METRIC_CHANGE,
        EventType.RUN_METRIC_ZSCORE,
    ]

    scope: RunEventScope
    """Where to watch: a project, a team or an organization."""

    filter: JsonEncoded[RunMetricFilter]
    """The condition, and which runs count."""

    @model_validator(mode="before")
    @classmethod
    def _infer_event_type(cls, data: Any) -> Any:
        match data:
            case {"filter": RunMetricFilter() as filter_}:
                return {**data, "event_type": filter_.metric.event_type}
            case {"filter": raw}:
                filter_ = RunMetricFilter.model_validate_json(ensure_json(raw))
                return {**data, "event_type": filter_.metric.event_type}
            case _:
                return data


class OnRunState(_InputEventModel):
    """A run enters a state."""

    event_type: Literal[EventType.RUN_STATE] = EventType.RUN_STATE

    scope: RunEventScope
    """Where to watch: a project, a team or an organization."""

    filter: JsonEncoded[RunStateFilter]
    """The states, and which runs count."""


# The discriminator comes before the validator. Behind it, pydantic would discriminate as well, but
# not see into the validator, and then try all the events whatever the type.
InputEvent = Annotated[
    OnLinkArtifact
    | OnAddArtifactAlias
    | OnAddArtifactTag
    | OnRemoveArtifactTag
    | OnAddCollectionTag
    | OnRemoveCollectionTag
    | OnCreateArtifact
    | OnUnlinkArtifact
    | OnRunMetric
    | OnRunState,
    Field(discriminator="event_type"),
    BeforeValidator(adopt),
]
"""An event that can be assigned."""


class RunEvent:
    """What run events can be filtered on."""

    name = FilterableField("display_name")
    """The display name of the run."""

    state = StateOperand()
    """The state that the run enters."""

    @staticmethod
    def metric(name: str) -> MetricVal:
        """Return a metric, to be compared."""
        return MetricVal(name=name)


class ArtifactEvent:
    """What artifact events can be filtered on."""

    alias = FilterableField()
    """The alias that was added."""

    tag = FilterableField()
    """The tag that was added or removed."""
