"""`tell`: the story of a test, from the world that it ran in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_wandb_automations.testing.timeline.drafts import Draft, Gap, chosen, draft
from pytest_wandb_automations.testing.timeline.moments import Teller
from pytest_wandb_automations.testing.timeline.plotting import plots
from pytest_wandb_automations.testing.timeline.story import AutomationLine, Moment, Story
from pytest_wandb_automations.testing.timeline.veil import Veil
from pytest_wandb_automations.world.actions import NotificationAction, WebhookAction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.world import World

__all__ = ["tell"]

_FIRST = 60
_LAST = 100
_MARKED = 60
_AUTOMATIONS = 50
_PLOTS = 12
_ROUTES = 5


def tell(world: World, *, test: str, plotted: bool = False) -> Story:
    """Tell what happened in a world. Of very many moments the middle is left out.

    `plotted` asks for the watched metrics as well, to be drawn.
    """
    with world.change():
        veil = Veil(world)
        drafts = draft(world.journal)
        teller = Teller(world, veil, [each for each in drafts if isinstance(each, Draft)])
        told = chosen(
            drafts, first=_FIRST, last=_LAST, marked=_MARKED, matters=lambda each: each.matters
        )
        automations = _by_concern(world)
        lines = _lines(world, automations[:_AUTOMATIONS], veil)
        drawn, undrawn = plots(world, veil, limit=_PLOTS) if plotted else ([], 0)
        return Story(
            test=veil.line(test),
            seed=world.seed,
            automations=tuple(lines),
            other_automations=len(automations[_AUTOMATIONS:]),
            unmet_routes=tuple(map(veil.line, world.courier.postbox.unmet[:_ROUTES])),
            moments=tuple(
                Moment("", "gap", "", left_out=each.count)
                if isinstance(each, Gap)
                else teller.moment(each)
                for each in told
            ),
            plots=tuple(drawn),
            other_plots=undrawn,
        )


def _by_concern(world: World) -> list[Trigger]:
    """Return the automations: those that fired first, then those that an event reached."""

    def concern(trigger: Trigger) -> tuple[bool, bool]:
        reached = trigger.considered.total or trigger.watches
        return (not trigger.firings, not reached)

    return sorted(world.automations, key=concern)


def _lines(world: World, triggers: Iterable[Trigger], veil: Veil) -> list[AutomationLine]:
    failures = Counter(execution.trigger_id for execution in world.executions.failed)
    return [
        AutomationLine(
            name=veil.line(trigger.name),
            rule=veil.line(trigger.rule.describe()),
            scope=veil.line(trigger.scope.path),
            action=veil.line(_action(trigger)),
            enabled=trigger.enabled,
            fired=len(trigger.firings),
            failed=failures[trigger.id],
        )
        for trigger in triggers
    ]


def _action(trigger: Trigger) -> str:
    action = trigger.action
    if isinstance(action, WebhookAction):
        return f"webhook {action.integration.name!r}"
    if isinstance(action, NotificationAction):
        return f"Slack {action.integration.channel_name}"
    return trigger.action_type.value
