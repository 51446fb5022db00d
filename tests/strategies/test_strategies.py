"""What the strategies draw is valid wherever it goes, and shrinks to something small."""

from __future__ import annotations

import json
import math
import re

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import ActionType, DoNothing, EventType
from pytest_wandb_automations.automations.inputs import prepare_to_create
from pytest_wandb_automations.delivery.templates import check_payload, render_payload
from pytest_wandb_automations.delivery.variables import TEMPLATE_VARIABLES, Variables
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.events import ArtifactLinked, RunMetricLogged
from pytest_wandb_automations.factories import Factory
from pytest_wandb_automations.rules.fields import field_names
from pytest_wandb_automations.rules.filters import compile_filter
from pytest_wandb_automations.strategies import automations, events, filters, histories, payloads
from pytest_wandb_automations.testing.factories.conditions import ASSIGNABLE_ACTIONS, EVENT_MODELS
from pytest_wandb_automations.testing.histories import SHAPES

quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],  # explaining takes longer than all the rest
    suppress_health_check=[HealthCheck.too_slow],
)
many = settings(quick, max_examples=3000)

ARTIFACT_EVENTS = [each for each in EVENT_MODELS if not each.value.startswith("RUN_")]


def anything(_: object) -> bool:
    return True


# --- Filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_every_filter_is_saved_and_read_again(event_type):
    backend = Backend()
    scope = backend.project("llm")
    if event_type is EventType.CREATE_ARTIFACT:
        scope = scope.collection("weights")

    @quick
    @given(filters(event_type))
    def check(drawn):
        event = EVENT_MODELS[event_type](scope=scope, filter=drawn)
        saved = backend.create_automation(event >> DoNothing(), name="it")
        assert saved.event.event_type is event_type
        assert [*backend.api.automations()] == [saved]
        backend.delete_automation(saved)

    check()


@pytest.mark.parametrize("event_type", ARTIFACT_EVENTS)
def test_every_filter_of_artifacts_compiles(event_type):
    @quick
    @given(filters(event_type))
    def check(drawn):
        source = json.loads(drawn.model_dump_json())
        compile_filter(source, fields=field_names(event_type))

    check()


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_filters_shrink_to_one_condition(event_type):
    drawn = find(filters(event_type), anything, settings=quick)

    assert "And" not in repr(drawn)
    assert len(repr(drawn)) < 60


@pytest.mark.parametrize("word", ["$and", "$not", "$regex", "$in", "$exists", "$size", "$all"])
def test_filters_are_asked_in_many_ways(word):
    find(filters("LINK_MODEL"), lambda drawn: word in drawn.model_dump_json(), settings=many)


def test_filters_of_runs_ask_for_what_runs_have():
    for name in ("config.lr", "summary_metrics.", "display_name", "jobType", "tags"):
        drawn = find(
            filters("RUN_STATE"), lambda f, n=name: n in f.model_dump_json(), settings=many
        )
        assert drawn.run is not None


def test_a_filter_has_at_least_one_condition():
    with pytest.raises(InvalidInput, match="expected max_leaves from 1 on, got 0"):
        filters("RUN_STATE", max_leaves=0)


@pytest.mark.parametrize("strategy", [filters, payloads, automations])
def test_events_that_nobody_can_assign_are_refused(strategy):
    with pytest.raises(InvalidInput, match="UPDATE_ARTIFACT_ALIAS events cannot be assigned"):
        strategy("UPDATE_ARTIFACT_ALIAS")


# --- Events --------------------------------------------------------------------------------------


def test_every_event_is_injected():
    backend = Backend()

    @settings(quick, max_examples=200)
    @given(events(backend=backend, allow_nan=True))
    def check(event):
        assert backend.inject(event) == []

    check()


def test_an_event_that_was_drawn_without_a_backend_happens_in_any():
    backend = Backend()

    @settings(quick, max_examples=100)
    @given(events())
    def check(event):
        assert Factory(backend).happening(event) == []

    check()


@pytest.mark.parametrize("event_type", EVENT_MODELS)
def test_events_are_of_the_kind_that_is_asked_for(event_type):
    @settings(quick, max_examples=20)
    @given(events(event_type))
    def check(event):
        assert event_type in event.event_types

    check()


def test_events_can_be_asked_for_by_class():
    event = find(events(ArtifactLinked), anything, settings=quick)

    assert event == ArtifactLinked(collection="acme-corp/wandb-registry-model/prod")


