from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import RunEvent
from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.events import (
    ArtifactAliasAdded,
    ArtifactCreated,
    ArtifactLinked,
    ArtifactTagAdded,
    ArtifactUnlinked,
    CollectionTagAdded,
    Event,
    RunMetricLogged,
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


@pytest.mark.parametrize(
    "value", [{("a",): 1}, CIRCULAR, float("nan")], ids=["tuple as key", "circular", "NaN"]
)
def test_metadata_that_no_delivery_could_carry_is_refused(
    backend: Backend, weights: Collection, value: Any
) -> None:
    with pytest.raises(InvalidInput, match=r"^ArtifactAliasAdded\.metadata cannot be written"):
        backend.inject(ArtifactAliasAdded(collection=weights, alias="a", metadata={"a": value}))


def test_metadata_is_kept_as_the_history_can_write_it(
    backend: Backend, weights: Collection, emitted: list[Event]
) -> None:
    when = date(2026, 1, 1)

    backend.inject(ArtifactCreated(collection=weights, metadata={"when": when, "by": ("a", 1)}))

    (event,) = emitted
    assert isinstance(event, ArtifactCreated)
    assert event.metadata == {"when": "2026-01-01", "by": ["a", 1]}


@pytest.mark.parametrize(
    "event",
    [
        lambda: ArtifactAliasAdded(collection="acme/llm/weights", alias=""),
        lambda: ArtifactAliasAdded(collection="acme/llm/weights", alias="a/b"),
        lambda: CollectionTagAdded(collection="acme/llm/weights", tag="a!"),
        lambda: ArtifactTagAdded(collection="acme/llm/weights", tag=""),
    ],
)
@pytest.mark.usefixtures("weights")
def test_names_that_wandb_refuses_are_in_no_event(backend: Backend, event: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^(alias|tag) "):
        backend.inject(event())


def test_the_alias_that_numbers_a_version_may_be_told(
    backend: Backend, weights: Collection, emitted: list[Event]
) -> None:
    backend.inject(ArtifactAliasAdded(collection=weights, alias="v3"))

    assert len(emitted) == 1


def test_an_injected_metric_is_flattened_and_reaches_the_summary_as_a_logged_one(
    backend: Backend, watch_metric: Any
) -> None:
    condition = RunEvent.metric("val.loss").gt(1)
    watch_metric(condition, name="nested")
    run = backend.run("acme/llm")

    backend.inject(RunMetricLogged(run=run, metric="val", value={"loss": 2, "acc": 1}))
    backend.inject(RunMetricLogged(run=run, metric="val", value={"loss": 9}, stream="system"))

    assert [execution.event.value for execution in backend.executions] == [2]
    assert run.values("val.acc") == [1]
    assert run.summary == {"val": {"loss": 2, "acc": 1}}
