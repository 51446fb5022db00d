"""Saved automations: created, edited, deleted, listed, and found by what they listen for.

W&B's GraphQL API calls an automation a trigger; its type is `Trigger` and so are its ids.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.automations import ActionType, EventType, ScopeType
from pytest_wandb_automations.errors import Conflict, InvalidFilter, InvalidInput, NotFound
from pytest_wandb_automations.events import RunMetricLogged
from pytest_wandb_automations.rules.rule import Rule, compile_rule, stored_rule
from pytest_wandb_automations.rules.scopes import check_assignable, check_scope
from pytest_wandb_automations.world import actions
from pytest_wandb_automations.world.accounts import Entity
from pytest_wandb_automations.world.actions import Action, parse_action
from pytest_wandb_automations.world.collections import Collection
from pytest_wandb_automations.world.considering import Considered
from pytest_wandb_automations.world.journal import Edited
from pytest_wandb_automations.world.projects import Project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.metrics import MetricWatch
    from pytest_wandb_automations.world.rows import Stream
    from pytest_wandb_automations.world.world import World

__all__ = ["RUN_EVENTS", "Automations", "Scope", "Trigger", "TriggeringCondition"]

Scope = Project | Collection | Entity

_MAX_NAME = 255
"""Length of a name in characters, from the SDK's CreateFilterTriggerInput."""

RUN_EVENTS = frozenset((*RunMetricLogged.event_types, EventType.RUN_STATE))

_SCOPE_KINDS = {
    ScopeType.PROJECT: ("Project", Project),
    ScopeType.ARTIFACT_COLLECTION: ("ArtifactCollection", Collection),
    ScopeType.ENTITY: ("Entity", Entity),
}


class TriggeringCondition:
    """The event and filter of a saved automation, in the form of a response."""

    typename__ = "FilterEventTriggeringCondition"

    def __init__(self, event_type: EventType, event_filter: str) -> None:
        self.event_type = event_type
        self._event_filter = event_filter

    @property
    def filter(self) -> str:
        """JSON text; filters of artifact events are wrapped once more when they are saved."""
        if self.event_type in RUN_EVENTS or self.event_type is EventType.WEAVE_METRIC_THRESHOLD:
            return self._event_filter
        return json.dumps({"filter": self._event_filter}, separators=(",", ":"))


class Trigger:
    """A saved automation."""

    typename__ = "Trigger"

    def __init__(self, world: World, created_by: User) -> None:
        self.id = world.register("Trigger", self)
        self.created_by = created_by
        self.created_at = world.clock.stamp()
        self.updated_at: datetime | None = None
        self.name = ""
        self.description: str | None = None
        self.enabled = True
        self.scope: Scope
        self.scope_type: ScopeType
        self.event_type: EventType
        self.event_filter = ""
        self.rule: Rule
        self.action_type: ActionType
        self.action: Action
        self.last_executed_at: datetime | None = None
        self.last_fired: dict[str, datetime] = {}
        """When it last fired for each run, by run id; only metric automations keep that."""
        self.firings: list[tuple[int, datetime]] = []
        """When it fired, and at which place among all that happened; see `World.happened`."""
        self.considered = Considered()
        """The newest verdicts, for `explain`."""
        self.watches: dict[tuple[str, Stream], MetricWatch] = {}
        """Metric windows by run id and stream, oldest first."""

    def __repr__(self) -> str:
        return f"<Automation {self.name!r}: {self.event_type.value} in {self.scope.path}>"

    @property
    def triggering_condition(self) -> TriggeringCondition:
        """What fires it."""
        return TriggeringCondition(self.event_type, self.event_filter)

    @property
    def triggered_action(self) -> Action:
        """What it does."""
        return self.action

    @property
    def key(self) -> tuple[EventType, str, str]:
        """Where the index files it: event type, scope id, and for metric events the metric."""
        return (self.event_type, self.scope.id, self.rule.metric.name if self.rule.metric else "")


