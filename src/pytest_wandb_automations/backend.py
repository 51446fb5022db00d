"""`Backend`: the offline W&B as tests and scripts see it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import httpx

from pytest_wandb_automations.automations.inputs import prepare_to_create, prepare_to_update
from pytest_wandb_automations.client import AutomationsApi
from pytest_wandb_automations.errors import InvalidInput, NotFound, error_of_status
from pytest_wandb_automations.failures.firing import fired_otherwise
from pytest_wandb_automations.graphql.context import Context
from pytest_wandb_automations.graphql.execution import execute
from pytest_wandb_automations.graphql.schema import python_name
from pytest_wandb_automations.http.api import answer
from pytest_wandb_automations.http.in_process import in_process_client
from pytest_wandb_automations.http.listener import Listener
from pytest_wandb_automations.semantics import Semantics
from pytest_wandb_automations.world.automations import Trigger
from pytest_wandb_automations.world.executions import Executions
from pytest_wandb_automations.world.explaining import explain, near_misses
from pytest_wandb_automations.world.injecting import completed
from pytest_wandb_automations.world.nouns import Nouns
from pytest_wandb_automations.world.saved import saved_automation
from pytest_wandb_automations.world.world import World

if TYPE_CHECKING:
    from pytest_wandb_automations.automations import Automation
    from pytest_wandb_automations.events import Event
    from pytest_wandb_automations.world.clock import Clock
    from pytest_wandb_automations.world.faults import Faults
    from pytest_wandb_automations.world.features import Features

__all__ = ["Backend", "Server"]

_STORE = """
mutation StoreAutomation($input: CreateFilterTriggerInput!) {
  result: createFilterTrigger(input: $input) { trigger { id } }
}
"""


@dataclass(frozen=True)
class Server:
    """Where a served backend is to be found."""

    url: str
    api_key: str = field(repr=False)
    entity: str

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that point the real SDK, in any process, at this backend."""
        return {
            "WANDB_BASE_URL": self.url,
            "WANDB_API_KEY": self.api_key,
            "WANDB_ENTITY": self.entity,
            "WANDB_MODE": "online",
            "WANDB_ERROR_REPORTING": "false",
            # Runs send what they log every 15 seconds by default. A test that waits for an alert
            # of a run under way has no patience; wandb-core takes whole seconds, 0 for its default.
            "WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "1",
        }


