"""Where automations send to, as each version of the SDK lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend


@pytest.fixture(autouse=True)
def _integrations(wandb_backend: Backend) -> None:
    for number in range(3):
        wandb_backend.slack_integration("acme", team_name="Acme", channel_name=f"#{number}")
        wandb_backend.webhook_integration(
            "acme", name=f"hook-{number}", url_endpoint=f"https://acme.test/{number}"
        )


@pytest.mark.needs("wandb.Api.integrations")
@pytest.mark.parametrize("per_page", [2, 50])
def test_integrations_are_listed_by_kind_and_all_together(api: Any, per_page: int) -> None:
    hooks = [hook.name for hook in api.webhook_integrations(entity="acme", per_page=per_page)]
    slack = [i.channel_name for i in api.slack_integrations(entity="acme", per_page=per_page)]
    every = list(api.integrations(entity="acme", per_page=per_page))

    assert hooks == ["hook-0", "hook-1", "hook-2"]
    assert slack == ["#0", "#1", "#2"]
    assert len(every) == 6


@pytest.mark.needs("wandb.Api.integrations(start)")
def test_a_list_of_integrations_goes_on_where_an_earlier_one_ended(api: Any) -> None:
    first = api.integrations(entity="acme", per_page=4)
    seen = [next(first).id for _ in range(4)]

    rest = [i.id for i in api.integrations(entity="acme", per_page=4, start=first.cursor)]

    assert seen + rest == [i.id for i in api.integrations(entity="acme")]
