"""The real SDK meets the faults that a test orders, and does what it documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

wandb = pytest.importorskip("wandb")

from wandb.automations import DoNothing, OnAddArtifactAlias  # noqa: E402
from wandb.errors import CommError  # noqa: E402

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend


@pytest.fixture
def api(wandb_backend: Backend) -> Any:
    return wandb.Api()


@pytest.fixture
def new(wandb_backend: Backend, api: Any) -> Any:
    wandb_backend.collection("acme/llm/weights", type="model").log_version()
    weights = api.artifact_collection("model", "acme/llm/weights")
    return OnAddArtifactAlias(scope=weights) >> DoNothing()


def test_409_is_what_the_sdk_says_of_a_name_that_is_taken(
    wandb_backend: Backend, api: Any, new: Any
) -> None:
    wandb_backend.faults.graphql("CreateAutomation", status=409)

    with pytest.raises(CommError, match="'rule' exists") as e:
        api.create_automation(new, name="rule")

    assert isinstance(e.value.exc, ValueError)
    assert wandb_backend.automations() == []
    assert [hit.what for hit in wandb_backend.faults.hits] == ["CreateAutomation by tester"]
    assert api.create_automation(new, name="rule").name == "rule"


def test_404_is_what_the_sdk_says_of_an_automation_that_is_gone(
    wandb_backend: Backend, api: Any, new: Any
) -> None:
    saved = api.create_automation(new, name="rule")
    wandb_backend.faults.graphql("UpdateAutomation", status=404)

    with pytest.raises(CommError, match="Automation 'rule' not found"):
        api.update_automation(saved, description="new")


@pytest.mark.parametrize("order", [{"errors": ["Down for maintenance"]}, {"status": 403}])
def test_other_errors_reach_the_user_with_their_message(
    wandb_backend: Backend, api: Any, new: Any, order: dict[str, Any]
) -> None:
    told = "Down for maintenance" if "errors" in order else "ordered by backend.faults.graphql"
    wandb_backend.faults.graphql("CreateAutomation", **order)

    with pytest.raises(CommError, match=told):
        api.create_automation(new, name="rule")


def test_operations_have_the_names_of_the_sdks_documents(wandb_backend: Backend, api: Any) -> None:
    fault = wandb_backend.faults.graphql("Nonesuch", status=409)

    list(api.automations(entity="acme"))

    assert wandb_backend.faults.unused == [fault]
