"""The inbox of Slack messages, and the requests that carry them.

W&B publishes no layout of its messages. So a message is kept as what it says, and the blocks that
its request shows it in are the kit's own: valid for Slack's API, and no likeness of W&B's.
"""

from __future__ import annotations

import json
import re
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

# Limits of Slack's reference of blocks, in characters.
_HEADER = 150
_SECTION = 3000

_MENTION = re.compile(r"<[@#!][^<>\s]+>")
_TO_ESCAPE = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_CUT_MARKUP = re.compile(r"(&[a-z]*|<[^<>]*)\Z")


@dataclass(frozen=True)
class SlackMessage:
    """One message to a channel: what it says. How W&B lays it out is not published."""

    automation: str
    """Name of the automation that sent it, at the time."""
    automation_id: str = field(repr=False)
    team: str
    """The Slack workspace."""
    channel: str
    title: str
    text: str
    severity: str
    """`INFO`, `WARN` or `ERROR`."""
    title_url: str
    """The page in W&B's app of the run or artifact that it is about."""


def slack_request(message: SlackMessage) -> httpx.Request:
    """Build the `chat.postMessage` request of a message.

    The title is a header, the text a section, severity and automation a line below, with a link.
    These Block Kit blocks are the kit's own: W&B publishes no layout. What is longer than Slack
    allows is cut. The fallback `text`, which notifications show, is the title.
    """
    blocks: list[dict[str, Any]] = []
    said, text = message.title.strip(), message.text.strip()  # Slack takes no blank texts
    if said:
        title = {"type": "plain_text", "text": _cut(message.title, _HEADER)}
        blocks.append({"type": "header", "text": title})
    if text:
        blocks.append({"type": "section", "text": _mrkdwn(_escaped(message.text))})
    context = [_mrkdwn(_escaped(f"{message.severity} · {message.automation}"))]
    link = f"<{_escaped(message.title_url)}|View in W&amp;B>"
    if len(link) <= _SECTION:  # half a link is none
        context.append(_mrkdwn(link))
    blocks.append({"type": "context", "elements": context})
    fallback = _mrkdwn(_escaped(said or text or message.automation))["text"]
    body = {"channel": message.channel, "text": fallback, "blocks": blocks}
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return httpx.Request("POST", SLACK_URL, headers=headers, content=json_text(body))


def _mrkdwn(text: str) -> dict[str, str]:
    if len(text) > _SECTION:
        # Half an escape or half a mention would show as it is.
        text = _CUT_MARKUP.sub("", text[: _SECTION - 1]) + "…"
    return {"type": "mrkdwn", "text": text}


def _escaped(text: str) -> str:
    """Escape what mrkdwn takes for markup, but for mentions: W&B's page on alerts writes those."""
    parts: list[str] = []
    end = 0
    for mention in _MENTION.finditer(text):
        parts += [_without_markup(text[end : mention.start()]), mention[0]]
        end = mention.end()
    return "".join([*parts, _without_markup(text[end:])])


def _without_markup(text: str) -> str:
    return re.sub("[&<>]", lambda match: _TO_ESCAPE[match[0]], text)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def slack_problem(answer: Answer) -> str | None:
    """Tell why Slack did not take a message: it says so in a response with status 200, too.

    When it was sent too many, the problem tells how long Slack asks to wait.
    """
    response = answer.response
    if answer.problem or response is None:
        wait = response.headers.get("Retry-After") if response is not None else None
        return f"{answer.problem}, Retry-After: {wait} s" if wait else answer.problem
    try:
        said = json.loads(response.content or b"{}")
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or cast("dict[str, Any]", said).get("ok", True):
        return None
    return f"answered with the error {cast('dict[str, Any]', said).get('error')!r}"


class SlackInbox(Inbox[SlackMessage]):
    """Slack messages, newest last: what they say, as W&B publishes no layout of them."""

    _one = "Slack message"

    def to(self, channel: str) -> SlackInbox:
        """Return the messages to one channel."""
        return self._only([message for message in self if message.channel == channel])

    def route(self) -> respx.Route:
        """Return the respx route of Slack's API, to make it fail or answer otherwise.

        Slack refuses with status 200 and `{"ok": false, "error": "channel_not_found"}`, or with
        429 and the header `Retry-After`. Its `.calls` hold the requests with the blocks.
        """
        return self._postbox.route(SLACK_URL)

    def send(
        self, message: SlackMessage, *, timeout: float, instead: Answer | None = None
    ) -> Answer:
        """Post a message and record it; with `instead` that is the answer."""
        self._sent.append(message)
        return instead or self._postbox.send(slack_request(message), timeout=timeout)
