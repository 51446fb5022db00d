"""The real SDK on collections and artifacts: read, edited, linked, and what fires when they are."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

wandb = pytest.importorskip("wandb")

from wandb.automations import (  # noqa: E402
    ArtifactEvent,
    DoNothing,
    OnAddArtifactAlias,
    OnAddArtifactTag,
    OnAddCollectionTag,
    OnLinkArtifact,
    OnRemoveArtifactTag,
    OnRemoveCollectionTag,
    OnUnlinkArtifact,
)
from wandb.errors import CommError, UnsupportedError  # noqa: E402
from wandb.sdk.lib.service.service_connection import WandbApiFailedError  # noqa: E402

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

KEY = "a" * 40
SOURCE = "acme/llm/weights"
TARGET = "acme-corp/wandb-registry-model/prod"

EVENTS = {
    "alias added": OnAddArtifactAlias,
    "tag added": OnAddArtifactTag,
    "tag removed": OnRemoveArtifactTag,
    "collection tag added": OnAddCollectionTag,
    "collection tag removed": OnRemoveCollectionTag,
    "linked": OnLinkArtifact,
    "unlinked": OnUnlinkArtifact,
}


@pytest.fixture
def api(wandb_backend: Backend) -> Any:
    return wandb.Api()


@pytest.fixture
def stock(wandb_backend: Backend) -> Backend:
    """Log three versions of a model, and make a registry for it."""
    weights = wandb_backend.collection(SOURCE, type="model")
    for number in range(3):
        weights.log_version(
            aliases=[f"a{number}"],
            tags=["even"] if number % 2 == 0 else [],
            metadata={"acc": number / 10},
            description=f"number {number}",
        )
    wandb_backend.collection("acme/llm/corpus", type="dataset").log_version()
    wandb_backend.registry("model")
    return wandb_backend


def watch(api: Any, *places: Any) -> None:
    """Let one automation for each kind of event, and each place, record what happens there."""
    for place in places:
        for name, event in EVENTS.items():
            api.create_automation(event(scope=place) >> DoNothing(), name=f"{name} ({place.name})")


def fired(backend: Backend) -> list[str]:
    return [execution.automation_name for execution in backend.executions]


def names(things: Any) -> list[str]:
    return [thing.name for thing in things]


def member(backend: Backend, role: str | None) -> Any:
    user = backend.user("ada", api_key=KEY)
    if role is not None:
        backend.team("acme").add_member(user, role=role)
    return wandb.Api(api_key=KEY)


# Types and collections


def test_the_types_of_a_project_are_those_in_use(stock: Backend, api: Any) -> None:
    assert names(api.artifact_types("acme/llm")) == ["model", "dataset"]
    assert names(api.project("llm", entity="acme").artifacts_types()) == ["model", "dataset"]
    assert api.artifact_type("model", "acme/llm").name == "model"


def test_a_type_that_is_not_there_is_an_error(stock: Backend, api: Any) -> None:
    with pytest.raises(CommError, match="Could not find artifact type 'code'"):
        api.artifact_type("code", "acme/llm")


def test_the_types_of_a_registry_are_found_by_its_path(stock: Backend, api: Any) -> None:
    stock.registry("model").collection("prod", type="model")

    assert names(api.artifact_types("acme-corp/wandb-registry-model")) == ["model"]
    assert names(api.artifact_types("wandb-registry-model")) == ["model"]


def test_a_collection_is_read_with_what_it_has(stock: Backend, api: Any) -> None:
    stock.collection(SOURCE).add_tag("eu", "us")

    collection = api.artifact_collection("model", SOURCE)

    assert collection.id == stock.collection(SOURCE).id
    assert (collection.entity, collection.project, collection.name) == ("acme", "llm", "weights")
    assert (collection.type, collection.is_sequence()) == ("model", True)
    assert sorted(collection.tags) == ["eu", "us"]
    assert sorted(collection.aliases) == ["a0", "a1", "a2", "latest"]
    assert collection.description is None
    assert names(collection.artifacts()) == ["weights:v2", "weights:v1", "weights:v0"]


def test_a_registrys_collection_is_a_portfolio(stock: Backend, api: Any) -> None:
    stock.collection(TARGET)

    collection = api.artifact_collection("model", TARGET)

    assert not collection.is_sequence()
    assert collection.project_internal_id == api.registry("model").internal_id


@pytest.mark.parametrize(
    ("type_name", "path"),
    [
        ("model", "acme/llm/nothing"),
        ("dataset", SOURCE),
        ("code", SOURCE),
        ("model", "acme/nothing/weights"),
        ("model", "nobody/llm/weights"),
    ],
)
def test_a_collection_that_is_not_there_is_an_error(
    stock: Backend, api: Any, type_name: str, path: str
) -> None:
    with pytest.raises(CommError, match="Could not find artifact type"):
        api.artifact_collection(type_name, path)
    assert not api.artifact_collection_exists(path, type_name)


def test_a_collection_that_is_there_exists(stock: Backend, api: Any) -> None:
    assert api.artifact_collection_exists(SOURCE, "model")


@pytest.mark.parametrize("per_page", [1, 2, 3, 50])
def test_every_page_size_lists_all_collections_newest_first(
    stock: Backend, api: Any, per_page: int
) -> None:
    for name in ("b", "a", "c"):
        stock.collection(f"acme/llm/{name}", type="model")

    found = api.artifact_collections("acme/llm", "model", per_page=per_page)

    assert len(found) == 4
    assert names(found) == ["c", "a", "b", "weights"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name", ["a", "b", "weights"]),
        ("+name", ["a", "b", "weights"]),
        ("-name", ["weights", "b", "a"]),
        ("created_at", ["weights", "b", "a"]),
        ("-created_at", ["a", "b", "weights"]),
    ],
)
@pytest.mark.parametrize("per_page", [1, 50])
def test_collections_are_ordered(
    stock: Backend, api: Any, order: str, expected: list[str], per_page: int
) -> None:
    for name in ("b", "a"):
        stock.collection(f"acme/llm/{name}", type="model")

    found = api.artifact_collections("acme/llm", "model", order=order, per_page=per_page)

    assert names(found) == expected


def test_an_order_that_the_server_does_not_know_is_refused(stock: Backend, api: Any) -> None:
    with pytest.raises(WandbApiFailedError, match="unknown field 'color'") as caught:
        list(api.artifact_collections("acme/llm", "model", order="color"))

    assert caught.value.response.http_status == 400


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": "weights"}, {"weights"}),
        ({"name": {"$regex": "^w|^c"}}, {"weights", "corpus"}),
        ({"tag": "eu"}, {"corpus"}),
        ({"name": {"$in": ["corpus", "x"]}}, {"corpus"}),
        ({}, {"weights", "corpus"}),
    ],
)
def test_the_collections_of_a_project_are_filtered(
    stock: Backend, api: Any, filters: dict[str, Any], expected: set[str]
) -> None:
    stock.collection("acme/llm/corpus").add_tag("eu")

    found = api.project("llm", entity="acme").collections(filters=filters)

    assert set(names(found)) == expected
    assert len(found) == len(expected)


def test_collections_of_a_type_are_filtered(stock: Backend, api: Any) -> None:
    type_ = api.artifact_type("model", "acme/llm")

    assert names(type_.collections(filters={"name": "weights"})) == ["weights"]
    assert names(type_.collections(filters={"name": "corpus"})) == []
    assert type_.collection("weights").name == "weights"


def test_collections_are_filtered_by_newer_servers_only(stock: Backend, api: Any) -> None:
    stock.features["ARTIFACT_COLLECTIONS_FILTERING_SORTING"] = False
    project = api.project("llm", entity="acme")

    with pytest.raises(UnsupportedError):
        project.collections(filters={"name": "weights"})
    with pytest.raises(UnsupportedError):
        api.artifact_collections("acme/llm", "model", order="name")
    assert set(names(project.collections())) == {"weights", "corpus"}


def test_a_list_of_collections_can_be_resumed(stock: Backend, api: Any) -> None:
    for name in ("b", "a", "c"):
        stock.collection(f"acme/llm/{name}", type="model")
    first = api.artifact_collections("acme/llm", "model", per_page=2)
    seen = names(islice(first, 2))

    rest = api.artifact_collections("acme/llm", "model", per_page=2, start=first.cursor)

    assert seen + names(rest) == ["c", "a", "b", "weights"]


@pytest.mark.parametrize("path", [SOURCE, TARGET])
def test_an_edited_collection_is_saved_and_its_tags_fire(
    stock: Backend, api: Any, path: str
) -> None:
    stock.collection(path).add_tag("old")
    collection = api.artifact_collection("model", path)
    watch(api, collection)
    collection.name = "renamed"
    collection.description = "of great weight"
    collection.tags = ["new"]

    collection.save()

    read = api.artifact_collection("model", path.rpartition("/")[0] + "/renamed")
    assert read.id == collection.id
    assert (read.description, read.tags) == ("of great weight", ["new"])
    assert read.updated_at is not None
    old_name = path.rpartition("/")[2]
    assert fired(stock) == [
        f"collection tag added ({old_name})",
        f"collection tag removed ({old_name})",
    ]


def test_saving_an_unedited_collection_fires_nothing(stock: Backend, api: Any) -> None:
    collection = api.artifact_collection("model", SOURCE)
    watch(api, collection)

    collection.save()

    assert fired(stock) == []


def test_a_collection_cannot_take_the_name_of_another(stock: Backend, api: Any) -> None:
    collection = api.artifact_collection("model", SOURCE)
    collection.name = "corpus"

    with pytest.raises(CommError, match="already has a collection"):
        collection.save()

    assert api.artifact_collection("model", SOURCE).id == collection.id


def test_a_sequence_changes_its_type(stock: Backend, api: Any) -> None:
    collection = api.artifact_collection("model", SOURCE)
    collection.type = "weights"

    collection.save()

    assert api.artifact_collection("weights", SOURCE).id == collection.id
    assert api.artifact(f"{SOURCE}:latest").type == "weights"


@pytest.mark.parametrize("path", [SOURCE, TARGET])
def test_a_deleted_collection_is_gone_with_its_automations(
    stock: Backend, api: Any, path: str
) -> None:
    stock.collection(path)
    collection = api.artifact_collection("model", path)
    watch(api, collection)

    collection.delete()

    assert not api.artifact_collection_exists(path, "model")
    assert stock.automations() == []
    with pytest.raises(CommError, match="no ArtifactCollection with id"):
        collection.delete()
    with pytest.raises(CommError, match="no ArtifactCollection with id"):
        api.create_automation(OnLinkArtifact(scope=collection) >> DoNothing(), name="rule")


def test_deleting_a_sequence_takes_its_versions_from_the_registry(stock: Backend, api: Any) -> None:
    linked = api.artifact(f"{SOURCE}:v1").link(TARGET, aliases=["best"])

    api.artifact_collection("model", SOURCE).delete()

    assert not api.artifact_exists(f"{SOURCE}:v1")
    assert not api.artifact_exists(linked.qualified_name)
    assert api.artifact_collection("model", TARGET).aliases == []


def test_deleting_a_portfolio_leaves_the_versions_in_their_project(
    stock: Backend, api: Any
) -> None:
    api.artifact(f"{SOURCE}:v1").link(TARGET)

    api.artifact_collection("model", TARGET).delete()

    artifact = api.artifact(f"{SOURCE}:v1")
    assert artifact.linked_artifacts == []
    assert names([artifact.link(TARGET)]) == ["prod:v0"]


# Reading artifacts


@pytest.mark.parametrize("alias", ["v2", "latest", "a2"])
def test_an_artifact_is_read_by_version_or_alias(stock: Backend, api: Any, alias: str) -> None:
    artifact = api.artifact(f"{SOURCE}:{alias}")

    assert artifact.qualified_name == f"{SOURCE}:{alias}"
    assert (artifact.version, artifact.type, artifact.state) == ("v2", "model", "COMMITTED")
    assert sorted(artifact.aliases) == ["a2", "latest"]
    assert artifact.tags == ["even"]
    assert artifact.metadata == {"acc": 0.2}
    assert artifact.description == "number 2"
    assert artifact.is_link is False
    assert artifact.source_qualified_name == f"{SOURCE}:v2"
    assert artifact.id == stock.collection(SOURCE).latest.artifact.id


def test_an_artifact_is_read_with_what_the_server_knows_of_it(stock: Backend, api: Any) -> None:
    artifact = api.artifact(f"{SOURCE}:v1")

    assert artifact.digest == stock.collection(SOURCE).version("v1").artifact.digest
    assert (artifact.size, artifact.file_count) == (0, 0)
    assert artifact.commit_hash
    assert artifact.created_at.startswith("2026-01-01T")
    assert artifact.ttl is None
    assert artifact.collection.name == artifact.source_collection.name == "weights"
    assert artifact.url.endswith("/acme/llm/artifacts/model/weights/v1")


@pytest.mark.parametrize(
    "name",
    [
        f"{SOURCE}:v3",
        f"{SOURCE}:prod",
        "acme/llm/nothing:latest",
        "acme/nothing/weights:latest",
        "nobody/llm/weights:latest",
    ],
)
def test_an_artifact_that_is_not_there_is_an_error(stock: Backend, api: Any, name: str) -> None:
    with pytest.raises(CommError, match="not found"):
        api.artifact(name)
    assert not api.artifact_exists(name)


def test_an_artifact_of_another_type_is_an_error(stock: Backend, api: Any) -> None:
    with pytest.raises(CommError, match="this artifact is of type 'model'"):
        api.artifact(f"{SOURCE}:latest", type="dataset")


@pytest.mark.parametrize("per_page", [1, 2, 3, 50])
def test_every_page_size_lists_all_versions_newest_first(
    stock: Backend, api: Any, per_page: int
) -> None:
    found = api.artifacts("model", SOURCE, per_page=per_page)

    assert names(found) == ["weights:v2", "weights:v1", "weights:v0"]
    assert len(api.artifacts("model", SOURCE, per_page=per_page)) == 3


@pytest.mark.parametrize(
    ("order", "expected"),
    [("createdAt", ["v0", "v1", "v2"]), ("-createdAt", ["v2", "v1", "v0"])],
)
def test_versions_are_ordered(stock: Backend, api: Any, order: str, expected: list[str]) -> None:
    assert [a.version for a in api.artifacts("model", SOURCE, order=order)] == expected


def test_versions_are_found_by_tags(stock: Backend, api: Any) -> None:
    stock.collection(SOURCE).version("v2").add_tag("eu")

    assert names(api.artifacts("model", SOURCE, tags=["even"])) == ["weights:v2", "weights:v0"]
    assert names(api.artifacts("model", SOURCE, tags=["even", "eu"])) == ["weights:v2"]
    assert names(api.artifacts("model", SOURCE, tags=["odd"])) == []


def test_a_list_of_versions_can_be_resumed_though_new_ones_come(stock: Backend, api: Any) -> None:
    first = api.artifacts("model", SOURCE, per_page=1)
    seen = names(islice(first, 1))

    stock.collection(SOURCE).log_version()

    assert seen + names(api.artifacts("model", SOURCE, per_page=1, start=first.cursor)) == [
        "weights:v2",
        "weights:v1",
        "weights:v0",
    ]


def test_a_version_that_no_run_logged_has_no_run(stock: Backend, api: Any) -> None:
    assert api.artifact(f"{SOURCE}:v1").logged_by() is None


# Editing artifacts


def test_aliases_tags_and_metadata_that_are_saved_fire_once_each(stock: Backend, api: Any) -> None:
    watch(api, api.artifact_collection("model", SOURCE))
    artifact = api.artifact(f"{SOURCE}:v2")
    artifact.aliases += ["prod", "eu"]
    artifact.aliases.remove("a2")
    artifact.tags = ["fast"]
    artifact.metadata["acc"] = 0.9
    artifact.description = "better"
    artifact.ttl = timedelta(days=1)

    artifact.save()

    read = api.artifact(f"{SOURCE}:prod")
    assert (read.version, set(read.aliases)) == ("v2", {"latest", "prod", "eu"})
    assert (read.tags, read.metadata, read.description) == (["fast"], {"acc": 0.9}, "better")
    assert read.ttl == timedelta(days=1)
    assert sorted(fired(stock)) == [
        "alias added (weights)",
        "alias added (weights)",
        "tag added (weights)",
        "tag removed (weights)",
    ]


def test_saving_an_unedited_artifact_fires_nothing(stock: Backend, api: Any) -> None:
    watch(api, api.artifact_collection("model", SOURCE), api.project("llm", entity="acme"))

    api.artifact(f"{SOURCE}:v1").save()

    assert fired(stock) == []


def test_only_the_automation_whose_filter_fits_fires(stock: Backend, api: Any) -> None:
    scope = api.artifact_collection("model", SOURCE)
    for alias in ("prod", "staging"):
        event = OnAddArtifactAlias(scope=scope, filter=ArtifactEvent.alias.eq(alias))
        api.create_automation(event >> DoNothing(), name=alias)
    artifact = api.artifact(f"{SOURCE}:v1")
    artifact.aliases.append("prod")

    artifact.save()

    assert fired(stock) == ["prod"]
    execution = stock.executions[-1]
    assert execution.event.alias == "prod"
    assert execution.event.author == "tester"


def test_an_alias_moves_from_one_version_to_another(stock: Backend, api: Any) -> None:
    artifact = api.artifact(f"{SOURCE}:v0")
    artifact.aliases.append("a2")

    artifact.save()

    assert sorted(api.artifact(f"{SOURCE}:v0").aliases) == ["a0", "a2"]
    assert api.artifact(f"{SOURCE}:v2").aliases == ["latest"]


@pytest.mark.parametrize("alias", ["a/b", "a:b"])
def test_aliases_that_no_version_can_have_are_refused_by_the_sdk(
    stock: Backend, api: Any, alias: str
) -> None:
    artifact = api.artifact(f"{SOURCE}:v0")

    with pytest.raises(ValueError, match="must not contain"):
        artifact.aliases = [alias]


# Linking


def test_a_linked_artifact_is_read_by_both_names(stock: Backend, api: Any) -> None:
    source = api.artifact(f"{SOURCE}:v1")

    linked = source.link(TARGET, aliases=["best"])

    for link in (linked, api.artifact(f"{TARGET}:best"), api.artifact(f"{TARGET}:v0")):
        assert link.is_link
        assert (link.version, link.source_version) == ("v0", "v1")
        assert set(link.aliases) == {"best", "latest"}
        assert link.source_qualified_name == f"{SOURCE}:v1"
        assert link.id == source.id
        assert link.metadata == {"acc": 0.1}
        assert link.linked_at is not None
    assert names(source.linked_artifacts) == ["prod:v0"]
    assert linked.source_artifact.name == "weights:v1"
    assert sorted(api.artifact(f"{SOURCE}:v1").aliases) == ["a1"]


@pytest.mark.parametrize("path", [TARGET, "wandb-registry-model/prod"])
def test_a_link_fires_in_the_registry_and_not_in_the_project(
    stock: Backend, api: Any, path: str
) -> None:
    watch(api, api.project("llm", entity="acme"), api.registry("model"))

    api.artifact(f"{SOURCE}:v1").link(path, aliases=["best"])

    assert sorted(fired(stock)) == [
        "alias added (model)",
        "alias added (model)",
        "linked (model)",
    ]
    aliases = {e.event.alias for e in stock.executions if hasattr(e.event, "alias")}
    assert aliases == {"best", "latest"}


def test_linking_again_fires_nothing_and_returns_the_link(stock: Backend, api: Any) -> None:
    first = api.artifact(f"{SOURCE}:v1").link(TARGET, aliases=["best"])
    watch(api, api.registry("model"))

    again = api.artifact(f"{SOURCE}:v1").link(TARGET, aliases=["best"])

    assert again.qualified_name == first.qualified_name
    assert fired(stock) == []


def test_an_artifact_is_linked_to_a_portfolio_of_its_own_project(stock: Backend, api: Any) -> None:
    linked = api.artifact(f"{SOURCE}:v1").link("acme/llm/best-weights")

    assert linked.qualified_name == "acme/llm/best-weights:v0"
    assert not api.artifact_collection("model", "acme/llm/best-weights").is_sequence()


def test_an_older_servers_link_is_fetched_by_its_version(stock: Backend, api: Any) -> None:
    stock.features["ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE"] = False

    assert api.artifact(f"{SOURCE}:v1").link(TARGET).qualified_name == f"{TARGET}:v0"


def test_aliases_of_a_link_belong_to_the_registry(stock: Backend, api: Any) -> None:
    linked = api.artifact(f"{SOURCE}:v1").link(TARGET)
    watch(api, api.artifact_collection("model", SOURCE), api.registry("model"))
    linked.aliases.append("prod")

    linked.save()

    assert set(api.artifact(f"{TARGET}:prod").aliases) == {"latest", "prod"}
    assert not api.artifact_exists(f"{SOURCE}:prod")
    assert fired(stock) == ["alias added (model)"]


def test_an_unlinked_artifact_leaves_the_registry_and_stays_in_its_project(
    stock: Backend, api: Any
) -> None:
    linked = api.artifact(f"{SOURCE}:v1").link(TARGET)
    watch(api, api.project("llm", entity="acme"), api.registry("model"))

    linked.unlink()

    assert not api.artifact_exists(f"{TARGET}:v0")
    assert api.artifact(f"{SOURCE}:v1").linked_artifacts == []
    assert fired(stock) == ["unlinked (model)"]


def test_unlinking_fires_by_the_aliases_that_the_link_had(stock: Backend, api: Any) -> None:
    linked = api.artifact(f"{SOURCE}:v1").link(TARGET, aliases=["best"])
    for alias in ("best", "worst"):
        event = OnUnlinkArtifact(scope=api.registry("model"), filter=ArtifactEvent.alias.eq(alias))
        api.create_automation(event >> DoNothing(), name=alias)

    linked.unlink()

    assert fired(stock) == ["best"]


def test_an_artifact_cannot_be_unlinked_twice(stock: Backend, api: Any) -> None:
    linked = api.artifact(f"{SOURCE}:v1").link(TARGET)
    linked.unlink()

    with pytest.raises(CommError, match="is not linked to"):
        linked.unlink()


def test_what_was_logged_cannot_be_unlinked(stock: Backend, api: Any) -> None:
    with pytest.raises(ValueError, match="is not a linked artifact"):
        api.artifact(f"{SOURCE}:v1").unlink()


def test_a_type_that_the_collection_does_not_take_is_refused(stock: Backend, api: Any) -> None:
    stock.collection(TARGET, type="model")

    with pytest.raises(CommError, match="takes artifacts of type 'model'"):
        api.artifact("acme/llm/corpus:v0").link(TARGET)


def test_a_registry_that_is_not_there_cannot_be_linked_to(stock: Backend, api: Any) -> None:
    with pytest.raises(CommError, match="no project 'wandb-registry-nothing'"):
        api.artifact(f"{SOURCE}:v1").link("acme-corp/wandb-registry-nothing/prod")


# Permissions


def test_a_viewer_reads_artifacts_and_changes_none(stock: Backend, api: Any) -> None:
    vic = member(stock, "viewer")
    artifact = vic.artifact(f"{SOURCE}:v1")
    collection = vic.artifact_collection("model", SOURCE)
    artifact.aliases.append("prod")
    collection.description = "vandalized"

    for attempt in (
        artifact.save,
        collection.save,
        collection.delete,
        lambda: artifact.link("acme/llm/best-weights"),
    ):
        with pytest.raises((CommError, WandbApiFailedError), match="viewer"):
            attempt()
    assert api.artifact(f"{SOURCE}:v1").aliases == ["a1"]
    assert api.artifact_collection("model", SOURCE).description is None


def test_a_stranger_finds_neither_collections_nor_artifacts(stock: Backend, api: Any) -> None:
    sam = member(stock, None)

    assert not sam.artifact_exists(f"{SOURCE}:v1")
    assert not sam.artifact_collection_exists(SOURCE, "model")
    with pytest.raises(ValueError, match="Unable to parse"):
        list(sam.artifacts("model", SOURCE))


def test_a_member_may_link_to_a_registry_only_as_a_member_of_the_organization(
    stock: Backend, api: Any
) -> None:
    ada = member(stock, "member")
    stock.organization("acme-corp").add_member("ada", role="viewer")

    with pytest.raises(CommError):
        ada.artifact(f"{SOURCE}:v1").link(TARGET)
    stock.organization("acme-corp").add_member("ada", role="member")

    assert ada.artifact(f"{SOURCE}:v1").link(TARGET).qualified_name == f"{TARGET}:v0"
