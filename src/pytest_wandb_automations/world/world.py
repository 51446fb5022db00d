"""`World`: the offline W&B's state, guarded by one lock, and the way from an event to executions.

A change of the world emits events. While the lock is held they are judged, and what fires becomes
an execution; once the outermost change is over and the lock is free, the executions are delivered.
So a receiver may call back while its delivery is under way.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from pytest_wandb_automations.delivery.outcomes import Outcome
from pytest_wandb_automations.delivery.templates import warn_of_unknown_variables
from pytest_wandb_automations.errors import InvalidInput, NotFound, UnknownVariableWarning
from pytest_wandb_automations.events import Event, RunMetricLogged, RunStateChanged
from pytest_wandb_automations.rules.metrics import flatten_metrics
from pytest_wandb_automations.semantics import Semantics
from pytest_wandb_automations.world.automations import Automations, Trigger
from pytest_wandb_automations.world.background import Background
from pytest_wandb_automations.world.cascades import Cascades, Chain
from pytest_wandb_automations.world.clock import Clock
from pytest_wandb_automations.world.courier import Courier
from pytest_wandb_automations.world.directory import Directory
from pytest_wandb_automations.world.executions import Execution, Executions
from pytest_wandb_automations.world.faults import Faults
from pytest_wandb_automations.world.features import Features
from pytest_wandb_automations.world.happenings import Happening, Happenings
from pytest_wandb_automations.world.ids import Ids, decode_id
from pytest_wandb_automations.world.integrations import Integrations
from pytest_wandb_automations.world.journal import Advanced, Journal, Settled
from pytest_wandb_automations.world.judging import judge
from pytest_wandb_automations.world.metrics import Metrics
from pytest_wandb_automations.world.plain import plain
from pytest_wandb_automations.world.projects import Projects
from pytest_wandb_automations.world.storage import Storage
from pytest_wandb_automations.world.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from types import TracebackType

    from pytest_wandb_automations.delivery.variables import MetricFacts
    from pytest_wandb_automations.rules.verdict import Verdict
    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.considering import Opinion
    from pytest_wandb_automations.world.runs import Run

__all__ = ["World"]

DEFAULT_ORGANIZATION = "acme-corp"
DEFAULT_TEAM = "acme"
DEFAULT_USER = "tester"
USER_WITHOUT_ORGANIZATION = "loner"

_LOOK_AGAIN = 0.02
"""Seconds after which `wait_until` looks again."""

_Parcel = tuple[Execution, Chain]


class World:
    """Everything that the offline W&B knows; its `courier` carries out what fires."""

    def __init__(
        self,
        *,
        seed: int = 0,
        api_key: str | None = None,
        semantics: Semantics | None = None,
        features: Mapping[str, bool] | None = None,
    ) -> None:
        self.seed = seed
        """What ids, names and keys follow from."""
        self._api_key = api_key
        self._first_semantics = semantics or Semantics()
        self._first_features = dict(features or {})
        self.courier = Courier()
        self._lock = threading.RLock()
        self._depth = 0
        self._change = _Change(self)
        self._outbox: deque[_Parcel] = deque()
        self._background = Background()
        self._cascades = Cascades()
        self.reset()

    def reset(self) -> None:
        """Start over: everything as it was when the world was made, ids included."""
        with self._change:
            self._semantics = self._first_semantics
            self.features = Features(self._first_features)
            self.clock = Clock(moved=self._clock_moved)
            self.journal = Journal(self.clock)
            self.secrets: set[str] = set()
            """Every secret that there ever was, API keys included: no report may show them."""
            self.ids = Ids(self.seed)
            self.storage = Storage()
            self.directory = Directory(self)
            self.projects = Projects(self)
            self.uploads = Uploads(self)
            self.integrations = Integrations(self)
            self.automations = Automations(self)
            self.metrics = Metrics(self)
            self.executions = Executions()
            self.faults = Faults(self)
            self.recent_events = Happenings()
            self.happened = 0
            """How many events and logged values there were; tells which of two was first."""
            self._nodes: dict[str, object] = {}
            self._acting: User | None = None
            self._settle_in()

    def _settle_in(self) -> None:
        directory = self.directory
        self.default_organization = directory.add_organization(DEFAULT_ORGANIZATION)
        self.default_team = directory.add_team(DEFAULT_TEAM, self.default_organization)
        self.default_user = directory.add_user(DEFAULT_USER, api_key=self._api_key)
        self.default_organization.add_member(self.default_user, role="admin")
        self.default_team.add_member(self.default_user, role="admin")
        directory.add_user(USER_WITHOUT_ORGANIZATION)

    @property
    def semantics(self) -> Semantics:
        """How open questions are answered."""
        return self._semantics

    @semantics.setter
    def semantics(self, semantics: Semantics) -> None:
        with self._change:
            before, self._semantics = self._semantics, semantics
            self.automations.touch()
            if semantics.regex_ignore_case != before.regex_ignore_case:
                self.automations.recompile(ignore_case=semantics.regex_ignore_case)

    # Changes and what they cause

    def change(self) -> _Change:
        """Hold the world while changing it; what fires meanwhile is delivered at the end."""
        return self._change

    @contextmanager
    def acting(self, user: User) -> Generator[None]:
        """Hold the world and let `user` be the author of what happens."""
        with self._change:
            before, self._acting = self._acting, user
            try:
                yield
            finally:
                self._acting = before

    @contextmanager
    def let_go(self) -> Generator[None]:
        """Let go of the world within a request that waits for a receiver, and hold it again."""
        depth, acting = self._depth, self._acting
        self._depth, self._acting = 0, None
        for _ in range(depth):
            self._lock.release()
        try:
            yield
        finally:
            for _ in range(depth):
                self._lock.acquire()
            self._depth, self._acting = depth, acting

    def author(self, user: User | str | None) -> User:
        """Return the user given, else the one of the request, else the default user."""
        if user is None:
            return self._acting or self.default_user
        return self.directory.user(user)

    def emit(self, event: Event, *, asked: set[str] | None = None) -> list[Execution]:
        """Let an event happen: judge every automation that listens for it where it happened.

        `asked` are the ids of automations that were asked already and are not asked again, for what
        happens in several collections at once; those that this call asks are added.
        """
        with self._change:
            if event.author is None:
                # Under the lock: who acts is known only to the thread that holds it.
                event = event.model_copy(update={"author": self.author(None).username})
            if isinstance(event, RunMetricLogged):
                return self._observe(event)
            if isinstance(event, RunStateChanged):
                place = self.projects.find_run(event.run)
            else:
                place = self.projects.find_collection(event.collection)
            self.happened += 1
            self.journal.add(self.recent_events.add(event, place))
            caused: list[Execution] = []
            asked = set() if asked is None else asked
            for trigger in self.automations.listening(event.event_types, place.scope_ids):
                if trigger.id in asked:
                    continue
                asked.add(trigger.id)
                verdict = judge(self, trigger, event, place)
                self.consider(trigger, verdict)
                if verdict.fired:
                    caused.append(self.fire(trigger, event, verdict, place))
            return caused

    def _observe(self, event: RunMetricLogged) -> list[Execution]:
        run = self.projects.find_run(event.run)
        value = plain(event.value)
        self.journal.add(Happening(event, run, run.scope_ids))
        if event.stream == "history":
            run.summary[event.metric] = value
        return [
            execution
            for name, leaf in flatten_metrics({event.metric: value})
            for execution in self.metrics.observe(
                run, name, leaf, event.step, event.stream, event.author
            )
        ]

    def consider(self, trigger: Trigger, verdict: Verdict) -> Opinion:
        """Record what an automation makes of what just happened."""
        opinion = trigger.considered.add(verdict, self.happened)
        self.journal.add(opinion)
        return opinion

    def fire(
        self,
        trigger: Trigger,
        event: Event,
        verdict: Verdict,
        place: Run | Collection,
        metric: MetricFacts | None = None,
    ) -> Execution:
        """Record an execution; it is delivered when the current change is over."""
        execution = Execution(self, trigger, event, verdict, place, metric)
        trigger.last_executed_at = execution.created_at
        trigger.firings.append((self.happened, execution.created_at))
        self.executions.append(execution)
        inline = self.semantics.delivery == "inline"
        self._outbox.append((execution, self._cascades.chain(inline=inline)))
        return execution

    def enter(self) -> None:
        """Take the lock; `change` is what callers use."""
        self._lock.acquire()
        self._depth += 1

    def leave(self) -> None:
        """Release the lock and, after the outermost change, deliver what fired."""
        self._depth -= 1
        outbox: deque[_Parcel] = deque()
        if not self._depth and self._outbox:
            outbox, self._outbox = self._outbox, outbox
        self._lock.release()
        if outbox:
            self._send(outbox)

    def _send(self, outbox: deque[_Parcel]) -> None:
        if self.semantics.delivery == "background":
            for parcel in outbox:
                self._background.submit(lambda parcel=parcel: self._carry_out_and_warn(*parcel))
            return
        sent: list[Execution] = []
        try:
            while outbox:
                execution, chain = outbox.popleft()
                sent.append(execution)
                with self._heard_by_the_test():
                    self._carry_out(execution, chain)
        finally:
            # `pytest.fail` in a receiver, or Ctrl-C: what is left goes out with the next change.
            if outbox:
                with self._lock:
                    self._outbox.extendleft(reversed(outbox))
        # Last, as a warning may be an error.
        for execution in sent:
            with self._heard_by_the_test():
                _warn(execution)

    @contextmanager
    def _heard_by_the_test(self) -> Generator[None]:
        """Let what is meant for the test reach it: what is raised on other threads, by `settle`.

        There it would reach the client of a request, if anybody: as an answer 500.
        """
        try:
            yield
        except BaseException as error:
            meant = isinstance(error, UnknownVariableWarning) or not isinstance(error, Exception)
            if not meant or threading.current_thread() is threading.main_thread():
                raise
            self._background.keep(error)

    def settle(self) -> None:
        """Wait until everything that fired is delivered, and what that caused as well.

        At once when a receiver calls it: its own delivery is not over before it answers.
        """
        if not self._cascades.by_receiver():
            self._background.wait()

    def _carry_out_and_warn(self, execution: Execution, chain: Chain) -> None:
        self._carry_out(execution, chain)
        _warn(execution)

    def wait_until(self, holds: Callable[[], bool], timeout: float) -> None:
        """Wait until something holds, or until so many seconds have passed."""
        end = time.monotonic() + timeout
        while not holds() and time.monotonic() < end:
            # Nobody tells that a run's process is gone; one that was killed is so after a moment.
            self._miss_heartbeats()
            time.sleep(_LOOK_AGAIN)

    def _carry_out(self, execution: Execution, chain: Chain) -> None:
        limit = self.semantics.cascade_limit
        if len(chain) >= limit:
            path = " → ".join([*(link.automation for link in chain), execution.automation_name])
            cut = Outcome(error=f"cascade of more than {limit} automations: {path}")
            self._settle(execution, cut)
            return
        outcome = Outcome(error="the delivery was interrupted")
        held = self.courier.postbox.has_receivers()
        try:
            with self._cascades.delivering(execution.automation_name, chain, held=held):
                outcome = self.courier.carry_out(self, execution)
        finally:
            self._settle(execution, outcome)

    def _settle(self, execution: Execution, outcome: Outcome) -> None:
        execution.settle(outcome)
        self.journal.add(Settled(execution))

    def _clock_moved(self, by: timedelta) -> None:
        self.journal.add(Advanced(by))
        self._miss_heartbeats()

    def _miss_heartbeats(self) -> None:
        timeout = timedelta(minutes=self.semantics.heartbeat_timeout_minutes)
        with self._change:
            for run in self.projects.runs():
                run.miss_heartbeat(timeout)

    # Ids

    def register(self, kind: str, node: object) -> str:
        """Give an object its id, by which `find` knows it from then on."""
        id_ = self.ids.new(kind)
        self._nodes[id_] = node
        return id_

    def find(self, kind: str, id_: str, *, field: str = "id") -> object:
        """Return the object of an id; `NotFound`, or `InvalidInput` if it is malformed."""
        node = self._nodes.get(id_)
        try:
            found_kind = decode_id(id_)[0]
        except InvalidInput as error:
            raise InvalidInput(f"{field}: {error}") from None
        if node is None or found_kind != kind:
            what = f"it is the id of a {found_kind}" if found_kind != kind else "there is none"
            raise NotFound(f"{field}: no {kind} with id {id_!r}; {what}")
        return node

    def forget(self, id_: str) -> None:
        """Drop a deleted object from the ids."""
        del self._nodes[id_]


def _warn(execution: Execution) -> None:
    assert execution.outcome is not None
    warn_of_unknown_variables(execution.outcome.unknown_variables, execution.automation_name)


class _Change:
    """The context manager behind `World.change`: reentrant, and cheap enough for every log call."""

    __slots__ = ("_world",)

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> None:
        self._world.enter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._world.leave()
