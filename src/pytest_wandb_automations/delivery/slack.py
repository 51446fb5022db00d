"""The inbox of Slack messages.

W&B publishes no layout of its messages, so a message is kept as what it says, not how it looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import httpx
import respx

from pytest_wandb_automations.delivery.postbox import Postbox

__all__ = ["SLACK_URL", "SlackInbox", "SlackMessage", "slack_request"]

SLACK_URL = "https://slack.com/api/chat.postMessage"


@dataclass(frozen=True)
class SlackMessage:
    """One message to a channel; `team` is the Slack workspace."""

    automation: str
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
        title = message.title
        if message.title_url:
            title = f"<{message.title_url}|{title}>"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": f"*{title}*"}})
    if message.text:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": message.text}})
    context = {"type": "mrkdwn", "text": f"{message.severity} · {message.automation}"}
    blocks.append({"type": "context", "elements": [context]})
    body = {"channel": message.channel, "text": message.title or message.text, "blocks": blocks}
    return httpx.Request("POST", SLACK_URL, json=body)


class SlackInbox(Sequence[SlackMessage]):
    """Slack messages, newest last."""

    def __init__(self, postbox: Postbox, messages: Sequence[SlackMessage] = ()) -> None:
        self._postbox = postbox
        self._messages = list(messages)

    @overload
    def __getitem__(self, index: int) -> SlackMessage: ...
    @overload
    def __getitem__(self, index: slice) -> SlackInbox: ...
    def __getitem__(self, index: int | slice) -> SlackMessage | SlackInbox:
        if isinstance(index, slice):
            return SlackInbox(self._postbox, self._messages[index])
        return self._messages[index]

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[SlackMessage]:
        return iter(list(self._messages))

    def __repr__(self) -> str:
        return f"<SlackInbox {self._messages!r}>"

    @property
    def last(self) -> SlackMessage:
        """The newest message; an `IndexError` says so when there is none."""
        if not self._messages:
            raise IndexError("no Slack message was sent")
        return self._messages[-1]

    def to(self, channel: str) -> SlackInbox:
        """Return the messages to one channel."""
        return SlackInbox(self._postbox, [m for m in self if m.channel == channel])

    def of(self, automation: Any) -> SlackInbox:
        """Return the messages of one automation, given by name or object."""
        name = automation if isinstance(automation, str) else automation.name
        return SlackInbox(self._postbox, [m for m in self if m.automation == name])

    def route(self) -> respx.Route:
        """Return the respx route of Slack's API, to make it fail or answer otherwise."""
        return self._postbox.router.post(SLACK_URL)

    def send(self, message: SlackMessage, *, timeout: float) -> httpx.Response:
        """Post a message and record it; what the receiver raises is raised."""
        self._messages.append(message)
        return self._postbox.send(slack_request(message), timeout=timeout)

    def clear(self) -> None:
        """Forget the messages."""
        self._messages.clear()
