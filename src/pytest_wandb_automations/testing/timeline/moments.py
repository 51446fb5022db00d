"""Drafts as moments: each kind of record has one function that puts it into words."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.delivery.slack import SLACK_URL, SlackMessage, slack_problem
from pytest_wandb_automations.delivery.templates import json_text
from pytest_wandb_automations.rules.reasons import in_short, reason
from pytest_wandb_automations.rules.verdict import Verdict, describe_event, format_verdict
from pytest_wandb_automations.rules.wording import nearest
from pytest_wandb_automations.testing.timeline.story import Exchange, Mark, Moment, Ruling
from pytest_wandb_automations.testing.timeline.values import describe_values, logs
from pytest_wandb_automations.world.actions import NotificationAction, WebhookAction
from pytest_wandb_automations.world.faults import Fault, FaultHit
from pytest_wandb_automations.world.happenings import Happening
from pytest_wandb_automations.world.journal import (
    Advanced,
    Edited,
    Missed,
    Refused,
    Sent,
    Settled,
)
from pytest_wandb_automations.world.pacing import duration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pytest_wandb_automations.delivery.postbox import Answer
    from pytest_wandb_automations.testing.timeline.drafts import Draft
    from pytest_wandb_automations.testing.timeline.veil import Veil
    from pytest_wandb_automations.world.metrics import MetricWatch
    from pytest_wandb_automations.world.world import World

__all__ = ["Teller"]

_RULINGS = 20


class Teller:
    """Puts drafts into words; `drafts` are all of a world's, whether or not they are told."""

    def __init__(self, world: World, veil: Veil, drafts: Sequence[Draft]) -> None:
        self._world = world
        self._veil = veil
        self._unused = set(map(id, world.faults.unused))
        self._waiting = _waiting(world, drafts)
        self._rules = {(trigger.name, id(trigger.rule)) for trigger in world.automations}
        self._sent = {id(draft.whats[0].execution) for draft in drafts if draft.is_delivery}

    def moment(self, draft: Draft) -> Moment:
        """Return a draft as it is told."""
        verdicts = [(each.make(), _more(each.count - 1, "as at")) for each in draft.opinions]
        verdicts += [
            (watch.recall(), _more(watch.values_not_held - 1, "nor at"))
            for watch in self._waiting.get(id(draft), ())
        ]
        verdicts.sort(key=lambda each: not each[0].fired)
        rulings = tuple(self._ruling(*each) for each in verdicts[:_RULINGS])
        at = _written(draft.at)
        fired: Mark = "fired" if rulings and rulings[0].fired else ""
        if draft.is_values:
            told = self._veil.line(describe_values(draft.whats))
            return Moment(at, "values", told, fired, rulings)
        moment = self._told(draft.whats[0], at)
        if not rulings:
            return moment
        return Moment(at, moment.kind, moment.text, fired, rulings)

    def _ruling(self, verdict: Verdict, also: str) -> Ruling:
        metric = next((clause for clause in verdict.clauses if clause.path == "metric"), None)
        why = reason(verdict) or (in_short(metric) if metric else "")
        return Ruling(
            self._veil.line(verdict.automation_name),
            verdict.fired,
            self._veil.line(why),
            self._veil.text(format_verdict(verdict)),
            also,
        )

    @singledispatchmethod
    def _told(self, what: Any, at: str) -> Moment:
        raise TypeError(f"{type(what).__name__} at {at} is no record of a journal")

    @_told.register
    def _(self, what: Happening, at: str) -> Moment:
        author = what.event.author
        by = "" if author == self._world.default_user.username else f" by {author}"
        return Moment(at, "event", self._veil.line(describe_event(what.event) + by))

    @_told.register
    def _(self, what: Edited, at: str) -> Moment:
        told = f"automation {what.automation_name!r} {what.verb}"
        if not what.enabled:
            told += ", disabled"
        if (what.automation_name, id(what.rule)) not in self._rules:
            # What it is at the end stands above the timeline.
            told += f": {what.rule.describe()} in {what.scope.path}"
        return Moment(at, "edit", self._veil.line(told))

    @_told.register
    def _(self, what: Refused, at: str) -> Moment:
        told = f"{what.operation or 'a request'} by {what.username}: {what.status}, {what.message}"
        return Moment(at, "request", self._veil.line(told), "failed")

    @_told.register
    def _(self, what: Missed, at: str) -> Moment:
        if what.kind == "project":
            known = {project.path for project in self._world.projects}
        else:
            known = set(self._world.directory.entities)
        # One that is known by now was made later, or is hidden from the user.
        near = "" if what.path in known else nearest(what.path, known)
        told = f"{what.username} asked for {what.kind} {what.path!r} and found none{near}"
        return Moment(at, "request", self._veil.line(told))

    @_told.register
    def _(self, what: Advanced, at: str) -> Moment:
        return Moment(at, "clock", f"clock advanced by {duration(what.by)}")

    @_told.register
    def _(self, what: Fault, at: str) -> Moment:
        never = " (nothing met it)" if id(what) in self._unused else ""
        return Moment(at, "fault", self._veil.line(f"ordered: {what.call}{never}"))

    @_told.register
    def _(self, what: FaultHit, at: str) -> Moment:
        return Moment(at, "fault", self._veil.line(f"{what.what} met {what.fault.call}"), "ordered")

    @_told.register
    def _(self, what: Sent, at: str) -> Moment:
        request, answer = what.request, what.answer
        problem = self._problem(request.url == SLACK_URL, answer)
        if answer is None:
            came, mark = "under way", ""
        elif problem:
            came, mark = problem, "ordered" if answer.ordered_by else "failed"
            if mark == "ordered" and not answer.fault:  # a fault tells of itself
                came += " (ordered by its route)"
        else:
            came, mark = f"answered {_status(answer)}", ""
        exchange = Exchange(
            request=f"{request.method} {self._veil.line(shown_url(request.url))}\n"
            + self._veil.headers(request.headers),
            body=self._veil.text(_body(what)),
            answer=self._veil.line(came),
            response=self._veil.text((answer and answer.text) or ""),
        )
        told = self._veil.line(f"{_receiver(what)} {came}")
        return Moment(at, "delivery", told, mark, exchange=exchange)

    def _problem(self, is_slack: bool, answer: Answer | None) -> str | None:
        if answer is None:
            return None
        if is_slack:
            return slack_problem(answer)
        return answer.failure(self._world.semantics.webhook_success)

    @_told.register
    def _(self, what: Settled, at: str) -> Moment:
        execution, outcome = what.execution, what.execution.outcome
        assert outcome is not None
        name = execution.automation_name
        unknown = ", ".join(outcome.unknown_variables)
        if id(execution) in self._sent:
            told = f"{name} used unknown variables: {unknown}"
            return Moment(at, "outcome", self._veil.line(told), "failed")
        mark: Mark = ""
        told = f"{name} {execution.state.lower()}"
        if outcome.error:
            mark = "ordered" if outcome.ordered_by else "failed"
            told += f": {outcome.error}"
        elif outcome.skipped:
            told += f": {outcome.skipped}"
        if unknown:
            told, mark = f"{told}; it used unknown variables: {unknown}", "failed"
        return Moment(at, "outcome", self._veil.line(told), mark)