def test_metrics_are_numbers_unless_nan_is_allowed():
    @quick
    @given(events(RunMetricLogged))
    def check(event):
        assert math.isfinite(event.value)

    check()
    drawn = events(RunMetricLogged, allow_nan=True)
    assert find(drawn, lambda event: event.value != event.value, settings=many)


def test_unknown_kinds_of_events_are_refused():
    with pytest.raises(InvalidInput, match="nothing happens for 'RUN_STARTED'"):
        events("RUN_STARTED")


# --- Payloads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_type", [None, "LINK_MODEL", "RUN_METRIC", "ADD_COLLECTION_TAG"])
def test_every_payload_is_json_that_is_filled_in(event_type):
    names = {each.name: "x" for each in TEMPLATE_VARIABLES}

    @settings(quick, max_examples=100)
    @given(payloads(event_type))
    def check(payload):
        text = json.dumps(payload)
        check_payload(text)
        rendered = render_payload(text, Variables(names), unknown="keep")
        assert rendered.unknown == ()
        assert "${" not in json.dumps([*strings(json.loads(rendered.text))])

    check()


def strings(value):
    """Yield the texts that are filled in: not the keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def test_payloads_use_variables_of_their_event_only():
    known = {each.name for each in TEMPLATE_VARIABLES if "RUN_STATE" in each.events}

    @settings(quick, max_examples=100)
    @given(payloads("RUN_STATE"))
    def check(payload):
        for text in strings(payload):
            assert set(re.findall(r"\$\{([^{}]*)\}", text)) <= known

    check()
    assert find(payloads("RUN_STATE"), lambda p: "${run_status}" in str(p), settings=many)
    assert find(payloads("LINK_MODEL"), lambda p: "artifact_metadata." in str(p), settings=many)


def test_payloads_shrink_to_nothing():
    assert find(payloads(), anything, settings=quick) == {}


# --- Histories -----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [None, *SHAPES])
def test_histories_are_as_long_as_is_asked_for(shape):
    @quick
    @given(histories(shape, min_steps=3, max_steps=30))
    def check(values):
        assert 3 <= len(values) <= 30
        assert all(isinstance(value, float) for value in values)

    check()


@quick
@given(histories("spike"))
def test_every_spike_has_its_peak(values):
    assert max(values) > 8


@quick
@given(histories("divergence"))
def test_every_divergence_ends_in_nan(values):
    assert math.isnan(values[-1])


def test_histories_shrink_to_few_steps():
    assert len(find(histories("noise"), anything, settings=quick)) == 2
    assert len(find(histories(min_steps=5), anything, settings=quick)) == 5


@pytest.mark.parametrize(("least", "most"), [(1, 5), (6, 5)])
def test_a_history_has_a_length(least, most):
    with pytest.raises(InvalidInput, match=f"max_steps, got {least} and {most}"):
        histories(min_steps=least, max_steps=most)


def test_an_unknown_shape_names_the_known_ones():
    with pytest.raises(InvalidInput, match="unknown shape 'zigzag'; known are descent, spike"):
        histories("zigzag")


# --- Automations ---------------------------------------------------------------------------------


def test_every_automation_is_saved():
    backend = Backend()
    saved = set()

    @settings(quick, max_examples=300)
    @given(automations(backend=backend))
    def check(new):
        automation = backend.create_automation(new)
        assert automation.name == new.name
        saved.add((automation.event.event_type, automation.action.action_type))

    check()
    assert {event for event, _ in saved} == set(EVENT_MODELS)
    assert {action for _, action in saved} == set(ASSIGNABLE_ACTIONS)


@quick
@given(automations())
def test_without_a_backend_automations_are_ready_for_the_wire(new):
    wire = prepare_to_create(new)

    assert json.loads(json.dumps(wire)) == wire


def test_event_and_action_can_be_chosen():
    @quick
    @given(automations("RUN_METRIC", "ARIA"))
    def check(new):
        assert new.event.event_type is EventType.RUN_METRIC_THRESHOLD
        assert new.action.action_type is ActionType.ARIA

    check()


def test_automations_shrink_to_one_that_does_nothing():
    new = find(automations("ADD_ARTIFACT_ALIAS"), anything, settings=quick)

    assert new.action == DoNothing()
    assert (new.name, new.description, new.enabled) == ("0", None, None)


@quick
@given(new=st.deferred(lambda: automations(backend=SHARED)))
def test_automations_are_drawn_in_a_backend_that_was_reset(new):
    SHARED.create_automation(new)
    SHARED.reset()


SHARED = Backend()
