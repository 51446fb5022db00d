"""The inbox of webhook deliveries: every request that automations sent, and what answered it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, overload

import httpx
import respx

from pytest_wandb_automations.delivery import signatures
from pytest_wandb_automations.delivery.postbox import Postbox

__all__ = ["Delivery", "WebhookInbox", "webhook_request"]

USER_AGENT = "pytest-wandb-automations"


def webhook_request(
    url: str, body: str, *, access_token: str | None, secret: str | None
) -> httpx.Request:
    """Build the request of a webhook.

    POST, JSON; `Authorization` only with an access token, `X-Wandb-Signature` only with a secret.
    """
    content = body.encode()
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
    if access_token is not None:
        headers["Authorization"] = f"Bearer {access_token}"
    if secret is not None:
        headers[signatures.SIGNATURE_HEADER] = signatures.sign(content, secret)
    return httpx.Request("POST", url, headers=headers, content=content)


class Delivery:
    """One webhook request, and the response or error that it met."""

    def __init__(self, request: httpx.Request, automation: str) -> None:
        self.request = request
        self.automation = automation
        """Name of the automation that sent it, at the time."""
        self.response: httpx.Response | None = None
        self.error: Exception | None = None

    def __repr__(self) -> str:
        if self.response is not None:
            result = str(self.response.status_code)
        else:
            result = type(self.error).__name__ if self.error else "under way"
        return f"<Delivery by {self.automation!r}: POST {self.url} → {result}, {self.text}>"

    @property
    def url(self) -> str:
        """Where it was sent."""
        return str(self.request.url)

    @property
    def headers(self) -> httpx.Headers:
        """Headers of the request; their `repr` hides `Authorization`."""
        return self.request.headers

    @property
    def text(self) -> str:
        """The body as text."""
        return self.request.content.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.request.content)

    def verify_signature(self, secret: str) -> bool:
        """Tell whether the signature header is that of these very bytes under a secret."""
        header = self.request.headers.get(signatures.SIGNATURE_HEADER)
        return signatures.verify(self.request.content, secret, header)


class WebhookInbox(Sequence[Delivery]):
    """Webhook deliveries, newest last. What no route answers is answered with 200 and recorded."""

    def __init__(self, postbox: Postbox, deliveries: Sequence[Delivery] = ()) -> None:
        self._postbox = postbox
        self._deliveries = list(deliveries)

    @overload
    def __getitem__(self, index: int) -> Delivery: ...
    @overload
    def __getitem__(self, index: slice) -> WebhookInbox: ...
    def __getitem__(self, index: int | slice) -> Delivery | WebhookInbox:
        if isinstance(index, slice):
            return WebhookInbox(self._postbox, self._deliveries[index])
        return self._deliveries[index]

    def __len__(self) -> int:
        return len(self._deliveries)

    def __iter__(self) -> Iterator[Delivery]:
        return iter(list(self._deliveries))

    def __repr__(self) -> str:
        return f"<WebhookInbox {self._deliveries!r}>"

    @property
    def last(self) -> Delivery:
        """The newest delivery; an `IndexError` says so when there is none."""
        if not self._deliveries:
            raise IndexError("no webhook was delivered")
        return self._deliveries[-1]

    def to(self, url: str) -> WebhookInbox:
        """Return the deliveries to one URL."""
        wanted = httpx.URL(url)
        return WebhookInbox(self._postbox, [d for d in self if d.request.url == wanted])

    def of(self, automation: Any) -> WebhookInbox:
        """Return the deliveries of one automation, given by name or object."""
        name = automation if isinstance(automation, str) else automation.name
        return WebhookInbox(self._postbox, [d for d in self if d.automation == name])

    def route(self, url: str) -> respx.Route:
        """Return the respx route of a URL: `.respond(503)`, `.mock(side_effect=…)`, `.calls`."""
        return self._postbox.router.post(url)

    def send(self, request: httpx.Request, *, automation: str, timeout: float) -> httpx.Response:
        """Deliver a request and record both sides; what the receiver raises is raised."""
        delivery = Delivery(request, automation)
        self._deliveries.append(delivery)
        try:
            delivery.response = self._postbox.send(request, timeout=timeout)
        except Exception as error:
            delivery.error = error
            raise
        return delivery.response

    def clear(self) -> None:
        """Forget the deliveries; routes stay."""
        self._deliveries.clear()