def _receiver(sent: Sent) -> str:
    execution, url = sent.execution, shown_url(sent.request.url)
    if execution is None:
        return f"test of a webhook: POST {url}"
    action, name = execution.action, execution.automation_name
    if isinstance(action, WebhookAction):
        return f"{name} → webhook {action.integration.name!r}: POST {url}"
    assert isinstance(action, NotificationAction)
    return f"{name} → Slack {action.integration.channel_name}:"


def _body(sent: Sent) -> str:
    """Return what was sent; of a Slack message what it says, not the blocks that carry it."""
    message = sent.execution and sent.execution.outcome and sent.execution.outcome.sent
    if isinstance(message, SlackMessage):
        said = {"severity": message.severity, "title": message.title, "text": message.text}
        return json_text(said)
    return sent.request.content.decode("utf-8", "replace")


def _more(count: int, how: str) -> str:
    return f"{how} {count} other value{'' if count == 1 else 's'}" if count > 0 else ""


def _status(answer: Answer) -> str:
    response = answer.response
    return "" if response is None else f"{response.status_code} {response.reason_phrase}".rstrip()


def _waiting(world: World, drafts: Sequence[Draft]) -> dict[int, list[MetricWatch]]:
    """Find, for each watch whose condition does not hold at its newest value, where that is told.

    Such values leave no verdict behind, for there are very many.
    """
    newest: dict[tuple[str, str, str], Draft] = {}
    waiting: dict[int, list[MetricWatch]] = {}
    for draft in drafts:
        if draft.is_values:
            for run, stream, metric in logs(draft.whats):
                newest[run.id, stream, metric] = draft
    for trigger in world.automations:
        for (run_id, stream), watch in trigger.watches.items():
            found = newest.get((run_id, stream, watch.condition.name))
            if found is not None and not watch.window.held:
                waiting.setdefault(id(found), []).append(watch)
    return waiting


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"
