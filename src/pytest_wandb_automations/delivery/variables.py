"""Template variables: what `${name}` stands for in a webhook payload, event by event.

Names are those of W&B's webhook page and of its page on ARIA prompts, which knows more of them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.events import (
    BaseEvent,
    CollectionTagEvent,
    RunMetricLogged,
    RunStateChanged,
    VersionEvent,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "KNOWN_VARIABLES",
    "METADATA_PREFIX",
    "TEMPLATE_VARIABLES",
    "MetricFacts",
    "TemplateVariable",
    "Variables",
    "variables_of",
]


Source: TypeAlias = Literal["SDK", "documentation", "captured", "chosen by the kit"]


class TemplateVariable(NamedTuple):
    """A name that W&B fills in."""

    name: str
    """As it stands between `${` and `}`; `artifact_metadata.KEY` stands for any key."""

    events: frozenset[EventType]
    """Types of events that it applies to; for others it is blank."""

    meaning: str
    """What it is filled in with, for the docs."""

    source: Source
    """Where the form of its value comes from; the names are all from W&B's pages."""

    def source_for(self, event: EventType) -> Source:
        """Return how it is known that the variable goes with an event."""
        captured = self.source == "captured" and event is EventType.ADD_ARTIFACT_ALIAS
        return "captured" if captured else "documentation"


_VERSION_EVENTS: Final = frozenset(
    {
        EventType.CREATE_ARTIFACT,
        EventType.LINK_ARTIFACT,
        EventType.UNLINK_ARTIFACT,
        EventType.ADD_ARTIFACT_ALIAS,
        EventType.ADD_ARTIFACT_TAG,
        EventType.REMOVE_ARTIFACT_TAG,
    }
)
_COLLECTION_TAG_EVENTS: Final = frozenset(
    {EventType.ADD_COLLECTION_TAG, EventType.REMOVE_COLLECTION_TAG}
)
_TAG_EVENTS: Final = _COLLECTION_TAG_EVENTS | {
    EventType.ADD_ARTIFACT_TAG,
    EventType.REMOVE_ARTIFACT_TAG,
}
_METRIC_EVENTS: Final = frozenset(
    {
        EventType.RUN_METRIC_THRESHOLD,
        EventType.RUN_METRIC_CHANGE,
        EventType.RUN_METRIC_ZSCORE,
    }
)
_RUN_EVENTS: Final = _METRIC_EVENTS | {EventType.RUN_STATE}
_ALL: Final = _VERSION_EVENTS | _COLLECTION_TAG_EVENTS | _RUN_EVENTS
_NONE: Final[frozenset[EventType]] = frozenset()

TEMPLATE_VARIABLES: Final = (
    TemplateVariable("automation_name", _ALL, "name of the automation", "documentation"),
    TemplateVariable(
        "event_type",
        _ALL,
        "type of the event; LINK_ARTIFACT for links. Other events than links and aliases go by "
        "analogy",
        "captured",
    ),
    TemplateVariable("event_author", _ALL, "username of who caused the event", "captured"),
    TemplateVariable("entity_name", _ALL, "team or organization of the project", "captured"),
    TemplateVariable("project_name", _ALL, "project or registry of the event", "captured"),
    TemplateVariable(
        "artifact_collection_name",
        _VERSION_EVENTS | _COLLECTION_TAG_EVENTS,
        "name of the collection",
        "captured",
    ),
    TemplateVariable(
        "artifact_version",
        _VERSION_EVENTS,
        "`wandb-artifact://_id/` and the artifact's id",
        "captured",
    ),
    TemplateVariable(
        "artifact_version_string",
        _VERSION_EVENTS,
        "`entity/project/collection:alias`, with `vN` where no alias was added; the one captured "
        "delivery, of an alias that is not known, has `v0`",
        "documentation",
    ),
    TemplateVariable(
        "artifact_version_index", _VERSION_EVENTS, "index of the version, `3`", "chosen by the kit"
    ),
    TemplateVariable(
        "artifact_metadata.KEY",
        _VERSION_EVENTS,
        "a top-level key of the metadata; what is no text as JSON",
        "chosen by the kit",
    ),
    TemplateVariable(
        "alias", frozenset({EventType.ADD_ARTIFACT_ALIAS}), "the alias", "documentation"
    ),
    TemplateVariable("tag", _TAG_EVENTS, "the tag", "documentation"),
    TemplateVariable("run_name", _RUN_EVENTS, "display name of the run", "chosen by the kit"),
    TemplateVariable(
        "run_status",
        frozenset({EventType.RUN_STATE}),
        "state of the run, `failed`",
        "chosen by the kit",
    ),
    TemplateVariable("metric_name", _METRIC_EVENTS, "name of the metric", "documentation"),
    TemplateVariable(
        "metric_values", _METRIC_EVENTS, "the window's values as JSON", "chosen by the kit"
    ),
    TemplateVariable("metric_filter", _METRIC_EVENTS, "the rule in words", "chosen by the kit"),
    TemplateVariable(
        "metric_filter_short", _METRIC_EVENTS, "`avg(loss, 5) > 3`", "chosen by the kit"
    ),
    TemplateVariable(
        "metric_current_status", _METRIC_EVENTS, "what was compared", "chosen by the kit"
    ),
    *(
        TemplateVariable(
            name, _NONE, "of Weave's events, which the kit does not emit", "documentation"
        )
        for name in ("alert_name", "metric_value", "threshold", "comparison_op", "message")
    ),
)
"""Every variable of W&B's tables, the webhook page's and the ARIA page's."""

