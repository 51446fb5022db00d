"""What strict mode says: what was sent that nobody asked for, why it counts, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.delivery.templates import unknown_variable_hint
from pytest_wandb_automations.delivery.variables import TEMPLATE_VARIABLES
from pytest_wandb_automations.rules.verdict import describe_event
from pytest_wandb_automations.rules.wording import all_of, one_line
from pytest_wandb_automations.world.actions import NotificationAction, WebhookAction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_wandb_automations.automations import EventType
    from pytest_wandb_automations.world.executions import Execution

__all__ = ["failed_deliveries", "unknown_variables"]

_SHOWN = 3
"""How many executions a text shows; what is wrong with one is mostly wrong with all."""

_MARKER = "@pytest.mark.wandb_automations"


def failed_deliveries(executions: Sequence[Execution]) -> str:
    """Tell of deliveries that failed without the test asking for it."""
    orders = [f"  {order}" for order in _orders(executions[0])]
    return "\n".join(
        [
            f"{_counted(len(executions), 'delivery', 'deliveries')} failed, "
            "and the test did not ask for it",
            *_each(executions, lambda e: [f"failed    {one_line(e.error or '')}"]),
            "",
            *(["If it is to fail, let the test order it:", *orders] if orders else []),
            "If it is right that it fails by itself, let the test not be asked about it:",
            f'  {_MARKER}(strict=["unknown_variables"])',
        ]
    )


def unknown_variables(executions: Sequence[Execution]) -> str:
    """Tell of automations whose texts use `${variables}` that W&B does not know."""
    event_type = executions[0].event_type
    return "\n".join(
        [
            f"{_counted(len(executions), 'delivery', 'deliveries')} used a ${{variable}} "
            "that W&B does not know",
            *_each(executions, _unknown),
            "",
            f"For {event_type.value} W&B fills in {_variables(event_type)}.",
            "If the text is right as it is, let the test not be asked about it:",
            f'  {_MARKER}(strict=["failed_deliveries"])',
        ]
    )


def _unknown(execution: Execution) -> list[str]:
    names = execution.outcome.unknown_variables if execution.outcome else ()
    return [f"unknown   ${{{one_line(name)}}}{unknown_variable_hint(name)}" for name in names]


def _each(executions: Sequence[Execution], told: Callable[[Execution], list[str]]) -> list[str]:
    lines: list[str] = []
    for execution in executions[:_SHOWN]:
        headline = f"{execution.automation_name!r} for {describe_event(execution.event)}"
        lines += ["", one_line(headline), f"  sent      {_receiver(execution)}"]
        lines += [f"  {line}" for line in told(execution)]
    if len(executions) > _SHOWN:
        lines += ["", f"… and {len(executions) - _SHOWN} more"]
    return lines


def _receiver(execution: Execution) -> str:
    action = execution.action
    if isinstance(action, WebhookAction):
        return f"POST {shown_url(action.integration.url_endpoint)}"
    if isinstance(action, NotificationAction):
        return f"Slack {action.integration.channel_name!r}"
    return execution.action_type.value


def _orders(execution: Execution) -> list[str]:
    """Write how a test orders the failure of such a delivery; nothing if it cannot."""
    fault = f"backend.faults.delivery({execution.automation_name!r}, status=503)"
    if isinstance(execution.action, WebhookAction):
        url = shown_url(execution.action.integration.url_endpoint)
        return [f"backend.webhooks.route({url!r}).respond(503)", fault]
    if isinstance(execution.action, NotificationAction):
        return ["backend.slack.route().respond(503)", fault]
    return []


def _variables(event_type: EventType) -> str:
    return all_of(v.name for v in TEMPLATE_VARIABLES if event_type in v.events)


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
