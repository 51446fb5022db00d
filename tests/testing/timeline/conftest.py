from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import DoNothing, OnAddArtifactAlias, OnRunMetric
from pytest_wandb_automations.testing.timeline import Story, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.world.collections import Collection


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
def weights(backend: Backend) -> Collection:
    return backend.collection("acme/llm/weights")


@pytest.fixture
def story(backend: Backend) -> Callable[[], Story]:
    """Return what tells the story so far."""
    return lambda: tell(backend.world, test="test_a", plotted=True)


@pytest.fixture
def texts(story: Callable[[], Story]) -> Callable[..., list[str]]:
    """Return what tells the texts of moments, of one kind if it is given."""

    def texts(kind: str | None = None) -> list[str]:
        return [each.text for each in story().moments if kind in (None, each.kind)]

    return texts


@pytest.fixture
def watch(backend: Backend) -> Callable[..., object]:
    """Return what saves an automation that does nothing, on a metric or on every alias."""

    def watch(name: str, condition: object = None, **fields: object) -> object:
        if condition is None:
            scope = backend.collection("acme/llm/weights")
            return backend.create_automation(
                OnAddArtifactAlias(scope=scope) >> DoNothing(), name=name, **fields
            )
        event = OnRunMetric(scope=backend.project("acme/llm"), filter=condition)
        return backend.create_automation(event >> DoNothing(), name=name, **fields)

    return watch
