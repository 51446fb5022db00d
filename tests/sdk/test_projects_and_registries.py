"""The real SDK on projects, registries and the accounts that own them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

wandb = pytest.importorskip("wandb")

from wandb.automations import DoNothing, OnLinkArtifact, OnRunState, RunEvent  # noqa: E402
from wandb.errors import CommError, UnsupportedError  # noqa: E402
from wandb.sdk.lib.service.service_connection import WandbApiFailedError  # noqa: E402

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

KEY = "a" * 40


@pytest.fixture
def api(wandb_backend: Backend) -> Any:
    return wandb.Api()


def ada(backend: Backend, role: str | None = None, *, organization_role: str | None = None) -> Any:
    user = backend.user("ada", api_key=KEY)
    if role is not None:
        backend.team("acme").add_member(user, role=role)
    if organization_role is not None:
        backend.organization("acme-corp").add_member(user, role=organization_role)
    return wandb.Api(api_key=KEY)


def names(things: Any) -> list[str]:
    return [thing.name for thing in things]


# Who asks


def test_the_viewer_is_the_default_user(wandb_backend: Backend, api: Any) -> None:
    viewer = api.viewer

    assert (viewer.username, viewer.entity, viewer.admin) == ("tester", "acme", False)
    assert viewer.email == "tester@example.com"
    assert viewer.teams == ["acme"]
    assert api.default_entity == wandb_backend.entity == "acme"


def test_another_key_makes_another_viewer(wandb_backend: Backend) -> None:
    other = ada(wandb_backend, "member")

    assert other.viewer.username == "ada"
    assert other.default_entity == "acme"
    assert wandb.Api().viewer.username == "tester"


def test_a_user_without_team_is_their_own_default_entity(wandb_backend: Backend) -> None:
    loner = ada(wandb_backend)

    assert loner.default_entity == "ada"
    assert loner.viewer.teams == []


def test_a_key_of_nobody_is_no_credential(wandb_backend: Backend) -> None:
    with pytest.raises(wandb.errors.AuthenticationError):
        wandb.Api(api_key="f" * 40)


def test_the_names_of_keys_are_no_keys(wandb_backend: Backend, api: Any) -> None:
    (name,) = api.viewer.api_keys

    assert wandb_backend.api_key.startswith(name.rstrip("…"))
    assert len(name) < 10


def test_a_generated_key_is_told_once_and_opens_the_door(wandb_backend: Backend, api: Any) -> None:
    viewer = api.viewer
    key = viewer.generate_api_key("for CI")

    assert wandb.Api(api_key=key).viewer.username == "tester"
    assert key not in wandb.Api().viewer.api_keys


def test_a_deleted_key_opens_no_door(wandb_backend: Backend, api: Any) -> None:
    key = api.viewer.generate_api_key("for CI")
    viewer = wandb.Api().viewer
    (name,) = (n for n in viewer.api_keys if n.rstrip("…") == key[:4])

    assert viewer.delete_api_key(name)

    with pytest.raises(wandb.errors.AuthenticationError):
        wandb.Api(api_key=key)


def test_users_are_found_by_name_and_mail(wandb_backend: Backend, api: Any) -> None:
    wandb_backend.user("ada", email="ada@acme.test")
    wandb_backend.user("adam")

    assert api.user("ada@acme.test").username == "ada"
    assert sorted(user.username for user in api.users("ada")) == ["ada", "adam"]
    assert api.user("nobody") is None
    assert api.users("nobody") == []


def test_only_an_admin_of_the_server_makes_users(wandb_backend: Backend, api: Any) -> None:
    with pytest.raises(WandbApiFailedError, match="no admin of this server"):
        api.create_user("new@acme.test")

    wandb_backend.user("root", api_key=KEY, admin=True)
    created = wandb.Api(api_key=KEY).create_user("new@acme.test")

    assert created.email == "new@acme.test"
    assert "new" in wandb_backend.world.directory.users


# Teams


def test_a_team_shows_its_members(wandb_backend: Backend, api: Any) -> None:
    wandb_backend.team("acme").add_member(wandb_backend.user("ada"), role="member")

    team = api.team("acme")

    assert team.id == wandb_backend.team("acme").id
    assert [(m.username, m.admin, m.pending) for m in team.members] == [
        ("tester", True, False),
        ("ada", False, False),
    ]


def test_a_team_that_is_not_there_is_the_sdks_key_error(wandb_backend: Backend, api: Any) -> None:
    wandb_backend.team("secret").remove_member("tester")

    for name in ("nobody", "secret"):
        with pytest.raises(KeyError):
            api.team(name)


def test_a_created_team_belongs_to_the_users_organization(wandb_backend: Backend, api: Any) -> None:
    team = api.create_team("research")

    assert team.name == "research"
    assert names(team.members) == ["tester"]
    saved = wandb_backend.team("research")
    assert saved.organization is wandb_backend.organization("acme-corp")
    assert "research" in wandb.Api().viewer.teams


def test_a_created_team_can_have_another_admin(wandb_backend: Backend, api: Any) -> None:
    wandb_backend.organization("acme-corp").add_member(wandb_backend.user("ada"))

    with pytest.raises(KeyError):
        # The SDK reads the team back as the user of the key, who is no member of it.
        api.create_team("research", admin_username="ada")

    assert list(wandb_backend.team("research").members) == ["ada"]


def test_creating_a_team_that_exists_returns_it(wandb_backend: Backend, api: Any) -> None:
    assert api.create_team("acme").id == wandb_backend.team("acme").id


def test_a_user_without_organization_creates_no_team(wandb_backend: Backend) -> None:
    with pytest.raises(KeyError):
        ada(wandb_backend).create_team("research")

    assert "research" not in wandb_backend.world.directory.entities


@pytest.mark.parametrize("who", ["ada", "ada@example.com"])
@pytest.mark.parametrize("admin", [False, True])
def test_an_invited_user_is_a_member_at_once(
    wandb_backend: Backend, api: Any, who: str, admin: bool
) -> None:
    wandb_backend.user("ada")

    assert api.team("acme").invite(who, admin=admin)

    assert wandb_backend.team("acme").members["ada"].role == ("admin" if admin else "member")


@pytest.mark.parametrize("who", ["nobody", "nobody@example.com", "tester"])
def test_nobody_and_members_cannot_be_invited(wandb_backend: Backend, api: Any, who: str) -> None:
    assert not api.team("acme").invite(who)
    assert list(wandb_backend.team("acme").members) == ["tester"]


def test_a_member_who_is_no_admin_cannot_invite(wandb_backend: Backend) -> None:
    wandb_backend.user("bob")

    assert not ada(wandb_backend, "member").team("acme").invite("bob")
    assert "bob" not in wandb_backend.team("acme").members


def test_a_removed_member_is_gone(wandb_backend: Backend, api: Any) -> None:
    ada(wandb_backend, "member")
    member = next(m for m in api.team("acme").members if m.username == "ada")

    assert member.delete()
    assert "ada" not in wandb_backend.team("acme").members
    assert not member.delete()


def test_a_service_account_acts_for_its_team(wandb_backend: Backend, api: Any) -> None:
    account = api.team("acme").create_service_account("CI")

    assert account.name == "CI"
    assert account.account_type == "SERVICE"
    robot = wandb.Api(api_key=account.api_key)
    wandb_backend.project("acme/llm")
    event = OnRunState(scope=robot.project("llm", entity="acme"), filter=RunEvent.state == "failed")
    assert robot.create_automation(event >> DoNothing(), name="rule").name == "rule"


def test_a_member_neither_makes_service_accounts_nor_sees_their_keys(
    wandb_backend: Backend, api: Any
) -> None:
    api.team("acme").create_service_account("CI")
    member = ada(wandb_backend, "member")

    assert member.team("acme").create_service_account("mine") is None
    assert [m.api_key for m in member.team("acme").members] == [None, None, None]


# Organizations


def test_an_organization_is_found_by_name_or_inferred(wandb_backend: Backend, api: Any) -> None:
    named, inferred = api.organization("acme-corp"), api.organization()

    assert named == inferred
    assert named.name == named.org_entity.name == "acme-corp"
    assert named.id != named.org_entity.id


def test_an_organization_that_is_not_there_is_an_error(wandb_backend: Backend, api: Any) -> None:
    wandb_backend.organization("secret").remove_member("tester")

    for name in ("nobody", "secret"):
        with pytest.raises(CommError, match=f"Organization {name!r} not found"):
            api.organization(name)


def test_without_an_organization_none_can_be_inferred(wandb_backend: Backend) -> None:
    loner = wandb_backend.world.directory.users["loner"]
    api = wandb.Api(api_key=loner.api_key, overrides={"entity": "loner"})

    with pytest.raises(CommError, match=r"Unable to (find|resolve an) organization"):
        api.organization()


def test_a_personal_entity_leads_to_its_users_organization(wandb_backend: Backend) -> None:
    ada(wandb_backend, organization_role="member")
    api = wandb.Api(api_key=KEY, overrides={"entity": "ada"})

    assert api.organization().name == "acme-corp"


# Projects


def test_a_created_project_can_be_read(wandb_backend: Backend, api: Any) -> None:
    api.create_project("llm", entity="acme")

    project = api.project("llm", entity="acme")
    assert project.id == wandb_backend.project("acme/llm").id
    assert project.path == ["acme", "llm"]
    assert project.owner.username == "tester"
    assert project.created_at == "2026-01-01T00:00:00.009000Z"
    assert project.url == f"{wandb_backend.url}/acme/llm/workspace"


def test_creating_a_project_again_changes_nothing(wandb_backend: Backend, api: Any) -> None:
    first = wandb_backend.project("acme/llm")

    api.create_project("llm", entity="acme")

    assert list(wandb_backend.world.projects) == [first]


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a#b", "a%b"])
def test_a_name_that_no_project_can_have_is_refused(
    wandb_backend: Backend, api: Any, name: str
) -> None:
    with pytest.raises(WandbApiFailedError, match="project name"):
        api.create_project(name, entity="acme")


def test_a_project_of_an_unknown_entity_cannot_be_created(wandb_backend: Backend, api: Any) -> None:
    with pytest.raises(WandbApiFailedError, match="no entity 'nobody'"):
        api.create_project("llm", entity="nobody")


@pytest.mark.parametrize("entity", ["acme", "nobody"])
def test_the_id_of_a_project_that_is_not_there_is_a_value_error(
    wandb_backend: Backend, api: Any, entity: str
) -> None:
    with pytest.raises(ValueError, match="Project llm not found"):
        _ = api.project("llm", entity=entity).id


def test_a_stranger_sees_no_project_and_a_viewer_does(wandb_backend: Backend) -> None:
    wandb_backend.project("acme/llm")

    with pytest.raises(ValueError, match="not found"):
        _ = ada(wandb_backend).project("llm", entity="acme").id
    assert ada(wandb_backend, "viewer").project("llm", entity="acme").id


def test_a_viewer_creates_no_project(wandb_backend: Backend) -> None:
    with pytest.raises(WandbApiFailedError, match="only a viewer") as caught:
        ada(wandb_backend, "viewer").create_project("llm", entity="acme")

    assert caught.value.response.http_status == 403


@pytest.mark.parametrize("per_page", [1, 2, 3, 50])
def test_every_page_size_lists_all_projects_of_an_entity_once(
    wandb_backend: Backend, api: Any, per_page: int
) -> None:
    for name in ("a", "b", "c", "d"):
        wandb_backend.project(f"acme/{name}")
    wandb_backend.project("other/x")

    assert sorted(names(api.projects("acme", per_page=per_page))) == ["a", "b", "c", "d"]
    assert sorted(names(api.projects(per_page=per_page))) == ["a", "b", "c", "d"]


def test_projects_of_an_entity_that_is_not_there_are_an_error(
    wandb_backend: Backend, api: Any
) -> None:
    with pytest.raises(ValueError, match="Unable to parse"):
        list(api.projects("nobody"))


# Registries


def test_a_created_registry_can_be_read(wandb_backend: Backend, api: Any) -> None:
    created = api.create_registry(
        "model", "organization", organization="acme-corp", description="the best"
    )

    read = api.registry("model", organization="acme-corp")
    for registry in (created, read):
        assert (registry.name, registry.full_name) == ("model", "wandb-registry-model")
        assert (registry.organization, registry.entity) == ("acme-corp", "acme-corp")
        assert registry.description == "the best"
        assert registry.visibility == "organization"
        assert registry.allow_all_artifact_types is True
        assert list(registry.artifact_types) == []
    assert created.id == read.id == wandb_backend.registry("model").id
    assert read.internal_id == created.internal_id


def test_a_registry_of_the_backend_is_found_in_the_inferred_organization(
    wandb_backend: Backend, api: Any
) -> None:
    wandb_backend.registry("model")

    assert api.registry("model").id == wandb_backend.registry("model").id


@pytest.mark.parametrize("visibility", ["organization", "restricted"])
def test_a_registrys_visibility_is_kept(wandb_backend: Backend, api: Any, visibility: str) -> None:
    api.create_registry("model", visibility)

    assert api.registry("model").visibility == visibility


def test_a_registry_name_is_taken_once(wandb_backend: Backend, api: Any) -> None:
    api.create_registry("model", "organization")

    with pytest.raises(ValueError, match="already exists"):
        api.create_registry("model", "organization")


def test_a_registry_that_is_not_there_is_an_error(wandb_backend: Backend, api: Any) -> None:
    with pytest.raises(ValueError, match="Failed to load registry 'model'"):
        api.registry("model")


def test_registries_accept_the_listed_types_only(wandb_backend: Backend, api: Any) -> None:
    registry = api.create_registry("model", "organization", artifact_types=["model", "dataset"])

    assert registry.allow_all_artifact_types is False
    assert sorted(registry.artifact_types) == ["dataset", "model"]
    assert sorted(api.registry("model").artifact_types) == ["dataset", "model"]
    version = wandb_backend.collection("acme/llm/code", type="code").log_version()
    with pytest.raises(CommError, match="takes artifacts of type"):
        api.artifact("acme/llm/code:v0").link("acme-corp/wandb-registry-model/code")
    assert version.artifact.versions.keys() == {version.collection.id}


def test_types_can_be_added_to_a_registry(wandb_backend: Backend, api: Any) -> None:
    registry = api.create_registry("model", "organization", artifact_types=["model"])
    registry.artifact_types.append("dataset")

    registry.save()

    assert sorted(registry.artifact_types) == ["dataset", "model"]
    assert sorted(api.registry("model").artifact_types) == ["dataset", "model"]


def test_a_saved_description_visibility_and_openness_are_kept(
    wandb_backend: Backend, api: Any
) -> None:
    registry = api.create_registry("model", "organization", artifact_types=["model"])
    registry.description = "new"
    registry.visibility = "restricted"
    registry.allow_all_artifact_types = True

    registry.save()

    read = api.registry("model")
    assert (read.description, read.visibility) == ("new", "restricted")
    assert read.allow_all_artifact_types is True
    assert read.updated_at is not None


def test_a_description_can_be_emptied(wandb_backend: Backend, api: Any) -> None:
    registry = api.create_registry("model", "organization", description="old")
    registry.description = ""

    registry.save()

    assert not api.registry("model").description


def test_a_renamed_registry_keeps_its_automations(wandb_backend: Backend, api: Any) -> None:
    registry = api.create_registry("model", "organization")
    api.create_automation(OnLinkArtifact(scope=registry) >> DoNothing(), name="rule")
    registry.name = "models"

    registry.save()

    assert api.registry("models").id == registry.id
    with pytest.raises(ValueError, match="Failed to load"):
        api.registry("model")
    assert api.automation("rule", entity="acme-corp").scope.name == "wandb-registry-models"


def test_a_registry_cannot_take_the_name_of_another(wandb_backend: Backend, api: Any) -> None:
    api.create_registry("taken", "organization")
    registry = api.create_registry("model", "organization")
    registry.name = "taken"

    with pytest.raises(WandbApiFailedError, match="already has a project") as caught:
        registry.save()

    assert caught.value.response.http_status == 409
    assert api.registry("model").id != api.registry("taken").id


def test_a_deleted_registry_is_gone_with_its_automations(wandb_backend: Backend, api: Any) -> None:
    registry = api.create_registry("model", "organization")
    api.create_automation(OnLinkArtifact(scope=registry) >> DoNothing(), name="rule")

    registry.delete()

    with pytest.raises(ValueError, match="Failed to load"):
        api.registry("model")
    assert list(api.automations(entity="acme-corp")) == []
    with pytest.raises(ValueError, match="Failed to delete"):
        registry.delete()


def test_a_member_of_the_organization_reads_a_registry_and_a_viewer_writes_none(
    wandb_backend: Backend, api: Any
) -> None:
    api.create_registry("model", "organization")
    vic = ada(wandb_backend, organization_role="viewer")
    seen = vic.registry("model", organization="acme-corp")
    seen.description = "vandalized"

    for attempt in (
        seen.save,
        seen.delete,
        lambda: vic.create_registry("new", "organization", organization="acme-corp"),
    ):
        with pytest.raises(ValueError, match="Failed to"):
            attempt()
    assert api.registry("model").description is None


def test_a_stranger_sees_no_registry(wandb_backend: Backend, api: Any) -> None:
    api.create_registry("model", "organization")
    stranger = ada(wandb_backend)

    with pytest.raises(CommError, match="not found"):
        stranger.registry("model", organization="acme-corp")
    with pytest.raises(ValueError, match="not found"):
        list(stranger.registries("acme-corp"))


def test_registry_members_come_go_and_change_roles(wandb_backend: Backend, api: Any) -> None:
    wandb_backend.organization("acme-corp").add_member(wandb_backend.user("ada"))
    registry = api.create_registry("model", "organization")
    user, team = api.user("ada"), api.team("acme")

    registry.add_members(user, team)
    assert [(m.user.username, m.role) for m in registry.user_members()] == [("ada", "member")]
    assert [(m.team.name, m.role) for m in registry.team_members()] == [("acme", "member")]
    assert len(registry.members()) == 2

    registry.update_member(user, role="admin").update_member(team, role="viewer")
    assert [m.role for m in registry.members()] == ["admin", "viewer"]

    registry.remove_members(*registry.members())
    assert registry.members() == []


def test_an_unknown_role_or_member_is_refused(wandb_backend: Backend, api: Any) -> None:
    registry = api.create_registry("model", "organization")
    team = api.team("acme")

    with pytest.raises(WandbApiFailedError, match="is no member"):
        registry.update_member(team, role="admin")
    registry.add_members(team)
    with pytest.raises(WandbApiFailedError, match="unknown role 'king'"):
        registry.update_member(team, role="king")
    with pytest.raises(WandbApiFailedError, match="no User with id"):
        registry.add_members("VXNlcjox")


def test_only_admins_manage_the_members_of_a_registry(wandb_backend: Backend, api: Any) -> None:
    api.create_registry("model", "organization")
    member = ada(wandb_backend, "member", organization_role="member")

    with pytest.raises(WandbApiFailedError, match="no admin") as caught:
        member.registry("model", organization="acme-corp").add_members(member.team("acme"))

    assert caught.value.response.http_status == 403


@pytest.fixture
def shelf(wandb_backend: Backend) -> Backend:
    """Give an organization four registries and some collections with versions."""
    for name in ("model", "dataset", "eval-model", "code"):
        wandb_backend.registry(name)
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    for number in range(3):
        version = weights.log_version(metadata={"acc": number / 10})
        version.link(wandb_backend.registry("model").collection("prod"), aliases=[f"a{number}"])
    weights.versions[0].link(wandb_backend.registry("eval-model").collection("checked"))
    wandb_backend.registry("model").collection("prod").add_tag("eu")
    wandb_backend.registry("model").collection("empty")
    wandb_backend.registry("secret", organization="other-corp").collection("hidden")
    return wandb_backend


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["model", "dataset", "eval-model", "code"]),
        ({"filter": {"name": "model"}}, ["model"]),
        ({"filter": {"name": {"$regex": "model"}}}, ["model", "eval-model"]),
        ({"filter": {"$or": [{"name": "code"}, {"name": "dataset"}]}}, ["dataset", "code"]),
        ({"filter": {"name": {"$in": ["code", "model"]}}}, ["model", "code"]),
        ({"order": "name"}, ["code", "dataset", "eval-model", "model"]),
        ({"order": "-name"}, ["model", "eval-model", "dataset", "code"]),
        ({"order": "created_at"}, ["model", "dataset", "eval-model", "code"]),
        ({"order": "-created_at"}, ["code", "eval-model", "dataset", "model"]),
    ],
)
@pytest.mark.parametrize("per_page", [1, 3, 100])
def test_registries_are_listed_by_filter_and_order(
    shelf: Backend, api: Any, query: dict[str, Any], expected: list[str], per_page: int
) -> None:
    assert names(api.registries("acme-corp", per_page=per_page, **query)) == expected


def test_registries_are_those_of_the_inferred_organization(shelf: Backend, api: Any) -> None:
    assert "secret" not in names(api.registries())
    assert names(api.registries("other-corp")) == ["secret"]


def test_a_list_of_registries_can_be_resumed(shelf: Backend, api: Any) -> None:
    first = api.registries(per_page=3)
    seen = names(islice(first, 3))

    assert seen + names(api.registries(per_page=3, start=first.cursor)) == [
        "model",
        "dataset",
        "eval-model",
        "code",
    ]


def test_an_unknown_field_of_a_filter_is_refused(shelf: Backend, api: Any) -> None:
    with pytest.raises(ValueError, match="color"):
        list(api.registries(filter={"color": "red"}))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"prod", "empty"}),
        ({"filter": {"name": "prod"}}, {"prod"}),
        ({"filter": {"name": {"$regex": "^e"}}}, {"empty"}),
        ({"filter": {"tag": "eu"}}, {"prod"}),
    ],
)
def test_the_collections_of_a_registry_are_listed_by_filter(
    shelf: Backend, api: Any, query: dict[str, Any], expected: set[str]
) -> None:
    collections = api.registry("model").collections(**query)

    assert set(names(collections)) == expected
    assert len(collections) == len(expected)


@pytest.mark.parametrize("per_page", [1, 2, 100])
def test_the_collections_of_a_registry_are_ordered(shelf: Backend, api: Any, per_page: int) -> None:
    registry = api.registry("model")

    assert names(registry.collections(order="name", per_page=per_page)) == ["empty", "prod"]
    assert names(registry.collections(order="-created_at", per_page=per_page)) == ["empty", "prod"]
    assert names(registry.collections(order="created_at", per_page=per_page)) == ["prod", "empty"]


def test_collections_of_several_registries_are_listed_together(shelf: Backend, api: Any) -> None:
    found = api.registries(filter={"name": {"$regex": "model"}}).collections()

    assert set(names(found)) == {"prod", "empty", "checked"}
    ordered = api.registries(filter={"name": {"$regex": "model"}}, order="name").collections()
    assert names(ordered)[0] == "checked"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {"prod:v0", "prod:v1", "prod:v2"}),
        ({"alias": "a1"}, {"prod:v1"}),
        ({"alias": {"$regex": "^a"}}, {"prod:v0", "prod:v1", "prod:v2"}),
        ({"version": 2}, {"prod:v2"}),
        ({"metadata.acc": {"$gt": 0.05}}, {"prod:v1", "prod:v2"}),
        ({"tag": "none"}, set()),
    ],
)
@pytest.mark.parametrize("per_page", [1, 100])
def test_the_versions_of_a_registry_are_listed_by_filter(
    shelf: Backend, api: Any, query: dict[str, Any], expected: set[str], per_page: int
) -> None:
    found = api.registry("model").versions(filter=query, per_page=per_page)

    assert set(names(found)) == expected


def test_the_versions_of_collections_of_registries_are_listed(shelf: Backend, api: Any) -> None:
    found = api.registries().collections(filter={"name": {"$in": ["prod", "checked"]}}).versions()

    assert set(names(found)) == {"prod:v0", "prod:v1", "prod:v2", "checked:v0"}


def test_versions_cannot_be_ordered_without_advanced_search(shelf: Backend, api: Any) -> None:
    with pytest.raises(UnsupportedError, match="Ordering registry versions"):
        api.registry("model").versions(order="created_at")


# Older servers


@pytest.mark.parametrize(
    ("feature", "attempt"),
    [
        ("ARTIFACT_REGISTRY_SEARCH", lambda api: api.registries()),
        ("ARTIFACT_REGISTRY_SEARCH", lambda api: api.registry("model")),
        (
            "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
            lambda api: api.create_registry("model", "organization"),
        ),
    ],
)
def test_a_server_without_registries_makes_the_sdk_refuse_them(
    wandb_backend: Backend, api: Any, feature: str, attempt: Any
) -> None:
    wandb_backend.features[feature] = False

    with pytest.raises(RuntimeError, match="not enabled on this wandb server version"):
        attempt(api)
