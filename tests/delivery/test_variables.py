"""What each variable stands for, event by event."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pytest_wandb_automations import events
from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.delivery.variables import (
    KNOWN_VARIABLES,
    TEMPLATE_VARIABLES,
    MetricFacts,
    Variables,
    variables_of,
)

C = "tiny-ml/quantized edge training/CIFAR_10"
VERSION: dict[str, Any] = {
    "collection": C,
    "version": 2,
    "artifact_id": "QXJ0aWZhY3Q6NjI0OTY3Mzkw",
    "author": "frds",
}
OF_A_VERSION = {
    "automation_name": "rule",
    "event_author": "frds",
    "entity_name": "tiny-ml",
    "project_name": "quantized edge training",
    "artifact_collection_name": "CIFAR_10",
    "artifact_version": "wandb-artifact://_id/QXJ0aWZhY3Q6NjI0OTY3Mzkw",
    "artifact_version_index": "2",
}
PLAIN = {**OF_A_VERSION, "artifact_version_string": f"{C}:v2"}
OF_A_RUN = {
    "automation_name": "rule",
    "event_author": "frds",
    "entity_name": "tiny-ml",
    "project_name": "llm",
    "run_name": "train-1",
}
RUN: dict[str, Any] = {"run": "tiny-ml/llm/r1", "author": "frds"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (events.ArtifactCreated(**VERSION), {**PLAIN, "event_type": "CREATE_ARTIFACT"}),
        (events.ArtifactLinked(**VERSION), {**PLAIN, "event_type": "LINK_ARTIFACT"}),
        (events.ArtifactUnlinked(**VERSION), {**PLAIN, "event_type": "UNLINK_ARTIFACT"}),
        (
            events.ArtifactAliasAdded(**VERSION, alias="prod"),
            {
                **OF_A_VERSION,
                "event_type": "ADD_ARTIFACT_ALIAS",
                "alias": "prod",
                "artifact_version_string": f"{C}:prod",
            },
        ),
        (
            events.ArtifactTagAdded(**VERSION, tag="eu"),
            {**PLAIN, "event_type": "ADD_ARTIFACT_TAG", "tag": "eu"},
        ),
        (
            events.ArtifactTagRemoved(**VERSION, tag="eu"),
            {**PLAIN, "event_type": "REMOVE_ARTIFACT_TAG", "tag": "eu"},
        ),
        (
            events.CollectionTagAdded(collection=C, author="frds", tag="eu"),
            {
                "automation_name": "rule",
                "event_type": "ADD_COLLECTION_TAG",
                "event_author": "frds",
                "entity_name": "tiny-ml",
                "project_name": "quantized edge training",
                "artifact_collection_name": "CIFAR_10",
                "tag": "eu",
            },
        ),
        (
            events.CollectionTagRemoved(collection=C, author="frds", tag="eu"),
            {
                "automation_name": "rule",
                "event_type": "REMOVE_COLLECTION_TAG",
                "event_author": "frds",
                "entity_name": "tiny-ml",
                "project_name": "quantized edge training",
                "artifact_collection_name": "CIFAR_10",
                "tag": "eu",
            },
        ),
        (
            events.RunStateChanged(**RUN, state="failed"),
            {**OF_A_RUN, "event_type": "RUN_STATE", "run_status": "failed"},
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, events.BaseEvent) else "",
)
def test_an_event_fills_its_variables_and_blanks_the_others(
    event: events.Event, expected: dict[str, str]
) -> None:
    (event_type,) = event.event_types
    found = variables_of(event, event_type=event_type, automation_name="rule", run_name="train-1")

    filled = {name: found.get(name) for name in KNOWN_VARIABLES if found.get(name)}
    assert filled == expected
    assert all(found.get(name) is not None for name in KNOWN_VARIABLES)


@pytest.mark.parametrize(
    ("event_type", "text"),
    [
        (EventType.RUN_METRIC_THRESHOLD, "RUN_METRIC"),
        (EventType.RUN_METRIC_CHANGE, "RUN_METRIC_CHANGE"),
        (EventType.RUN_METRIC_ZSCORE, "RUN_METRIC_ZSCORE"),
    ],
)
def test_a_metric_event_tells_what_the_automation_saw(event_type: EventType, text: str) -> None:
    found = variables_of(
        events.RunMetricLogged(**RUN, metric="val.loss", value=3),
        event_type=event_type,
        automation_name="rule",
        run_name="train-1",
        metric=MetricFacts((1.0, 2.5), "all of it", "avg(val.loss, 2) > 1", "1.75"),
    )

    filled = {name: found.get(name) for name in KNOWN_VARIABLES if found.get(name)}
    assert filled == {
        **OF_A_RUN,
        "event_type": text,
        "metric_name": "val.loss",
        "metric_values": "[1.0, 2.5]",
        "metric_filter": "all of it",
        "metric_filter_short": "avg(val.loss, 2) > 1",
        "metric_current_status": "1.75",
    }


def test_values_that_json_has_no_numbers_for_are_texts() -> None:
    found = variables_of(
        events.RunMetricLogged(**RUN, metric="loss", value=math.inf),
        event_type=EventType.RUN_METRIC_THRESHOLD,
        automation_name="rule",
        metric=MetricFacts((0.5, math.nan, math.inf, -math.inf), "", "", ""),
    )

    assert found.get("metric_values") == '[0.5, "NaN", "Infinity", "-Infinity"]'


def test_what_a_test_leaves_out_of_an_event_is_blank() -> None:
    found = variables_of(
        events.ArtifactCreated(collection=C),
        event_type=EventType.CREATE_ARTIFACT,
        automation_name="rule",
    )
    run = variables_of(
        events.RunStateChanged(run="a/b/r1", state="failed"),
        event_type=EventType.RUN_STATE,
        automation_name="rule",
    )

    assert found.get("event_author") == ""
    assert found.get("artifact_version") == "wandb-artifact://_id/"
    assert run.get("run_name") == "r1"


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("text", "a b"),
        ("number", "0.9"),
        ("whole", "3"),
        ("yes", "true"),
        ("nothing", "null"),
        ("list", '[1, "ü"]'),
        ("nested", '{"a": 1}'),
        ("missing", ""),
        ("nested.a", ""),
        ("dotted.key", "reached"),
        ("", "empty"),
    ],
)
def test_metadata_is_read_by_its_top_level_key(key: str, text: str) -> None:
    metadata = {
        "text": "a b",
        "number": 0.9,
        "whole": 3,
        "yes": True,
        "nothing": None,
        "list": [1, "ü"],
        "nested": {"a": 1},
        "dotted.key": "reached",
        "": "empty",
    }

    assert Variables({}, metadata).get(f"artifact_metadata.{key}") == text


@pytest.mark.parametrize("name", ["typo", "", "artifact_metadata", "Alias", "ACCESS_TOKEN"])
def test_a_name_that_wandb_does_not_know_stands_for_nothing(name: str) -> None:
    assert Variables({"alias": "prod"}).get(name) is None


def test_secrets_can_be_added() -> None:
    found = Variables({"alias": "prod"}, {"a": "b"}).with_secrets(
        access_token="t", secrets={"MY_SECRET": "s"}
    )

    assert found.get("ACCESS_TOKEN") == "t"
    assert found.get("MY_SECRET") == "s"
    assert found.get("alias") == "prod"
    assert found.get("artifact_metadata.a") == "b"
    assert Variables({}).with_secrets(access_token=None, secrets={}).get("ACCESS_TOKEN") == ""


@pytest.mark.parametrize(
    ("event", "source"),
    [(EventType.ADD_ARTIFACT_ALIAS, "captured"), (EventType.LINK_ARTIFACT, "documentation")],
)
def test_only_the_captured_delivery_is_a_capture(event: EventType, source: str) -> None:
    (author,) = [each for each in TEMPLATE_VARIABLES if each.name == "event_author"]
    (index,) = [each for each in TEMPLATE_VARIABLES if each.name == "artifact_version_index"]

    assert author.source_for(event) == source
    assert index.source_for(event) == "documentation"