class Automations:
    """All saved automations of a world, indexed by what they listen for."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._all: dict[str, Trigger] = {}
        self._listening: dict[tuple[EventType, str, str], dict[str, Trigger]] = {}
        self._in_scope: dict[str, dict[str, Trigger]] = {}
        self._named: dict[str, dict[str, Trigger]] = {}
        self.version = 0
        """Grows with every change, so that what is derived from the index knows it is stale."""

    def __iter__(self) -> Iterator[Trigger]:
        return iter(list(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    def get(self, id_: str) -> Trigger:
        """Return an automation by id; `NotFound` or, for a malformed id, `InvalidInput`."""
        found = self._world.find("Trigger", id_)
        assert isinstance(found, Trigger)
        return found

    def named(self, name: str) -> Trigger:
        """Return the only automation of that name; `NotFound` tells which names there are."""
        __tracebackhide__ = True  # the line of the test has the name
        found = list(self._named.get(name, {}).values())
        if not found:
            known = ", ".join(repr(t.name) for t in self._all.values()) or "none"
            raise NotFound(f"no automation named {name!r}; there are: {known}")
        if len(found) > 1:
            where = ", ".join(t.scope.path for t in found)
            raise InvalidInput(f"{len(found)} automations are named {name!r}, in {where}")
        return found[0]

    def listening(
        self, event_types: Iterable[EventType], scope_ids: Iterable[str], metric: str = ""
    ) -> list[Trigger]:
        """Return the automations whose event type and scope an event meets, the narrowest first."""
        return [
            trigger
            for scope_id in scope_ids
            for event_type in event_types
            for trigger in self._listening.get((event_type, scope_id, metric), {}).values()
        ]

    def in_scope(self, scope: Scope) -> list[Trigger]:
        """Return the automations whose scope is exactly this object, oldest first."""
        found = self._in_scope.get(scope.id, {}).values()
        # An edited automation that came from another scope stands at the end, whatever its age.
        return sorted(found, key=lambda trigger: trigger.created_at)

    def create(self, values: Mapping[str, Any], author: User, *, legacy: bool = False) -> Trigger:
        """Save a new automation from the fields of a `CreateFilterTriggerInput`, in snake case.

        With `legacy` also one whose event or action can no longer, or not here, be assigned.
        """
        with self._world.change():
            draft = _Draft(self._world, values, author, legacy=legacy)
            self._check_name(draft, except_for=None)
            trigger = Trigger(self._world, author)
            draft.apply_to(trigger)
            self._all[trigger.id] = trigger
            self._file(trigger)
            self._note("created", trigger)
        return trigger

    def update(self, id_: str, values: Mapping[str, Any], author: User) -> Trigger:
        """Change an automation; fields that are absent or null stay as they are."""
        with self._world.change():
            trigger = self._writable(id_, author)
            try:
                draft = _Draft(self._world, values, author, based_on=trigger)
            except NotFound as error:
                # With 404 the SDK says that the automation is gone, and not what it refers to.
                raise InvalidInput(str(error)) from None
            self._check_name(draft, except_for=trigger)
            self._unfile(trigger)
            if draft.scope is trigger.scope and draft.rule.means(trigger.rule):
                draft.rule = trigger.rule
            else:
                # Its windows belong to what it watched before; new ones take in earlier values.
                trigger.watches.clear()
                trigger.considered.start_over()
            if self._world.semantics.update_resets_cooldown:
                trigger.last_fired.clear()
            draft.apply_to(trigger)
            trigger.updated_at = self._world.clock.stamp()
            self._file(trigger)
            self._note("updated", trigger)
        return trigger

    def delete(self, id_: str, author: User) -> None:
        """Delete an automation; its executions stay in the history."""
        with self._world.change():
            self._drop(self._writable(id_, author))

    def drop_scope(self, scope: Scope) -> None:
        """Delete the automations of a scope that is deleted. W&B documents no rule for that."""
        for trigger in self.in_scope(scope):
            self._drop(trigger)

    def touch(self) -> None:
        """Make stale what is derived from the index."""
        self.version += 1

    def recompile(self, *, ignore_case: bool) -> None:
        """Let the regular expressions of every automation ignore case, or not."""
        self.touch()
        for trigger in self._all.values():
            trigger.rule = _compiled(
                trigger.event_type, trigger.event_filter, ignore_case=ignore_case
            )
            trigger.watches.clear()

    def _writable(self, id_: str, author: User) -> Trigger:
        trigger = self.get(id_)
        if not author.may_see(_owner(trigger.scope)):
            raise NotFound(f"no automation with id {id_!r}")
        author.check_may_write(_place(trigger.scope))
        return trigger

    def _check_name(self, draft: _Draft, *, except_for: Trigger | None) -> None:
        if self._world.semantics.unique_names == "none":
            return
        for other in self._named.get(draft.name, {}).values():
            if other.scope is draft.scope and other is not except_for:
                raise Conflict(
                    f"name {draft.name!r} is taken: {other!r} has it, "
                    "and names are unique within a scope"
                )

    def _drop(self, trigger: Trigger) -> None:
        self._unfile(trigger)
        del self._all[trigger.id]
        self._world.forget(trigger.id)
        self._note("deleted", trigger)

    def _note(self, verb: str, trigger: Trigger) -> None:
        edit = Edited(verb, trigger.name, trigger.rule, trigger.scope, trigger.enabled)
        self._world.journal.add(edit)

    def _file(self, trigger: Trigger) -> None:
        self.touch()
        self._listening.setdefault(trigger.key, {})[trigger.id] = trigger
        self._in_scope.setdefault(trigger.scope.id, {})[trigger.id] = trigger
        self._named.setdefault(trigger.name, {})[trigger.id] = trigger

    def _unfile(self, trigger: Trigger) -> None:
        self.touch()
        del self._listening[trigger.key][trigger.id]
        del self._in_scope[trigger.scope.id][trigger.id]
        del self._named[trigger.name][trigger.id]


class _Draft:
    """The fields of an automation to be, every one of them checked before anything is changed."""

    def __init__(
        self,
        world: World,
        values: Mapping[str, Any],
        author: User,
        *,
        based_on: Trigger | None = None,
        legacy: bool = False,
    ) -> None:
        self._legacy = legacy
        given = {name: value for name, value in values.items() if value is not None}
        old = based_on
        self.name: str = given.get("name", old.name if old else "")
        if not 1 <= len(self.name) <= _MAX_NAME:
            raise InvalidInput(f"name has {len(self.name)} characters; expected 1 to {_MAX_NAME}")
        self.description: str | None = given.get("description", old.description if old else None)
        self.enabled: bool = given.get("enabled", old.enabled if old else True)
        self._take_scope(world, given, author, old)
        self._take_event(world, given, old)
        self._take_action(world, given, author, old)

    def apply_to(self, trigger: Trigger) -> None:
        for name, value in vars(self).items():
            if not name.startswith("_"):
                setattr(trigger, name, value)

    def _take_scope(
        self, world: World, given: Mapping[str, Any], author: User, old: Trigger | None
    ) -> None:
        if old is not None and "scope_id" not in given and "scope_type" not in given:
            self.scope, self.scope_type = old.scope, old.scope_type
            return
        old_type = old.scope_type if old else None
        self.scope_type = ScopeType(given.get("scope_type", old_type))
        id_: str = given.get("scope_id", old.scope.id if old else "")
        kind, cls = _SCOPE_KINDS[self.scope_type]
        found = world.find(kind, id_, field="scopeID")
        assert isinstance(found, cls)
        self.scope: Scope = found
        owner = _owner(found)
        if not author.may_see(owner):
            raise NotFound(f"scopeID: no {kind} with id {id_!r}; there is none")
        author.check_may_write(_place(found))
        if isinstance(found, Entity):
            _check_entity_scope(world, found)

    def _take_event(self, world: World, given: Mapping[str, Any], old: Trigger | None) -> None:
        self.event_type = EventType(
            given.get("triggering_event_type", old.event_type if old else None)
        )
        if not self._legacy and (old is None or self.event_type is not old.event_type):
            check_assignable(self.event_type)
        # Before the filter: what is wrong with that may follow from the event.
        check_scope(self.event_type, self.scope_type)
        self.event_filter: str = given.get("event_filter", old.event_filter if old else "")
        try:
            self.rule = _compiled(
                self.event_type,
                self.event_filter,
                ignore_case=world.semantics.regex_ignore_case,
            )
        except InvalidFilter as error:
            path = f"eventFilter.{error.path}" if error.path else "eventFilter"
            raise InvalidFilter(path, error.problem) from None
        # Clients send it unwrapped; what they read is wrapped, and may be sent back as it was read.
        self.event_filter = self.rule.text

    def _take_action(
        self, world: World, given: Mapping[str, Any], author: User, old: Trigger | None
    ) -> None:
        self.action_type = ActionType(
            given.get("triggered_action_type", old.action_type if old else None)
        )
        if not self._legacy and (old is None or self.action_type is not old.action_type):
            actions.check_assignable(self.action_type)
        config = given.get("triggered_action_config")
        if config is not None:
            self.action = parse_action(self.action_type, config, world.integrations, author)
        elif old is not None and self.action_type is old.action_type:
            self.action = old.action
        else:
            raise InvalidInput(
                f"triggeredActionType {self.action_type.value} needs a triggeredActionConfig"
            )


def _compiled(event_type: EventType, event_filter: str, *, ignore_case: bool) -> Rule:
    if event_type is EventType.WEAVE_METRIC_THRESHOLD:
        return stored_rule(event_type, event_filter)
    return compile_rule(event_type, event_filter, ignore_case=ignore_case)


def _place(scope: Scope) -> Entity | Project:
    """Return where a user needs a role that may write."""
    return scope.project if isinstance(scope, Collection) else scope


def _owner(scope: Scope) -> Entity:
    if isinstance(scope, Entity):
        return scope
    return scope.entity if isinstance(scope, Project) else scope.project.entity


def _check_entity_scope(world: World, entity: Entity) -> None:
    if entity.kind == "user" or entity.organization is None:
        raise InvalidInput(
            f"scopeID: {entity.kind} entity {entity.name!r} belongs to no organization; "
            "only teams and organizations can be the scope of an automation"
        )
    if not world.features["AUTOMATION_SCOPE_ENTITY"]:
        raise InvalidInput("scopeType ENTITY: server feature AUTOMATION_SCOPE_ENTITY is off")
    if not entity.organization.feature_flags.get("automation_entity_scope"):
        raise InvalidInput(
            f"scopeType ENTITY: flag 'automation_entity_scope' of organization "
            f"{entity.organization.name!r} is off"
        )
