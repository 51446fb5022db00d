"""The pytest plugin: fixtures. It imports pytest and nothing else, as pytest loads it always."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_wandb_automations.backend import Backend
    from pytest_wandb_automations.testing.factories import Factory
    from pytest_wandb_automations.testing.session import Session


@pytest.fixture(scope="session")
def _wandb_automations_session() -> Iterator[Session]:
    from pytest_wandb_automations.testing.session import Session

    session = Session()
    yield session
    session.close()


@pytest.fixture
def wandb_backend(
    request: pytest.FixtureRequest, _wandb_automations_session: Session
) -> Iterator[Backend]:
    """Give a fresh offline W&B, to which everything that is pointed at W&B is led.

    The real SDK and other processes reach it through the environment, httpx and httpx2 clients of
    this process directly.
    """
    from pytest_wandb_automations.testing.session import seed_of

    if "httpx_mock" in request.fixturenames:
        request.getfixturevalue("httpx_mock")  # whichever comes last gets requests first
    with _wandb_automations_session.backend(seed=seed_of(request.node.nodeid)) as backend:
        yield backend


@pytest.fixture
def wandb_factory(request: pytest.FixtureRequest, wandb_backend: Backend) -> Factory:
    """Give factories of made-up projects, runs, artifacts, integrations and automations."""
    from pytest_wandb_automations.testing.factories import Factory
    from pytest_wandb_automations.testing.session import seed_of

    return Factory(wandb_backend, seed=seed_of(request.node.nodeid))
