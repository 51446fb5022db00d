"""World operations in random order against a simple model of which automations must have fired."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    DoNothing,
    OnAddArtifactAlias,
    OnAddArtifactTag,
    OnAddCollectionTag,
    OnCreateArtifact,
    OnLinkArtifact,
    OnRemoveArtifactTag,
    OnRemoveCollectionTag,
    OnRunMetric,
    OnRunState,
    OnUnlinkArtifact,
    RunEvent,
)
from pytest_wandb_automations.errors import NotFound

ALIASES = ("prod", "staging", "best")
TAGS = ("eu", "us")
SEQUENCES = ("weights", "data")
PORTFOLIO = "prod-models"
COARSE = {"running": "RUNNING", "finished": "FINISHED", "failed": "FAILED", "crashed": "FAILED"}

# What contains what, by name: the model's own idea of scopes.
CONTAINED_IN = {
    "weights": {"weights", "llm", "acme", "acme-corp"},
    "data": {"data", "llm", "acme", "acme-corp"},
    PORTFOLIO: {PORTFOLIO, "registry", "acme-corp"},
    "llm": {"llm", "acme", "acme-corp"},
    "other": {"other", "acme", "acme-corp"},
}
EVENTS = {
    "created": OnCreateArtifact,
    "linked": OnLinkArtifact,
    "unlinked": OnUnlinkArtifact,
    "alias": OnAddArtifactAlias,
    "tag added": OnAddArtifactTag,
    "tag removed": OnRemoveArtifactTag,
    "collection tag added": OnAddCollectionTag,
    "collection tag removed": OnRemoveCollectionTag,
}
VALUES = {"alias": ALIASES, "tag added": TAGS, "tag removed": TAGS}
VALUES |= {"collection tag added": TAGS, "collection tag removed": TAGS}


@dataclass
class Listener:
    """An automation as the model knows it."""

    name: str
    happening: str
    scope: str
    wanted: object = None
    enabled: bool = True
    last_fired: dict[str, float] = field(default_factory=dict)


class WorldMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.backend = Backend()
        self.registry = self.backend.registry("model")
        self.collections = {
            name: self.backend.collection(f"acme/llm/{name}", type="model") for name in SEQUENCES
        }
        self.collections[PORTFOLIO] = self.registry.collection(PORTFOLIO, type="model")
        self.scopes = {
            **self.collections,
            "llm": self.backend.project("acme/llm"),
            "other": self.backend.project("acme/other"),
            "registry": self.registry,
            "acme": self.backend.team("acme"),
            "acme-corp": self.backend.organization("acme-corp"),
        }
        self.listeners: list[Listener] = []
        self.expected: Counter[str] = Counter()
        self.versions = []  # of sequences
        self.linked = {}  # version of a sequence -> its version in the portfolio
        self.gone = []  # versions that were unlinked
        self.aliases = {name: {} for name in self.collections}  # alias -> version
        self.tags = {}  # artifact id -> tags
        self.collection_tags = {name: set() for name in self.collections}
        self.runs = {}  # run -> state
        self.hours = 0.0
        self.number = 0
        # Whatever happens, somebody listens; what more there is to listen to, Hypothesis decides.
        for happening, event in EVENTS.items():
            scope = "weights" if happening == "created" else "acme-corp"
            self.listen(happening, scope, event(scope=self.scopes[scope]))
        self.listen_to_a_metric("llm", above=1)
        self.listen_to_states("acme", states={"RUNNING", "FINISHED", "FAILED"})

    # The model

    def happens(self, happening, *places, value=None):
        for listener in self.listeners:
            if (
                listener.enabled
                and listener.happening == happening
                and any(listener.scope in CONTAINED_IN[place] for place in places)
                and listener.wanted in (None, value)
            ):
                self.expected[listener.name] += 1

    def takes_alias(self, place, version, alias):
        if self.aliases[place].get(alias) is version:
            return False
        self.aliases[place][alias] = version
        return True

    # Automations

    def listen(self, happening, scope, event, wanted=None):
        self.number += 1
        listener = Listener(f"a{self.number}", happening, scope, wanted)
        self.backend.create_automation(event >> DoNothing(), name=listener.name)
        self.listeners.append(listener)

    @rule(
        happening=st.sampled_from(sorted(EVENTS)),
        scope=st.sampled_from([*CONTAINED_IN, "acme", "acme-corp", "registry"]),
        data=st.data(),
    )
    def listen_to_artifacts(self, happening, scope, data):
        if happening == "created":
            scope = data.draw(st.sampled_from(SEQUENCES))
        wanted = data.draw(st.sampled_from([None, *VALUES.get(happening, ())]))
        conditions = {}
        if wanted is not None:
            attribute = ArtifactEvent.alias if happening == "alias" else ArtifactEvent.tag
            conditions["filter"] = attribute.eq(wanted)
        event = EVENTS[happening](scope=self.scopes[scope], **conditions)
        self.listen(happening, scope, event, wanted)

    @rule(scope=st.sampled_from(["llm", "other", "acme", "acme-corp"]), above=st.integers(0, 3))
    def listen_to_a_metric(self, scope, above):
        condition = RunEvent.metric("loss").gt(above)
        event = OnRunMetric(scope=self.scopes[scope], filter=condition)
        self.listen("metric", scope, event, above)

    @rule(
        scope=st.sampled_from(["llm", "other", "acme", "acme-corp"]),
        states=st.sets(st.sampled_from(["RUNNING", "FINISHED", "FAILED"]), min_size=1),
    )
    def listen_to_states(self, scope, states):
        event = OnRunState(scope=self.scopes[scope], filter=RunEvent.state.in_(sorted(states)))
        self.listen("state", scope, event, frozenset(states))

    @precondition(lambda self: self.listeners)
    @rule(data=st.data())
    def switch(self, data):
        listener = data.draw(st.sampled_from(self.listeners))
        listener.enabled = not listener.enabled
        automation = self.backend.automation(listener.name)
        self.backend.update_automation(automation, enabled=listener.enabled)

    @precondition(lambda self: self.listeners)
    @rule(data=st.data())
    def delete(self, data):
        listener = data.draw(st.sampled_from(self.listeners))
        self.backend.delete_automation(listener.name)
        self.listeners.remove(listener)

    # Artifacts

    @rule(place=st.sampled_from(SEQUENCES), aliases=st.sets(st.sampled_from(ALIASES)))
    def log_a_version(self, place, aliases):
        names = sorted(aliases)
        version = self.collections[place].log_version(aliases=names)
        self.versions.append(version)
        self.tags[version.artifact.id] = set()
        self.happens("created", place)
        for alias in ["latest", *names]:
            assert self.takes_alias(place, version, alias)
            self.happens("alias", place, value=alias)

    @precondition(lambda self: self.versions)
    @rule(alias=st.sampled_from(ALIASES), data=st.data())
    def add_an_alias(self, alias, data):
        version = data.draw(st.sampled_from([*self.versions, *self.linked.values()]))
        place = version.collection.name
        version.add_alias(alias)
        if self.takes_alias(place, version, alias):
            self.happens("alias", place, value=alias)

    @precondition(lambda self: self.versions)
    @rule(aliases=st.sets(st.sampled_from(ALIASES)), data=st.data())
    def link(self, aliases, data):
        version = data.draw(st.sampled_from(self.versions))
        names = sorted(aliases)
        is_new = version not in self.linked
        linked = version.link(self.collections[PORTFOLIO], aliases=names)
        self.linked[version] = linked
        if is_new:
            self.happens("linked", PORTFOLIO)
            names = ["latest", *names]
        for alias in names:
            if self.takes_alias(PORTFOLIO, linked, alias):
                self.happens("alias", PORTFOLIO, value=alias)

    @precondition(lambda self: self.linked)
    @rule(data=st.data())
    def unlink(self, data):
        version = data.draw(st.sampled_from(list(self.linked)))
        linked = self.linked.pop(version)
        linked.unlink()
        self.gone.append(linked)
        held = self.aliases[PORTFOLIO]
        self.aliases[PORTFOLIO] = {a: v for a, v in held.items() if v is not linked}
        self.happens("unlinked", PORTFOLIO)

    @precondition(lambda self: self.gone)
    @rule(
        act=st.sampled_from(["add_alias", "remove_alias", "add_tag", "remove_tag"]), data=st.data()
    )
    def act_on_a_version_that_was_unlinked(self, act, data):
        gone = data.draw(st.sampled_from(self.gone))
        with pytest.raises(NotFound, match="was unlinked"):
            getattr(gone, act)("prod" if act.endswith("alias") else "eu")

    @rule(project=st.sampled_from(["llm", "other"]), number=st.integers(0, 2))
    def rename_a_project(self, project, number):
        # Automations follow by id: nothing of what fires changes.
        if self.scopes[project].name != f"{project}{number}":
            self.backend.world.projects.rename(self.scopes[project], f"{project}{number}")

    @precondition(lambda self: any(listener.happening == "alias" for listener in self.listeners))
    @rule(alias=st.sampled_from([None, *ALIASES]), data=st.data())
    def edit_what_an_alias_is_asked_for(self, alias, data):
        listener = data.draw(
            st.sampled_from([one for one in self.listeners if one.happening == "alias"])
        )
        condition = {} if alias is None else {"filter": ArtifactEvent.alias.eq(alias)}
        event = OnAddArtifactAlias(scope=self.scopes[listener.scope], **condition)
        self.backend.update_automation(self.backend.automation(listener.name), event=event)
        listener.wanted = alias

    @precondition(lambda self: any(listener.happening == "alias" for listener in self.listeners))
    @rule(
        scope=st.sampled_from(sorted(CONTAINED_IN["weights"] | CONTAINED_IN[PORTFOLIO])),
        data=st.data(),
    )
    def move_to_another_scope(self, scope, data):
        listener = data.draw(
            st.sampled_from([one for one in self.listeners if one.happening == "alias"])
        )
        automation = self.backend.automation(listener.name)
        self.backend.update_automation(automation, scope=self.scopes[scope])
        listener.scope = scope

    @rule(tags=st.sets(st.sampled_from(TAGS)))
    def delete_a_collection_of_its_own(self, tags):
        self.number += 1
        collection = self.scopes["llm"].collection(f"c{self.number}", type="model")
        watching = OnAddCollectionTag(scope=collection) >> DoNothing()
        self.backend.create_automation(watching, name=collection.name)
        for tag in sorted(tags):
            collection.add_tag(tag)
            self.expected[collection.name] += 1
            self.happens("collection tag added", "llm", value=tag)
        collection.project.delete_collection(collection)
        with pytest.raises(NotFound):
            collection.add_tag("other")
        with pytest.raises(NotFound):
            self.backend.automation(collection.name)

    @precondition(lambda self: self.versions)
    @rule(tag=st.sampled_from(TAGS), data=st.data())
    def switch_a_tag(self, tag, data):
        version = data.draw(st.sampled_from([*self.versions, *self.linked.values()]))
        tags = self.tags[version.artifact.id]
        places = [version.artifact.source.collection.name]
        if version.artifact.source in self.linked:
            places.append(PORTFOLIO)
        if tag in tags:
            tags.remove(tag)
            version.remove_tag(tag)
            self.happens("tag removed", *places, value=tag)
        else:
            tags.add(tag)
            version.add_tag(tag)
            self.happens("tag added", *places, value=tag)

    @rule(place=st.sampled_from([*SEQUENCES, PORTFOLIO]), tag=st.sampled_from(TAGS))
    def switch_a_tag_of_a_collection(self, place, tag):
        tags = self.collection_tags[place]
        if tag in tags:
            tags.remove(tag)
            self.collections[place].remove_tag(tag)
            self.happens("collection tag removed", place, value=tag)
        else:
            tags.add(tag)
            self.collections[place].add_tag(tag)
            self.happens("collection tag added", place, value=tag)

    # Runs

    @rule(project=st.sampled_from(["llm", "other"]))
    def start_a_run(self, project):
        run = self.backend.run(self.scopes[project])
        self.runs[run] = "running"
        self.turns(run, "pending", "running")

    def project_of(self, run):
        return "llm" if run.project is self.scopes["llm"] else "other"

    def turns(self, run, before, after):
        coarse = COARSE.get(after)
        if coarse is None or COARSE.get(before) == coarse:
            return
        for listener in self.listeners:
            if (
                listener.enabled
                and listener.happening == "state"
                and listener.scope in CONTAINED_IN[self.project_of(run)]
                and coarse in listener.wanted
            ):
                self.expected[listener.name] += 1

    @precondition(lambda self: "running" in self.runs.values())
    @rule(
        values=st.lists(st.integers(0, 4), min_size=1, max_size=3),
        hours=st.sampled_from([0, 12, 25]),
        data=st.data(),
    )
    def log_values(self, values, hours, data):
        run = data.draw(
            st.sampled_from([r for r, state in self.runs.items() if state == "running"])
        )
        for value in values:
            self.log_a_value(run, value)
            self.wait(hours)

    def log_a_value(self, run, value):
        run.log({"loss": value})
        for listener in self.listeners:
            if (
                listener.enabled
                and listener.happening == "metric"
                and listener.scope in CONTAINED_IN[self.project_of(run)]
                and value > listener.wanted
                and self.hours - listener.last_fired.get(run.id, -24) >= 24
            ):
                listener.last_fired[run.id] = self.hours
                self.expected[listener.name] += 1

    @precondition(lambda self: "running" in self.runs.values())
    @rule(state=st.sampled_from(["finished", "failed", "crashed", "killed"]), data=st.data())
    def end_a_run(self, state, data):
        run = data.draw(
            st.sampled_from([r for r, state in self.runs.items() if state == "running"])
        )
        run.set_state(state)
        self.turns(run, self.runs[run], state)
        self.runs[run] = state

    def wait(self, hours):
        self.backend.clock.advance(hours=hours)
        self.hours += hours

    @invariant()
    def every_automation_fired_as_often_as_it_must(self):
        fired = Counter(execution.automation_name for execution in self.backend.executions)
        assert fired == self.expected


TestWorld = WorldMachine.TestCase
TestWorld.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
