from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.events import (
    ArtifactAliasAdded,
    ArtifactCreated,
    ArtifactLinked,
    ArtifactUnlinked,
    CollectionTagAdded,
    Event,
)

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection


def test_what_the_world_knows_of_a_version_is_filled_in(
    backend: Backend, weights: Collection, emitted: list[Event]
) -> None:
    version = weights.log_version(metadata={"accuracy": 0.9})
    emitted.clear()

    backend.inject(ArtifactAliasAdded(collection=weights, version=0, alias="prod"))

    (event,) = emitted
    assert isinstance(event, ArtifactAliasAdded)
    assert (event.artifact_id, event.metadata) == (version.artifact.id, {"accuracy": 0.9})


def test_what_the_test_says_stays(
    backend: Backend, weights: Collection, emitted: list[Event]
) -> None:
    weights.log_version(metadata={"accuracy": 0.9})
    said = ArtifactAliasAdded(collection=weights, alias="a", artifact_id="mine", metadata={"b": 1})
    emitted.clear()

    backend.inject(said)

    (event,) = emitted
    assert isinstance(event, ArtifactAliasAdded)
    assert (event.artifact_id, event.metadata) == ("mine", {"b": 1})


def test_a_version_that_is_not_there_can_be_spoken_of(
    backend: Backend, weights: Collection, emitted: list[Event]
) -> None:
    backend.inject(ArtifactCreated(collection=weights, version=7))
    backend.inject(CollectionTagAdded(collection=weights, tag="eu"))

    assert [type(event) for event in emitted] == [ArtifactCreated, CollectionTagAdded]


@pytest.mark.parametrize("event", [ArtifactLinked, ArtifactUnlinked])
def test_nothing_is_linked_where_versions_are_logged(
    backend: Backend, weights: Collection, event: Any
) -> None:
    with pytest.raises(InvalidInput, match=f"{event.__name__}: versions are logged to acme/llm"):
        backend.inject(event(collection=weights))


def test_nothing_is_logged_where_versions_are_linked(
    backend: Backend, prod_models: Collection
) -> None:
    with pytest.raises(InvalidInput, match="ArtifactCreated: versions are linked to acme-corp/"):
        backend.inject(ArtifactCreated(collection=prod_models))


def test_an_author_is_somebody(backend: Backend, weights: Collection) -> None:
    with pytest.raises(NotFound, match="no user 'ghost'; there are: tester, loner"):
        backend.inject(ArtifactCreated(collection=weights, author="ghost"))


CIRCULAR: list[Any] = []
CIRCULAR.append(CIRCULAR)


@pytest.mark.parametrize("value", [{("a",): 1}, CIRCULAR], ids=["tuple as key", "circular"])
def test_metadata_that_no_delivery_could_carry_is_refused(
    backend: Backend, weights: Collection, value: Any
) -> None:
    with pytest.raises(InvalidInput, match=r"^ArtifactAliasAdded\.metadata cannot be written"):
        backend.inject(ArtifactAliasAdded(collection=weights, alias="a", metadata={"a": value}))
