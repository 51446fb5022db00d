"""Artifacts as their makers write them: announced, uploaded, committed, and used by runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.graphql.collections import tag_names
from pytest_wandb_automations.graphql.connections import Connection, connect
from pytest_wandb_automations.graphql.json_text import json_object
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.graphql.runs import the_run
from pytest_wandb_automations.world.artifacts import Artifact
from pytest_wandb_automations.world.manifests import Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.storage import File


@resolver("Mutation.createArtifact")
def create_artifact(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    project_name: str,
    artifact_type_name: str,
    digest: str,
    digest_algorithm: str = "MANIFEST_MD5",
    run_name: str | None = None,
    artifact_collection_name: str | None = None,
    artifact_collection_names: list[str] | None = None,
    metadata: str | None = None,
    aliases: list[dict[str, Any]] | None = None,
    tags: list[dict[str, Any]] | None = None,
    ttl_duration_seconds: int | None = None,
    history_step: int | None = None,
    enable_digest_deduplication: bool | None = False,
    **given: Any,
) -> Mapping[str, Any]:
    context: Context = info.context
    names = [artifact_collection_name] if artifact_collection_name else artifact_collection_names
    if not names or len(names) > 1:
        raise InvalidInput(f"artifactCollectionName: expected one name, got {names}")
    project = context.the_project(entity_name, project_name)
    context.user.check_may_write(project)
    run = the_run(context, entity_name, project_name, run_name) if run_name else None
    read_metadata = json_object(metadata, "metadata")
    found = context.world.uploads.announce(
        project.collection(names[0], type=artifact_type_name),
        digest=digest,
        aliases=[alias["alias"] for alias in aliases or ()],
        tags=tag_names(tags or []),
        metadata=read_metadata,
        description=given.get("description"),
        run=run,
        client_id=given.get("client_id"),
        sequence_client_id=given.get("sequence_client_id"),
        distributed_id=given.get("distributed_id"),
        deduplicate=bool(enable_digest_deduplication),
    )
    if found.state == "PENDING":
        found.digest_algorithm = digest_algorithm
        found.history_step = history_step
        if ttl_duration_seconds is not None:
            found.set_ttl(ttl_duration_seconds)
    return {"artifact": found}


@resolver("Mutation.createArtifactManifest")
def create_manifest(
    _source: None,
    info: Info,
    *,
    artifact_id: str,
    name: str,
    digest: str,
    type_: Any = "FULL",
    base_artifact_id: str | None = None,
    **_place: Any,
) -> Mapping[str, Any]:
    context: Context = info.context
    artifact = _writable(context, artifact_id)
    base = None
    # Clients name the newest version as the base of every manifest; only this kind needs it.
    if type_ == "INCREMENTAL" and base_artifact_id:
        base = context.node("Artifact", Artifact, base_artifact_id, "baseArtifactID")
    upload = context.world.uploads.of(artifact)
    return {
        "artifact_manifest": upload.add_manifest(name, type=type_, digest=digest, base=base),
    }


@resolver("Mutation.updateArtifactManifest")
def update_manifest(
    _source: None,
    info: Info,
    *,
    artifact_manifest_id: str,
    digest: str | None = None,
    base_artifact_id: str | None = None,
) -> Mapping[str, Any]:
    context: Context = info.context
    manifest = _the_manifest(context, artifact_manifest_id)
    context.world.uploads.of(manifest.artifact)
    if base_artifact_id:
        manifest.base = context.node("Artifact", Artifact, base_artifact_id, "baseArtifactID")
    if digest:
        manifest.file.announced_md5 = manifest.file.digest = digest
    return {"artifact_manifest": manifest}


@resolver("Mutation.createArtifactFiles")
def create_files(
    _source: None,
    info: Info,
    *,
    artifact_files: list[dict[str, Any]],
    **_unused: Any,
) -> Mapping[str, Any]:
    context: Context = info.context
    made = [_announce_file(context, **spec) for spec in artifact_files]
    order = {file.id: number for number, file in enumerate(made)}
    # In the order asked for: clients tell by it which file is which.
    files: Connection[File] = connect(made, key=lambda file: (order[file.id],))
    return {"files": files}


def _announce_file(
    context: Context,
    *,
    artifact_id: str,
    name: str,
    md5: str,
    digest: str | None = None,
    artifact_manifest_id: str | None = None,
    mimetype: str | None = None,
    upload_parts_input: object = None,
) -> File:
    del upload_parts_input  # large files come in one piece as well
    upload = context.world.uploads.of(_writable(context, artifact_id))
    if artifact_manifest_id is not None:
        _the_manifest(context, artifact_manifest_id).has_files = True
    return upload.add_file(name, digest or md5, md5=md5 or None, mimetype=mimetype)


@resolver("Mutation.commitArtifact")
def commit_artifact(_source: None, info: Info, *, artifact_id: str) -> Mapping[str, Any]:
    context: Context = info.context
    artifact = _writable(context, artifact_id)
    context.world.uploads.commit(artifact)
    return {"artifact": artifact}


@resolver("Mutation.useArtifact")
def use_artifact(
    _source: None,
    info: Info,
    *,
    artifact_id: str,
    entity_name: str,
    project_name: str,
    run_name: str,
    **_seen_as: Any,
) -> Mapping[str, Any]:
    context: Context = info.context
    artifact = context.node("Artifact", Artifact, artifact_id, "artifactID")
    run = the_run(context, entity_name, project_name, run_name)
    run.used_artifacts[artifact.id] = artifact
    return {"artifact": artifact}


@resolver("Query.clientIDMapping")
def client_id_mapping(_source: None, info: Info, *, client_id: str) -> Mapping[str, Any] | None:
    context: Context = info.context
    found: Artifact | Collection | None = context.world.uploads.named(client_id)
    return {"server_id": found.id} if found is not None and context.sees(found) else None


def _writable(context: Context, artifact_id: str) -> Artifact:
    found = context.node("Artifact", Artifact, artifact_id, "artifactID")
    context.user.check_may_write(found.collection.project)
    return found


def _the_manifest(context: Context, id_: str) -> Manifest:
    found = context.world.find("ArtifactManifest", id_, field="artifactManifestID")
    assert isinstance(found, Manifest)
    if not context.sees(found.artifact):
        raise NotFound(f"artifactManifestID: no ArtifactManifest with id {id_!r}")
    context.user.check_may_write(found.artifact.collection.project)
    return found
