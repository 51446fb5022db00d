"""Artifact types, artifacts, versions and their aliases and tags; each change emits its events.

An `Artifact` is the content and metadata. A `Version` is its place in one collection: index,
aliases and when it came there. A logged artifact has one version in its source collection (a
sequence) and one more in every collection that it is linked to (portfolios, usually of a registry).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations import events
from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.world.naming import check_alias, check_tag, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.manifests import Manifest
    from pytest_wandb_automations.world.projects import Project
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.storage import File
    from pytest_wandb_automations.world.world import World

__all__ = ["Artifact", "ArtifactAlias", "ArtifactType", "Tag", "Version", "json_copy"]

_INHERITED_TTL = -1


class ArtifactType:
    """A kind of artifact within a project, such as `model` or `dataset`."""

    typename__ = "ArtifactType"

    def __init__(self, world: World, project: Project, name: str) -> None:
        self.id = world.register("ArtifactType", self)
        self.project = project
        self.name = name
        self.description: str | None = None
        self.created_at = world.clock.stamp()

    def __repr__(self) -> str:
        return f"<ArtifactType {self.name}>"


class Tag:
    """A tag of a version or a collection."""

    typename__ = "Tag"

    def __init__(self, world: World, name: str) -> None:
        self.id = world.register("Tag", self)
        self.name = name


class ArtifactAlias:
    """An alias of a version within one collection."""

    typename__ = "ArtifactAlias"

    def __init__(self, world: World, alias: str, version: Version) -> None:
        self.id = world.register("ArtifactAlias", self)
        self.alias = alias
        self.version = version

    @property
    def artifact_collection(self) -> Collection:
        """The collection within which the alias is unique."""
        return self.version.collection


class Artifact:
    """What a version holds: digest, metadata, description, tags."""

    typename__ = "Artifact"

    def __init__(
        self,
        world: World,
        collection: Collection,
        *,
        digest: str,
        metadata: Mapping[str, Any],
        description: str | None,
        created_by: User | Run | None,
    ) -> None:
        self._world = world
        self.id = world.register("Artifact", self)
        self.collection = collection
        """The collection of origin, which it is or will be a version of."""
        self.digest = digest
        self.metadata = dict(metadata)
        self.description = description
        self.created_by = created_by
        self.state = "PENDING"
        self.size = 0
        self.file_count = 0
        self.digest_algorithm = "MANIFEST_MD5"
        self.commit_hash = hashlib.sha1(f"{self.id}{digest}".encode()).hexdigest()[:20]
        self.history_step: int | None = None
        self.ttl_duration_seconds = _INHERITED_TTL
        self.ttl_is_inherited = True
        self.manifest: Manifest | None = None
        """The list of what it holds; none when a test logged it, without any file."""
        self.files: dict[str, File] = {}
        """What the manifest lists, by path."""
        self.tag_records: dict[str, Tag] = {}
        self.versions: dict[str, Version] = {}
        self.created_at = world.clock.stamp()
        self.updated_at: datetime | None = None

    def __repr__(self) -> str:
        where = f"{self.state.lower()} of {self.collection.path}, {self.digest}"
        return f"<Artifact {self.source.path if self.versions else where}>"

    @property
    def source(self) -> Version:
        """The version in the collection that the artifact was logged to."""
        if self.state != "COMMITTED":
            raise InvalidInput(
                f"the artifact {self.id!r} is {self.state}; no version is made of it"
            )
        return self.versions[self.collection.id]

    @property
    def tags(self) -> list[str]:
        """Names of the tags, in the order they were added."""
        return list(self.tag_records)

    def update(
        self,
        *,
        metadata: Mapping[str, Any] | None = None,
        description: str | None = None,
        tags_to_add: Iterable[str] = (),
        tags_to_delete: Iterable[str] = (),
        seen_as: Version | None = None,
        author: User | str | None = None,
    ) -> None:
        """Change metadata, description and tags; every tag that comes or goes is an event.

        Tags belong to the artifact, so they come and go in every collection that holds it. An
        automation whose scope contains several of them is asked once, of the version `seen_as` if
        that is among them, else of the oldest.
        """
        version = seen_as or self.source
        added = listed(tags_to_add, "tags")
        removed = listed(tags_to_delete, "tags")
        for tag in added:
            check_tag(tag)
        copied = None if metadata is None else json_copy(metadata)
        with self._world.change():
            if copied is not None:
                self.metadata = copied
            if description is not None:
                self.description = description
            self.updated_at = self._world.clock.stamp()
            for name in removed:
                if self.tag_records.pop(name, None) is not None:
                    self._emit_tag(events.ArtifactTagRemoved, version, author, name)
            for name in added:
                self.emit_tags(self.take_tags([name]), version, author)

    def delete(self) -> None:
        """Be deleted, without events: from the collection of origin and wherever it is linked."""
        with self._world.change():
            self.state = "DELETED"
            for version in [*self.versions.values()]:
                version.collection.drop(version)
            for file in [*self.files.values()]:
                file.delete()
            self.files.clear()
            self._world.projects.forget_artifact(self)
            self._world.forget(self.id)

    def set_ttl(self, seconds: int) -> None:
        """Set the time to live; as on the wire, -1 is the collection's and -2 is none."""
        self.ttl_duration_seconds = seconds
        self.ttl_is_inherited = seconds == _INHERITED_TTL

    def take_tags(self, tags: Iterable[str]) -> list[str]:
        """Put tags on and return those that are new here; the caller holds the world."""
        gained = [name for name in dict.fromkeys(tags) if name not in self.tag_records]
        for name in gained:
            self.tag_records[name] = Tag(self._world, name)
        return gained

    def emit_tags(self, tags: Iterable[str], first: Version, author: User | str | None) -> None:
        """Tell the world of tags that were added: one event each, `first` as in `update`."""
        for tag in tags:
            self._emit_tag(events.ArtifactTagAdded, first, author, tag)

    def _emit_tag(
        self,
        event: Callable[..., events.Event],
        first: Version,
        author: User | str | None,
        tag: str,
    ) -> None:
        asked: set[str] = set()
        others = [version for version in self.versions.values() if version is not first]
        for version in [first, *others]:
            version.emit(event, author, asked=asked, tag=tag)


