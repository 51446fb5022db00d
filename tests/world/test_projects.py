"""Projects, registries and what is in them, by name and by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import OnAddArtifactAlias
from pytest_wandb_automations.errors import Conflict, Forbidden, InvalidInput, NotFound
from pytest_wandb_automations.world.projects import ProjectMember

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection


def test_a_registry_is_a_project_of_the_organization(backend: Backend) -> None:
    project, registry = backend.project("acme/llm"), backend.registry("model")

    assert (project.is_registry, registry.is_registry) == (False, True)
    assert registry.path == "acme-corp/wandb-registry-model"
    assert registry.entity_name == "acme-corp"
    assert (repr(project), repr(registry)) == (
        "<Project acme/llm>",
        "<Registry acme-corp/wandb-registry-model>",
    )


def test_scopes_are_contained_in_each_other(
    backend: Backend, weights: Collection, prod_models: Collection
) -> None:
    team, org = backend.team("acme"), backend.organization("acme-corp").org_entity

    assert weights.scope_ids == (weights.id, weights.project.id, team.id, org.id)
    assert prod_models.scope_ids == (prod_models.id, prod_models.project.id, org.id)


def test_collections_of_a_registry_are_linked_to_and_others_logged_to(
    weights: Collection, prod_models: Collection
) -> None:
    assert (weights.is_portfolio, prod_models.is_portfolio) == (False, True)


def test_a_collection_is_made_once_and_keeps_its_type(backend: Backend) -> None:
    project = backend.project("acme/llm")
    data = project.collection("data", type="dataset")

    assert project.collection("data") is project.collection("data", type="dataset") is data
    with pytest.raises(
        InvalidInput,
        match="collection 'acme/llm/data' holds artifacts of type 'dataset', not 'model'",
    ):
        project.collection("data", type="model")
    with pytest.raises(Conflict, match="acme/llm already has a collection named 'data'"):
        project.add_collection("data", type="dataset", portfolio=True)


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "x" * 129])
def test_a_collections_name_must_fit_into_a_path(backend: Backend, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^collection name .* expected 1 to 128 characters"):
        backend.project("acme/llm").collection(name)


def test_a_registry_can_be_limited_to_some_types(backend: Backend) -> None:
    registry = backend.registry("model")
    registry.artifact_type("model")
    registry.allow_all_artifact_types = False

    registry.collection("prod-models", type="model")
    with pytest.raises(InvalidInput, match="takes artifacts of type model; not 'dataset'"):
        registry.collection("sets", type="dataset")


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "a#b", "a?b", "a%b", "a:b", "x" * 129, "a\n"])
def test_a_projects_name_has_no_special_characters(backend: Backend, name: str) -> None:
    world = backend.world
    with pytest.raises(InvalidInput, match="project name"):
        world.projects.add(world.default_team, name)


def test_a_projects_path_is_unique(backend: Backend) -> None:
    world = backend.world
    backend.project("acme/llm")

    with pytest.raises(Conflict, match="'acme' already has a project named 'llm'"):
        world.projects.add(world.default_team, "llm")
    with pytest.raises(InvalidInput, match=r"is one of a registry, and <Team acme> is no org"):
        world.projects.add(world.default_team, "wandb-registry-model")


def test_projects_belong_to_an_entity(backend: Backend) -> None:
    projects = backend.world.projects
    made = [backend.project("acme/a"), backend.project("acme/b")]
    backend.project("other/c")

    assert projects.of(backend.team("acme")) == made
    assert [project.path for project in projects] == ["acme/a", "acme/b", "other/c"]
    assert projects.get("acme/a") is made[0]
    assert projects.get("acme/z") is None


def test_what_a_path_leads_to_is_found(backend: Backend, weights: Collection) -> None:
    projects, run = backend.world.projects, backend.run("acme/llm")

    assert projects.find("acme/llm") is weights.project
    assert projects.find_collection("acme/llm/weights") is weights
    assert projects.find_run(run.path) is run


def test_what_a_path_does_not_lead_to_is_answered_with_what_there_is(backend: Backend) -> None:
    projects = backend.world.projects
    with pytest.raises(NotFound, match=r"^no project 'acme/llm'; there are: none$"):
        projects.find("acme/llm")
    for number in range(12):
        backend.collection(f"acme/llm/c{number}")
    with pytest.raises(
        NotFound, match=r"^no collection 'acme/llm/x'; acme/llm has: c0, .*, c9 and"
    ):
        projects.find_collection("acme/llm/x")
    backend.run("acme/llm", run_id="r1")
    with pytest.raises(NotFound, match=r"^no run 'acme/llm/x'; acme/llm has: r1$"):
        projects.find_run("acme/llm/x")


def test_runs_belong_to_projects_and_have_ids_of_their_own(backend: Backend) -> None:
    project, user = backend.project("acme/llm"), backend.world.default_user
    run = project.start_run("r1", user)

    assert run.state == "running"
    with pytest.raises(Conflict, match="acme/llm already has a run 'r1'"):
        project.start_run("r1", user)
    with pytest.raises(InvalidInput, match="run id 'a/b': expected characters without"):
        project.start_run("a/b", user)
    with pytest.raises(InvalidInput, match="is a registry; runs belong to projects"):
        backend.registry("model").start_run(None, user)


def test_a_renamed_project_and_collection_stay_scopes(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    rules = [watch(str(n), OnAddArtifactAlias, s) for n, s in enumerate((weights, weights.project))]
    version = weights.log_version()
    backend.world.projects.rename(weights.project, "llm2")
    weights.project.rename_collection(weights, "weights2")

    version.add_alias("prod")

    assert weights.path == "acme/llm2/weights2"
    assert backend.collection("acme/llm2/weights2") is weights
    assert backend.executions.last.event.collection == "acme/llm2/weights2"
    for rule in rules:
        backend.assert_fired(rule, times=2)


def test_a_new_name_must_be_free_and_fit(backend: Backend, weights: Collection) -> None:
    backend.collection("acme/llm/other")
    backend.project("acme/other")
    projects = backend.world.projects

    with pytest.raises(Conflict, match="already has a collection named 'other'"):
        weights.project.rename_collection(weights, "other")
    with pytest.raises(Conflict, match="'acme' already has a project named 'other'"):
        projects.rename(weights.project, "other")
    with pytest.raises(InvalidInput, match="is one of a registry"):
        projects.rename(weights.project, "wandb-registry-llm")
    assert weights.path == "acme/llm/weights"


def test_a_deleted_project_takes_its_automations_along(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    watch("collection", OnAddArtifactAlias, weights)
    watch("project", OnAddArtifactAlias, weights.project)
    watch("team", OnAddArtifactAlias, backend.world.default_team)

    backend.world.projects.delete(weights.project)

    assert [rule.name for rule in backend.automations()] == ["team"]
    assert backend.world.projects.get("acme/llm") is None
    for kind, gone in (("Project", weights.project.id), ("ArtifactCollection", weights.id)):
        with pytest.raises(NotFound):
            backend.world.find(kind, gone)


def test_a_new_project_belongs_to_who_made_it(backend: Backend) -> None:
    world, ada = backend.world, backend.user("ada")

    with world.acting(ada):
        mine = backend.project("acme/mine")

    assert mine.user is ada
    assert world.projects.add(world.default_team, "given", user=ada).user is ada
    assert backend.project("acme/llm").user is world.default_user


def test_a_registry_has_members_in_roles(backend: Backend) -> None:
    registry, ada = backend.registry("model"), backend.user("ada")

    registry.members[ada.id] = ProjectMember(ada, "viewer")

    (member,) = registry.members.values()
    assert (member.subject, member.role) == (ada, "viewer")


def test_a_role_in_a_registry_counts_for_more_than_the_one_in_the_organization(
    backend: Backend,
) -> None:
    registry = backend.registry("model")
    ada, bob = backend.user("ada"), backend.user("bob")
    team = backend.team("readers")
    backend.organization("acme-corp").add_member(ada, role="viewer")
    team.add_member(bob)

    assert registry.role_of(ada) == "viewer"
    registry.members[ada.id] = ProjectMember(ada, "admin")
    ada.check_may_write(registry)
    bob.check_may_write(registry)
    registry.members[team.id] = ProjectMember(team, "restricted_viewer")
    with pytest.raises(Forbidden, match=r"user 'bob' may not change <Registry .*restricted_viewer"):
        bob.check_may_write(registry)


def test_a_run_of_a_deleted_project_logs_no_more(backend: Backend) -> None:
    run = backend.run("acme/llm")
    backend.world.projects.delete(run.project)

    with pytest.raises(NotFound, match="was deleted, or its project was"):
        run.log({"loss": 1})


def test_an_alias_is_not_given_in_a_deleted_collection(backend: Backend) -> None:
    version = backend.collection("acme/llm/weights").log_version()
    version.collection.project.delete_collection(version.collection)

    with pytest.raises(NotFound, match="the collection was deleted"):
        version.add_alias("prod")
    assert not version.aliases


@pytest.mark.parametrize("what", ["aliases", "tags"])
def test_a_text_is_no_list_of_names(backend: Backend, what: str) -> None:
    with pytest.raises(InvalidInput, match=rf"{what}: expected a list of names, got 'prod'"):
        backend.collection("acme/llm/weights").log_version(**{what: "prod"})


def test_a_deleted_run_is_gone_and_a_test_may_make_another(backend: Backend) -> None:
    run = backend.run("acme/llm", run_id="r1")
    run.log({"loss": 1})
    run.file("a.txt")

    run.project.delete_run(run)

    assert run.project.runs == {}
    assert run.project.deleted_runs == {"r1"}
    with pytest.raises(NotFound, match="run acme/llm/r1 was deleted"):
        run.log({"loss": 2})
    assert backend.run("acme/llm", run_id="r1").values("loss") == []
