"""The inbox of Slack messages.

W&B publishes no layout of its messages, so a message is kept as what it says, not how it looks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import httpx

from pytest_wandb_automations.delivery.inbox import Inbox
from pytest_wandb_automations.delivery.templates import json_text

if TYPE_CHECKING:
    import respx

    from pytest_wandb_automations.delivery.postbox import Answer

__all__ = ["SLACK_URL", "SlackInbox", "SlackMessage", "slack_problem", "slack_request"]

SLACK_URL = "https://slack.com/api/chat.postMessage"


@dataclass(frozen=True)
class SlackMessage:
    """One message to a channel; `team` is the Slack workspace."""

    automation: str
    automation_id: str = field(repr=False)
    team: str
    channel: str
    title: str
    text: str
    severity: str
    title_url: str


def slack_request(message: SlackMessage) -> httpx.Request:
    """Build the `chat.postMessage` request of a message, in Block Kit blocks of the kit's own."""
    blocks: list[dict[str, Any]] = []
    if message.title:
        title = f"<{message.title_url}|{message.title}>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": f"*{title}*"}})
    if message.text:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": message.text}})
    context = {"type": "mrkdwn", "text": f"{message.severity} · {message.automation}"}
    blocks.append({"type": "context", "elements": [context]})
    body = {"channel": message.channel, "text": message.title or message.text, "blocks": blocks}
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return httpx.Request("POST", SLACK_URL, headers=headers, content=json_text(body))


def slack_problem(answer: Answer) -> str | None:
    """Tell why Slack did not take a message: it says so in a response with status 200, too."""
    if answer.problem or answer.response is None:
        return answer.problem
    try:
        said = json.loads(answer.response.content or b"{}")
    except ValueError:
        return None
    if not isinstance(said, dict) or cast("dict[str, Any]", said).get("ok", True):
        return None
    return f"answered with the error {cast('dict[str, Any]', said).get('error')!r}"


class SlackInbox(Inbox[SlackMessage]):
    """Slack messages, newest last."""

    _one = "Slack message"

    def to(self, channel: str) -> SlackInbox:
        """Return the messages to one channel."""
        return self._only([message for message in self if message.channel == channel])

    def route(self) -> respx.Route:
        """Return the respx route of Slack's API, to make it fail or answer otherwise."""
        return self._postbox.router.post(SLACK_URL)

    def send(self, message: SlackMessage, *, timeout: float) -> Answer:
        """Post a message and record it."""
        self._sent.append(message)
        return self._postbox.send(slack_request(message), timeout=timeout)