class Backend(Nouns):
    """An offline W&B, in memory: accounts, projects, automations, and what they fire.

    A new backend has one user, who owns one organization and one team, and a user without an
    organization. Every noun is get-or-create: `backend.project("acme/llm")` is that project, made
    when it is new, and so are the team and the organization that it needs.

    `seed` decides over ids, names and keys; `semantics` over what W&B leaves open; `features` over
    what the imitated server can do.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        api_key: str | None = None,
        semantics: Semantics | Mapping[str, Any] | None = None,
        features: Mapping[str, bool] | None = None,
    ) -> None:
        world = World(
            seed=seed,
            api_key=api_key,
            semantics=None if semantics is None else _checked(semantics),
            features=features,
        )
        super().__init__(world)
        self.webhooks = world.courier.webhooks
        self.slack = world.courier.slack
        self._url: str | None = None

    def __repr__(self) -> str:
        where = self._url or "not served"
        return f"<Backend {where}: {len(self.world.automations)} automations>"

    # Who asks, and where

    @property
    def url(self) -> str:
        """Base URL of the listener, while there is one."""
        if self._url is None:
            raise InvalidInput("this backend is not served; use `with backend.serve() as server:`")
        return self._url

    @property
    def api_key(self) -> str:
        """API key of the default user."""
        return self.world.default_user.api_key

    @property
    def entity(self) -> str:
        """Default entity of the default user: a team."""
        return self.world.default_user.entity

    @property
    def clock(self) -> Clock:
        """The backend's clock; `clock.advance(hours=25)` moves it."""
        return self.world.clock

    @property
    def faults(self) -> Faults:
        """What is to go wrong: `faults.graphql("CreateAutomation", status=409)`, or deliveries."""
        return self.world.faults

    @property
    def features(self) -> Features:
        """Server features by name; switch one off to imitate an older server."""
        return self.world.features

    @property
    def semantics(self) -> Semantics:
        """How open questions are answered; assign a changed copy to answer otherwise."""
        return self.world.semantics

    @semantics.setter
    def semantics(self, semantics: Semantics | Mapping[str, Any]) -> None:
        self.world.semantics = _checked(semantics)

    @cached_property
    def api(self) -> AutomationsApi:
        """The automation methods of `wandb.Api`, through GraphQL, as the default user."""
        client = in_process_client(lambda request: answer(self.world, request))
        client.auth = httpx.BasicAuth("api", self.api_key)
        return AutomationsApi(client)

    @contextmanager
    def serve(self) -> Generator[Server]:
        """Listen on loopback while the context lasts: for the SDK, and for other processes."""
        listener = Listener(lambda request: answer(self.world, request))
        try:
            with self.served_at(listener.url) as server:
                yield server
                # Receivers that are still to be called may call back.
                self.settle()
        finally:
            self.faults.stop()  # a client that has given up leaves its delay behind
            listener.close()

    @contextmanager
    def served_at(self, url: str) -> Generator[Server]:
        """Be known under a URL while the context lasts; somebody else listens there."""
        before, self._url = self._url, url
        try:
            yield Server(url, self.api_key, self.entity)
        finally:
            self._url = before

    def settle(self) -> None:
        """Wait until everything that fired is delivered."""
        self.world.settle()

    def reset(self) -> None:
        """Forget everything: the world is as it was made, inboxes and routes are empty."""
        self.settle()
        self.world.reset()
        self.world.courier.clear()

    # Automations

    def create_automation(self, obj: Any = None, **kwargs: Any) -> Automation:
        """Save an automation, given as the SDK's methods take it: `event >> action`, `name=…`.

        Objects of the real `wandb.automations` are as good as those of this package.
        """
        values = _snake(prepare_to_create(obj, **kwargs))
        return saved_automation(self.world.automations.create(values, self.world.default_user))

    def store_automation(self, fields: Mapping[str, Any]) -> Automation:
        """Save an automation as it may lie in W&B's database, also one that no API call can make.

        `fields` are those of GraphQL's `CreateFilterTriggerInput`, in its names. All is checked as
        ever but for whether event and action can be assigned: `UPDATE_ARTIFACT_ALIAS` and
        `QUEUE_JOB` were made long ago; `WEAVE_METRIC_THRESHOLD` and `PUSH_NOTIFICATION` are made
        in W&B's own pages. The two events never happen here, and a Weave filter is kept as it is.

        `backend.automations()` and `backend.api` list all of them. Of the four the real SDK, in
        version 0.31.0, reads `UPDATE_ARTIFACT_ALIAS`; a list that holds one of the others makes it
        raise a `ValueError`. It has a model for `QUEUE_JOB`, but never asks for its fields.

            backend.store_automation(
                {
                    "name": "old", "enabled": True, "scopeType": "PROJECT", "scopeID": project.id,
                    "triggeringEventType": "UPDATE_ARTIFACT_ALIAS", "eventFilter": "{}",
                    "triggeredActionType": "NO_OP",
                    "triggeredActionConfig": {"noOpActionInput": {"noOp": True}},
                }
            )
        """
        user = self.world.default_user
        context = Context(self.world, user, legacy=True)
        with self.world.acting(user):
            result = execute(_STORE, {"input": dict(fields)}, None, context)
        if result.errors or result.data is None:
            raise error_of_status(result.status)(result.errors[0]["message"])
        id_ = result.data["result"]["trigger"]["id"]
        return saved_automation(self.world.automations.get(id_))

    def update_automation(self, obj: Any, **kwargs: Any) -> Automation:
        """Save an edited automation."""
        values = _snake(prepare_to_update(obj, **kwargs))
        id_ = values.pop("id")
        return saved_automation(self.world.automations.update(id_, values, self.world.default_user))

    def delete_automation(self, obj: Automation | str) -> None:
        """Delete an automation, given by object or name."""
        self.world.automations.delete(self._trigger(obj).id, self.world.default_user)

    def automation(self, name: str) -> Automation:
        """Return the automation of a name."""
        return saved_automation(self.world.automations.named(name))

    def automations(self) -> list[Automation]:
        """Return all automations, oldest first."""
        return [saved_automation(trigger) for trigger in self.world.automations]

    # What happens

    def inject(self, event: Event) -> Executions:
        """Let an event happen, and return the executions that it caused.

        What the event leaves out of a version that exists (id, metadata) is filled in.
        """
        with self.world.change():
            return Executions(self.world.emit(completed(self.world, event)))

    @property
    def executions(self) -> Executions:
        """Everything that fired, newest last."""
        return self.world.executions

    def explain(self, automation: Any) -> str:
        """Tell what an automation made of each event that it saw, clause by clause."""
        return explain(self.world, self._trigger(automation))

    def assert_fired(
        self, automation: Any, *, times: int | None = None, timeout: float = 0
    ) -> Executions:
        """Fail unless an automation fired, `times` times if given; return its executions.

        A name is that of an automation that there is, or else the one under which a deleted one
        fired.

        `timeout` is in seconds of real time. The SDK sends what a run logs from a process of its
        own, once a second: with a timeout, this waits for what it causes to be delivered.
        """
        __tracebackhide__ = True  # the line of the test is what is asked for
        subject = self._subject(automation)

        def as_expected(fired: Executions) -> bool:
            return bool(fired) if times is None else len(fired) == times

        def delivered() -> bool:
            fired = self.executions.of(subject)
            return as_expected(fired) and all(e.state != "PENDING" for e in fired)

        if timeout:
            self.world.wait_until(delivered, timeout)
        fired = self.executions.of(subject)
        if not as_expected(fired):
            near = near_misses(self.world, subject) if isinstance(subject, Trigger) else None
            name = subject if isinstance(subject, str) else subject.name
            raise AssertionError(fired_otherwise(name, fired, near, times=times, timeout=timeout))
        return fired

    def assert_not_fired(self, automation: Any) -> None:
        """Fail if an automation fired."""
        __tracebackhide__ = True
        self.assert_fired(automation, times=0)

    # Ways from names to objects

    def _subject(self, automation: Any) -> Any:
        """Return the automation that is meant, or what a deleted one goes by in the history."""
        __tracebackhide__ = True
        try:
            return self._trigger(automation)
        except NotFound:
            if isinstance(automation, str) and not self.executions.of(automation):
                raise
            return automation

    def _trigger(self, automation: Any) -> Trigger:
        __tracebackhide__ = True
        if isinstance(automation, Trigger):
            return automation
        if isinstance(automation, str):
            return self.world.automations.named(automation)
        return self.world.automations.get(automation.id)


def _checked(semantics: Semantics | Mapping[str, Any]) -> Semantics:
    # As a mapping: pydantic takes instances as they are, and `model_copy` checks nothing.
    return Semantics.model_validate(dict(semantics))


def _snake(values: Mapping[str, Any]) -> dict[str, Any]:
    """Write the names of GraphQL variables as resolvers get them."""
    return {
        python_name(name): _snake(cast("Mapping[str, Any]", value))
        if isinstance(value, Mapping)
        else value
        for name, value in values.items()
    }
