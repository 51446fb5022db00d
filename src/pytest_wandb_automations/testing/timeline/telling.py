"""`tell`: the story of a test, from the world that it ran in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_wandb_automations.testing.timeline.drafts import Draft, Gap, chosen, draft
from pytest_wandb_automations.testing.timeline.moments import Teller
from pytest_wandb_automations.testing.timeline.story import AutomationLine, Moment, Story
from pytest_wandb_automations.testing.timeline.veil import Veil
from pytest_wandb_automations.world.actions import NotificationAction, WebhookAction

if TYPE_CHECKING:
    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.world import World

__all__ = ["tell"]

_FIRST = 150
_LAST = 200
_MARKED = 100
_AUTOMATIONS = 50


def tell(world: World, *, test: str) -> Story:
    """Tell what happened in a world. Of very many moments the middle is left out."""
    with world.change():
        veil = Veil(world)
        drafts = draft(world.journal)
        teller = Teller(world, veil, [each for each in drafts if isinstance(each, Draft)])
        told = chosen(
            drafts,
            first=_FIRST,
            last=_LAST,
            marked=_MARKED,
            matters=lambda each: each.matters,
        )
        lines = _automations(world, veil)
        return Story(
            test=veil.line(test),
            seed=world.seed,
            automations=tuple(lines[:_AUTOMATIONS]),
            other_automations=len(lines[_AUTOMATIONS:]),
            moments=tuple(
                Moment("", "gap", "", left_out=each.count)
                if isinstance(each, Gap)
                else teller.moment(each)
                for each in told
            ),
        )


def _automations(world: World, veil: Veil) -> list[AutomationLine]:
    """Return a line for each automation, those that fired or were asked first."""
    fired: dict[str, int] = {}
    failed: dict[str, int] = {}
    for execution in world.executions:
        fired[execution.trigger_id] = fired.get(execution.trigger_id, 0) + 1
        if execution.state == "FAILED":
            failed[execution.trigger_id] = failed.get(execution.trigger_id, 0) + 1

    def concern(trigger: Trigger) -> tuple[bool, bool]:
        asked = trigger.considered.total or trigger.watches
        return (trigger.id not in fired, not asked)

    triggers = sorted(world.automations, key=concern)
    shown, others = triggers[:_AUTOMATIONS], triggers[_AUTOMATIONS:]
    return [
        AutomationLine(
            name=veil.line(trigger.name),
            rule=veil.line(trigger.rule.describe()),
            scope=veil.line(trigger.scope.path),
            action=veil.line(_action(trigger)),
            enabled=trigger.enabled,
            fired=fired.get(trigger.id, 0),
            failed=failed.get(trigger.id, 0),
        )
        for trigger in shown
    ] + [AutomationLine("", "", "", "", enabled=True, fired=0, failed=0)] * len(others)


def _action(trigger: Trigger) -> str:
    action = trigger.action
    if isinstance(action, WebhookAction):
        return f"webhook {action.integration.name!r}"
    if isinstance(action, NotificationAction):
        return f"Slack {action.integration.channel_name}"
    return trigger.action_type.value
