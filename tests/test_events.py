from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pytest_wandb_automations import Backend, events
from pytest_wandb_automations.events import ArtifactAliasAdded, RunStateChanged


@pytest.mark.parametrize("path", ["weights", "llm/weights", "acme//weights", "a/b/c/d", ""])
def test_a_path_has_three_parts(path):
    with pytest.raises(ValidationError, match="expected a path 'entity/project/collection'"):
        ArtifactAliasAdded(collection=path, alias="prod")


def test_objects_of_a_backend_stand_for_their_path():
    backend = Backend()
    weights, run = backend.collection("acme/llm/weights"), backend.run("acme/llm", run_id="r1")

    assert ArtifactAliasAdded(collection=weights, alias="prod").collection == "acme/llm/weights"
    assert RunStateChanged(run=run, state="failed").run == "acme/llm/r1"


def test_what_no_path_can_be_is_refused():
    with pytest.raises(ValidationError):
        RunStateChanged(run=1, state="failed")


def test_events_do_not_change():
    event = ArtifactAliasAdded(collection="acme/llm/weights", alias="prod")

    with pytest.raises(ValidationError, match="frozen"):
        event.alias = "staging"


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        (
            lambda: events.ArtifactCreated(collection="acme/llm/w:v0"),
            "'acme/llm/w:v0' names a version; write its index as `version`",
        ),
        (lambda: events.ArtifactCreated(collection="a/b/c", version=True), "version"),
        (lambda: events.RunMetricLogged(run="a/b/c", metric="", value=1), "metric"),
    ],
)
def test_what_cannot_be_is_no_event(event: Any, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        event()
