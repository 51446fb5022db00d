"""The inbox of Slack messages, and what Slack's API gets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pytest_wandb_automations.delivery.postbox import Answer, Postbox
from pytest_wandb_automations.delivery.slack import (
    SLACK_URL,
    SlackInbox,
    SlackMessage,
    slack_problem,
    slack_request,
)

MESSAGE = SlackMessage(
    automation="rule",
    automation_id="id of rule",
    team="Acme",
    channel="#alerts",
    title="Loss",
    text="It spiked.",
    severity="WARN",
    title_url="https://wandb.ai/acme/llm/runs/r1",
)


@pytest.fixture
def inbox() -> SlackInbox:
    return SlackInbox(Postbox())


def test_a_message_is_posted_with_blocks() -> None:
    request = slack_request(MESSAGE)

    assert (request.method, str(request.url)) == ("POST", SLACK_URL)
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(request.content) == {
        "channel": "#alerts",
        "text": "Loss",
        "blocks": [
            {
                "type": "section",
                "text": {
                    "type": "mrkdwn",
                    "text": "*<https://wandb.ai/acme/llm/runs/r1|Loss>*",
                },
            },
            {"type": "section", "text": {"type": "mrkdwn", "text": "It spiked."}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "WARN · rule"}]},
        ],
    }


@pytest.mark.parametrize(
    ("changes", "text", "kinds"),
    [
        ({"title": ""}, "It spiked.", ["section", "context"]),
        ({"text": ""}, "Loss", ["section", "context"]),
        ({"title": "", "text": ""}, "", ["context"]),
    ],
)
def test_what_a_message_does_not_say_has_no_block(
    changes: dict[str, str], text: str, kinds: list[str]
) -> None:
    body = json.loads(slack_request(replace(MESSAGE, **changes)).content)

    assert (body["text"], [block["type"] for block in body["blocks"]]) == (text, kinds)


def test_half_a_surrogate_pair_can_be_sent() -> None:
    body = json.loads(slack_request(replace(MESSAGE, text="\ud800!")).content)

    assert body["blocks"][1]["text"]["text"] == "\ufffd!"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(httpx.Response(200)), None),
        (Answer(httpx.Response(200, json={"ok": True})), None),
        (Answer(httpx.Response(200, json={})), None),
        (Answer(httpx.Response(200, json=[False])), None),
        (Answer(httpx.Response(200, text="ok")), None),
        (
            Answer(httpx.Response(200, json={"ok": False, "error": "invalid_auth"})),
            "answered with the error 'invalid_auth'",
        ),
        (Answer(httpx.Response(500)), "answered 500 Internal Server Error"),
        (Answer(error=httpx.ConnectError("refused")), "ConnectError: refused"),
    ],
)
def test_slack_says_no_in_more_than_one_way(answer: Answer, problem: str | None) -> None:
    assert slack_problem(answer) == problem


def test_the_inbox_keeps_messages_and_posts_them(inbox: SlackInbox) -> None:
    route = inbox.route().respond(200, json={"ok": True})
    other = replace(MESSAGE, channel="#ops", automation="other", automation_id="id of other")

    for message in (MESSAGE, other):
        inbox.send(message, timeout=1)

    assert [*inbox] == [MESSAGE, other]
    assert inbox.last is other
    assert route.call_count == 2
    assert [*inbox.to("#alerts")] == [*inbox.of("rule")] == [MESSAGE]
    assert isinstance(inbox[:1], SlackInbox)


def test_a_message_that_could_not_be_posted_is_in_the_inbox(inbox: SlackInbox) -> None:
    inbox.route().mock(side_effect=httpx.ConnectError)

    answer = inbox.send(MESSAGE, timeout=1)

    assert isinstance(answer.error, httpx.ConnectError)
    assert inbox.last is MESSAGE


def test_an_empty_inbox_says_so(inbox: SlackInbox) -> None:
    with pytest.raises(IndexError, match=r"^no Slack message at \[-1\]: none was sent$"):
        _ = inbox.last


def test_a_repr_shows_the_messages(inbox: SlackInbox) -> None:
    inbox.send(MESSAGE, timeout=1)

    assert repr(inbox) == (
        "<SlackInbox [SlackMessage(automation='rule', team='Acme', channel='#alerts', "
        "title='Loss', text='It spiked.', severity='WARN', "
        "title_url='https://wandb.ai/acme/llm/runs/r1')]>"
    )


def test_messages_compare_by_what_they_say() -> None:
    same: Any = replace(MESSAGE)

    assert same == MESSAGE
    assert replace(MESSAGE, text="x") != MESSAGE
