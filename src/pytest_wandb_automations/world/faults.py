"""`Faults`: what a test orders to go wrong, in the API or on the way to receivers.

A fault is ordered once and met a number of times. Each time is on record, and whatever fails for
it says so in its error: nobody should hunt for a fault that a test asked for.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from pytest_wandb_automations.delivery.masking import shown_url
from pytest_wandb_automations.delivery.postbox import Answer
from pytest_wandb_automations.delivery.webhooks import TEST
from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.world import World

__all__ = ["DeliveryFault", "Fault", "FaultHit", "Faults", "GraphqlFault"]


@dataclass(eq=False)
class Fault:
    """One order to go wrong; `str` of it is the call that gave it."""

    call: str
    delay: float
    left: float
    """How often it is still to be met; infinity for always."""
    at: datetime = field(init=False)
    """When it was ordered, by the backend's clock; sorts among the records of what happened."""

    def __repr__(self) -> str:
        return f"<Fault {self.call}>"

    def __str__(self) -> str:
        return self.call


@dataclass(eq=False, repr=False)
class GraphqlFault(Fault):
    """A fault of the API, met by requests of one operation."""

    operation: str
    status: int
    errors: list[dict[str, Any]]
    """What to answer instead of executing the request; none where it is executed."""
    drop: bool


@dataclass(eq=False, repr=False)
class DeliveryFault(Fault):
    """A fault on the way to a receiver, met by deliveries to one address or of one automation."""

    url: httpx.URL | None
    name: str | None
    id: str | None
    """Of an automation or an integration."""
    status: int | None
    error: Exception | None

    def concerns(self, execution: Execution | None, url: httpx.URL) -> bool:
        """Whether a delivery meets it; what tests a webhook has no execution."""
        if self.url is not None:
            return self.url == url
        if execution is None:
            return False
        if self.id is not None:
            integration = getattr(execution.action, "integration", None)
            return self.id in (execution.trigger_id, getattr(integration, "id", None))
        return self.name == execution.automation_name

    def answer(self, request: httpx.Request, *, timeout: float) -> Answer | None:
        """Return what the delivery meets in place of its receiver; `None` where it is only late."""
        if self.delay >= timeout:
            late = httpx.ReadTimeout(f"no answer within {timeout:g} s", request=request)
            return Answer(error=late, fault=self.call)
        if self.error is not None:
            return Answer(error=self.error, fault=self.call)
        if self.status is not None:
            response = httpx.Response(self.status, request=request)
            return Answer(response, fault=self.call)
        return None


@dataclass(frozen=True)
class FaultHit:
    """A time that a fault was met."""

    fault: Fault
    at: datetime
    """When, by the backend's clock; sorts among executions and other records."""
    what: str
    """The request or delivery that met it, in words."""
    execution: Execution | None = field(default=None, repr=False)
    """The execution of that delivery; none for requests, and for what tests a webhook."""


_F = TypeVar("_F", bound=Fault)


