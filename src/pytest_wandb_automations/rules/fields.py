"""The fields that filters may use, for each type of event, and what speaks for each of them.

One table, read by the compiler and by the docs.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pytest_wandb_automations.automations import EventType

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILTER_FIELDS", "FilterField", "field_names"]


class FilterField(NamedTuple):
    """A name that may stand in a filter."""

    name: str
    """As filters write it; `config.*` stands for every name below `config`."""

    meaning: str
    """What it is compared with, for the docs."""

    source: Literal["SDK", "documentation", "captured", "chosen by the kit"]
    """Where the fact comes from that W&B knows this field."""


_ADDED_ALIAS: Final = FilterField("alias", "the alias that was added", "SDK")
_ALIASES: Final = "aliases of the version in the collection of the event; one of them must match"
_TAGS: Final = "tags of the version; one of them must match"
_VERSION_TAG: Final = FilterField("tag", _TAGS, "chosen by the kit")
_VERSION_ALIAS: Final = FilterField("alias", _ALIASES, "chosen by the kit")
_LINKED_ALIAS: Final = FilterField("alias", _ALIASES, "SDK")  # in OnLinkArtifact's example
_TAG_CHANGE: Final = (FilterField("tag", "the tag that was added or removed", "SDK"),)

_RUN: Final = (
    FilterField("display_name", "display name of the run", "SDK"),
    # The rest goes by analogy with the filters of `wandb.Api.runs`.
    FilterField("name", "id of the run, as in its URL", "chosen by the kit"),
    FilterField("state", "state of the run: `running`, `finished`, …", "chosen by the kit"),
    FilterField("username", "user who owns the run", "chosen by the kit"),
    FilterField("tags", "tags of the run; one of them must match", "chosen by the kit"),
    FilterField("group", "group of the run", "chosen by the kit"),
    FilterField("jobType", "job type of the run", "chosen by the kit"),
    FilterField("config.*", "a value of the run's configuration", "chosen by the kit"),
    FilterField("summary_metrics.*", "a value of the run's summary", "chosen by the kit"),
)

FILTER_FIELDS: Final[Mapping[EventType, tuple[FilterField, ...]]] = MappingProxyType(
    {
        EventType.CREATE_ARTIFACT: (_VERSION_ALIAS, _VERSION_TAG),
        EventType.LINK_ARTIFACT: (_LINKED_ALIAS, _VERSION_TAG),
        EventType.UNLINK_ARTIFACT: (_VERSION_ALIAS, _VERSION_TAG),
        EventType.ADD_ARTIFACT_ALIAS: (_ADDED_ALIAS,),
        EventType.UPDATE_ARTIFACT_ALIAS: (_ADDED_ALIAS,),
        EventType.ADD_ARTIFACT_TAG: _TAG_CHANGE,
        EventType.REMOVE_ARTIFACT_TAG: _TAG_CHANGE,
        EventType.ADD_COLLECTION_TAG: _TAG_CHANGE,
        EventType.REMOVE_COLLECTION_TAG: _TAG_CHANGE,
        EventType.RUN_METRIC_THRESHOLD: _RUN,
        EventType.RUN_METRIC_CHANGE: _RUN,
        EventType.RUN_METRIC_ZSCORE: _RUN,
        EventType.RUN_STATE: _RUN,
    }
)
"""Fields of each event's filter. Those of run events are attributes of the run."""


def field_names(event_type: EventType) -> tuple[str, ...]:
    """Return the names that the filter of an event may use."""
    return tuple(field.name for field in FILTER_FIELDS[event_type])
