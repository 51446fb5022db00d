"""Events that a test writes by hand: completed with what the world knows, refused if impossible."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast, get_args

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.events import (
    ArtifactAliasAdded,
    ArtifactCreated,
    ArtifactLinked,
    ArtifactUnlinked,
    BaseEvent,
    Event,
    RunStateChanged,
    VersionEvent,
)
from pytest_wandb_automations.rules.wording import one_of, shown
from pytest_wandb_automations.world.naming import check_alias, check_tag, is_version_alias
from pytest_wandb_automations.world.runs import check_state

if TYPE_CHECKING:
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.world import World

__all__ = ["completed"]


def completed(world: World, event: Event) -> Event:
    """Return the event with the id and metadata of the version that it names, if there is one.

    What the test said itself stays. `InvalidInput` for what cannot happen in W&B: links in a
    collection that is logged to, and new versions in one that is linked to; `NotFound` for a
    collection, run or author that does not exist.
    """
    given = cast("object", event)
    if not isinstance(given, BaseEvent):
        names = one_of(cls.__name__ for cls in get_args(Event))
        raise InvalidInput(f"expected an event: {names}; got {shown(given)}")
    if event.author is not None:
        world.directory.user(event.author)
    if isinstance(event, RunStateChanged):
        for state in filter(None, (event.state, event.previous)):
            check_state(state)
    if (tag := getattr(event, "tag", None)) is not None:
        check_tag(tag)
    # W&B assigns `vN` by itself, and `Semantics.automatic_alias_events` says whether that is told.
    if isinstance(event, ArtifactAliasAdded) and not is_version_alias(event.alias):
        check_alias(event.alias)
    if not isinstance(event, VersionEvent):
        return event
    said: dict[str, Any] = {"metadata": _as_json(event)}
    collection = world.projects.find_collection(event.collection)
    _check_kind(event, collection)
    version = collection.version(f"v{event.version}")
    if version is not None:
        said["metadata"] = said["metadata"] or version.artifact.metadata
        said["artifact_id"] = event.artifact_id or version.artifact.id
    return event.model_copy(update=said)


def _as_json(event: VersionEvent) -> dict[str, Any]:
    """Return the metadata of an event as deliveries and the history can write it.

    What is no JSON appears as its text. NaN has none, and the SDK refuses it.
    """
    try:
        return json.loads(json.dumps(event.metadata, default=str, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        told = f"{type(event).__name__}.metadata cannot be written as JSON: {error}"
        raise InvalidInput(told) from None


def _check_kind(event: VersionEvent, collection: Collection) -> None:
    if isinstance(event, (ArtifactLinked, ArtifactUnlinked)) and not collection.is_portfolio:
        raise InvalidInput(
            f"{type(event).__name__}: versions are logged to {collection.path}, not linked; "
            "name a collection of a registry"
        )
    if isinstance(event, ArtifactCreated) and collection.is_portfolio:
        raise InvalidInput(
            f"ArtifactCreated: versions are linked to {collection.path}, not logged; "
            "name a collection of a project"
        )