class Faults:
    """Orders things to go wrong, and keeps a record of those that did.

    `times` is how often it goes wrong, `None` for always.
    Of several orders that concern the same thing the oldest that is not used up is met first.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._ordered: list[Fault] = []
        self._hits: list[FaultHit] = []
        self._stopped = threading.Event()

    def __repr__(self) -> str:
        return f"<Faults: {len(self._ordered)} ordered, {len(self._hits)} hits>"

    def graphql(
        self,
        operation: str,
        *,
        status: int | None = None,
        errors: str | Sequence[str | Mapping[str, Any]] | None = None,
        delay: float = 0,
        drop: bool = False,
        times: int | None = 1,
    ) -> GraphqlFault:
        """Let requests of a GraphQL operation go wrong; it is known by its name in the document.

        The SDK's operations are listed in `docs/sdk-operations.md`. A name that nobody asks for is
        no error here: see `unused`.

        - `status`: answer with this HTTP status, 400 to 599. The SDK acts on 404 and 409; of others
          it retries 408, 429, and 5xx but 501, after some seconds and for some minutes.
        - `errors`: answer with these GraphQL errors, texts or objects with a `message`; with
          status 200, unless `status` says otherwise.
        - `delay`: seconds of real time to wait before the request is executed or goes wrong, for
          time-outs of clients. Clients that are answered in process time out as they would on a
          socket. A request that its client has given up is executed all the same.
        - `drop`: close the connection without an answer, and without executing the request.
        """
        shown = _given(status=status, errors=errors, delay=delay, drop=drop, times=times)
        call = f"backend.faults.graphql({operation!r}{shown})"
        _check_common(call, delay, times)
        if drop and (status is not None or errors is not None):
            raise InvalidInput(f"{call}: a dropped connection has no status and no errors")
        if not drop and status is None and errors is None and not delay:
            raise InvalidInput(f"{call}: nothing to go wrong; give status, errors, delay or drop")
        if status is not None and not (type(status) is int and 400 <= status <= 599):
            raise InvalidInput(f"{call}: status: expected 400 to 599, got {status!r}")
        told = _errors(call, errors)
        if status is not None and errors is None:
            told = [{"message": f"{operation}: ordered by {call}"}]
        fault = GraphqlFault(call, delay, _left(times), operation, status or 200, told, drop)
        return self._order(fault)

    def delivery(
        self,
        url_or_automation: Any,
        *,
        status: int | None = None,
        error: Exception | type[Exception] | str | None = None,
        delay: float = 0,
        times: int | None = 1,
    ) -> DeliveryFault:
        """Let deliveries to a URL or of an automation go wrong, webhooks and Slack messages alike.

        The target is a URL, the name of an automation at the time of firing, a saved automation, or
        an integration: a webhook stands for its URL. What goes wrong is recorded in the inbox as if
        it had been sent; the receiver gets nothing. A test of a webhook meets the faults of its
        URL. Each attempt of `Semantics.webhook_attempts` counts.

        - `status`: the receiver answers with it.
        - `error`: an exception in place of the answer; a text is the message of an
          `httpx.ConnectError`.
        - `delay`: seconds of real time until the receiver is asked, or goes wrong. One that
          reaches `Semantics.webhook_timeout` is an `httpx.ReadTimeout` at once, without the wait.
        """
        url, name, id_, target = _target(url_or_automation)
        shown = _given(status=status, error=error, delay=delay, times=times)
        call = f"backend.faults.delivery({target!r}{shown})"
        _check_common(call, delay, times)
        if status is not None and error is not None:
            raise InvalidInput(f"{call}: either the receiver answers with a status, or not at all")
        if status is None and error is None and not delay:
            raise InvalidInput(f"{call}: nothing to go wrong; give status, error or delay")
        if status is not None and not (type(status) is int and 100 <= status <= 599):
            raise InvalidInput(f"{call}: status: expected 100 to 599, got {status!r}")
        raised = _exception(call, error)
        return self._order(DeliveryFault(call, delay, _left(times), url, name, id_, status, raised))

    @property
    def ordered(self) -> list[Fault]:
        """Every order, used up or not, oldest first."""
        return list(self._ordered)

    @property
    def hits(self) -> list[FaultHit]:
        """Every time that a fault was met, oldest first."""
        return list(self._hits)

    @property
    def unused(self) -> list[Fault]:
        """Faults that nothing has met, for example because their operation is misspelt."""
        met = {id(hit.fault) for hit in self._hits}
        return [fault for fault in self._ordered if id(fault) not in met]

    def clear(self) -> None:
        """Forget all orders, and that any was ever met."""
        self.stop()
        self._ordered.clear()
        self._hits.clear()

    def stop(self) -> None:
        """Let nothing that was ordered go wrong any more, and end the delays under way."""
        with self._world.change():
            for fault in self._ordered:
                fault.left = 0
            self._stopped.set()
            self._stopped = threading.Event()

    # For those who meet them

    @property
    def of_requests(self) -> bool:
        """Whether there are any for the API: to look for one is not free."""
        return any(isinstance(fault, GraphqlFault) for fault in self._ordered)

    def meet_request(self, operation: str | None, user: User) -> GraphqlFault | None:
        """Return the fault that a request meets, and record that it did."""
        with self._world.change():
            for fault in self._ordered:
                if isinstance(fault, GraphqlFault) and fault.operation == operation and fault.left:
                    return self._met(fault, f"{operation} by {user.username}")
        return None

    def meet_delivery(self, url: httpx.URL, execution: Execution | None) -> DeliveryFault | None:
        """Return the fault that a delivery meets, and record that it did."""
        with self._world.change():
            for fault in self._ordered:
                if (
                    isinstance(fault, DeliveryFault)
                    and fault.left
                    and fault.concerns(execution, url)
                ):
                    who = repr(execution.automation_name) if execution else TEST
                    return self._met(fault, f"POST {shown_url(url)} by {who}", execution)
        return None

    def wait(self, seconds: float) -> None:
        """Wait in real time, until `stop` at the latest."""
        self._stopped.wait(seconds)

    def _order(self, fault: _F) -> _F:
        with self._world.change():
            fault.at = self._world.clock.stamp()
            self._ordered.append(fault)
            self._world.journal.add(fault)
        return fault

    def _met(self, fault: _F, what: str, execution: Execution | None = None) -> _F:
        fault.left -= 1
        hit = FaultHit(fault, self._world.clock.stamp(), what, execution)
        self._hits.append(hit)
        self._world.journal.add(hit)
        return fault


_DEFAULTS: dict[str, object] = {"delay": 0, "drop": False, "times": 1}


def _given(**arguments: object) -> str:
    """Write the arguments that were given, as they stand in the call."""
    given = [
        f", {name}={value!r}" for name, value in arguments.items() if value != _DEFAULTS.get(name)
    ]
    return "".join(given)


def _left(times: int | None) -> float:
    return math.inf if times is None else times


def _check_common(call: str, delay: Any, times: Any) -> None:
    is_number = isinstance(delay, (int, float)) and not isinstance(delay, bool)
    if not is_number or not (math.isfinite(delay) and delay >= 0):
        raise InvalidInput(f"{call}: delay: expected seconds, got {delay!r}")
    if times is not None and not (type(times) is int and times >= 1):
        raise InvalidInput(f"{call}: times: expected 1 or more, or None for always, got {times!r}")


def _errors(
    call: str, errors: str | Sequence[str | Mapping[str, Any]] | None
) -> list[dict[str, Any]]:
    if errors is None:
        return []
    each = [errors] if isinstance(errors, str) else errors
    told = [{"message": error} if isinstance(error, str) else dict(error) for error in each]
    if not told or not all(isinstance(error.get("message"), str) for error in told):
        raise InvalidInput(f"{call}: errors: expected texts, or objects with a text as message")
    return told


def _exception(call: str, error: Any) -> Exception | None:
    if error is None or isinstance(error, Exception):
        return error
    if isinstance(error, str):
        return httpx.ConnectError(error)
    if isinstance(error, type) and issubclass(error, Exception):
        try:
            return error("")
        except TypeError:
            told = f"{error.__name__} cannot be made of a text; give an instance of it"
            raise InvalidInput(f"{call}: error: {told}") from None
    raise InvalidInput(f"{call}: error: expected an exception or a text, got {error!r}")


def _target(target: Any) -> tuple[httpx.URL | None, str | None, str | None, str]:
    """Return the URL, the name or the id that deliveries are known by, and how to write it."""
    if hasattr(target, "url_endpoint"):
        target = target.url_endpoint
    if isinstance(target, str):
        if "://" not in target:
            return None, target, None, target
        try:
            url = httpx.URL(target)
        except (httpx.InvalidURL, UnicodeError):
            # Which parts of it may be secret cannot be told.
            raise InvalidInput(
                "backend.faults.delivery: the URL (malformed, so not shown) is none"
            ) from None
        return url, None, None, shown_url(url)
    if isinstance(getattr(target, "id", None), str):
        if hasattr(target, "channel_name"):
            return None, None, target.id, target.channel_name
        if hasattr(target, "enabled"):
            return None, None, target.id, target.name
    raise InvalidInput(
        "backend.faults.delivery: expected a URL, an automation or its name, or an integration, "
        f"got {target!r}"
    )
