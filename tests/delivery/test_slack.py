"""The inbox of Slack messages, and what Slack's API gets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

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
            {"type": "header", "text": {"type": "plain_text", "text": "Loss"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "It spiked."}},
            {
                "type": "context",
                "elements": [
                    {"type": "mrkdwn", "text": "WARN · rule"},
                    {
                        "type": "mrkdwn",
                        "text": "<https://wandb.ai/acme/llm/runs/r1|View in W&amp;B>",
                    },
                ],
            },
        ],
    }


def by_slacks_own_models(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Build the blocks anew with slack_sdk, which refuses what Slack's API refuses."""
    models: list[Block] = []
    for block in blocks:
        if block["type"] == "header":
            models.append(HeaderBlock(text=PlainTextObject(text=block["text"]["text"])))
        elif block["type"] == "section":
            models.append(SectionBlock(text=MarkdownTextObject(text=block["text"]["text"])))
        else:
            assert block["type"] == "context"
            texts = [MarkdownTextObject(text=element["text"]) for element in block["elements"]]
            models.append(ContextBlock(elements=texts))
    return [model.to_dict() for model in models]


@pytest.mark.parametrize("title", ["Loss", "", "<&>" * 50, "t" * 151, "ü\U0001f600" * 500])
@pytest.mark.parametrize("text", ["", "It spiked.", "&" * 3000, "a&" * 3000, "x" * 3001])
def test_blocks_are_those_of_slacks_own_models(title: str, text: str) -> None:
    message = replace(MESSAGE, title=title, text=text, automation="&" * 255)

    body = json.loads(slack_request(message).content)

    assert by_slacks_own_models(body["blocks"]) == body["blocks"]
    assert len(body["text"]) <= 3000


def test_the_limits_are_slacks() -> None:
    assert (HeaderBlock.text_max_length, SectionBlock.text_max_length) == (150, 3000)
    with pytest.raises(SlackObjectFormationError):
        by_slacks_own_models([{"type": "header", "text": {"text": "t" * 151}}])
    with pytest.raises(SlackObjectFormationError):
        by_slacks_own_models([{"type": "section", "text": {"text": "t" * 3001}}])


def text_of(**changes: str) -> str:
    return json.loads(slack_request(replace(MESSAGE, **changes)).content)["blocks"][1]["text"][
        "text"
    ]


def test_markup_of_slack_is_escaped_in_texts_and_not_in_headers() -> None:
    message = replace(MESSAGE, title="a < b & c", text="a < b & c > d", automation="<r>")

    body = json.loads(slack_request(message).content)
    header, section, context = body["blocks"]

    assert header["text"]["text"] == "a < b & c"
    assert section["text"]["text"] == "a &lt; b &amp; c &gt; d"
    assert context["elements"][0]["text"] == "WARN · &lt;r&gt;"
    assert body["text"] == "a &lt; b &amp; c"


def test_mentions_stay_mentions() -> None:
    said = "<@U1234ABCD> & <!here> <#C01> <https://a.test|click> <@ nobody>"

    assert text_of(text=said) == (
        "<@U1234ABCD> &amp; <!here> <#C01> &lt;https://a.test|click&gt; &lt;@ nobody&gt;"
    )


def test_what_is_too_long_is_cut_and_never_within_an_escape() -> None:
    assert text_of(text="x" * 3000) == "x" * 3000
    assert text_of(text="x" * 3001) == "x" * 2999 + "…"
    for shift in range(5):
        cut = text_of(text="x" * shift + "&" * 3000)
        assert 2990 <= len(cut) <= 3000
        assert cut.removesuffix("…") == "x" * shift + "&amp;" * ((len(cut) - 1 - shift) // 5)


def test_a_mention_is_not_cut_in_half_and_a_header_has_nothing_that_could_be() -> None:
    assert text_of(text="x" * 2990 + "<@U1234ABCD>!") == "x" * 2990 + "…"
    header = json.loads(slack_request(replace(MESSAGE, title="&" + "a" * 200)).content)["blocks"][0]
    assert header["text"]["text"] == "&" + "a" * 148 + "…"


def test_a_link_that_is_too_long_is_left_out() -> None:
    request = slack_request(replace(MESSAGE, title_url="https://wandb.ai/" + "a" * 3000))

    (element,) = json.loads(request.content)["blocks"][-1]["elements"]
    assert element["text"] == "WARN · rule"


@pytest.mark.parametrize(
    ("changes", "text", "kinds"),
    [
        ({"title": " \n", "text": "\t"}, "rule", ["context"]),
        ({"title": ""}, "It spiked.", ["section", "context"]),
        ({"text": ""}, "Loss", ["header", "context"]),
        ({"title": "", "text": ""}, "rule", ["context"]),
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
        (Answer(httpx.Response(200, text="[" * 200_000)), None),
        (
            Answer(httpx.Response(200, json={"ok": False, "error": "invalid_auth"})),
            "answered with the error 'invalid_auth'",
        ),
        (Answer(httpx.Response(500)), "answered 500 Internal Server Error"),
        (Answer(httpx.Response(429)), "answered 429 Too Many Requests"),
        (
            Answer(httpx.Response(429, headers={"Retry-After": "30"})),
            "answered 429 Too Many Requests, Retry-After: 30 s",
        ),
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


def test_looking_at_what_slack_got_does_not_undo_what_it_says(inbox: SlackInbox) -> None:
    inbox.route().respond(429)
    inbox.send(MESSAGE, timeout=1)

    assert json.loads(inbox.route().calls.last.request.content)["text"] == "Loss"
    assert slack_problem(inbox.send(MESSAGE, timeout=1)) == "answered 429 Too Many Requests"
