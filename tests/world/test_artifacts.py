"""Versions, links, aliases and tags, and the events of each change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import DoNothing, OnAddArtifactTag
from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.events import (
    ArtifactAliasAdded,
    ArtifactCreated,
    ArtifactLinked,
    ArtifactTagAdded,
    ArtifactTagRemoved,
    ArtifactUnlinked,
    CollectionTagAdded,
    CollectionTagRemoved,
    Event,
)
from pytest_wandb_automations.world.artifacts import ArtifactAlias

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection

WEIGHTS = "acme/llm/weights"
PROD_MODELS = "acme-corp/wandb-registry-model/prod-models"


def with_semantics(backend: Backend, **changes: Any) -> None:
    backend.semantics = backend.semantics.model_copy(update=changes)


# Logging


def test_logging_creates_a_version_and_adds_its_aliases(
    weights: Collection, emitted: list[Event]
) -> None:
    version = weights.log_version(aliases=["best", "latest"], metadata={"acc": 0.9})
    common = {
        "collection": WEIGHTS,
        "version": 0,
        "artifact_id": version.artifact.id,
        "metadata": {"acc": 0.9},
        "author": "tester",
    }

    assert emitted == [
        ArtifactCreated(**common),
        ArtifactAliasAdded(**common, alias="latest"),
        ArtifactAliasAdded(**common, alias="best"),
    ]
    assert version.aliases == ["latest", "best"]
    assert version.path == f"{WEIGHTS}:v0"
    assert version.metadata == {"acc": 0.9}


def test_every_version_gets_the_next_number_and_latest(weights: Collection) -> None:
    first, second = weights.log_version(), weights.log_version()

    assert (first.version_index, second.version_index) == (0, 1)
    assert (first.aliases, second.aliases) == ([], ["latest"])
    assert weights.latest is weights.version("latest") is weights.version("v1") is second
    assert weights.version("v0") is first
    assert weights.version("v7") is weights.version("nope") is None


def test_a_collection_without_versions_has_no_latest(weights: Collection) -> None:
    assert weights.latest is None


def test_what_a_run_logs_is_by_its_user(backend: Backend, emitted: list[Event]) -> None:
    run = backend.run("acme/llm", user="ada")
    emitted.clear()

    version = backend.collection(WEIGHTS).log_version(run=run)

    assert {event.author for event in emitted} == {"ada"}
    assert version.artifact.created_by is run


def test_an_author_can_be_named(weights: Collection, emitted: list[Event]) -> None:
    weights.log_version(author="loner")

    assert {event.author for event in emitted} == {"loner"}


def test_an_unknown_author_is_refused_and_nothing_changes(
    weights: Collection, emitted: list[Event]
) -> None:
    with pytest.raises(NotFound, match="no user 'nobody'"):
        weights.log_version(author="nobody")

    assert (weights.versions, emitted) == ([], [])


def test_tags_given_at_logging_are_events_too(weights: Collection, emitted: list[Event]) -> None:
    version = weights.log_version(tags=["eu", "gpu"])

    assert [event.tag for event in emitted if isinstance(event, ArtifactTagAdded)] == ["eu", "gpu"]
    assert version.tags == ["eu", "gpu"]


def test_a_deduplicated_log_creates_nothing_but_adds_new_aliases(
    weights: Collection, emitted: list[Event]
) -> None:
    first = weights.log_version(digest="d")
    emitted.clear()

    again = weights.log_version(digest="d", aliases=["prod"], metadata={"ignored": True})

    assert again is first
    assert [(type(event), getattr(event, "alias", None)) for event in emitted] == [
        (ArtifactAliasAdded, "prod")
    ]
    assert again.metadata == {}


def test_a_deduplicated_log_fires_if_semantics_say_so(
    backend: Backend, weights: Collection, emitted: list[Event]
) -> None:
    with_semantics(backend, deduplicated_log_fires=True)
    weights.log_version(digest="d")
    emitted.clear()

    weights.log_version(digest="d")

    assert [type(event) for event in emitted] == [ArtifactCreated]


def test_only_the_newest_version_is_looked_at_for_duplicates(weights: Collection) -> None:
    first, _other = weights.log_version(digest="d"), weights.log_version(digest="e")

    assert weights.log_version(digest="d") is not first


def test_nothing_is_logged_to_a_portfolio(prod_models: Collection) -> None:
    with pytest.raises(InvalidInput, match="prod-models is a portfolio: log the version to a proj"):
        prod_models.log_version()


@pytest.mark.parametrize(
    "refused",
    [
        {"aliases": ["v3"]},
        {"aliases": [""]},
        {"aliases": ["a/b"]},
        {"aliases": ["a:b"]},
        {"aliases": ["x" * 129]},
        {"tags": ["ok", "no/good"]},
        {"tags": ["eu\n"]},
        {"tags": [""]},
        {"tags": ["x" * 129]},
        {"metadata": {"at": {1, 2}}},
    ],
    ids=str,
)
def test_a_refused_log_changes_nothing(
    weights: Collection, emitted: list[Event], refused: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        weights.log_version(**refused)

    assert (weights.versions, emitted) == ([], [])


def test_metadata_is_a_copy(weights: Collection) -> None:
    metadata = {"nested": {"a": 1}}
    version = weights.log_version(metadata=metadata)

    metadata["nested"]["a"] = 2

    assert version.metadata == {"nested": {"a": 1}}


def test_a_pending_artifact_has_a_repr(weights: Collection) -> None:
    artifact = weights.prepare(digest="d1g3st", metadata=None, description=None, created_by=None)
    assert repr(artifact) == f"<Artifact pending of {WEIGHTS}, d1g3st>"

    weights.commit(artifact, aliases=[], author=None)
    assert repr(artifact) == f"<Artifact {WEIGHTS}:v0>"


# Aliases


def test_each_new_alias_is_an_event_and_an_old_one_is_none(
    weights: Collection, emitted: list[Event]
) -> None:
    version = weights.log_version(aliases=["best"])
    emitted.clear()

    version.add_alias("prod", "best", "eu", "prod")

    assert [event.alias for event in emitted] == ["prod", "eu"]


def test_an_alias_moves_between_versions_and_counts_as_added(
    weights: Collection, emitted: list[Event]
) -> None:
    old, new = weights.log_version(aliases=["prod"]), weights.log_version()
    emitted.clear()

    new.add_alias("prod")

    assert [(type(event), event.version) for event in emitted] == [(ArtifactAliasAdded, 1)]
    assert "prod" not in old.aliases
    assert weights.version("prod") is new


def test_removing_an_alias_is_no_event(weights: Collection, emitted: list[Event]) -> None:
    version = weights.log_version(aliases=["prod"])
    emitted.clear()

    version.remove_alias("prod", "prod")

    assert (version.aliases, emitted) == (["latest"], [])
    assert weights.version("prod") is None


def test_removing_an_alias_that_is_not_there_changes_nothing(weights: Collection) -> None:
    version = weights.log_version(aliases=["prod"])

    with pytest.raises(NotFound, match=r"weights:v0 has no alias 'x'; it has \['latest', 'prod'\]"):
        version.remove_alias("prod", "x")
    assert version.aliases == ["latest", "prod"]


def test_an_alias_knows_its_collection(backend: Backend, weights: Collection) -> None:
    record = weights.log_version().alias_records["latest"]

    assert record.artifact_collection is weights
    assert isinstance(record, ArtifactAlias)
    assert backend.world.find("ArtifactAlias", record.id) is record


# Links


def test_linking_emits_the_link_and_latest(
    weights: Collection, prod_models: Collection, emitted: list[Event]
) -> None:
    weights.log_version()
    version = weights.log_version(metadata={"acc": 1})
    emitted.clear()

    linked = version.link(prod_models, aliases=["prod"])

    assert [(type(event), getattr(event, "alias", None)) for event in emitted] == [
        (ArtifactLinked, None),
        (ArtifactAliasAdded, "latest"),
        (ArtifactAliasAdded, "prod"),
    ]
    assert {(event.collection, event.version) for event in emitted} == {(PROD_MODELS, 0)}
    assert {event.artifact_id for event in emitted} == {version.artifact.id}
    assert linked.aliases == ["latest", "prod"]
    assert linked.metadata == {"acc": 1}
    assert linked.artifact.source is version


@pytest.mark.parametrize(
    ("automatic", "aliases"),
    [
        ([], []),
        (["version"], ["v0"]),
        (["latest"], ["latest"]),
        (["latest", "version"], ["v0", "latest"]),
    ],
)
def test_semantics_decide_which_automatic_aliases_count_as_added(
    backend: Backend,
    weights: Collection,
    prod_models: Collection,
    emitted: list[Event],
    automatic: list[str],
    aliases: list[str],
) -> None:
    with_semantics(backend, automatic_alias_events=frozenset(automatic))
    version = weights.log_version()
    emitted.clear()

    linked = version.link(prod_models)

    added = [event.alias for event in emitted if isinstance(event, ArtifactAliasAdded)]
    assert added == aliases
    assert linked.aliases == ["latest"]


def test_linking_again_emits_nothing_but_new_aliases(
    weights: Collection, prod_models: Collection, emitted: list[Event]
) -> None:
    version = weights.log_version()
    first = version.link(prod_models)
    emitted.clear()

    assert version.link(prod_models) is first
    assert emitted == []
    version.link(prod_models, aliases=["prod"])
    assert [getattr(event, "alias", None) for event in emitted] == ["prod"]


def test_linking_again_fires_if_semantics_say_so(
    backend: Backend, weights: Collection, prod_models: Collection, emitted: list[Event]
) -> None:
    with_semantics(backend, repeated_link_fires=True)
    version = weights.log_version()
    version.link(prod_models)
    emitted.clear()

    version.link(prod_models)

    assert [type(event) for event in emitted] == [ArtifactLinked]


def test_a_refused_link_changes_nothing(
    backend: Backend, weights: Collection, prod_models: Collection, emitted: list[Event]
) -> None:
    version = weights.log_version()
    data = backend.registry("data").collection("sets", type="dataset")
    other = backend.collection("acme/llm/other")
    emitted.clear()

    with pytest.raises(InvalidInput, match="W&B assigns version numbers by itself"):
        version.link(prod_models, aliases=["v1"])
    with pytest.raises(InvalidInput, match="llm/other is a sequence: versions are logged to it"):
        version.link(other)
    with pytest.raises(InvalidInput, match="sets takes artifacts of type 'dataset', not 'model'"):
        version.link(data)
    assert emitted == []
    assert [*prod_models.versions, *data.versions, *other.versions] == []


def test_unlinking_is_an_event_and_takes_the_aliases_along(
    weights: Collection, prod_models: Collection, emitted: list[Event]
) -> None:
    version = weights.log_version()
    linked = version.link(prod_models, aliases=["prod"])
    emitted.clear()

    version.unlink(prod_models)

    assert [(type(event), event.collection) for event in emitted] == [
        (ArtifactUnlinked, PROD_MODELS)
    ]
    assert prod_models.versions == []
    assert prod_models.version("prod") is None
    assert linked.artifact.versions == {weights.id: version}


def test_a_link_can_unlink_itself_and_be_made_again(
    weights: Collection, prod_models: Collection
) -> None:
    version = weights.log_version()
    version.link(prod_models).unlink()

    assert version.link(prod_models).version_index == 1


def test_only_links_can_be_removed(weights: Collection, prod_models: Collection) -> None:
    version = weights.log_version()

    with pytest.raises(InvalidInput, match="v0 was logged here; only links can be removed"):
        version.unlink()
    with pytest.raises(NotFound, match=r"weights:v0 is not linked to .*prod-models"):
        version.unlink(prod_models)


# Tags


def test_tags_of_a_version_come_and_go_with_events(
    weights: Collection, prod_models: Collection, emitted: list[Event]
) -> None:
    version = weights.log_version()
    linked = version.link(prod_models)
    emitted.clear()

    version.add_tag("eu", "gpu", "eu")
    linked.remove_tag("eu", author="loner")

    assert [(type(e), e.tag, e.collection, e.author) for e in emitted] == [
        (ArtifactTagAdded, "eu", WEIGHTS, "tester"),
        (ArtifactTagAdded, "eu", PROD_MODELS, "tester"),
        (ArtifactTagAdded, "gpu", WEIGHTS, "tester"),
        (ArtifactTagAdded, "gpu", PROD_MODELS, "tester"),
        (ArtifactTagRemoved, "eu", PROD_MODELS, "loner"),
        (ArtifactTagRemoved, "eu", WEIGHTS, "loner"),
    ]
    assert version.tags == linked.tags == ["gpu"]


def test_removing_a_tag_that_is_not_there_changes_nothing(
    weights: Collection, emitted: list[Event]
) -> None:
    version = weights.log_version(tags=["eu"])
    emitted.clear()

    with pytest.raises(NotFound, match=r"weights:v0 has no tag 'x'; it has \['eu'\]"):
        version.remove_tag("eu", "x")
    assert (version.tags, emitted) == (["eu"], [])


def test_an_update_changes_what_is_given_and_emits_tags(
    weights: Collection, emitted: list[Event]
) -> None:
    artifact = weights.log_version(tags=["old"], metadata={"a": 1}, description="one").artifact
    emitted.clear()

    artifact.update(description="two", tags_to_add=["new"], tags_to_delete=["old", "missing"])

    assert [(type(event), event.tag) for event in emitted] == [
        (ArtifactTagRemoved, "old"),
        (ArtifactTagAdded, "new"),
    ]
    assert (artifact.metadata, artifact.description, artifact.tags) == ({"a": 1}, "two", ["new"])
    artifact.update(metadata={"a": 2})
    assert (artifact.metadata, artifact.description) == ({"a": 2}, "two")
    assert artifact.updated_at is not None


@pytest.mark.parametrize(
    "refused", [{"metadata": {"a": {1}}}, {"tags_to_add": ["a/b"]}], ids=["metadata", "tag"]
)
def test_a_refused_update_changes_nothing(
    weights: Collection, emitted: list[Event], refused: dict[str, Any]
) -> None:
    artifact = weights.log_version(tags=["old"], description="one").artifact
    emitted.clear()

    with pytest.raises(InvalidInput):
        artifact.update(**{"description": "two", "tags_to_delete": ["old"], **refused})

    assert (artifact.description, artifact.tags, emitted) == ("one", ["old"], [])


def test_tags_of_a_collection_come_and_go_with_events(
    weights: Collection, emitted: list[Event]
) -> None:
    weights.add_tag("eu", "gpu", "eu")
    weights.remove_tag("eu", "eu", author="loner")

    assert emitted == [
        CollectionTagAdded(collection=WEIGHTS, tag="eu", author="tester"),
        CollectionTagAdded(collection=WEIGHTS, tag="gpu", author="tester"),
        CollectionTagRemoved(collection=WEIGHTS, tag="eu", author="loner"),
    ]
    assert weights.tags == ["gpu"]


def test_refused_tags_of_a_collection_change_nothing(
    weights: Collection, emitted: list[Event]
) -> None:
    weights.add_tag("eu")
    emitted.clear()

    with pytest.raises(InvalidInput, match="tag 'a/b': expected at most 128 letters"):
        weights.add_tag("x", "a/b")
    with pytest.raises(NotFound, match=r"acme/llm/weights has no tag 'x'; it has \['eu'\]"):
        weights.remove_tag("eu", "x")
    assert (weights.tags, emitted) == (["eu"], [])


# Deletion


def test_a_deleted_portfolio_takes_its_links_along(
    weights: Collection, prod_models: Collection, emitted: list[Event]
) -> None:
    version = weights.log_version()
    version.link(prod_models)
    emitted.clear()

    prod_models.project.delete_collection(prod_models)

    assert version.artifact.versions == {weights.id: version}
    assert emitted == []
    with pytest.raises(NotFound, match="prod-models was deleted"):
        version.link(prod_models)


def test_a_deleted_sequence_takes_its_artifacts_along_everywhere(
    backend: Backend, weights: Collection, prod_models: Collection
) -> None:
    version = weights.log_version()
    version.link(prod_models)

    weights.project.delete_collection(weights)

    assert prod_models.versions == []
    assert version.artifact.state == "DELETED"
    for kind, gone in (("Artifact", version.artifact.id), ("ArtifactCollection", weights.id)):
        with pytest.raises(NotFound):
            backend.world.find(kind, gone)
    with pytest.raises(NotFound, match="weights was deleted"):
        weights.log_version()


def test_reprs_name_things(weights: Collection, prod_models: Collection) -> None:
    version = weights.log_version()

    assert repr(version) == "<Version acme/llm/weights:v0 ['latest']>"
    assert repr(version.artifact) == "<Artifact acme/llm/weights:v0>"
    assert repr(weights) == "<ArtifactSequence acme/llm/weights>"
    assert repr(prod_models) == f"<ArtifactPortfolio {PROD_MODELS}>"
    assert repr(weights.type) == "<ArtifactType model>"


def test_a_tag_of_a_linked_artifact_fires_in_every_collection_that_holds_it(backend):
    registry = backend.registry("model")
    version = backend.collection("acme/llm/weights", type="model").log_version()
    version.link(registry.collection("prod-models"))
    for name, scope in {"registry": registry, "team": backend.team("acme")}.items():
        backend.create_automation(OnAddArtifactTag(scope=scope) >> DoNothing(), name=name)
    organization = backend.organization("acme-corp")
    backend.create_automation(OnAddArtifactTag(scope=organization) >> DoNothing(), name="wide")

    version.add_tag("eu")

    fired = {e.automation_name: e.event.collection for e in backend.executions}
    assert fired == {
        "registry": "acme-corp/wandb-registry-model/prod-models",
        "team": "acme/llm/weights",
        "wide": "acme/llm/weights",
    }
    assert len(backend.executions) == 3


def test_metadata_is_a_mapping(weights: Collection) -> None:
    wrong: Any = "x"
    with pytest.raises(InvalidInput, match=r"^metadata: expected a mapping, got 'x'$"):
        weights.log_version(metadata=wrong)


def test_tags_of_a_new_version_are_a_list(weights: Collection) -> None:
    with pytest.raises(InvalidInput, match=r"tags: expected a list of names, got 'eu'"):
        weights.log_version(tags="eu")
    assert weights.versions == []


def test_tags_of_a_new_version_are_events_after_those_of_the_version(
    weights: Collection, emitted: list[Event]
) -> None:
    weights.log_version(tags=["eu", "eu"])

    assert [type(event).__name__ for event in emitted] == [
        "ArtifactCreated",
        "ArtifactAliasAdded",
        "ArtifactTagAdded",
    ]


def test_a_version_of_a_deleted_collection_takes_no_alias(weights: Collection) -> None:
    version = weights.log_version()
    weights.project.delete_collection(weights)

    with pytest.raises(NotFound, match="the collection was deleted"):
        version.add_alias("prod")


@pytest.mark.parametrize(
    "act",
    [
        lambda version: version.add_alias("prod"),
        lambda version: version.remove_alias("latest"),
        lambda version: version.add_tag("eu"),
        lambda version: version.remove_tag("eu"),
    ],
    ids=["add_alias", "remove_alias", "add_tag", "remove_tag"],
)
def test_a_version_that_was_unlinked_is_acted_on_no_more(
    weights: Collection, prod_models: Collection, emitted: list[Event], act: Any
) -> None:
    linked = weights.log_version(tags=["eu"]).link(prod_models, aliases=["x"])
    linked.unlink()
    again = weights.log_version().link(prod_models, aliases=["x"])
    emitted.clear()

    with pytest.raises(NotFound, match=r"prod-models:v0 was unlinked, or its artifact was deleted"):
        act(linked)

    assert (linked.aliases, again.aliases) == ([], ["latest", "x"])
    assert prod_models.version("x") is again
    assert not emitted


@pytest.mark.parametrize("act", ["add_tag", "remove_tag"])
def test_a_deleted_collection_keeps_its_tags_as_they_were(weights: Collection, act: str) -> None:
    weights.add_tag("eu")
    weights.project.delete_collection(weights)

    with pytest.raises(NotFound, match="acme/llm/weights was deleted"):
        getattr(weights, act)("us" if act == "add_tag" else "eu")

    assert weights.tags == ["eu"]


def test_versions_are_found_by_number_across_gaps(
    weights: Collection, prod_models: Collection
) -> None:
    links = [weights.log_version().link(prod_models) for _ in range(5)]
    links[1].unlink()
    links[4].unlink()

    found = [prod_models.version(f"v{number}") for number in range(6)]

    assert found == [links[0], None, links[2], links[3], None, None]
