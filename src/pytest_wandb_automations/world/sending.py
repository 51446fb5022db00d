"""What is sent meets the faults that a test ordered before it meets its receiver."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

import httpx

from pytest_wandb_automations.delivery.templates import check_payload, json_text
from pytest_wandb_automations.delivery.webhooks import TEST, Delivery, webhook_request
from pytest_wandb_automations.world.journal import Sent

if TYPE_CHECKING:
    from pytest_wandb_automations.delivery.postbox import Answer
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.world import World

__all__ = ["send_past_faults", "try_out"]


class _Send(Protocol):
    def __call__(self, *, timeout: float, instead: Answer | None = None) -> Answer: ...


def send_past_faults(
    world: World, request: httpx.Request, send: _Send, *, execution: Execution | None
) -> Answer:
    """Send within the timeout of a webhook, and return what the request met.

    `send` records it, and asks the receiver unless it is given what to take `instead`. A delay that
    was ordered is a part of the time that the receiver has.
    """
    sent = Sent(request, execution)
    world.journal.add(sent)
    answer = sent.answer = _past_faults(world, request, send, execution)
    return answer


def _past_faults(
    world: World, request: httpx.Request, send: _Send, execution: Execution | None
) -> Answer:
    timeout = world.semantics.webhook_timeout
    fault = world.faults.meet_delivery(request.url, execution)
    if fault is None:
        return send(timeout=timeout)
    instead = fault.answer(request, timeout=timeout)
    if fault.delay < timeout:
        world.faults.wait(fault.delay)
        timeout -= fault.delay
    answer = send(timeout=timeout, instead=instead)
    if isinstance(answer.error, httpx.TimeoutException):
        return replace(answer, fault=fault.call)
    return answer


def try_out(
    world: World, url: str, payload: str, *, access_token: str | None, secret: str | None
) -> Answer:
    """Send a payload, given as JSON text, to where a webhook would go: what "Test" does in W&B.

    It is in the inbox like a delivery, under a name that no automation can have, and meets faults
    that are ordered for its URL; there is no execution. `InvalidInput` for what cannot be sent.
    """
    __tracebackhide__ = True  # token and secret are none of a report's business
    check_payload(payload)
    body = json_text(json.loads(payload), sort_keys=True)
    delivery = Delivery(
        webhook_request(url, body, access_token=access_token, secret=secret),
        automation=TEST,
        automation_id="",
        secrets=[each for each in (access_token, secret) if each],
    )
    send = partial(world.courier.webhooks.send, delivery)
    return send_past_faults(world, delivery.request, send, execution=None)