KNOWN_VARIABLES: Final = frozenset(variable.name for variable in TEMPLATE_VARIABLES)

METADATA_PREFIX = "artifact_metadata."


@dataclass(frozen=True)
class MetricFacts:
    """What a metric automation saw when it fired; W&B does not document how it writes that."""

    values: tuple[float, ...]
    filter: str
    filter_short: str
    current: str


@dataclass(frozen=True)
class Variables:
    """The variables of one event. Known ones that do not apply are blank, as documented."""

    values: Mapping[str, str]
    metadata: Mapping[str, Any] = field(default_factory=lambda: dict[str, Any]())
    """JSON; only top-level keys are reachable."""
    nonstring_metadata: Literal["json", "value", "blank"] = "json"
    """See `Semantics.nonstring_metadata`."""

    @property
    def whole_values(self) -> bool:
        """Whether a string of a payload that is nothing but metadata becomes its JSON value."""
        return self.nonstring_metadata == "value"

    def get(self, name: str) -> str | None:
        """Return the text that a variable stands for; `None` for a name that W&B does not know."""
        if name.startswith(METADATA_PREFIX):
            value = self.metadata.get(name[len(METADATA_PREFIX) :], "")
            if isinstance(value, str):
                return value
            blank = self.nonstring_metadata == "blank"
            return "" if blank else json.dumps(value, ensure_ascii=False)
        found = self.values.get(name)
        if found is None and name in KNOWN_VARIABLES:
            return ""
        return found

    def metadata_value(self, name: str) -> Any:
        """Return the JSON value of `artifact_metadata.KEY`; blank if there is none."""
        return self.metadata.get(name.removeprefix(METADATA_PREFIX), "")

    def with_secrets(self, *, access_token: str | None, secrets: Mapping[str, str]) -> Variables:
        """Add `${ACCESS_TOKEN}`, and each secret under its own name; see `Semantics`."""
        added = {"ACCESS_TOKEN": access_token or "", **secrets}
        return replace(self, values={**self.values, **added})


def variables_of(
    event: BaseEvent,
    *,
    event_type: EventType,
    automation_name: str,
    run_name: str = "",
    metric: MetricFacts | None = None,
    nonstring_metadata: Literal["json", "value", "blank"] = "json",
) -> Variables:
    """Return the variables of an event as an automation of `event_type` sees them.

    `run_name` is the display name of a run event's run; W&B does not say which name it means.
    """
    values = {
        "automation_name": automation_name,
        "event_type": _event_type_text(event_type),
        "event_author": event.author or "",
    }
    metadata: Mapping[str, Any] = {}
    if isinstance(event, (VersionEvent, CollectionTagEvent)):
        entity, project, collection = event.collection.split("/")
        values |= {
            "entity_name": entity,
            "project_name": project,
            "artifact_collection_name": collection,
            "tag": getattr(event, "tag", ""),
        }
    if isinstance(event, VersionEvent):
        metadata = event.metadata
        alias = getattr(event, "alias", "")
        values |= {
            "alias": alias,
            "artifact_version": f"wandb-artifact://_id/{event.artifact_id or ''}",
            "artifact_version_string": f"{event.collection}:{alias or f'v{event.version}'}",
            "artifact_version_index": str(event.version),
        }
    if isinstance(event, (RunMetricLogged, RunStateChanged)):
        entity, project, run_id = event.run.split("/")
        values |= {
            "entity_name": entity,
            "project_name": project,
            "run_name": run_name or run_id,
        }
    if isinstance(event, RunStateChanged):
        values["run_status"] = event.state
    if isinstance(event, RunMetricLogged):
        values["metric_name"] = event.metric
    if metric is not None:
        values |= {
            "metric_values": json.dumps(list(map(_written, metric.values))),
            "metric_filter": metric.filter,
            "metric_filter_short": metric.filter_short,
            "metric_current_status": metric.current,
        }
    return Variables(values, metadata, nonstring_metadata)


def _written(value: float) -> float | str:
    # JSON has no numbers for NaN and infinities; a run's history writes them as texts, too.
    return value if math.isfinite(value) else json.dumps(value)


def _event_type_text(event_type: EventType) -> str:
    # Captured deliveries say LINK_ARTIFACT where the GraphQL enum says LINK_MODEL.
    return "LINK_ARTIFACT" if event_type is EventType.LINK_ARTIFACT else event_type.value
