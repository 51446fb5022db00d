"""What all factories have in common, and how people extend them."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from pytest_wandb_automations import Backend, factories
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.factories import (
    AutomationFactory,
    Factory,
    NounFactory,
    RunFactory,
    lazy,
)


class NightlyRuns(RunFactory):
    tags = ("nightly",)
    display_name = lazy(lambda this: f"nightly-{this.fake.commit_hash()[:7]}")


@pytest.fixture
def factory():
    return Factory(Backend(), seed=7)


# --- Extension -----------------------------------------------------------------------------------


def test_a_subclass_of_three_lines_makes_things_of_ones_own(factory):
    run = NightlyRuns(factory)()

    assert run.tags == ["nightly"]
    assert run.display_name.startswith("nightly-")
    assert factory.run().tags == []


def test_a_registered_subclass_makes_all_things_of_its_kind(factory):
    factory.register(NightlyRuns)

    assert factory.run().tags == ["nightly"]
    assert factory.build_run().tags == ("nightly",)
    assert factory.run(tags=["mine"]).tags == ["mine"]


def test_what_rests_on_a_kind_uses_the_registered_class(factory):
    factory.register(NightlyRuns)

    event = factory.build_happening("RUN_STATE", run=factory.build_run(run_id="abc"))

    assert event.run.endswith("/abc")


def test_other_defaults_need_no_class(factory):
    grouped = factory.run.extend(group="sweep-1", tags=["big"])

    assert [(run.group, run.tags) for run in grouped.batch(2)] == [("sweep-1", ["big"])] * 2
    assert factory.build_run.extend(group="sweep-1")().group == "sweep-1"
    assert factory.run().group is None


def test_a_new_kind_gets_an_attribute_of_its_own(factory):
    class Deploys(AutomationFactory):
        noun = "deploy"
        action_type = "NO_OP"

    factory.register(Deploys)

    assert factory.deploy().action.action_type.value == "NO_OP"
    assert factory.build_deploy().action.action_type.value == "NO_OP"
    assert factory.automation().action.action_type.value == "GENERIC_WEBHOOK"


def test_an_annotated_attribute_is_one_more_field(factory):
    class SizedRuns(RunFactory):
        size: Any = "small"
        config = lazy(lambda this: {"size": this.size})

    sized = SizedRuns(factory)

    assert sized().config == {"size": "small"}
    assert sized(size="large").config == {"size": "large"}


def test_an_attribute_of_the_class_is_no_field(factory):
    class Counted(RunFactory):
        made: ClassVar[int] = 0
        _private: int = 0

    assert Counted.fields == RunFactory.fields
    with pytest.raises(InvalidInput, match="run has no field 'made'"):
        Counted(factory)(made=1)


def test_traits_of_a_subclass_are_methods(factory):
    class BigRuns(RunFactory):
        def large(self, **fields):
            return self(**{"config": {"size": "large"}, **fields})

    assert BigRuns(factory).large().config == {"size": "large"}
    assert BigRuns(factory).build.large().config == {"size": "large"}


def test_a_whole_kind_can_be_taught(factory):
    class Ticket(NounFactory):
        noun = "ticket"
        positional = ("title",)
        title: Any = lazy(lambda this: this.fake.wandb_message())

        def draft(self, this):
            return {"title": this.title}

        def save(self, draft, _):
            return {**draft, "saved": True}

    factory.register(Ticket)

    assert factory.ticket("x") == {"title": "x", "saved": True}
    assert factory.build_ticket("x") == {"title": "x"}


@pytest.mark.parametrize("method", ["draft", "save"])
def test_a_kind_has_to_say_how_it_is_made(factory, method):
    with pytest.raises(NotImplementedError):
        getattr(NounFactory(factory), method)(*[None] * (1 if method == "draft" else 2))


def test_no_two_objects_share_a_default(factory):
    class Listed(RunFactory):
        tags: Any = ["a"]  # noqa: RUF012 -- the mistake that people make

    first, second = Listed(factory).build.batch(2)

    assert first.tags == second.tags == ["a"]
    assert first.tags is not second.tags


# --- Batches, drafts -----------------------------------------------------------------------------


def test_a_batch_is_made_of_as_many_as_asked_for(factory):
    project = factory.project()

    runs = factory.run.batch(5, project=project)

    assert len({run.path for run in runs}) == 5
    assert {run.project for run in runs} == {project}
    assert len(factory.build_automation.batch(3, "RUN_STATE")) == 3
    assert factory.run.batch(0) == []


def test_a_batch_has_no_negative_size(factory):
    with pytest.raises(InvalidInput, match="run: expected the size of a batch, got -1"):
        factory.run.batch(-1)


def test_what_is_only_built_leaves_the_backend_as_it_is(factory):
    def state():
        world = factory.backend.world
        return (
            list(world.projects),
            list(world.directory.entities),
            list(factory.backend.api.integrations()),
            world.integrations.secrets_of(world.directory.entity(factory.backend.entity)),
        )

    before = state()
    kinds = set(factory._nouns) - {"automation"}
    for kind in kinds:
        getattr(factory, f"build_{kind}")()

    assert len(kinds) == 13
    assert state() == before


def test_a_built_automation_can_be_saved_by_the_code_under_test(factory):
    built = factory.build_automation("RUN_STATE", "NOTIFICATION")

    saved = factory.backend.api.create_automation(built)

    assert (saved.name, saved.event.event_type.value) == (built.name, "RUN_STATE")


def test_a_draft_becomes_the_same_thing_when_it_is_made(factory):
    draft = factory.build_run(tags=["a"], history={"loss": [1.0, 0.5]})

    run = factory.run(
        draft.project, run_id=draft.run_id, config=draft.config, history=draft.history
    )

    assert run.path == draft.path
    assert [row["loss"] for row in run.history] == [row["loss"] for row in draft.rows]
    assert (draft.entity, draft.project_name) == tuple(draft.project.split("/"))


def test_secrets_of_drafts_are_not_shown(factory):
    user, secret = factory.build_user(), factory.build_secret()

    assert user.api_key not in repr(user)
    assert secret.value not in repr(secret)


# --- Bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (
            lambda f: f.run(tag="x"),
            "run has no field 'tag'; did you mean 'tags'?; known are project, run_id, ",
        ),
        (
            lambda f: f.run.extend(colour="red"),
            "run has no field 'colour'; known are project, run_id, display_name, user, config",
        ),
        (
            lambda f: f.project("a", "b"),
            "project: 2 fields given by position, which may be: name",
        ),
        (
            lambda f: f.project("a", name="b"),
            "project: 'name' is given by position and by name",
        ),
        (
            lambda f: f.run(history={"loss": [1.0], "f1": [1.0, 2.0]}),
            "run: metrics of a history have as many values each, got: loss 1, f1 2",
        ),
        (
            lambda f: f.automation("RUN_STARTED"),
            "unknown event type 'RUN_STARTED'; known are CREATE_ARTIFACT, LINK_MODEL, ",
        ),
        (
            lambda f: f.automation(action_type="EMAIL"),
            "unknown action type 'EMAIL'; known are GENERIC_WEBHOOK, NOTIFICATION, NO_OP, ARIA",
        ),
        (
            lambda f: f.automation(event=f.build_event("RUN_STATE"), scope=f.project()),
            "automation: 'event' is given, and 'scope', which is a part of it; give one",
        ),
        (
            lambda f: f.automation(action=f.build_action("NO_OP"), payload={}),
            "automation: 'action' is given, and 'payload', which is a part of it; give one",
        ),
        (
            lambda f: f.happening("RUN_STARTED"),
            "nothing happens for 'RUN_STARTED'; known are CREATE_ARTIFACT, LINK_MODEL, ",
        ),
        (
            lambda f: f.happening("RUN_STATE", alias="prod"),
            "happening: RunStateChanged has no 'alias'; known are author, run, state, previous",
        ),
        (
            lambda f: f.happening(f.build_happening("RUN_STATE"), state="failed"),
            "happening: RunStateChanged has no 'state'; known are none, as the event is given",
        ),
        (lambda f: Factory(f.backend, seed="7"), "a factory's seed is a whole number, got '7'"),
    ],
)
def test_bad_input_is_refused_with_the_names_that_there_are(factory, act, told):
    with pytest.raises(InvalidInput) as refusal:
        act(factory)
    assert str(refusal.value).startswith(told)


def test_a_misspelt_default_is_refused_where_the_class_is_written():
    with pytest.raises(InvalidInput, match="run has no field 'tag'; did you mean 'tags'"):
        type("Misspelt", (RunFactory,), {"tag": "x"})


def test_an_unknown_kind_names_the_known_ones(factory):
    with pytest.raises(
        AttributeError, match="a factory has no 'sweep'; it makes organization, team"
    ):
        factory.sweep()


@pytest.mark.parametrize("name", ["", "my runs", "seed", "metric_history"])
def test_a_kind_needs_a_name_that_is_free(factory, name):
    with pytest.raises(InvalidInput, match=r"Odd\.noun"):
        factory.register(type("Odd", (RunFactory,), {"noun": name}))


def test_fields_that_wait_for_each_other_are_told(factory):
    class Circle(RunFactory):
        group = lazy(lambda this: this.job_type)
        job_type = lazy(lambda this: this.group)

    with pytest.raises(InvalidInput, match="wait for each other: group → job_type → group"):
        Circle(factory)()


def test_a_private_name_is_no_field_of_an_object(factory):
    with pytest.raises(AttributeError, match="_nothing"):
        _ = factory.run.fields_of()._nothing


# --- Outside pytest ------------------------------------------------------------------------------


def test_without_a_backend_a_factory_has_one_of_its_own():
    factory = Factory(seed=3)

    saved = factory.automation.run_failed()

    assert factory.backend.automations() == [saved]


def test_the_module_offers_all_of_it():
    assert all(hasattr(factories, name) for name in factories.__all__)
    assert {"Factory", "RunFactory", "WandbProvider", "lazy"} <= set(factories.__all__)


def test_a_factory_shows_what_can_be_given(factory):
    assert repr(factory.project) == "<ProjectFactory makes name, entity>"
    assert repr(factory.build_project) == "<ProjectFactory builds name, entity>"