class Version:
    """An artifact's place in one collection; W&B's API calls it a collection membership."""

    typename__ = "ArtifactCollectionMembership"

    def __init__(
        self, world: World, collection: Collection, artifact: Artifact, version_index: int
    ) -> None:
        self._world = world
        self.id = world.register("ArtifactCollectionMembership", self)
        self.collection = collection
        self.artifact = artifact
        self.version_index = version_index
        self.alias_records: dict[str, ArtifactAlias] = {}
        self.created_at = world.clock.stamp()

    def __repr__(self) -> str:
        return f"<Version {self.path} {self.aliases}>"

    @property
    def path(self) -> str:
        """`entity/project/collection:vN`."""
        return f"{self.collection.path}:v{self.version_index}"

    @property
    def aliases(self) -> list[str]:
        """Names of the aliases within this collection, in the order they were added."""
        return list(self.alias_records)

    @property
    def tags(self) -> list[str]:
        """Names of the artifact's tags."""
        return self.artifact.tags

    @property
    def metadata(self) -> dict[str, Any]:
        """The artifact's metadata."""
        return self.artifact.metadata

    def add_alias(self, *aliases: str, author: User | str | None = None) -> None:
        """Give the version aliases; each that it did not have is an event.

        An alias belongs to one version of a collection at a time, so another version loses it.
        """
        for alias in aliases:
            check_alias(alias)
        with self._world.change():
            self._check_there()
            self.emit_aliases([a for a in aliases if self.take_alias(a)], author)

    def remove_alias(self, *aliases: str) -> None:
        """Take aliases away. W&B has no event for that."""
        with self._world.change():
            self._check_there()
            for alias in aliases:
                if alias not in self.alias_records:
                    raise NotFound(f"{self.path} has no alias {alias!r}; it has {self.aliases}")
            for alias in dict.fromkeys(aliases):
                del self.alias_records[alias], self.collection.by_alias[alias]

    def add_tag(self, *tags: str, author: User | str | None = None) -> None:
        """Tag the artifact; each new tag is an event."""
        with self._world.change():
            self._check_there()
            self.artifact.update(tags_to_add=tags, seen_as=self, author=author)

    def remove_tag(self, *tags: str, author: User | str | None = None) -> None:
        """Remove tags; each that was there is an event."""
        with self._world.change():
            self._check_there()
            for tag in tags:
                if tag not in self.artifact.tag_records:
                    raise NotFound(f"{self.path} has no tag {tag!r}; it has {self.tags}")
            self.artifact.update(tags_to_delete=tags, seen_as=self, author=author)

    def _check_there(self) -> None:
        if self.collection.state == "DELETED":
            raise NotFound(f"{self.path}: the collection was deleted")
        if self.artifact.versions.get(self.collection.id) is not self:
            raise NotFound(f"{self.path} was unlinked, or its artifact was deleted")

    def link(
        self,
        collection: Collection,
        *,
        aliases: Iterable[str] = (),
        author: User | str | None = None,
    ) -> Version:
        """Link the artifact to a portfolio and return its version there."""
        return collection.add_link(self.artifact, aliases=aliases, author=author)

    def unlink(
        self, collection: Collection | None = None, *, author: User | str | None = None
    ) -> None:
        """Remove the artifact from a collection that it was linked to; this one by default."""
        (collection or self.collection).remove_link(self.artifact, author=author)

    def take_alias(self, alias: str) -> bool:
        """Move an alias here and tell whether it is new here; the caller holds the world."""
        holder = self.collection.by_alias.get(alias)
        if holder is self:
            return False
        if holder is not None:
            del holder.alias_records[alias]
        self.collection.by_alias[alias] = self
        self.alias_records[alias] = ArtifactAlias(self._world, alias, self)
        return True

    def emit_aliases(self, aliases: Iterable[str], author: User | str | None) -> None:
        """Tell the world of aliases that were added: one event each."""
        for alias in aliases:
            self.emit(events.ArtifactAliasAdded, author, alias=alias)

    def emit(
        self,
        event: Callable[..., events.Event],
        author: User | str | None,
        *,
        asked: set[str] | None = None,
        **details: str,
    ) -> None:
        """Tell the world what happened to this version; `asked` as in `World.emit`."""
        self._world.emit(
            event(
                collection=self.collection.path,
                version=self.version_index,
                artifact_id=self.artifact.id,
                metadata=self.artifact.metadata,
                author=self._world.author(author).username,
                **details,
            ),
            asked=asked,
        )


def json_copy(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata as W&B keeps it: a copy, and JSON."""
    if not isinstance(cast("object", metadata), Mapping):
        raise InvalidInput(f"metadata: expected a mapping, got {metadata!r}")
    try:
        return json.loads(json.dumps(metadata, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"metadata must be JSON: {error}") from None
